//! The shapes of the Model Context Protocol.
pub mod versions;
