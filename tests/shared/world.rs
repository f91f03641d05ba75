//! A server that counts its connections, and what its tools met.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use everywire::json::Json;
use everywire::proto::{
    CallToolResult, ElicitRequest, ElicitResult, LogLevel, ReadResourceResult, Resource, ResourceContents,
};
use everywire::server::{Bind, Peer, ReadRequest, RequestContext, Serve, Server};
use everywire::transport::{Link, SharedTransport, Tcp, Transport, TransportError, TransportErrorKind, WebSocket};
use everywire::{BoxFuture, Client, EraChoice, Event, Events};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::{Notify, mpsc};

#[derive(Clone, Copy, PartialEq)]
pub enum Carrier {
    Tcp,
    WebSocket,
}

pub struct World {
    pub server: Server,
    /// Cuts every connection that is open.
    pub cut: Arc<Notify>,
    /// Lets the tool `wait` go on.
    pub go: Arc<Notify>,
    carrier: Carrier,
    url: String,
    connections: Arc<AtomicUsize>,
    heard: mpsc::UnboundedReceiver<String>,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Serves, counts and cuts connections.
struct Counted {
    server: Server,
    connections: Arc<AtomicUsize>,
    cut: Arc<Notify>,
    says: mpsc::UnboundedSender<String>,
}

impl Serve for Counted {
    fn serve(&self, link: Link, peer: Peer, shutdown: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let served = Serve::serve(&self.server, link, peer, shutdown);
        let (cut, says) = (self.cut.clone(), self.says.clone());
        Box::pin(async move {
            tokio::select! {
                () = served => {}
                () = cut.notified() => {}
            }
            let _ = says.send("ended".into());
        })
    }
}

/// Says when a handler is dropped before its end.
struct Guard(Option<String>, mpsc::UnboundedSender<String>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(name) = self.0.take() {
            let _ = self.1.send(format!("dropped {name}"));
        }
    }
}

