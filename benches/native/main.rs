//! How fast the native client and server are over each carrier, beside hand-written ones and beside no protocol at all.
//!
//! ```text
//! cargo bench --features server --bench native [-- [ROUNDS] [websocket | http | tcp | unix | stdio | idle] [WORDS OF A ROW OR MODE]...]
//! ```
//!
//! Every server is a process of its own with one thread, and so is the client. The rows take turns within each round, so
//! that whatever else the machine does hits all of them; what is printed are medians over the rounds. Compare rows of one
//! run, not figures of two. CPU time, memory and wake-ups come from `/proc` and are missing elsewhere than on Linux.

mod http;
mod idle;
mod measure;
mod ours;
mod servers;
mod stream;
mod websocket;
mod wire;

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use measure::{Cpu, Process, median, shown};
use servers::{Kind, Spawned};

/// What any of these fails with.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A connected client that has a text echoed by the tool `echo`.
trait Echo {
    async fn echo(&self, text: &str) -> Result<String, Fault>;

    /// Calls, `width` at a time, for as long as `more` says of their number; how long each took, in microseconds.
    async fn calls(&self, text: &str, width: usize, more: impl Fn(usize) -> bool) -> Result<Vec<f64>, Fault> {
        let begun = Cell::new(0);
        let lane = async || {
            let mut times = Vec::new();
            while more(begun.get()) {
                begun.set(begun.get() + 1);
                let start = Instant::now();
                let answer = self.echo(text).await?;
                times.push(start.elapsed().as_secs_f64() * 1e6);
                if answer != text {
                    return Err("the echo is not what was sent".into());
                }
            }
            Ok::<_, Fault>(times)
        };
        let lanes = try_join_all((0..width).map(|_| lane())).await?;
        Ok(lanes.concat())
    }
}

#[derive(Clone, Copy)]
enum Mode {
    Sequential,
    InFlight,
    Large,
}

/// Calls that are under way at once.
const IN_FLIGHT: usize = 64;

impl Mode {
    const ALL: [Self; 3] = [Self::Sequential, Self::InFlight, Self::Large];

    fn title(self) -> &'static str {
        match self {
            Self::Sequential => "64 bytes, one call after the other",
            Self::InFlight => "64 bytes, 64 calls in flight",
            Self::Large => "1 MB, one call after the other",
        }
    }

    fn text(self) -> String {
        let bytes = if matches!(self, Self::Large) { 1_000_000 } else { 64 };
        "The quick brown fox jumps over the lazy dog 0123456789. ".chars().cycle().take(bytes).collect()
    }

    /// Calls to warm up with, and how long to measure.
    fn extent(self) -> (usize, Duration) {
        match self {
            Self::Sequential => (500, Duration::from_millis(700)),
            Self::InFlight => (5_000, Duration::from_millis(1_000)),
            Self::Large => (5, Duration::from_millis(1_000)),
        }
    }
}

/// Who asks.
#[derive(Clone, Copy)]
enum Asker {
    Raw,
    Hand,
    Legacy,
    Modern,
}

type Row = (&'static str, Asker, Kind);

const WEBSOCKET: [Row; 6] = [
    ("raw echo, no JSON", Asker::Raw, Kind::RawWebSocket),
    ("hand-written client and server", Asker::Hand, Kind::HandWebSocket),
    ("everywire (legacy) on the hand-written server", Asker::Legacy, Kind::HandWebSocket),
    ("everywire (modern) on the hand-written server", Asker::Modern, Kind::HandWebSocket),
    ("everywire (legacy) on its own server", Asker::Legacy, Kind::WebSocket),
    ("everywire (modern) on its own server", Asker::Modern, Kind::WebSocket),
];

const HTTP: [Row; 9] = [
    ("raw POST echo, no JSON", Asker::Raw, Kind::RawHttp),
    ("hand-written client and server, JSON", Asker::Hand, Kind::HandJson),
    ("everywire (legacy) on the hand-written server", Asker::Legacy, Kind::HandJson),
    ("everywire (modern) on the hand-written server", Asker::Modern, Kind::HandJson),
    ("hand-written client and server, events", Asker::Hand, Kind::HandEvents),
    ("everywire (modern) on the server with events", Asker::Modern, Kind::HandEvents),
    ("hand-written client on everywire's server", Asker::Hand, Kind::Http),
    ("everywire (legacy) on its own server", Asker::Legacy, Kind::Http),
    ("everywire (modern) on its own server", Asker::Modern, Kind::Http),
];

/// The rows of one carrier of lines, by its raw server, its hand-written one and ours.
const fn lines(raw: Kind, hand: Kind, ours: Kind) -> [Row; 7] {
    [
        ("raw echo, no JSON", Asker::Raw, raw),
        ("hand-written client and server", Asker::Hand, hand),
        ("everywire (legacy) on the hand-written server", Asker::Legacy, hand),
        ("everywire (modern) on the hand-written server", Asker::Modern, hand),
        ("hand-written client on everywire's server", Asker::Hand, ours),
        ("everywire (legacy) on its own server", Asker::Legacy, ours),
        ("everywire (modern) on its own server", Asker::Modern, ours),
    ]
}

const TCP: [Row; 7] = lines(Kind::RawTcp, Kind::HandTcp, Kind::Tcp);
const UNIX: [Row; 7] = lines(Kind::RawUnix, Kind::HandUnix, Kind::Unix);
const STDIO: [Row; 7] = lines(Kind::RawStdio, Kind::HandStdio, Kind::Stdio);

/// What one row did in one round, per call in microseconds.
#[derive(Default, Clone, Copy)]
struct Sample {
    per_second: f64,
    p50: f64,
    client: Option<f64>,
    server: Option<f64>,
}

fn main() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(kind) = servers::asked_for() {
        return runtime.block_on(servers::serve(kind));
    }
    let mut arguments = Arguments { rounds: 5, parts: Vec::new(), words: Vec::new() };
    // Cargo adds an option of its own.
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        match argument.parse() {
            Ok(rounds) => arguments.rounds = rounds,
            Err(_) if PARTS.contains(&argument.as_str()) => arguments.parts.push(argument),
            Err(_) => arguments.words.push(argument),
        }
    }
    let wanted = |part: &str| arguments.parts.is_empty() || arguments.parts.iter().any(|word| word == part);
    runtime.block_on(async {
        let parts = [("websocket", &WEBSOCKET[..]), ("http", &HTTP), ("tcp", &TCP), ("unix", &UNIX), ("stdio", &STDIO)];
        for (part, rows) in parts {
            if wanted(part) {
                run(part, rows, &arguments).await?;
            }
        }
        if wanted("idle") { idle::run().await } else { Ok(()) }
    })
}

