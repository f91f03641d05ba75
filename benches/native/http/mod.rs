//! HTTP by hand.

pub(crate) mod hand;
pub(crate) mod raw;