fn schema() -> Json {
    Json::from_text(r#"{"type":"object"}"#).expect("a schema")
}

fn server(go: &Arc<Notify>, says: &mpsc::UnboundedSender<String>) -> Server {
    let (go, says) = (go.clone(), says.clone());
    Server::builder("shared", "1.0")
        .tool_fn("echo", schema(), async |arguments: Json, _: RequestContext| {
            Ok(CallToolResult::text(arguments.get_str("text").unwrap_or_default()))
        })
        .tool_fn("steps", schema(), async |arguments: Json, cx: RequestContext| {
            let name = arguments.get_str("name").unwrap_or_default();
            for step in 1..=3 {
                cx.progress(f64::from(step), Some(3.0), Some(&format!("{name}{step}"))).await;
                tokio::task::yield_now().await;
            }
            Ok(CallToolResult::text("done"))
        })
        .tool_fn("wait", schema(), move |arguments: Json, _: RequestContext| {
            let (go, says) = (go.clone(), says.clone());
            async move {
                let name = arguments.get_str("name").unwrap_or_default();
                let going = go.notified();
                let mut guard = Guard(Some(name.clone()), says.clone());
                let _ = says.send(format!("began {name}"));
                going.await;
                guard.0 = None;
                Ok(CallToolResult::text(format!("{name} went on")))
            }
        })
        .tool_fn("ask", schema(), async |_, cx: RequestContext| {
            let form = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
            let form = ElicitRequest::form("Who are you?", Json::encode(&form).expect("JSON"));
            let answer = cx.elicit("who", form).await?;
            let name = answer.content.and_then(|content| content.get_str("name"));
            Ok(CallToolResult::text(name.unwrap_or_else(|| answer.action.to_string())))
        })
        .tool_fn("logs", schema(), async |_, cx: RequestContext| {
            for level in [LogLevel::Debug, LogLevel::Info, LogLevel::Error] {
                cx.log(level, "", "said").await;
            }
            Ok(CallToolResult::text("done"))
        })
        .resource(Resource::new("r:1", "r"), async |_: ReadRequest, _: RequestContext| {
            Ok(ReadResourceResult::new([ResourceContents::text("r:1", "x")]))
        })
        .build()
}

pub fn accept(name: &str) -> ElicitResult {
    ElicitResult::accept(Json::encode(&json!({ "name": name })).expect("JSON"))
}

impl World {
    pub async fn start(carrier: Carrier) -> Self {
        let (says, heard) = mpsc::unbounded_channel();
        let (cut, go, connections) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::default());
        let server = server(&go, &says);
        let counted = Counted { server: server.clone(), connections: Arc::clone(&connections), cut: cut.clone(), says };
        let bind = match carrier {
            Carrier::Tcp => Bind::tcp("127.0.0.1:0", counted),
            Carrier::WebSocket => Bind::websocket("127.0.0.1:0", counted),
        };
        let listener = bind.await.expect("a port");
        let url = listener.url().to_owned();
        let listener = tokio::spawn(async move { listener.run(std::future::pending()).await.expect("served") });
        Self { server, cut, go, carrier, url, connections, heard, listener }
    }

    /// Without its scheme, over TCP.
    pub fn url(&self) -> &str {
        self.url.trim_start_matches("tcp://")
    }

    pub fn shared(&self) -> SharedTransport {
        match self.carrier {
            Carrier::Tcp => SharedTransport::new(Tcp::new(self.url()).expect("an address")),
            Carrier::WebSocket => SharedTransport::new(WebSocket::new(&self.url).expect("an address")),
        }
    }

    /// Three clients that connect at once.
    pub async fn three(&self, era: EraChoice) -> [Client; 3] {
        self.three_of(&self.shared(), era).await
    }

    pub async fn three_of(&self, shared: &SharedTransport, era: EraChoice) -> [Client; 3] {
        let connect = || Client::over(shared.clone()).era(era).era_cache(None).connect();
        let (a, b, c) = tokio::try_join!(connect(), connect(), connect()).expect("connected");
        [a, b, c]
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the server has said all of this.
    pub async fn hears<const N: usize>(&mut self, wanted: [&str; N]) {
        let mut wanted: Vec<_> = wanted.into();
        while !wanted.is_empty() {
            let said = self.heard.recv().await.expect("the server lives");
            wanted.retain(|wanted| *wanted != said);
        }
    }
}

pub async fn echo(client: &Client, text: &str) -> String {
    client.call_tool("echo", json!({ "text": text })).await.expect("an answer").all_text()
}

pub async fn updated(events: &mut Events) {
    while !matches!(events.next().await.expect("an event"), Event::ResourceUpdated { uri } if uri == "r:1") {}
}

/// What became of attempts to connect.
#[derive(Default)]
pub struct Counts {
    pub begun: AtomicUsize,
    pub began: Notify,
    pub dropped: Notify,
}

/// A transport that never connects: it fails when it was polled a few times, or hangs.
pub struct Attempts(Arc<Counts>, bool);

impl Attempts {
    pub fn failing(counts: &Arc<Counts>) -> Self {
        Self(counts.clone(), false)
    }

    pub fn hanging(counts: &Arc<Counts>) -> Self {
        Self(counts.clone(), true)
    }
}

impl Transport for Attempts {
    fn connect(&mut self) -> BoxFuture<'_, Result<Link, TransportError>> {
        struct Dropped(Arc<Counts>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.dropped.notify_one();
            }
        }
        let counts = self.0.clone();
        let hangs = self.1;
        Box::pin(async move {
            let _dropped = Dropped(counts.clone());
            counts.begun.fetch_add(1, Ordering::SeqCst);
            counts.began.notify_one();
            if hangs {
                std::future::pending::<()>().await;
            }
            // The others have come meanwhile.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            Err(TransportError::new(TransportErrorKind::ConnectFailed, "nobody listens"))
        })
    }
}
