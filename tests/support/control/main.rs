//! Starts, kills and cuts off peers on command, and plays peers that misbehave. A page cannot kill a server; it can ask this program to.
//!
//! `control_server [--port N]` serves plain HTTP on the loopback address and prints `listening PORT`. With `--port 0` it ends when its
//! standard input does, so that a test that dies takes it along. Every command is a GET and answers JSON:
//!
//! | command | answer |
//! |---|---|
//! | `/spawn?program=scripted&era=modern&carrier=websocket` | starts a peer as a process: `{id, port, via, path}`; what goes through port `via` can be cut off |
//! | `/kill?id=` | SIGKILL |
//! | `/start?id=` | starts it again on the same port |
//! | `/hole?id=&on=true` | port `via` swallows everything, both ways, and closes nothing |
//! | `/stub?kind=&era=&carrier=` | plays a peer in this process: `{id, port, path}`; the kinds are those of [`stub::Kind`] |
//! | `/http?era=&rules=` | plays a peer over Streamable HTTP, with what goes wrong in `rules`: see [`over_http`] |
//! | `/release?id=&name=` | lets what waits at `until name` in its rules go on |
//! | `/log?id=` | what the peer noted: what it ran, and each frame it got as `in …` |
//! | `/await?id=&text=&count=1` | waits until that many lines of the log hold the text |
//!
//! A carrier is `websocket`, `http`, or, as newline-delimited JSON, `tcp` or `unix`, which listens at `path`.
//!
//! `control_server --peer modern|legacy --port N --path P --generation N --carrier …` is the scripted peer itself;
//! `control_server --pipe N` has the peer at port N on its standard streams.

mod hole;
mod http;
mod lines;
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

fn number(name: &str) -> Option<u16> {
    argument(name).and_then(|given| given.parse().ok())
}

#[tokio::main]
async fn main() {
    if let Some(port) = number("--pipe") {
        return lines::pipe(port).await;
    }
    let port = number("--port").unwrap_or(9877);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    let listens = || println!("listening {}", listener.local_addr().expect("a bound address").port());
    if let Some(era) = argument("--peer") {
        let generation = number("--generation").unwrap_or(0).into();
        let log = Arc::new(log::Log::echoing());
        let era = scripted::Era::named(&era);
        match argument("--carrier").as_deref() {
            Some("http") => {
                let peer = over_http::HttpPeer::new(era, generation, "[]", log).expect("no rules are good rules");
                listens();
                until_input_ends(peer.serve(listener)).await;
            }
            Some("tcp") => {
                listens();
                until_input_ends(lines::serve_tcp(listener, stub::Kind::Peer, era, generation, log)).await;
            }
            Some("unix") => {
                let path = argument("--path").expect("where to listen");
                let socket = lines::bind_unix(path.as_ref()).expect("the path is free");
                listens();
                until_input_ends(lines::serve_unix(socket, stub::Kind::Peer, era, generation, log)).await;
            }
            _ => {
                listens();
                until_input_ends(stub::serve(listener, stub::Kind::Peer, era, generation, log)).await;
            }
        }
    } else if port == 0 {
        listens();
        until_input_ends(http::serve(listener)).await;
    } else {
        listens();
        http::serve(listener).await;
    }
    // Only a control server has made it.
    let _ = std::fs::remove_dir_all(process::sockets());
}

/// Whoever started this program holds its standard input, and takes the program along when it dies.
async fn until_input_ends(work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = async { tokio::io::stdin().read(&mut [0]).await } => {}
    }
}
