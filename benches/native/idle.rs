//! What connections cost that do nothing.

use std::time::Duration;

use everywire::{Client, EraChoice};

use crate::Fault;
use crate::measure::{Process, shown};
use crate::servers::{Kind, Spawned};

/// Both ends stay below the usual limit of 1,024 open files.
const CONNECTIONS: u32 = 1_000;
/// Connections made first: what the first ones set up for all is not counted.
const WARM_UP: u32 = 10;
/// By then the timers of connecting have run out, which are not set again.
const SETTLED: Duration = Duration::from_secs(12);
/// One keep-alive of the client's.
const WATCHED: Duration = Duration::from_secs(20);

pub(crate) async fn run() -> Result<(), Fault> {
    let server = Spawned::start(Kind::WebSocket)?;
    let mut clients = Vec::new();
    let mut before = [None; 2];
    for count in 0..CONNECTIONS + WARM_UP {
        if count == WARM_UP {
            before = [Process::This.resident(), server.process().resident()];
        }
        clients.push(Client::builder(server.url()).era(EraChoice::Modern).connect().await?);
    }
    tokio::time::sleep(SETTLED).await;
    let after = [Process::This.resident(), server.process().resident()];
    let sleeps = [Process::This.sleeps(), server.process().sleeps()];
    tokio::time::sleep(WATCHED).await;
    let woken = [Process::This.sleeps(), server.process().sleeps()];

    let each = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?) as f64 / f64::from(CONNECTIONS));
    println!("\n{CONNECTIONS} idle connections");
    println!("{:46} {:>10} {:>18}", "for each of them", "KiB", "wake-ups in 20 s");
    for (end, name) in ["everywire client", "everywire server"].into_iter().enumerate() {
        let (memory, woken) = (each(before[end], after[end]), each(sleeps[end], woken[end]));
        println!("{name:46} {:>10} {:>18}", shown(memory), shown(woken));
    }
    drop(clients);
    Ok(())
}
