//! HTTP natively: hyper's client over TCP, TLS and proxies, in HTTP/1.1 and HTTP/2.

mod body;
mod connect;
mod exchange;
mod failure;
mod proxy;
mod redirect;
mod send;
mod settings;
mod stream;
#[cfg(test)]
mod tests;
mod wake;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use self::exchange::{Exchange, Step};
use self::proxy::Proxy;
use self::send::Sender;
use self::wake::{Queue, Slot};
use crate::transport::TransportError;
use crate::transport::http::{ExchangeId, Fact, Fetch, Reading, Request};
use crate::transport::native::tls::Trust;

/// What only this platform can be told.
#[derive(Clone)]
pub(crate) struct HttpOptions {
    connect_timeout: Duration,
    proxy: Proxy,
    trust: Arc<Trust>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), proxy: Proxy::default(), trust: Arc::default() }
    }
}

impl HttpOptions {
    /// Those to begin with for an address, which is refused if this build or this platform cannot talk to it.
    pub(crate) fn of(url: &str) -> Result<Self, TransportError> {
        send::parse(url).map(|_| Self::default())
    }

    pub(super) fn connect_timeout(&mut self, timeout: Duration) {
        self.connect_timeout = timeout;
    }

    pub(super) fn proxy(&mut self, url: &str) -> Result<(), TransportError> {
        self.proxy = Proxy::at(url)?;
        Ok(())
    }

    pub(super) fn no_proxy(&mut self) {
        self.proxy = Proxy::Never;
    }

    #[cfg(feature = "tls")]
    pub(super) fn extra_root(&mut self, pem: &[u8]) -> Result<(), TransportError> {
        Arc::make_mut(&mut self.trust).add(pem)
    }
}

/// The exchanges of one link. It has no task: whoever polls it moves them, and what it drops is closed.
///
/// Connections are kept for the next exchange; over HTTP/2 all share one. A request is sent a second time only where hyper
/// hands it back unwritten, because the kept connection had just been closed.
pub(crate) struct Fetcher {
    sender: Sender,
    exchanges: Vec<Option<Exchange>>,
    /// Which exchange sits where: few enough to look through, which is quicker than a map.
    ids: Vec<Option<ExchangeId>>,
    slots: Vec<(Arc<Slot>, Waker)>,
    free: Vec<usize>,
    queue: Arc<Queue>,
}

impl Fetcher {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        Ok(Self {
            sender: Sender::new(options),
            exchanges: Vec::new(),
            ids: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            queue: Arc::default(),
        })
    }

    fn place(&self, id: ExchangeId) -> Option<usize> {
        self.ids.iter().position(|sitting| *sitting == Some(id))
    }

    fn forget(&mut self, place: usize) {
        self.exchanges[place] = None;
        self.ids[place] = None;
        self.free.push(place);
    }
}

impl Fetch for Fetcher {
    fn start(&mut self, id: ExchangeId, request: Request) {
        let exchange = Exchange::new(id, request, &mut self.sender);
        let place = self.free.pop().unwrap_or_else(|| {
            let slot = Slot::new(self.slots.len(), &self.queue);
            self.slots.push((slot.clone(), slot.into()));
            self.exchanges.push(None);
            self.ids.push(None);
            self.exchanges.len() - 1
        });
        self.exchanges[place] = Some(exchange);
        self.ids[place] = Some(id);
        self.slots[place].1.wake_by_ref();
    }

    fn header(&self, id: ExchangeId, name: &str) -> Option<String> {
        self.exchanges.get(self.place(id)?)?.as_ref()?.header(name)
    }

    fn read(&mut self, id: ExchangeId, reading: Reading) {
        let Some(place) = self.place(id) else { return };
        if let Some(exchange) = &mut self.exchanges[place] {
            exchange.read(reading);
            self.slots[place].1.wake_by_ref();
        }
    }

    fn abort(&mut self, id: ExchangeId) {
        // Dropping a future or a body of hyper's ends its connection or stream.
        if let Some(place) = self.place(id) {
            self.forget(place);
        }
    }

    fn forget_connections(&mut self) {
        self.sender.renew();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(ExchangeId, Fact)> {
        self.queue.register(cx.waker());
        // Not those that are woken meanwhile: an exchange that tokio wants to pause wakes itself.
        for _ in 0..self.queue.len() {
            let Some(place) = self.queue.next(&self.slots) else { break };
            let (Some(Some(exchange)), Some((_, waker))) = (self.exchanges.get_mut(place), self.slots.get(place))
            else {
                continue;
            };
            match exchange.poll(&mut Context::from_waker(waker), &mut self.sender) {
                Poll::Pending => {}
                Poll::Ready(Step::More(fact)) => {
                    waker.wake_by_ref();
                    return Poll::Ready((exchange.id, fact));
                }
                Poll::Ready(Step::Last(fact)) => {
                    let id = exchange.id;
                    self.forget(place);
                    return Poll::Ready((id, fact));
                }
            }
        }
        if self.queue.len() > 0 {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
