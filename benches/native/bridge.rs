//! What the bridge costs: the program `everywire bridge` between a client and an echo, beside the same client and echo without
//! it, and beside a proxy that copies bytes and understands nothing.
//!
//! ```text
//! cargo bench --features cli --bench bridge [-- ROUNDS]
//! ```
//!
//! Client, bridge and echo are processes of their own. The rows take turns within each round; what is printed are medians over
//! the rounds. Compare rows of one run, not figures of two.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use everywire::BoxFuture;
use everywire::frame::{Inbound, Outbound};
use everywire::json::Text;
use everywire::server::{Bind, Peer, Serve};
use everywire::transport::{Link, StdioTransport, Tcp, Transport, WebSocket};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const ROLE: &str = "EVERYWIRE_BENCH_ROLE";
const IN_FLIGHT: usize = 64;
const EXTENT: Duration = Duration::from_millis(1_000);
/// A call with a text of 64 bytes.
const MESSAGE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"The quick brown fox jumps over the lazy dog 0123456789. The quick"}}}"#;

/// What lies between client and echo.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Nothing: the floor of the rows below it.
    Direct,
    /// A proxy that copies bytes in a process of its own: what one more process costs at the least.
    Copied,
    Bridge(&'static [&'static str]),
}

/// What answers.
#[derive(Clone, Copy, PartialEq)]
enum Echo {
    WebSocket,
    Child,
    Tcp,
}

const RECORDED: &[&str] = &["--record", "/dev/null"];

const ROWS: [(&str, Way, Echo); 9] = [
    ("WebSocket echo", Way::Direct, Echo::WebSocket),
    ("  through a proxy that copies bytes", Way::Copied, Echo::WebSocket),
    ("  through the bridge, WebSocket to WebSocket", Way::Bridge(&[]), Echo::WebSocket),
    ("child process, echo over pipes", Way::Direct, Echo::Child),
    ("  through the bridge, WebSocket to stdio", Way::Bridge(&[]), Echo::Child),
    ("  the same, recorded", Way::Bridge(RECORDED), Echo::Child),
    ("TCP echo, lines", Way::Direct, Echo::Tcp),
    ("  through a proxy that copies bytes", Way::Copied, Echo::Tcp),
    ("  through the bridge, WebSocket to TCP", Way::Bridge(&[]), Echo::Tcp),
];

fn main() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match std::env::var(ROLE).ok().as_deref() {
        Some("pipes") => return pipes(),
        Some(role) => return runtime.block_on(serve(role)),
        None => {}
    }
    // Cargo adds an option of its own.
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(5);
    runtime.block_on(async {
        let mut samples = vec![Vec::new(); ROWS.len()];
        for _ in 0..rounds {
            for (row, samples) in ROWS.iter().zip(&mut samples) {
                samples.push(sample(row.1, row.2).await?);
            }
        }
        print(&samples);
        Ok(())
    })
}

/// Of one row in one round.
#[derive(Clone, Copy)]
struct Sample {
    /// One round trip after the other: the one in the middle, in microseconds.
    p50: f64,
    /// Both directions together, with [`IN_FLIGHT`] messages under way.
    frames: f64,
    /// CPU time of what lies between, per frame, in microseconds.
    cpu: Option<f64>,
}

async fn sample(way: Way, echo: Echo) -> Result<Sample, Fault> {
    let server = match echo {
        Echo::WebSocket => Some(Role::start("websocket", "")?),
        Echo::Tcp => Some(Role::start("tcp", "")?),
        Echo::Child => None,
    };
    let address = server.as_ref().map(|server| server.told.clone()).unwrap_or_default();
    let between = match way {
        Way::Direct => None,
        Way::Copied => Some(Role::start("copy", &address)?),
        Way::Bridge(options) => Some(Role::bridge(options, echo, &address)?),
    };
    let at = between.as_ref().map_or(&address, |between| &between.told);
    let mut link = match (way, echo) {
        (Way::Direct, Echo::Child) => child().connect().await?,
        (Way::Direct | Way::Copied, Echo::Tcp) => Tcp::new(at)?.connect().await?,
        _ => WebSocket::new(&format!("ws://{at}/"))?.connect().await?,
    };
    let text = Text::from_utf8(MESSAGE.into()).ok_or("the message is UTF-8")?;
    let mut times = trips(&mut link, &text, 1, Duration::from_millis(200)).await?;
    times.clear();
    times = trips(&mut link, &text, 1, EXTENT).await?;
    let p50 = median(&mut times);
    let before = between.as_ref().and_then(Role::cpu);
    let start = Instant::now();
    let many = trips(&mut link, &text, IN_FLIGHT, EXTENT).await?;
    let frames = many.len() as f64 * 2.0;
    let spent = between.as_ref().and_then(Role::cpu).zip(before).map(|(after, before)| after - before);
    Ok(Sample { p50, frames: frames / start.elapsed().as_secs_f64(), cpu: spent.map(|cpu| cpu * 1e6 / frames) })
}

