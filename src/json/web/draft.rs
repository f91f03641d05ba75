use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::host::{Frame, VERSION, assign, error_of, id_value, is_plain_object, json_parse, set_key, stringify};
use super::{Json, Text};
use crate::frame::RequestId;
use crate::json::{JsonError, Meta};

/// A request or notification before its id and `_meta` are known.
#[derive(Clone)]
pub(crate) struct Draft {
    frame: Frame,
    params: JsValue,
    /// The params are our own copy and may be written to.
    owned: bool,
    user_meta: Option<Json>,
}

/// A finished message that may have to be written once more, with another id.
#[derive(Clone)]
pub(crate) struct Sent {
    text: Text,
    user_meta: Option<Json>,
}

impl Draft {
    /// A message without params.
    pub(crate) fn new(method: &str) -> Self {
        Self::over(&JsValue::from_str(method), JsValue::UNDEFINED)
    }

    /// A message over host values, as a call from JavaScript gives them: nothing is copied.
    pub(crate) fn over(method: &JsValue, params: JsValue) -> Self {
        let frame = Frame::new();
        VERSION.with(|version| frame.set_jsonrpc(version));
        frame.set_method(method);
        Self { frame, params, owned: false, user_meta: None }
    }

    /// A message whose params are a Rust value that serialises as an object.
    pub(crate) fn encode<P: Serialize>(method: &str, params: P) -> Result<Self, JsonError> {
        let params = Json::encode(&params)?;
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        Ok(Self { owned: true, ..Self::over(&JsValue::from_str(method), params.0) })
    }

    /// A message whose params are any object, `_meta` included.
    pub(crate) fn with_params(method: &str, params: &Json) -> Result<Self, JsonError> {
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        Ok(Self::over(&JsValue::from_str(method), params.0.clone()))
    }

    /// The caller's own `_meta` entries.
    pub(crate) fn user_meta(mut self, meta: Option<Json>) -> Self {
        if meta.is_some() {
            self.user_meta = meta;
        }
        self
    }

    /// The params as an object that we may write to; the caller's is never changed.
    fn own_params(&mut self) -> Result<&Frame, JsonError> {
        if !self.owned {
            self.params = assign(Frame::new().as_ref(), &self.params).map_err(|e| error_of(&e))?;
            self.owned = true;
        }
        Ok(self.params.unchecked_ref())
    }

    /// Adds a member to the params.
    pub(crate) fn set(&mut self, key: &str, value: &Json) {
        if let Ok(params) = self.own_params() {
            set_key(params.as_ref(), key, &value.0);
        }
    }

    /// The method.
    pub(crate) fn method(&self) -> String {
        self.frame.method_of().as_string().unwrap_or_default()
    }

    /// A member of the params.
    pub(crate) fn param(&self, key: &str) -> Option<Json> {
        if self.params.is_undefined() { None } else { Json(self.params.clone()).get(key) }
    }

    /// The params as the caller gave them, one by one; `None` where a `_meta` is among them.
    pub(crate) fn given(&self) -> Option<Vec<(String, Json)>> {
        let all = Json(self.params.clone()).entries().unwrap_or_default();
        (self.user_meta.is_none() && all.iter().all(|(key, _)| key != "_meta")).then_some(all)
    }

    /// Makes the draft independent of values that the caller may still change.
    pub(crate) fn freeze(mut self) -> Result<Self, JsonError> {
        if !self.owned && !self.params.is_undefined() {
            self.params = json_parse(&stringify(&self.params)?).map_err(|e| error_of(&e))?;
            self.owned = true;
        }
        Ok(self)
    }

    /// Writes id and `_meta` and closes the message.
    pub(crate) fn finish(mut self, id: Option<&RequestId>, meta: Meta<'_>) -> Result<Sent, JsonError> {
        if self.user_meta.is_none() && !meta.is_empty() && !self.params.is_undefined() {
            let own = self.params.unchecked_ref::<Frame>().meta_of();
            self.user_meta = is_plain_object(&own).then_some(Json(own));
        }
        let user_meta = meta.user.cloned().or(self.user_meta.take());
        let base = meta.base.map(|base| base.0.clone());
        if user_meta.is_some() || base.is_some() || meta.progress_token.is_some() {
            let all = match (&user_meta, base, meta.progress_token) {
                // The common case: the protocol's entries alone, one object for every request.
                (None, Some(base), None) => base,
                (user, base, token) => {
                    let all: JsValue = Frame::new().into();
                    if let Some(user) = user {
                        assign(&all, &user.0).map_err(|e| error_of(&e))?;
                    }
                    if let Some(base) = base {
                        assign(&all, &base).map_err(|e| error_of(&e))?;
                    }
                    if let Some(token) = token {
                        set_key(&all, "progressToken", &JsValue::from_f64(token as f64));
                    }
                    all
                }
            };
            self.own_params()?.set_meta(&all);
        }
        if !self.params.is_undefined() {
            self.frame.set_params(&self.params);
        }
        if let Some(id) = id {
            self.frame.set_id(&id_value(id));
        }
        let text = Text::from(stringify(self.frame.as_ref())?);
        Ok(Sent { text, user_meta })
    }
}

impl Sent {
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The same message to be sent once more, under another id.
    pub(crate) fn reopen(&self) -> Draft {
        // Our own text always parses.
        let frame: Frame = json_parse(self.text.as_js()).unwrap_or(JsValue::UNDEFINED).unchecked_into();
        let params = frame.params_of();
        if !params.is_undefined() {
            // An undefined member is not written.
            set_key(&params, "_meta", &JsValue::UNDEFINED);
        }
        Draft { frame, params, owned: true, user_meta: self.user_meta.clone() }
    }

    /// The message as the caller gave it, without members added since.
    pub(crate) fn original(&self) -> Draft {
        let draft = self.reopen();
        if !draft.params.is_undefined() {
            for added in ["inputResponses", "requestState"] {
                set_key(&draft.params, added, &JsValue::UNDEFINED);
            }
        }
        draft
    }
}
