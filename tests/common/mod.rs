//! What the tests over real sockets share. Natively a control server is started per test process; a page talks to the one that
//! `scripts/test` started, as a page cannot start anything.

#![allow(dead_code, reason = "each test program uses its own part")]

#[cfg(not(target_arch = "wasm32"))]
#[path = "native.rs"]
mod platform;
#[cfg(target_arch = "wasm32")]
#[path = "web.rs"]
mod platform;

use std::fmt::Write as _;
use std::future::{Future, IntoFuture as _};
use std::pin::pin;
use std::time::Duration;

use everywire::{Builder, Client, Event, Events, Reconnect, State};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use serde_json::Value;

pub use platform::{memory, promise};

/// Whether this runs in a page or worker, whose WebSocket hides what a handshake met.
pub const IN_BROWSER: bool = platform::IN_BROWSER;

/// How many connects the soak tests make.
pub fn soak(usual: usize) -> usize {
    if option_env!("SOAK") == Some("1") { usual * 20 } else { usual }
}

/// A command to the control server; see `tests/support/control`.
pub async fn control(command: &str) -> Value {
    let answer = platform::get(command).await;
    let answer: Value = serde_json::from_str(&answer).expect("the control server answers JSON");
    assert!(answer.get("error").is_none(), "{command}: {}", answer["error"].as_str().unwrap_or("?"));
    answer
}

/// A promise is broken by silence too.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    let patience = pin!(everywire::sleep(Duration::from_secs(20)));
    match select(pin!(future), patience).await {
        Either::Left((value, _)) => value,
        Either::Right(_) => panic!("still waiting after 20 s"),
    }
}

/// What a promise is kept over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    WebSocket,
    Http,
    Tcp,
    Unix,
    /// The standard streams of a child process.
    Stdio,
}

impl Carrier {
    /// A scripted peer in a process of its own, which can be killed.
    pub async fn spawn(self, era: &str) -> Peer {
        Peer::new(self, &control(&format!("/spawn?program=scripted&era={era}&carrier={}", self.name())).await)
    }

    /// What the control server calls it. A child's standard streams are piped to a peer over TCP.
    fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Http => "http",
            Self::Tcp | Self::Stdio => "tcp",
            Self::Unix => "unix",
        }
    }

    /// The server of this crate, in a process of its own. It speaks both eras and has the tools of `tests/support/test_server.rs`.
    pub async fn own(self) -> Peer {
        Peer::new(self, &control(&format!("/spawn?program=test_server&carrier={}", self.name())).await)
    }

    /// A scripted peer.
    pub async fn peer(self, era: &str) -> Peer {
        match self {
            Self::Http => Peer::http(era, &Value::Array(Vec::new())).await,
            _ => self.stub("peer", era).await,
        }
    }

    /// A peer of that kind, over any carrier but HTTP.
    pub async fn stub(self, kind: &str, era: &str) -> Peer {
        Peer::new(self, &control(&format!("/stub?kind={kind}&era={era}&carrier={}", self.name())).await)
    }

    fn address(self, secure: &str, host: &str, port: u64, path: &str) -> String {
        match self {
            Self::WebSocket => format!("ws{secure}://{host}:{port}/"),
            Self::Http => format!("http{secure}://{host}:{port}/mcp"),
            Self::Tcp => format!("tcp://{host}:{port}"),
            Self::Unix => format!("unix:{path}"),
            Self::Stdio => format!("{CHILD}{port}"),
        }
    }

    /// How many of so many requests can be under way at once: a browser has six connections to one host.
    pub fn at_once(self, wanted: usize) -> usize {
        if self == Self::Http && IN_BROWSER { wanted.min(5) } else { wanted }
    }

    /// Waits until a client has noticed that its server is gone. Over HTTP there is nothing to notice before the next request.
    pub async fn loss(self, events: &mut Events) {
        if self != Self::Http {
            loss(events).await;
        }
    }
}

/// One test for each carrier: `async fn name(carrier: Carrier, …)` over it.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! over {
    ($name:ident, $($test:ident: $carrier:ident $(, $era:literal)?;)*) => {$(
        #[$crate::common::promise]
        async fn $test() {
            super::$name($crate::common::Carrier::$carrier $(, $era)?).await;
        }
    )*};
}

/// Runs `async fn name(carrier: Carrier)` over each carrier.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! each_carrier {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            $crate::common::over!($name, over_websocket: WebSocket; over_http: Http;);
            #[cfg(not(target_arch = "wasm32"))]
            $crate::common::over!($name, over_tcp: Tcp; over_unix: Unix; over_stdio: Stdio;);
        }
    )*};
}

/// Runs `async fn name(carrier: Carrier)` over each carrier that has an address, at which nobody may be.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! each_address {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            $crate::common::over!($name, over_websocket: WebSocket; over_http: Http;);
            #[cfg(not(target_arch = "wasm32"))]
            $crate::common::over!($name, over_tcp: Tcp; over_unix: Unix;);
        }
    )*};
}

/// Runs `async fn name(carrier: Carrier)` over each carrier that is one channel for every message.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! each_channel {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            $crate::common::over!($name, over_websocket: WebSocket;);
            #[cfg(not(target_arch = "wasm32"))]
            $crate::common::over!($name, over_tcp: Tcp; over_unix: Unix; over_stdio: Stdio;);
        }
    )*};
}

/// Runs `async fn name(carrier: Carrier)` over the carriers that a page has.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! each_web_carrier {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            $crate::common::over!($name, over_websocket: WebSocket; over_http: Http;);
        }
    )*};
}

