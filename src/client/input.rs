//! Handlers for what a server may ask: elicitation, sampling, roots.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ServerIdentity;
use crate::json::{Json, Object};
use crate::platform::{BoxFuture, MaybeSend, MaybeSync};
use crate::session::InputKind;

/// What a handler may want to know of a request for input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InputContext {
    /// Who asks. Show it to the person (client/elicitation, "Security Considerations").
    pub server: Option<ServerIdentity>,
    /// Asked in answer to a call of this client (`input_required`, 2026-07-28), rather than pushed on the channel.
    pub in_answer: bool,
}

/// A handler whose request and answer are JSON.
pub(super) trait Handler: MaybeSend + MaybeSync {
    fn run(&self, context: InputContext, params: &Json) -> BoxFuture<'static, Result<Json, String>>;
}

/// A handler as a program writes it: an async closure over typed values. Dropping its future is how it learns that nobody
/// waits any more: the call was cancelled, the server withdrew, the time was up.
struct Typed<F, Q> {
    handler: F,
    request: std::marker::PhantomData<fn(Q)>,
}

impl<F, Fut, Q> Handler for Typed<F, Q>
where
    F: Fn(InputContext, Q) -> Fut + MaybeSend + MaybeSync,
    Fut: Future<Output: Serialize> + MaybeSend + 'static,
    Q: DeserializeOwned,
{
    fn run(&self, context: InputContext, params: &Json) -> BoxFuture<'static, Result<Json, String>> {
        match params.parse::<Q>() {
            Ok(request) => {
                let work = (self.handler)(context, request);
                Box::pin(async move { Json::encode(&work.await).map_err(|e| e.to_string()) })
            }
            Err(e) => {
                let detail = format!("the server's request does not have the expected shape: {e}");
                Box::pin(std::future::ready(Err(detail)))
            }
        }
    }
}

/// The handlers that a program registered. What stands here is what the server is told the client can do.
#[derive(Default, Clone)]
pub(super) struct Handlers {
    pub(super) form: Option<Arc<dyn Handler>>,
    pub(super) url: Option<Arc<dyn Handler>>,
    pub(super) sample: Option<Arc<dyn Handler>>,
    pub(super) roots: Option<Arc<dyn Handler>>,
}

/// One handler of requests of type `Q`.
pub(super) fn typed<F, Fut, Q>(handler: F) -> Option<Arc<dyn Handler>>
where
    F: Fn(InputContext, Q) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output: Serialize> + MaybeSend + 'static,
    Q: DeserializeOwned + 'static,
{
    Some(Arc::new(Typed { handler, request: std::marker::PhantomData }))
}

impl Handlers {
    /// The client capabilities that follow.
    pub(super) fn capabilities(&self) -> Json {
        let empty = || Object::new().build();
        let mut all = Object::new();
        if self.form.is_some() || self.url.is_some() {
            let mut modes = Object::new();
            if self.form.is_some() {
                modes = modes.json("form", &empty());
            }
            if self.url.is_some() {
                modes = modes.json("url", &empty());
            }
            all = all.json("elicitation", &modes.build());
        }
        if self.sample.is_some() {
            all = all.json("sampling", &empty());
        }
        if self.roots.is_some() {
            all = all.json("roots", &empty());
        }
        all.build()
    }

    pub(super) fn find(&self, kind: InputKind, params: &Json) -> Option<&Arc<dyn Handler>> {
        match kind {
            InputKind::Elicit if params.get_str("mode").as_deref() == Some("url") => self.url.as_ref(),
            InputKind::Elicit => self.form.as_ref(),
            InputKind::Sample => self.sample.as_ref(),
            InputKind::Roots => self.roots.as_ref(),
        }
    }
}
