//! Protocol revisions.

/// The stateless revision: identity and capabilities travel with every request.
pub const MODERN: &str = "2026-07-28";

/// The revisions that begin with `initialize`, newest first.
pub const LEGACY: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Every revision that is spoken here, newest first.
pub const ALL: &[&str] = &[MODERN, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Whether this is a revision that begins with `initialize`.
pub fn is_legacy(version: &str) -> bool {
    LEGACY.contains(&version)
}
