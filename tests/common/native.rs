use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use everywire::transport::StdioTransport;
use everywire::{Builder, Client};
pub use tokio::test as promise;

pub const IN_BROWSER: bool = false;

fn control_server() -> PathBuf {
    let own = std::env::current_exe().expect("the test program has a path");
    own.ancestors().nth(2).expect("the target folder").join("examples/control_server")
}

/// A client of a child process, on whose standard streams is the peer at this port.
pub fn child(port: &str) -> Builder {
    Client::over(StdioTransport::command(control_server()).args(["--pipe", port]))
}

/// The control server of this process. It ends with it, as its standard input does.
fn port() -> u16 {
    static CONTROL: OnceLock<(Child, u16)> = OnceLock::new();
    CONTROL
        .get_or_init(|| {
            let program = control_server();
            let mut child = Command::new(&program)
                .args(["--port", "0"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| {
                    panic!("{}: {error}; `cargo build --examples --all-features` builds it", program.display())
                });
            let mut line = String::new();
            let stdout = child.stdout.take().expect("piped");
            BufReader::new(stdout).read_line(&mut line).expect("the control server says its port");
            let port = line.trim().rsplit(' ').next().and_then(|port| port.parse().ok()).expect("a port");
            (child, port)
        })
        .1
}

/// One GET. Blocking, on a thread that may: the client under test shares the test's own.
pub async fn get(command: &str) -> String {
    let head = format!("GET {command} HTTP/1.1\r\nHost: control\r\n\r\n");
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port())).expect("the control server listens");
        stream.write_all(head.as_bytes()).expect("the control server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the control server answers");
        answer.split_once("\r\n\r\n").expect("an HTTP answer").1.to_owned()
    })
    .await
    .expect("no panic")
}

/// Resident memory in bytes.
pub fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}
