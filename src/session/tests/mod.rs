//! Simulated sessions.
