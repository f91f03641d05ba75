//! JSON as the host's own values: `JSON.parse` and `JSON.stringify` do the work, heads are read through getters.

mod draft;
mod host;
mod object;
mod relay;
mod text;
mod value;

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
