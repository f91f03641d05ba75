//! One request and its answer.

use std::sync::Arc;

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::prelude::*;

use super::host::{AbortController, Body, Bytes, Part, Reader, Response, TextDecoder, cancel, pending};
use super::rejected::{Header, midway, rejected};
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
    /// The request's headers, of which an error may name the names.
    sent: Vec<Header>,
    /// None for a farewell, which outlives whoever sent it.
    controller: Option<AbortController>,
    response: Option<Response>,
    reader: Option<Reader>,
    wanted: Wanted,
    /// Bytes of the body so far.
    size: usize,
    /// What happened and was not told yet. Nothing more is asked for meanwhile.
    ready: Option<Fact>,
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
    pub(super) fn new(fetcher: u32, id: ExchangeId, request: Request, controller: Option<AbortController>) -> Self {
        Self {
            id,
            fetcher,
            url: request.url,
            sent: request.headers,
            controller,
            response: None,
            reader: None,
            wanted: Wanted::Unsaid,
            size: 0,
            ready: None,
            open: true,
        }
    }

    pub(super) fn header(&self, name: &JsValue) -> Option<String> {
        self.response.as_ref()?.headers().get(name).ok()?
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// The next fact; what follows a part of the body is asked for when that is taken.
    pub(super) fn take(&mut self) -> Option<Fact> {
        let fact = self.ready.take()?;
        if matches!(fact, Fact::Chunk(_)) {
            self.pull();
        }
        Some(fact)
    }

    /// What was awaited has come: the head, or the next part of the body.
    pub(super) fn settled(&mut self, settled: Result<JsValue, JsValue>) {
        match settled {
            Ok(value) if !value.is_object() => self.fail(alien()),
            Ok(value) if self.response.is_none() => self.head(value.unchecked_into()),
            Ok(value) => {
                let part: Part = value.unchecked_into();
                if part.done().is_truthy() { self.end() } else { self.part(&part.value()) }
            }
            Err(thrown) => self.broken(&thrown),
        }
    }

    fn fail(&mut self, error: TransportError) {
        self.ready = Some(Fact::Failed(error));
    }

    fn head(&mut self, response: Response) {
        let status = response.status().unwrap_or_default() as u16;
        if status == 0 {
            let redirect = response.kind() == "opaqueredirect";
            cancel_body(&response);
            return self.fail(if redirect { redirected() } else { alien() });
        }
        self.response = Some(response);
        let content = CONTENT_TYPE.with(|name| self.header(name)).map_or(Content::Other, |kind| Content::of(&kind));
        self.ready = Some(Fact::Head { status, content });
    }

    pub(super) fn read(&mut self, reading: Reading) {
        self.wanted = match reading {
            Reading::Text { limit } => Wanted::Text { limit, so_far: SoFar::Nothing },
            Reading::Chunks => Wanted::Chunks,
            Reading::Discard => Wanted::Nothing,
        };
        let Some(response) = &self.response else { return };
        let body = response.body();
        if !body.is_object() {
            return self.end();
        }
        match body.unchecked_into::<Body>().get_reader() {
            Ok(reader) => {
                self.reader = Some(reader);
                self.pull();
            }
            Err(thrown) => self.broken(&thrown),
        }
    }

    /// Asks for the next part of the body.
    fn pull(&mut self) {
        match self.reader.as_ref().map(Reader::read) {
            Some(Ok(promise)) => settle_later(self.fetcher, self.id, &pending(&promise)),
            Some(Err(thrown)) => self.broken(&thrown),
            None => {}
        }
    }

    fn part(&mut self, bytes: &JsValue) {
        let len = if bytes.is_object() { bytes.unchecked_ref::<Bytes>().byte_length() } else { None };
        let Some(len) = len else { return self.fail(alien()) };
        self.size = self.size.saturating_add(len as usize);
        match &mut self.wanted {
            Wanted::Chunks if len > 0.0 => {
                self.ready = Some(Fact::Chunk(bytes.unchecked_ref::<Uint8Array>().to_vec()));
                return;
            }
            Wanted::Text { limit, .. } if self.size > *limit => {
                let error = too_large(self.size, *limit);
                return self.fail(error);
            }
            Wanted::Text { so_far, .. } => match so_far.with(bytes) {
                Ok(more) => *so_far = more,
                Err(_) => return self.fail(not_text()),
            },
            Wanted::Nothing if self.size > NEAR => {
                self.ready = Some(Fact::End);
                return;
            }
            Wanted::Chunks | Wanted::Nothing | Wanted::Unsaid => {}
        }
        self.pull();
    }

    fn end(&mut self) {
        self.open = false;
        self.ready = Some(match &self.wanted {
            Wanted::Text { so_far, .. } => match so_far.end() {
                Ok(text) => Fact::Text(Text::from(text)),
                Err(_) => Fact::Failed(not_text()),
            },
            _ => Fact::End,
        });
    }

    fn broken(&mut self, thrown: &JsValue) {
        self.open = false;
        self.ready = Some(match (&self.response, &self.wanted) {
            (Some(_), Wanted::Nothing) => Fact::End,
            (Some(_), _) => Fact::Failed(midway(thrown, &self.url)),
            (None, _) => Fact::Failed(rejected(thrown, &self.url, &self.sent)),
        });
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
