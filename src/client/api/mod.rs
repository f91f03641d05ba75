//! The methods of MCP, typed.

mod tools;
