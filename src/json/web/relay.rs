//! Messages that are passed on under other ids.

use wasm_bindgen::prelude::*;

use super::Text;
use super::host::{has_own, id_value, is_plain_object, reflect_get, reflect_set, stringify};
use crate::json::{Edit, Malformed, Message};

/// A received message that is passed on with other ids in some places. The host writes it anew: integers of the payload
/// beyond 2^53 lose their last digits.
pub(crate) struct Relayed {
    pub(crate) message: Message,
    whole: JsValue,
}

impl Text {
    /// Reads the envelope of a message that will be passed on.
    pub(crate) fn relay(&self) -> Result<Relayed, Malformed> {
        let whole = self.parsed()?;
        Ok(Relayed { message: Self::message(&whole)?, whole })
    }
}

impl Relayed {
    /// The message with these ids in their places, which may be none; a place that it does not have is passed over. `None` where the host
    /// cannot write it.
    pub(crate) fn with(self, edits: &[Edit<'_>]) -> Option<Text> {
        for (path, id) in edits {
            let (last, path) = path.split_last()?;
            let mut at = Some(self.whole.clone());
            for name in path {
                at = at.and_then(|object| member(&object, name));
            }
            if let Some(object) = at.filter(|object| member(object, last).is_some()) {
                reflect_set(&object, last, &id_value(id)).ok()?;
            }
        }
        stringify(&self.whole).ok().map(Text::from)
    }
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    let own = is_plain_object(object) && has_own(object, name).unwrap_or_default();
    own.then(|| reflect_get(object, name).ok()).flatten()
}
