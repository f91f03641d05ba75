//! `everywire bench`.

use std::time::{Duration, Instant};

use everywire::json::Json;
use everywire::proto::Progress;
use everywire::{Client, Error};
use futures_util::TryStreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};

use crate::arguments;
use crate::call::{Settled, settle, tool};
use crate::cli::{BENCH, BenchArgs};
use crate::connect::session;
use crate::failure::Failure;
use crate::lists::server;
use crate::screen::{Screen, write};

pub(crate) async fn run(args: BenchArgs) -> Result<(), Failure> {
    let Some((session, words)) = session(&args.connection, BENCH)? else { return Ok(()) };
    let (tool, arguments) = tool(&words)?;
    let arguments = arguments::read(arguments)?;
    let screen = session.screen().clone();
    let (run, server) = session
        .run(async |client| {
            let Settled::Result(one) = settle(client, tool, client.call_tool(tool, &arguments).await).await? else {
                return Err(Failure::Usage("this tool runs as a task only, and tasks are not measured".to_owned()));
            };
            if one.is_error {
                let text = crate::show::result(&one, &[]);
                return Err(Failure::Usage(format!(
                    "a first call failed, and failures are not measured: {}",
                    text.trim()
                )));
            }
            let load = Load { client, tool, arguments: &arguments, concurrency: usize::from(args.concurrency) };
            load.run(args.warmup, |_| {}).await?;
            let run = load.run(args.count, |done| show(&screen, done, args.count)).await?;
            Ok((run, server(client)))
        })
        .await?;
    let failed = run.failed;
    match args.connection.json {
        true => write(&run.document(tool, args.concurrency, server).to_string())?,
        false => write(&run.text(tool, args.concurrency))?,
    }
    if failed > 0 { Err(Failure::Tool) } else { Ok(()) }
}

fn show(screen: &Screen, done: u32, count: u32) {
    // A hundred steps are enough for a bar, and cost the measurement nothing.
    if done.is_multiple_of(count.div_ceil(100)) {
        screen.progress(
            &Progress::new(f64::from(done)).total(f64::from(count)).message(format!("{done} of {count} calls")),
        );
    }
}

struct Load<'a> {
    client: &'a Client,
    tool: &'a str,
    arguments: &'a Json,
    concurrency: usize,
}

/// What was measured.
struct Run {
    /// From sending a call to its decoded answer, in order of size.
    times: Vec<Duration>,
    took: Duration,
    failed: u32,
}

impl Load<'_> {
    /// Makes `count` calls, so many at a time. A lost connection or a refusal ends it.
    async fn run(&self, count: u32, mut done: impl FnMut(u32)) -> Result<Run, Error> {
        let mut times = Vec::with_capacity(count as usize);
        let mut failed = 0;
        let mut begun = 0;
        let mut under_way = FuturesUnordered::new();
        let start = Instant::now();
        loop {
            while begun < count && under_way.len() < self.concurrency {
                begun += 1;
                under_way.push(self.one());
            }
            let Some((time, is_error)) = under_way.try_next().await? else { break };
            times.push(time);
            failed += u32::from(is_error);
            done(times.len() as u32);
        }
        let took = start.elapsed();
        times.sort_unstable();
        Ok(Run { times, took, failed })
    }

    async fn one(&self) -> Result<(Duration, bool), Error> {
        let begun = Instant::now();
        let result = self.client.call_tool(self.tool, self.arguments).await?;
        Ok((begun.elapsed(), result.is_error))
    }
}

impl Run {
    fn rate(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The nearest rank: so many per cent of the calls took this long or less.
    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.times.len() * percent).div_ceil(100).max(1);
        self.times.get(rank - 1).copied().unwrap_or_default()
    }

    fn text(&self, tool: &str, concurrency: u16) -> String {
        let ms = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1000.0);
        let failed = match self.failed {
            0 => String::new(),
            some => format!("\n{some} of them were answered with an error of the tool"),
        };
        format!(
            "{} calls of {tool}, {concurrency} at a time, in {:.2} s: {:.0} calls/s{failed}\n\
             response time  p50 {}, p95 {}, p99 {}, slowest {}\n\
             Measured at this client, from sending to the decoded answer: its own work, the connection and the waiting\n\
             behind the other {} calls are in it. The server may be capable of more.",
            self.times.len(),
            self.took.as_secs_f64(),
            self.rate(),
            ms(self.percentile(50)),
            ms(self.percentile(95)),
            ms(self.percentile(99)),
            ms(self.percentile(100)),
            concurrency.saturating_sub(1),
        )
    }

    fn document(&self, tool: &str, concurrency: u16, server: Value) -> Value {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1000.0;
        json!({
            "server": server, "tool": tool, "concurrency": concurrency,
            "calls": self.times.len(), "failed": self.failed,
            "seconds": self.took.as_secs_f64(), "callsPerSecond": self.rate(),
            "responseMs": { "p50": ms(50), "p95": ms(95), "p99": ms(99), "max": ms(100) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(millis: impl Iterator<Item = u64>) -> Run {
        Run { times: millis.map(Duration::from_millis).collect(), took: Duration::from_secs(2), failed: 0 }
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred = run(1..=100);
        for (percent, wanted) in [(50, 50), (95, 95), (99, 99), (100, 100)] {
            assert_eq!(hundred.percentile(percent), Duration::from_millis(wanted));
        }
        assert_eq!(run(1..=3).percentile(50), Duration::from_millis(2));
        assert_eq!(run(7..=7).percentile(99), Duration::from_millis(7));
        assert_eq!(hundred.rate(), 50.0);
    }
}