const PARTS: [&str; 6] = ["websocket", "http", "tcp", "unix", "stdio", "idle"];

struct Arguments {
    rounds: usize,
    parts: Vec<String>,
    /// Each stands in the row's name or the mode's.
    words: Vec<String>,
}

async fn run(part: &str, rows: &[Row], arguments: &Arguments) -> Result<(), Fault> {
    for mode in Mode::ALL {
        let wanted = |word: &String, row: &Row| row.0.contains(word) || mode.title().contains(word);
        let rows: Vec<Row> =
            rows.iter().filter(|row| arguments.words.iter().all(|word| wanted(word, row))).copied().collect();
        if rows.is_empty() {
            continue;
        }
        let mut samples = vec![Vec::new(); rows.len()];
        for _ in 0..arguments.rounds {
            for (row, samples) in rows.iter().zip(&mut samples) {
                samples.push(sample(row, mode).await?);
            }
        }
        println!("\n{part}: {}", mode.title());
        print(&rows, &samples);
    }
    Ok(())
}

async fn sample(&(_, asker, kind): &Row, mode: Mode) -> Result<Sample, Fault> {
    if kind.is_stdio() {
        return sample_stdio(asker, kind, mode).await;
    }
    let server = Spawned::start(kind)?;
    let (url, process) = (server.url(), server.process());
    let scheme = url.split(':').next().unwrap_or_default();
    match (asker, scheme) {
        (Asker::Raw, "ws") => measure(&websocket::raw::Client::connect(url, &mode.text()).await?, mode, process).await,
        (Asker::Raw, "http") => measure(&http::raw::Client::connect(url, &mode.text()), mode, process).await,
        (Asker::Raw, _) => {
            measure(&stream::raw::Client::over(stream::open(url).await?, &mode.text()), mode, process).await
        }
        (Asker::Hand, "ws") => measure(&websocket::hand::Client::connect(url).await?, mode, process).await,
        (Asker::Hand, "http") => measure(&http::hand::Client::connect(url)?, mode, process).await,
        (Asker::Hand, _) => {
            measure(&stream::hand::Client::over(stream::open(url).await?, kind.is_ours()), mode, process).await
        }
        (Asker::Legacy, _) => measure(&ours::Client::connect(url, false).await?, mode, process).await,
        (Asker::Modern, _) => measure(&ours::Client::connect(url, true).await?, mode, process).await,
    }
}

async fn sample_stdio(asker: Asker, kind: Kind, mode: Mode) -> Result<Sample, Fault> {
    if let Asker::Legacy | Asker::Modern = asker {
        let (client, process) = ours::Client::spawn(kind, matches!(asker, Asker::Modern)).await?;
        return measure(&client, mode, process).await;
    }
    let (_child, process, streams) = stream::spawn(kind).await?;
    match asker {
        Asker::Raw => measure(&stream::raw::Client::over(streams, &mode.text()), mode, process).await,
        _ => measure(&stream::hand::Client::over(streams, kind.is_ours()), mode, process).await,
    }
}

async fn measure<C: Echo>(client: &C, mode: Mode, server: Process) -> Result<Sample, Fault> {
    let text = mode.text();
    let (warm_up, extent) = mode.extent();
    let width = if matches!(mode, Mode::InFlight) { IN_FLIGHT } else { 1 };
    client.calls(&text, width, |done| done < warm_up).await?;
    let (ours, theirs) = (Cpu::of(Process::This), Cpu::of(server));
    let start = Instant::now();
    let mut times = client.calls(&text, width, |_| start.elapsed() < extent).await?;
    let elapsed = start.elapsed();
    let count = times.len() as f64;
    let per_call = |cpu: Option<Duration>| cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / count);
    Ok(Sample {
        per_second: count / elapsed.as_secs_f64(),
        p50: median(&mut times),
        client: per_call(ours.since(Process::This)),
        server: per_call(theirs.since(server)),
    })
}

fn print(rows: &[Row], samples: &[Vec<Sample>]) {
    println!("{:46} {:>10} {:>10} {:>14} {:>14}", "", "calls/s", "p50 µs", "client CPU µs", "server CPU µs");
    for ((name, ..), samples) in rows.iter().zip(samples) {
        let of = |part: fn(&Sample) -> f64| median(&mut samples.iter().map(part).collect::<Vec<_>>());
        let maybe = |part: fn(&Sample) -> Option<f64>| {
            let known: Option<Vec<f64>> = samples.iter().map(part).collect();
            shown(known.map(|mut known| median(&mut known)))
        };
        println!(
            "{name:46} {:>10.0} {:>10.1} {:>14} {:>14}",
            of(|sample| sample.per_second),
            of(|sample| sample.p50),
            maybe(|sample| sample.client),
            maybe(|sample| sample.server),
        );
    }
}
