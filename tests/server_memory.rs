//! A line without an end does not fill the server's memory; in a program of its own, as it watches the memory of all of it.
#![cfg(all(feature = "server", target_os = "linux"))]

mod server_support;

use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use server_support::*;

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().expect("a number") * 1024
}

/// Sends up to a GiB without a line end. How much went out before the server closed.
fn flood<S: Read + Write>(mut socket: S, begin: bool) -> usize {
    let mut sent = 0;
    if begin {
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": modern(json!({}))});
        socket.write_all(format!("{ping}\n").as_bytes()).expect("sent");
        let mut first = [0; 1];
        socket.read_exact(&mut first).expect("an answer");
    }
    let chunk = vec![b'x'; 1 << 20];
    while sent < 1 << 30 {
        match socket.write(&chunk) {
            Ok(0) | Err(_) => break,
            Ok(some) => sent += some,
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_without_a_line_end() {
    let server = builder().build();
    let tcp = server.bind_tcp("127.0.0.1:0").await.expect("bound");
    let name = format!("@everywire-memory-{}", std::process::id());
    let unix = server.bind_unix(&name).await.expect("bound");
    let address = tcp.local_addr().expect("TCP");
    tokio::spawn(tcp.run(std::future::pending()));
    tokio::spawn(unix.run(std::future::pending()));
    let patience = Some(Duration::from_secs(20));
    for begin in [false, true] {
        let before = peak();
        let name = name.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let tcp = std::net::TcpStream::connect(address).expect("connected");
            tcp.set_write_timeout(patience).expect("an option");
            let name = SocketAddr::from_abstract_name(&name[1..]).expect("a name");
            let unix = std::os::unix::net::UnixStream::connect_addr(&name).expect("connected");
            unix.set_write_timeout(patience).expect("an option");
            [flood(tcp, begin), flood(unix, begin)]
        });
        let sent = sent.await.expect("no panic");
        let grown = peak() - before;
        println!("sent {sent:?} of {} bytes, {grown} bytes of memory", 1 << 30);
        // The limit is 16 MiB; what the kernel and the server's close take of what still comes is theirs.
        assert!(grown < 64 << 20, "{grown} bytes of memory for lines of which {sent:?} bytes were sent");
    }
}
