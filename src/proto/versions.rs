//! The protocol revisions spoken here.

/// Stateless revisions, newest first.
pub const MODERN: &[&str] = &["2026-07-28"];
/// Revisions with a session that begins with `initialize`, newest first.
pub const LEGACY: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
