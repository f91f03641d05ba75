//! One request and its answer.

use std::borrow::Cow;
use std::sync::Arc;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;

use super::host::{AbortController, Body, Bytes, Part, Reader, Response, TextDecoder, cancel, pending};
use super::rejected::{midway, rejected};
use super::settle_later;
use crate::json::{Object, Text};
use crate::text::{decimal, join};
use crate::transport::http::{Content, ExchangeId, Fact, Reading, Request};
use crate::transport::{TransportError, TransportErrorKind};

/// As much of an unwanted body is read so that the connection is of use again.
const NEAR: usize = 64 * 1024;

pub(super) struct Exchange {
    pub(super) id: ExchangeId,
    fetcher: u32,
    url: Arc<str>,
    /// The names of the request's headers.
    sent: Vec<Cow<'static, str>>,
    /// None for a farewell, which outlives whoever sent it.
    controller: Option<AbortController>,
    response: Option<Response>,
    reader: Option<Reader>,
    wanted: Wanted,
    /// Bytes of the body so far.
    size: usize,
    /// There is something to abort.
    open: bool,
}

enum Wanted {
    Unsaid,
    Text { limit: usize, so_far: SoFar },
    Chunks,
    Nothing,
}

/// A text in the making. Most are one part.
enum SoFar {
    Nothing,
    /// The bytes of the first part.
    One(JsValue),
    /// A decoder that remembers the character begun, and the text before it.
    Many(TextDecoder, JsString),
}

thread_local! {
    /// Crossing a text costs more than the call that uses it.
    static CONTENT_TYPE: JsValue = JsValue::from_str("content-type");
    /// For texts that are there as a whole.
    static WHOLE: TextDecoder = decoder();
    static OPTIONS: JsValue = Object::new().bool("fatal", true).bool("stream", true).build().as_js().clone();
}

impl Exchange {
    pub(super) fn new(fetcher: u32, id: ExchangeId, request: &Request) -> Self {
        Self {
            id,
            fetcher,
            url: request.url.clone(),
            sent: request.headers.iter().map(|(name, _)| name.clone()).collect(),
            controller: (!request.farewell).then(AbortController::new),
            response: None,
            reader: None,
            wanted: Wanted::Unsaid,
            size: 0,
            open: true,
        }
    }

    pub(super) fn signal(&self) -> JsValue {
        self.controller.as_ref().map_or(JsValue::UNDEFINED, AbortController::signal)
    }

    pub(super) fn header(&self, name: &JsValue) -> Option<String> {
        self.response.as_ref()?.headers().get(name).ok()?
    }

    /// What was awaited has come: the head, or the next part of the body. `None` where more is awaited.
    pub(super) fn settled(&mut self, settled: Result<JsValue, JsValue>) -> Option<Fact> {
        let value = match settled {
            Ok(value) if value.is_object() => value,
            Ok(_) => return Some(Fact::Failed(alien())),
            Err(thrown) => return Some(self.broken(&thrown)),
        };
        if self.response.is_none() {
            return Some(self.head(value.unchecked_into()));
        }
        let part: Part = value.unchecked_into();
        if part.done().is_truthy() { Some(self.end()) } else { self.part(&part.value()) }
    }

    fn head(&mut self, response: Response) -> Fact {
        let status = response.status().unwrap_or_default() as u16;
        if status == 0 {
            let redirect = response.kind() == "opaqueredirect";
            cancel_body(&response);
            return Fact::Failed(if redirect { redirected() } else { alien() });
        }
        self.response = Some(response);
        let content = CONTENT_TYPE.with(|name| self.header(name)).map_or(Content::Other, |kind| Content::of(&kind));
        Fact::Head { status, content }
    }

    pub(super) fn read(&mut self, reading: Reading) -> Option<Fact> {
        self.wanted = match reading {
            Reading::Text { limit } => Wanted::Text { limit, so_far: SoFar::Nothing },
            Reading::Chunks => Wanted::Chunks,
            Reading::Discard => Wanted::Nothing,
        };
        let body = self.response.as_ref()?.body();
        if !body.is_object() {
            return Some(self.end());
        }
        match body.unchecked_into::<Body>().get_reader() {
            Ok(reader) => self.reader = Some(reader),
            Err(thrown) => return Some(self.broken(&thrown)),
        }
        self.pull()
    }

    /// Asks for the next part of the body.
    pub(super) fn pull(&mut self) -> Option<Fact> {
        match self.reader.as_ref()?.read() {
            Ok(promise) => {
                settle_later(self.fetcher, self.id, &pending(&promise));
                None
            }
            Err(thrown) => Some(self.broken(&thrown)),
        }
    }

