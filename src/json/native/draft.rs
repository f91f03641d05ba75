//! Messages on their way out, whose id and `_meta` come last.

use serde::Serialize;

use super::object::push_id;
use super::scan::Scan;
use super::write::{push_str, to_string};
use super::{Json, Object, Text};
use crate::frame::RequestId;
use crate::json::{JsonError, Meta};

/// How every message of ours begins, as [`Head`] serialises too.
const HEAD: &str = r#"{"jsonrpc":"2.0","method":"#;

/// A request or notification before its id and `_meta` are known: the text is written once and only finished.
#[derive(Clone)]
pub(crate) struct Draft {
    text: String,
    params: Params,
    /// Where the caller's own params end, and whether there were any.
    own: (usize, Params),
    user_meta: Option<Json>,
}

#[derive(Clone, Copy, PartialEq)]
enum Params {
    Absent,
    /// Open objects: the message's and the params', which has no member yet or some.
    Empty,
    Some,
}

/// A finished message that may have to be written once more, with another id.
#[derive(Clone)]
pub(crate) struct Sent {
    text: Text,
    params: Params,
    own: (usize, Params),
    open: usize,
    user_meta: Option<Json>,
}

#[derive(Serialize)]
struct Head<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: P,
}

impl Draft {
    /// A message without params.
    pub(crate) fn new(method: &str) -> Self {
        let mut text = String::with_capacity(128);
        text.push_str(HEAD);
        push_str(&mut text, method);
        Self { own: (text.len(), Params::Absent), text, params: Params::Absent, user_meta: None }
    }