/// Sends, with `width` messages under way, until `extent` is over; how long each took, in microseconds.
async fn trips(link: &mut Link, text: &Text, width: usize, extent: Duration) -> Result<Vec<f64>, Fault> {
    let start = Instant::now();
    let mut begun = std::collections::VecDeque::with_capacity(width);
    let mut times = Vec::new();
    for _ in 0..width {
        link.tx.feed(Outbound::Message(text.clone())).await?;
        begun.push_back(Instant::now());
    }
    link.tx.flush().await?;
    while !begun.is_empty() {
        let mut inbound = link.rx.next().await;
        loop {
            match inbound.ok_or("the link ended")?? {
                Inbound::Message(back) if back.len() == text.len() => {
                    let since = begun.pop_front().ok_or("more came back than was sent")?;
                    times.push(since.elapsed().as_secs_f64() * 1e6);
                    if start.elapsed() < extent {
                        link.tx.feed(Outbound::Message(text.clone())).await?;
                        begun.push_back(Instant::now());
                    }
                }
                Inbound::Alive => {}
                other => return Err(format!("{other:?}").into()),
            }
            // What came at once is answered with one write.
            match link.rx.next().now_or_never() {
                Some(next) if !begun.is_empty() => inbound = next,
                _ => break,
            }
        }
        link.tx.flush().await?;
    }
    Ok(times)
}

fn child() -> everywire::transport::StdioCommand {
    let program = std::env::current_exe().unwrap_or_default();
    StdioTransport::command(program).env(ROLE, "pipes")
}

/// A process that is killed when it is dropped.
struct Role {
    child: Child,
    /// The address that it told.
    told: String,
    /// Read no more, but open.
    _out: BufReader<ChildStdout>,
}

impl Role {
    fn start(role: &str, argument: &str) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env(ROLE, role).env("EVERYWIRE_BENCH_TO", argument);
        Self::spawn(command, |line| Some(line.trim().to_owned()))
    }

    fn bridge(options: &[&str], echo: Echo, address: &str) -> Result<Self, Fault> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_everywire"));
        command.args(["bridge", "--listen", "ws://127.0.0.1:0", "--no-token"]).args(options);
        match echo {
            Echo::WebSocket => command.arg(format!("ws://{address}/")),
            Echo::Tcp => command.arg(format!("tcp://{address}")),
            Echo::Child => command.env(ROLE, "pipes").arg("--").arg(std::env::current_exe()?),
        };
        command.stderr(Stdio::null());
        Self::spawn(command, |line| {
            Some(line.strip_prefix("The server:")?.trim().trim_start_matches("ws://").trim_end_matches('/').to_owned())
        })
    }

    fn spawn(mut command: Command, address: impl Fn(&str) -> Option<String>) -> Result<Self, Fault> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("no output")?);
        loop {
            let mut line = String::new();
            if out.read_line(&mut line)? == 0 {
                return Err("it ended before it listened".into());
            }
            if let Some(told) = address(&line) {
                return Ok(Self { child, told, _out: out });
            }
        }
    }

    /// CPU time of all its threads, in seconds; Linux only.
    fn cpu(&self) -> Option<f64> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).ok()?;
        let spent = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        Some(spent.sum::<f64>() / 1e9)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says back what it reads, in the largest pieces that come.
fn pipes() -> Result<(), Fault> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(()),
            read => {
                output.write_all(&buffer[..read])?;
                output.flush()?;
            }
        }
    }
}

/// Says back every message.
struct Back;

impl Serve for Back {
    fn serve(&self, mut link: Link, _: Peer, _: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            while let Some(Ok(inbound)) = link.rx.next().await {
                let Inbound::Message(text) = inbound else { continue };
                if link.tx.feed(Outbound::Message(text)).await.is_err() {
                    return;
                }
                // All that is there is answered with one write.
                while let Some(Some(Ok(Inbound::Message(text)))) = link.rx.next().now_or_never() {
                    if link.tx.feed(Outbound::Message(text)).await.is_err() {
                        return;
                    }
                }
                if link.tx.flush().await.is_err() {
                    return;
                }
            }
        })
    }
}

async fn serve(role: &str) -> Result<(), Fault> {
    if role == "copy" {
        let to = std::env::var("EVERYWIRE_BENCH_TO")?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (mut near, _) = listener.accept().await?;
            let mut far = TcpStream::connect(&to).await?;
            near.set_nodelay(true)?;
            far.set_nodelay(true)?;
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    }
    let bind = if role == "tcp" { Bind::tcp("127.0.0.1:0", Back) } else { Bind::websocket("127.0.0.1:0", Back) };
    let listener = bind.await?;
    println!("{}", listener.local_addr().ok_or("no address")?);
    Ok(listener.run(std::future::pending()).await?)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn print(samples: &[Vec<Sample>]) {
    println!("\n{:46} {:>9} {:>9} {:>12} {:>13}", "", "p50 µs", "added µs", "frames/s", "CPU µs/frame");
    let mut floor = 0.0;
    for ((name, way, _), samples) in ROWS.iter().zip(samples) {
        let of = |part: fn(&Sample) -> f64| median(&mut samples.iter().map(part).collect::<Vec<_>>());
        let p50 = of(|sample| sample.p50);
        let added = if *way == Way::Direct {
            floor = p50;
            "-".to_owned()
        } else {
            format!("{:.1}", p50 - floor)
        };
        let cpu: Option<Vec<f64>> = samples.iter().map(|sample| sample.cpu).collect();
        let cpu = cpu.map_or("-".to_owned(), |mut cpu| format!("{:.2}", median(&mut cpu)));
        println!("{name:46} {p50:>9.1} {added:>9} {:>12.0} {cpu:>13}", of(|sample| sample.frames));
    }
}
