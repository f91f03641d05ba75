//! Error codes of JSON-RPC 2.0 and of MCP.

/// The message is not valid JSON (JSON-RPC 2.0 section 5.1).
pub const PARSE_ERROR: i64 = -32700;
/// The message is no request (JSON-RPC 2.0 section 5.1).
pub const INVALID_REQUEST: i64 = -32600;
/// The method does not exist, or belongs to a capability that was not declared.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The params are invalid: an unknown tool or prompt, bad arguments, an expired cursor.
pub const INVALID_PARAMS: i64 = -32602;
/// The receiver failed.
pub const INTERNAL_ERROR: i64 = -32603;
/// The resource does not exist (revisions before 2026-07-28, which answers [`INVALID_PARAMS`]).
pub const RESOURCE_NOT_FOUND: i64 = -32002;
/// A mirrored HTTP header does not match the message (2026-07-28).
pub const HEADER_MISMATCH: i64 = -32020;
/// The request needs a client capability that it did not declare (2026-07-28).
pub const MISSING_REQUIRED_CLIENT_CAPABILITY: i64 = -32021;
/// The server does not speak the request's protocol version; `data.supported` names those it does (2026-07-28).
pub const UNSUPPORTED_PROTOCOL_VERSION: i64 = -32022;
/// The person has to visit a URL first; `data.elicitations` names it (2025-11-25).
pub const URL_ELICITATION_REQUIRED: i64 = -32042;
