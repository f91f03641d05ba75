//! Starts, kills and cuts off peers on command, and plays peers that misbehave. A page cannot kill a server; it can ask this program to.
//!
//! `control_server [--port N]` serves plain HTTP on the loopback address and prints `listening PORT`. With `--port 0` it ends when its
//! standard input does, so that a test that dies takes it along. Every command is a GET and answers JSON:
//!
//! | command | answer |
//! |---|---|
//! | `/spawn?program=scripted&era=modern&carrier=websocket` | starts a peer as a process: `{id, port, via}`; what goes through port `via` can be cut off |
//! | `/kill?id=` | SIGKILL |
//! | `/start?id=` | starts it again on the same port |
//! | `/hole?id=&on=true` | port `via` swallows everything, both ways, and closes nothing |
//! | `/stub?kind=&era=` | plays a peer in this process: `{id, port}`; the kinds are those of [`stub::Kind`] |
//! | `/http?era=&rules=` | plays a peer over Streamable HTTP, with what goes wrong in `rules`: see [`over_http`] |
//! | `/release?id=&name=` | lets what waits at `until name` in its rules go on |
//! | `/log?id=` | what the peer noted: what it ran, and each frame it got as `in …` |
//! | `/await?id=&text=&count=1` | waits until that many lines of the log hold the text |
//!
//! `control_server --peer modern|legacy --port N --generation N --carrier websocket|http` is the scripted peer itself.

mod hole;
mod http;
mod log;
mod over_http;
mod process;
mod scripted;
mod stub;
mod tls;

use std::env;
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

fn argument(name: &str) -> Option<String> {
    env::args().skip_while(|given| given != name).nth(1)
}

#[tokio::main]
async fn main() {
    let port: u16 = argument("--port").and_then(|port| port.parse().ok()).unwrap_or(9877);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    println!("listening {}", listener.local_addr().expect("a bound address").port());
    if let Some(era) = argument("--peer") {
        let generation = argument("--generation").and_then(|given| given.parse().ok()).unwrap_or(0);
        let log = Arc::new(log::Log::echoing());
        let era = scripted::Era::named(&era);
        if argument("--carrier").as_deref() == Some("http") {
            let peer = over_http::HttpPeer::new(era, generation, "[]", log).expect("no rules are good rules");
            until_input_ends(peer.serve(listener)).await;
        } else {
            until_input_ends(stub::serve(listener, stub::Kind::Peer, era, generation, log)).await;
        }
    } else if port == 0 {
        until_input_ends(http::serve(listener)).await;
    } else {
        http::serve(listener).await;
    }
}

/// Whoever started this program holds its standard input, and takes the program along when it dies.
async fn until_input_ends(work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = async { tokio::io::stdin().read(&mut [0]).await } => {}
    }
}