    /// A message whose params are a Rust value that serialises as an object.
    ///
    /// The value must not write a `_meta` member; give it with [`Self::user_meta`].
    pub(crate) fn encode<P: Serialize>(method: &str, params: P) -> Result<Self, JsonError> {
        let mut text = to_string(&Head { jsonrpc: "2.0", method, params })?;
        if !text.ends_with("}}") {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        text.truncate(text.len() - 2);
        let params = if text.trim_end().ends_with('{') { Params::Empty } else { Params::Some };
        Ok(Self { own: (text.len(), params), text, params, user_meta: None })
    }

    /// A message whose params are any object, `_meta` included.
    pub(crate) fn with_params(method: &str, params: &Json) -> Result<Self, JsonError> {
        if !params.is_object() {
            return Err(JsonError::new("the params of a request must be an object"));
        }
        if !params.mentions("_meta") {
            return Self::encode(method, params);
        }
        let mut draft = Self::new(method);
        let mut meta = None;
        draft.open();
        for (key, value) in params.entries().unwrap_or_default() {
            if key == "_meta" {
                meta = Some(value).filter(Json::is_object);
            } else {
                draft.set(&key, &value);
            }
        }
        draft.own = (draft.text.len(), draft.params);
        draft.user_meta = meta;
        Ok(draft)
    }

    /// The caller's own `_meta` entries.
    pub(crate) fn user_meta(mut self, meta: Option<Json>) -> Self {
        if meta.is_some() {
            self.user_meta = meta;
        }
        self
    }

    fn open(&mut self) {
        if self.params == Params::Absent {
            self.text.push_str(r#","params":{"#);
            self.params = Params::Empty;
        }
    }

    fn member(&mut self, key: &str) {
        self.open();
        if self.params == Params::Some {
            self.text.push(',');
        }
        self.params = Params::Some;
        push_str(&mut self.text, key);
        self.text.push(':');
    }

    /// Adds a member to the params.
    pub(crate) fn set(&mut self, key: &str, value: &Json) {
        self.member(key);
        self.text.push_str(&value.0);
    }

    /// The method.
    pub(crate) fn method(&self) -> String {
        let mut scan = Scan::new(self.text.get(HEAD.len()..).unwrap_or_default());
        match scan.plain() {
            Some(plain) => plain.to_owned(),
            None => self.whole().get_str("method").unwrap_or_default(),
        }
    }

    /// A member of the params, found without reading further than it.
    pub(crate) fn param(&self, key: &str) -> Option<Json> {
        if self.params != Params::Some {
            return None;
        }
        match self.find(key) {
            Some(found) => found,
            // An escaped name, or more than the scanner wants to know.
            None => self.whole().get("params")?.get(key),
        }
    }

    /// The params as the caller gave them, one by one; `None` where a `_meta` is among them.
    pub(crate) fn given(&self) -> Option<Vec<(String, Json)>> {
        let none = self.user_meta.is_none();
        none.then(|| self.whole().get("params").and_then(|params| params.entries()).unwrap_or_default())
    }

    /// `None` where the text has to be read properly.
    fn find(&self, key: &str) -> Option<Option<Json>> {
        let mut scan = Scan::new(self.text.get(HEAD.len()..)?);
        scan.plain()?;
        scan.take(b',')?;
        scan.name()?;
        scan.take(b'{')?;
        scan.space();
        loop {
            let name = scan.name()?;
            let value = scan.value()?;
            if name == key {
                return Some(Some(Json(value.into())));
            }
            scan.space();
            match scan.next() {
                Some(b',') => scan.space(),
                None => return Some(None),
                Some(_) => return None,
            }
        }
    }

    fn whole(&self) -> Json {
        let mut text = self.text.clone();
        if self.params != Params::Absent {
            text.push('}');
        }
        text.push('}');
        Json(text.into())
    }

    /// Makes the draft independent of values that the caller may still change.
    pub(crate) fn freeze(self) -> Result<Self, JsonError> {
        Ok(self)
    }

    /// Writes id and `_meta` and closes the message.
    pub(crate) fn finish(mut self, id: Option<&RequestId>, meta: Meta<'_>) -> Result<Sent, JsonError> {
        let (params, open) = (self.params, self.text.len());
        let user_meta = self.user_meta.take();
        let meta = Meta { user: meta.user.or(user_meta.as_ref()), ..meta };
        if !meta.is_empty() {
            self.member("_meta");
            let mut all = Object::new();
            if let Some(user) = meta.user {
                for (key, value) in user.entries().unwrap_or_default() {
                    if !meta.reserves(&key) {
                        all = all.json(&key, &value);
                    }
                }
            }
            if let Some(token) = meta.progress_token {
                push_id(all.key("progressToken"), &RequestId::Number(token));
            }
            match meta.base {
                // The common case: the protocol's entries alone, which are a whole object already.
                Some(base) if all.0.len() == 1 => self.text.push_str(&base.0),
                Some(base) => {
                    let inner = base.0.trim().trim_start_matches('{').strip_suffix('}').unwrap_or_default();
                    all.0.push(',');
                    all.0.push_str(inner);
                    self.text.push_str(&all.0);
                    self.text.push('}');
                }
                None => {
                    self.text.push_str(&all.0);
                    self.text.push('}');
                }
            }
        }
        if self.params != Params::Absent {
            self.text.push('}');
        }
        if let Some(id) = id {
            self.text.push_str(r#","id":"#);
            push_id(&mut self.text, id);
        }
        self.text.push('}');
        Ok(Sent { text: self.text.into(), params, own: self.own, open, user_meta })
    }
}

impl Sent {
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The same message to be sent once more, under another id.
    pub(crate) fn reopen(&self) -> Draft {
        Draft {
            text: self.text.as_str()[..self.open].to_owned(),
            params: self.params,
            own: self.own,
            user_meta: self.user_meta.clone(),
        }
    }

    /// The message as the caller gave it, without members added since.
    pub(crate) fn original(&self) -> Draft {
        let (end, params) = self.own;
        Draft { text: self.text.as_str()[..end].to_owned(), params, own: self.own, user_meta: self.user_meta.clone() }
    }
}
