//! JSON as text: serde_json over shared, sliceable strings.

mod draft;
mod mend;
mod object;
mod read;
mod relay;
mod scan;
mod text;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use draft::{Draft, Sent};
pub(crate) use object::Object;
pub(crate) use relay::Relayed;
#[cfg(feature = "http")]
pub(crate) use text::Buffer;
pub use text::Text;
#[cfg(any(feature = "server", test))]
pub(crate) use text::result_text_with;
pub(crate) use text::{error_text, result_text};
pub use value::Json;

use super::JsonError;

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}
