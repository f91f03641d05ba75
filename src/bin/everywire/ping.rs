//! `everywire ping`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::{PING, PingArgs};
use crate::connect::session;
use crate::failure::Failure;
use crate::lists::server;
use crate::screen::write;

pub(crate) async fn run(args: PingArgs) -> Result<(), Failure> {
    let machine = args.connection.json;
    let Some((session, _)) = session(&args.connection, PING)? else { return Ok(()) };
    let mut times: Vec<Duration> = Vec::new();
    let mut identity = serde_json::Value::Null;
    // What was measured until then is worth showing, however it ends.
    let outcome = session
        .run(async |client| {
            identity = server(client);
            for number in 1..=args.count {
                let begun = Instant::now();
                client.ping().await?;
                let time = begun.elapsed();
                times.push(time);
                if !machine {
                    write(&format!("{number}: {:.3} ms", millis(time)))?;
                }
                if number < args.count {
                    tokio::time::sleep(args.interval).await;
                }
            }
            Ok(())
        })
        .await;
    if outcome.is_ok() || (!times.is_empty() && !machine) {
        let mut sorted = times.clone();
        sorted.sort();
        let (min, median, max) = (sorted.first(), sorted.get(sorted.len() / 2), sorted.last());
        let ms = |time: Option<&Duration>| time.map(|time| millis(*time));
        match machine {
            true => write(
                &json!({
                    "server": identity,
                    "roundTripMs": times.iter().map(|time| millis(*time)).collect::<Vec<_>>(),
                    "minMs": ms(min), "medianMs": ms(median), "maxMs": ms(max),
                })
                .to_string(),
            )?,
            false => write(&format!(
                "{} answered; min {:.3} ms, median {:.3} ms, max {:.3} ms",
                times.len(),
                ms(min).unwrap_or_default(),
                ms(median).unwrap_or_default(),
                ms(max).unwrap_or_default()
            ))?,
        }
    }
    outcome
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
