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

/// A handler of one kind of request, as an async closure is one. Dropping its future is how it learns that nobody waits
/// any more: the call was cancelled, the server withdrew, the time was up.
pub trait InputHandler<Q, A>: MaybeSend + MaybeSync + 'static {
    /// Answers one request.
    fn handle(&self, context: InputContext, request: Q) -> BoxFuture<'static, A>;
}

impl<Q, A, F, Fut> InputHandler<Q, A> for F
where
    F: Fn(InputContext, Q) -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = A> + MaybeSend + 'static,
{
    fn handle(&self, context: InputContext, request: Q) -> BoxFuture<'static, A> {
        Box::pin(self(context, request))
    }
}

/// A handler whose request and answer are JSON.
pub(super) trait Handler: MaybeSend + MaybeSync {
    fn run(&self, context: InputContext, params: &Json) -> BoxFuture<'static, Result<Json, String>>;
}

struct Typed<H, Q, A> {
    handler: Arc<H>,
    shape: std::marker::PhantomData<fn(Q) -> A>,
}

impl<H, Q, A> Handler for Typed<H, Q, A>
where
    H: InputHandler<Q, A>,
    Q: DeserializeOwned + MaybeSend + 'static,
    A: Serialize + MaybeSend + 'static,
{
    fn run(&self, context: InputContext, params: &Json) -> BoxFuture<'static, Result<Json, String>> {
        let request = params.parse::<Q>();
        let handler = self.handler.clone();
        Box::pin(async move {
            let request = request.map_err(|e| format!("the server's request does not have the expected shape: {e}"))?;
            let answer = handler.handle(context, request).await;
            Json::encode(&answer).map_err(|e| e.to_string())
        })
    }
}

/// The handlers that a program registered. What stands here is what the server is told the client can do.
#[derive(Default, Clone)]
pub(super) struct Handlers {
    form: Option<Arc<dyn Handler>>,
    url: Option<Arc<dyn Handler>>,
    sample: Option<Arc<dyn Handler>>,
    roots: Option<Arc<dyn Handler>>,
}

impl Handlers {
    fn typed<Q, A>(handler: impl InputHandler<Q, A>) -> Option<Arc<dyn Handler>>
    where
        Q: DeserializeOwned + MaybeSend + 'static,
        A: Serialize + MaybeSend + 'static,
    {
        Some(Arc::new(Typed { handler: Arc::new(handler), shape: std::marker::PhantomData }))
    }

    pub(super) fn on_form(
        &mut self,
        handler: impl InputHandler<crate::proto::ElicitRequest, crate::proto::ElicitResult>,
    ) {
        self.form = Self::typed(handler);
    }

    pub(super) fn on_url(
        &mut self,
        handler: impl InputHandler<crate::proto::ElicitRequest, crate::proto::ElicitResult>,
    ) {
        self.url = Self::typed(handler);
    }

    pub(super) fn on_sample(
        &mut self,
        handler: impl InputHandler<crate::proto::CreateMessageRequest, crate::proto::CreateMessageResult>,
    ) {
        self.sample = Self::typed(handler);
    }

    pub(super) fn on_roots(&mut self, handler: impl InputHandler<Json, crate::proto::ListRootsResult>) {
        self.roots = Self::typed(handler);
    }

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
