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
const WATCHED: Duration = Duration::from_secs(10);

pub(crate) async fn run() -> Result<(), Fault> {
    let server = Spawned::start(Kind::Everywire)?;
    let mut clients = Vec::new();
    let mut before = [None; 2];
    for count in 0..CONNECTIONS + WARM_UP {
        if count == WARM_UP {
            before = [Process::This.resident(), server.process().resident()];
        }
        clients.push(Client::builder(&server.url()).era(EraChoice::Modern).connect().await?);
    }
    // The work that follows a connection is done by then, and nothing else is due.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = [Process::This.resident(), server.process().resident()];
    let sleeps = [Process::This.sleeps(), server.process().sleeps()];
    tokio::time::sleep(WATCHED).await;
    let woken = [Process::This.sleeps(), server.process().sleeps()];

    let difference = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?) as f64);
    println!("\n{CONNECTIONS} idle connections");
    println!("{:46} {:>20} {:>26}", "", "KiB per connection", "wake-ups in 10 s, all of them");
    for (end, name) in ["everywire client", "everywire server"].into_iter().enumerate() {
        let memory = difference(before[end], after[end]).map(|kib| kib / f64::from(CONNECTIONS));
        println!("{name:46} {:>20} {:>26}", shown(memory), shown(difference(sleeps[end], woken[end])));
    }
    drop(clients);
    Ok(())
}