/// Runs `async fn name(carrier: Carrier, era: &str)` over each carrier, in both eras.
#[allow(unused_macros, reason = "each test program uses its own part")]
macro_rules! each_carrier_and_era {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            $crate::common::over!(
                $name,
                over_websocket_modern: WebSocket, "modern"; over_websocket_legacy: WebSocket, "legacy";
                over_http_modern: Http, "modern"; over_http_legacy: Http, "legacy";
            );
            #[cfg(not(target_arch = "wasm32"))]
            $crate::common::over!(
                $name,
                over_tcp_modern: Tcp, "modern"; over_tcp_legacy: Tcp, "legacy";
                over_unix_modern: Unix, "modern"; over_unix_legacy: Unix, "legacy";
                over_stdio_modern: Stdio, "modern"; over_stdio_legacy: Stdio, "legacy";
            );
        }
    )*};
}

#[allow(unused_imports, reason = "each test program uses its own part")]
pub(crate) use {each_address, each_carrier, each_carrier_and_era, each_channel, each_web_carrier, over};

/// A peer that the control server runs.
pub struct Peer {
    carrier: Carrier,
    id: u64,
    pub port: u64,
    via: u64,
    path: String,
}

impl Peer {
    fn new(carrier: Carrier, answer: &Value) -> Self {
        let number = |key: &str| answer[key].as_u64().unwrap_or_default();
        let path = answer["path"].as_str().unwrap_or_default().to_owned();
        Self { carrier, id: number("id"), port: number("port"), via: number("via"), path }
    }

    /// A peer of that kind, over WebSocket.
    pub async fn stub(kind: &str, era: &str) -> Self {
        Carrier::WebSocket.stub(kind, era).await
    }

    /// A scripted peer over HTTP, with rules for what goes wrong: see `tests/support/control/over_http/rules.rs`.
    pub async fn http(era: &str, rules: &Value) -> Self {
        let rules = escaped(&rules.to_string());
        Self::new(Carrier::Http, &control(&format!("/http?era={era}&rules={rules}")).await)
    }

    fn address(&self, secure: &str, host: &str, port: u64) -> String {
        self.carrier.address(secure, host, port, &self.path)
    }

    pub fn url(&self) -> String {
        self.address("", "127.0.0.1", self.port)
    }

    /// The same peer through a port that can become a black hole.
    pub fn url_via(&self) -> String {
        self.address("", "127.0.0.1", self.via)
    }

    /// Over TLS.
    pub fn url_tls(&self, carrier: Carrier) -> String {
        carrier.address("s", "localhost", self.port, &self.path)
    }

    /// Lets what waits at `until name` in the peer's rules go on.
    pub async fn release(&self, name: &str) {
        control(&format!("/release?id={}&name={name}", self.id)).await;
    }

    pub async fn kill(&self) {
        control(&format!("/kill?id={}", self.id)).await;
    }

    pub async fn start(&self) {
        control(&format!("/start?id={}", self.id)).await;
    }

    pub async fn swallow(&self, on: bool) {
        control(&format!("/hole?id={}&on={on}", self.id)).await;
    }

    /// Waits until `count` lines of what the peer noted hold the text.
    pub async fn noted(&self, text: &str, count: usize) -> Vec<String> {
        strings(&control(&format!("/await?id={}&text={}&count={count}", self.id, escaped(text))).await)
    }

    /// Waits until the peer was told that nobody wants that many answers any more.
    pub async fn cancelled(&self, era: &str, count: usize) {
        match (self.carrier, era) {
            (Carrier::Http, "modern") => _ = self.noted("aborted POST", count).await,
            _ => _ = self.noted("\"notifications/cancelled\"", count).await,
        }
    }

    /// What the peer noted so far with the text in it.
    pub async fn log(&self, text: &str) -> Vec<String> {
        let lines = strings(&control(&format!("/log?id={}", self.id)).await);
        lines.into_iter().filter(|line| line.contains(text)).collect()
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|line| line.as_str().map(str::to_owned)).collect()
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "%{byte:02x}");
        all
    })
}

/// Reconnects fast enough for a test to watch.
pub fn swift() -> Reconnect {
    Reconnect { base_delay: Duration::from_millis(20), max_delay: Duration::from_millis(100), ..Reconnect::default() }
}

/// Before the port of a peer that a child process has on its standard streams.
const CHILD: &str = "child:";

/// A client to be, which remembers no era: ports come back.
pub fn client(url: &str) -> Builder {
    let builder = match url.strip_prefix(CHILD) {
        Some(port) => platform::child(port),
        None => Client::builder(url),
    };
    builder.era_cache(None).reconnect(swift())
}

/// A connected client.
pub async fn connected(url: &str) -> Client {
    soon(client(url).connect()).await.expect("the peer speaks MCP")
}

/// Waits until the client has noticed that its connection is gone, and gives the state it is in then. A call made before that
/// is on its way, and interrupted.
pub async fn loss(events: &mut Events) -> State {
    loop {
        match soon(events.next()).await.expect("a loss is told before the events end") {
            Event::State(State::Connected | State::Connecting) => {}
            Event::State(state) => return state,
            _ => {}
        }
    }
}

/// Calls `echo` and insists on the answer.
pub async fn echo(client: &Client, text: &str) {
    let result = soon(client.call_tool("echo", serde_json::json!({ "text": text })).into_future()).await;
    assert_eq!(result.expect("echo answers").all_text(), text);
}

/// Calls `echo` as something that may be repeated: a server that is back again, and has forgotten the session, refuses a call that
/// may not.
pub async fn echo_again(client: &Client, text: &str) {
    let call = client.call_tool("echo", serde_json::json!({ "text": text })).idempotent();
    assert_eq!(soon(call.into_future()).await.expect("echo answers").all_text(), text);
}
