use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::lines;
use crate::log::Log;
use crate::over_http::HttpPeer;
use crate::process::{self, Process};
use crate::scripted::Era;
use crate::stub::{self, Kind};

/// How long `/await` waits before it says what the log holds instead.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Peers {
    next: u64,
    logs: HashMap<u64, Arc<Log>>,
    processes: HashMap<u64, Arc<Process>>,
    http: HashMap<u64, Arc<HttpPeer>>,
}

type Shared = Arc<Mutex<Peers>>;

pub(crate) async fn serve(listener: TcpListener) {
    let peers = Shared::default();
    while let Ok((stream, _)) = listener.accept().await {
        let peers = peers.clone();
        tokio::spawn(async move {
            let _ = answer(stream, peers).await;
        });
    }
}

/// One request per connection, and of it only the first line: what browsers and the tests send fits one packet's worth of head.
async fn answer(mut stream: TcpStream, peers: Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match run(target, &peers).await {
        Ok(value) => ("200 OK", value),
        Err(reason) => ("400 Bad Request", json!({ "error": reason })),
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nAccess-Control-Allow-Origin: *\r\n\
         Cross-Origin-Resource-Policy: cross-origin\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await
}

async fn run(target: &str, peers: &Shared) -> Result<Value, String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: HashMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect();
    let given = |name: &str| query.get(name).map(String::as_str);
    let id = || given("id").and_then(|id| id.parse::<u64>().ok()).ok_or("the command needs the id of a peer");
    let process_of =
        || peers.lock().expect("no panic while locked").processes.get(&id()?).cloned().ok_or("no such process");
    let log = || peers.lock().expect("no panic while locked").logs.get(&id()?).cloned().ok_or("no such peer");
    let era = Era::named(given("era").unwrap_or("modern"));
    match path {
        "/spawn" => {
            let log = Arc::new(Log::default());
            let (program, carrier) = (given("program").unwrap_or("scripted"), given("carrier").unwrap_or("websocket"));
            let process = Process::new(program, carrier, era, log.clone()).await?;
            let answer = json!({ "port": process.port, "via": process.hole.port, "path": process.path });
            let id = keep(peers, log);
            peers.lock().expect("no panic while locked").processes.insert(id, Arc::new(process));
            Ok(with_id(answer, id))
        }
        "/kill" => process_of()?.kill().await,
        "/start" => process_of()?.start().await,
        "/hole" => {
            process_of()?.hole.swallow(given("on") == Some("true"));
            Ok(json!(true))
        }
        "/stub" => {
            let kind = Kind::named(given("kind").unwrap_or("peer"))?;
            let (listener, port) = listen().await?;
            let log = Arc::new(Log::default());
            let path = process::socket(port).map_err(|error| error.to_string())?;
            match given("carrier") {
                Some("tcp") => drop(tokio::spawn(lines::serve_tcp(listener, kind, era, 0, log.clone()))),
                Some("unix") => {
                    let socket = lines::bind_unix(&path).map_err(|error| error.to_string())?;
                    let serving = lines::serve_unix(socket, kind, era, 0, log.clone());
                    tokio::spawn(async move {
                        // For as long as it is held nobody else is given this number.
                        let _port = listener;
                        serving.await;
                    });
                }
                _ => drop(tokio::spawn(stub::serve(listener, kind, era, 0, log.clone()))),
            }
            Ok(with_id(json!({ "port": port, "path": path }), keep(peers, log)))
        }
        "/http" => {
            let (listener, port) = listen().await?;
            let log = Arc::new(Log::default());
            let peer = HttpPeer::new(era, 0, given("rules").unwrap_or("[]"), log.clone())?;
            tokio::spawn(peer.clone().serve(listener));
            let id = keep(peers, log);
            peers.lock().expect("no panic while locked").http.insert(id, peer);
            Ok(with_id(json!({ "port": port }), id))
        }
        "/release" => {
            let name = given("name").ok_or("release needs a name")?.to_owned();
            let peer = peers.lock().expect("no panic while locked").http.get(&id()?).cloned().ok_or("no such peer")?;
            peer.gates.send_modify(|open| _ = open.insert(name));
            Ok(json!(true))
        }
        "/log" => Ok(json!(log()?.lines())),
        "/await" => {
            let text = given("text").ok_or("await needs a text")?;
            let count = given("count").and_then(|count| count.parse().ok()).unwrap_or(1);
            let log = log()?;
            match tokio::time::timeout(PATIENCE, log.wait(text, count)).await {
                Ok(lines) => Ok(json!(lines)),
                Err(_) => Err(format!("never came: {text}, {count} times; the log holds {:#?}", log.lines())),
            }
        }
        _ => Err(format!("there is no command {path}")),
    }
}

async fn listen() -> Result<(TcpListener, u16), String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    Ok((listener, port))
}

fn keep(peers: &Shared, log: Arc<Log>) -> u64 {
    let mut peers = peers.lock().expect("no panic while locked");
    peers.next += 1;
    let id = peers.next;
    peers.logs.insert(id, log);
    id
}

fn with_id(mut value: Value, id: u64) -> Value {
    value["id"] = json!(id);
    value
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.extend(std::str::from_utf8(&hex).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
