use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::oneshot;
use serde::Serialize;

use super::host::{ProgressSink, Waiting};
use super::{Client, Shared};
use crate::error::{Error, ErrorKind};
use crate::json::{Draft, Json};
use crate::platform::{MaybeSend, MaybeSync};
use crate::proto::Progress;
use crate::session::{CallId, CallOptions, Replay, Request, Session};

/// A request that is about to be sent: `.await` it, after choosing options if need be.
///
/// # Cancel safety
/// Dropping the future cancels the request, on the wire too.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<R> {
    client: Client,
    draft: Result<Draft, Error>,
    replay: Replay,
    options: CallOptions,
    progress: Option<ProgressSink>,
    decode: Decode<R>,
    context: Option<Json>,
}

/// Reads a result; the second argument is what the call was given to remember.
type Decode<R> = fn(Json, Option<Json>) -> Result<R, Error>;

impl Client {
    /// Any request, for methods that have no method of their own here. The result comes as it stands.
    pub fn request(&self, method: &str, params: &impl Serialize) -> Call<Json> {
        let params = Json::encode(params).map_err(encode);
        let draft = params.and_then(|params| {
            if params.is_null() { Ok(Draft::new(method)) } else { Draft::with_params(method, &params).map_err(encode) }
        });
        Call::new(self, method, draft, |result, _| Ok(result))
    }

    /// A request with params of ours, decoded by `decode`.
    pub(crate) fn call<P: Serialize, R>(&self, method: &'static str, params: P, decode: Decode<R>) -> Call<R> {
        Call::new(self, method, Draft::encode(method, params).map_err(encode), decode)
    }

    /// Any notification. It is dropped where there is no connection, as nobody would wait for it.
    ///
    /// # Errors
    /// Where `params` has no JSON form or is not an object.
    pub fn notify(&self, method: &str, params: &impl Serialize) -> Result<(), Error> {
        let params = Json::encode(params).map_err(encode)?;
        self.shared().command(|session, _| session.notify(method, &params));
        Ok(())
    }
}

fn encode(cause: crate::json::JsonError) -> Error {
    Error::new(ErrorKind::Encode(cause))
}

impl<R> Call<R> {
    pub(crate) fn new(client: &Client, method: &str, draft: Result<Draft, Error>, decode: Decode<R>) -> Self {
        Self {
            client: client.clone(),
            draft,
            replay: Replay::of(method),
            options: CallOptions::default(),
            progress: None,
            decode,
            context: None,
        }
    }

    /// How long the server may take between two signs of life (progress). Default: the client's, 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How long the call may take as a whole, progress or not. Default: the client's, 10 min. The time that a person
    /// takes to answer an elicitation counts in neither.
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.options.total_timeout = Some(timeout);
        self
    }

    /// Vouches that running the call twice does no harm: after a lost connection it is sent again instead of failing
    /// as interrupted.
    pub fn idempotent(mut self) -> Self {
        self.options.idempotent = true;
        self
    }

    /// Tells the server that nobody can be asked for input during this call. Modern era only; older servers do not
    /// hear it.
    pub fn non_interactive(mut self) -> Self {
        self.options.non_interactive = true;
        self
    }

    /// Asks the server, whatever is kept of its earlier answers. What it says now is kept instead. See
    /// [`Builder::cache`](crate::Builder::cache).
    pub fn fresh(mut self) -> Self {
        self.options.fresh = true;
        self
    }

    /// Asks for progress. The closure runs on the connection's own task: it must return quickly.
    pub fn progress(mut self, report: impl Fn(Progress) + MaybeSend + MaybeSync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Adds entries to the request's `_meta`. The protocol's own entries win.
    pub fn meta(mut self, meta: Json) -> Self {
        self.draft = self.draft.map(|draft| draft.user_meta(Some(meta)));
        self
    }

    pub(crate) fn manual(mut self, context: Json) -> Self {
        self.options.manual = true;
        self.context = Some(context);
        self
    }

    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Draft)) -> Self {
        if let Ok(draft) = &mut self.draft {
            edit(draft);
        }
        self
    }
}

impl<R> IntoFuture for Call<R> {
    type Output = Result<R, Error>;
    type IntoFuture = Pending<R>;

    fn into_future(self) -> Pending<R> {
        let (tx, answer) = oneshot::channel();
        let shared = self.client.shared().clone();
        let waiting = Waiting::new(tx, self.progress);
        let id = match self.draft {
            Ok(draft) => {
                let request = Request { draft, replay: self.replay, options: self.options };
                Some(shared.command(|session, now| session.request(waiting, request, now)))
            }
            Err(error) => {
                waiting.answer(Err(error));
                None
            }
        };
        Pending {
            answer,
            cancel: Cancel { shared, id },
            decode: self.decode,
            context: self.context,
            result: PhantomData,
        }
    }
}

/// A request under way. Dropping it cancels the request, on the wire too.
#[must_use = "dropping a pending call cancels it"]
pub struct Pending<R> {
    answer: oneshot::Receiver<Result<Json, Error>>,
    cancel: Cancel,
    decode: Decode<R>,
    context: Option<Json>,
    result: PhantomData<fn() -> R>,
}

struct Cancel {
    shared: Arc<Shared<Waiting>>,
    /// `None` once there is nothing to cancel.
    id: Option<CallId>,
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.command(|session: &mut Session<Waiting>, now| session.cancel(id, now));
        }
    }
}

impl<R> Future for Pending<R> {
    type Output = Result<R, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let answer = match Pin::new(&mut this.answer).poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(answer)) => answer,
            // The driver is gone, with its runtime.
            Poll::Ready(Err(oneshot::Canceled)) => Err(Error::new(ErrorKind::Closed)),
        };
        this.cancel.id = None;
        Poll::Ready(answer.and_then(|result| (this.decode)(result, this.context.take())))
    }
}
