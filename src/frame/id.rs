use std::fmt;
use std::sync::Arc;

/// A JSON-RPC request id: a number or a string, and never equal across the two (`1` is not `"1"`).
///
/// Integers beyond 2^53 are refused as ids: a JavaScript peer cannot tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestId {
    /// An integer id.
    Number(i64),
    /// A string id.
    Text(Arc<str>),
}

impl RequestId {
    /// The largest integer that every JSON implementation keeps exactly, 2^53 - 1.
    pub const MAX_SAFE: i64 = (1 << 53) - 1;

    /// The id for a JSON number; `None` for fractions and for integers beyond [`Self::MAX_SAFE`].
    pub fn from_f64(value: f64) -> Option<Self> {
        let whole = value as i64;
        (whole as f64 == value && whole.abs() <= Self::MAX_SAFE).then_some(Self::Number(whole))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => n.fmt(f),
            Self::Text(s) => write!(f, "{s:?}"),
        }
    }
}

impl From<i64> for RequestId {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for RequestId {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}