    fn part(&mut self, bytes: &JsValue) -> Option<Fact> {
        let len = if bytes.is_object() { bytes.unchecked_ref::<Bytes>().byte_length() } else { None };
        let Some(len) = len else { return Some(Fact::Failed(alien())) };
        self.size = self.size.saturating_add(len as usize);
        match &mut self.wanted {
            Wanted::Chunks if len == 0.0 => {}
            Wanted::Chunks => return Some(Fact::Chunk(bytes.unchecked_ref::<Uint8Array>().to_vec())),
            Wanted::Text { limit, .. } if self.size > *limit => {
                return Some(Fact::Failed(too_large(self.size, *limit)));
            }
            Wanted::Text { so_far, .. } => match so_far.with(bytes) {
                Ok(more) => *so_far = more,
                Err(_) => return Some(Fact::Failed(not_text())),
            },
            Wanted::Nothing if self.size > NEAR => return Some(Fact::End),
            Wanted::Nothing | Wanted::Unsaid => {}
        }
        self.pull()
    }

    fn end(&mut self) -> Fact {
        self.open = false;
        let Wanted::Text { so_far, .. } = &self.wanted else { return Fact::End };
        match so_far.end() {
            Ok(text) => Fact::Text(Text::from(text)),
            Err(_) => Fact::Failed(not_text()),
        }
    }

    fn broken(&mut self, thrown: &JsValue) -> Fact {
        self.open = false;
        match (&self.response, &self.wanted) {
            (Some(_), Wanted::Nothing) => Fact::End,
            (Some(_), _) => Fact::Failed(midway(thrown, &self.url)),
            (None, _) => Fact::Failed(rejected(thrown, &self.url, &self.sent)),
        }
    }
}

impl SoFar {
    fn with(&self, bytes: &JsValue) -> Result<Self, JsValue> {
        let more = |decoder: &TextDecoder, bytes| OPTIONS.with(|options| decoder.decode(bytes, options));
        Ok(match self {
            Self::Nothing => Self::One(bytes.clone()),
            Self::One(first) => {
                let decoder = decoder();
                let text = more(&decoder, first)?.concat(more(&decoder, bytes)?.as_ref());
                Self::Many(decoder, text)
            }
            Self::Many(decoder, text) => {
                let text = text.concat(more(decoder, bytes)?.as_ref());
                Self::Many(decoder.clone(), text)
            }
        })
    }

    /// A character that was begun and not ended is found out here.
    fn end(&self) -> Result<JsString, JsValue> {
        let nothing = JsValue::UNDEFINED;
        match self {
            Self::Nothing => Ok(JsString::from("")),
            Self::One(bytes) => WHOLE.with(|decoder| decoder.decode(bytes, &nothing)),
            Self::Many(decoder, text) => decoder.decode(&nothing, &nothing).map(|_| text.clone()),
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(controller) = self.controller.as_ref().filter(|_| self.open) else { return };
        // First of all: a stream that its signal has broken cannot be cancelled any more. And not every `fetch` that a user
        // brings looks at its signal.
        match (&self.reader, &self.response) {
            (Some(reader), _) => cancel(reader.as_ref()),
            (None, Some(response)) => cancel_body(response),
            (None, None) => {}
        }
        controller.abort();
    }
}

fn decoder() -> TextDecoder {
    OPTIONS.with(|options| TextDecoder::new(&JsValue::UNDEFINED, options))
}

/// What came although its exchange was aborted, from a `fetch` that does not look at its signal.
pub(super) fn abandon(value: &JsValue) {
    if value.is_object() {
        cancel_body(value.unchecked_ref());
    }
}

fn cancel_body(response: &Response) {
    let body = response.body();
    if body.is_object() {
        cancel(&body);
    }
}

fn alien() -> TransportError {
    TransportError::new(
        TransportErrorKind::Protocol,
        "the fetch function gave no response that can be read; pass one that works as the platform's does",
    )
}

fn redirected() -> TransportError {
    TransportError::new(
        TransportErrorKind::Refused { status: 302 },
        "the server redirects to another address, and a browser does not say which; use that address instead",
    )
}

fn not_text() -> TransportError {
    TransportError::new(TransportErrorKind::Protocol, "the server's answer is not UTF-8 text; is this an MCP server?")
}

fn too_large(size: usize, limit: usize) -> TransportError {
    let limit_text = decimal(limit as u64);
    let detail = join(&[
        "the server's answer is larger than the limit of ",
        &limit_text,
        " bytes; raise max_message or ask for less",
    ]);
    TransportError::new(TransportErrorKind::TooLarge { size, limit }, detail)
}
