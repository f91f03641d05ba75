//! What a test wants to go wrong, as it says it: JSON in the command that starts the peer.

use std::collections::HashSet;
use std::io;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

use super::wire::{Wire, head};
use crate::log::Log;

/// Which requests, and what happens to them. The first rule that fits and is not used up applies.
pub(super) struct Rule {
    given: Value,
    /// Requests that fitted so far.
    met: u64,
}

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, String> {
        let rules: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("rules: {error}"))?;
        Ok(rules.into_iter().map(|given| Self { given, met: 0 }).collect())
    }

    /// The steps, where the rule is for such a request and it is its turn.
    pub(super) fn steps(&mut self, verb: &str, method: &str, name: &str) -> Option<Vec<Value>> {
        let fits = |key: &str, is: &str| self.given[key].as_str().is_none_or(|wanted| wanted == is);
        // What browsers ask first is granted, unless a rule is for just that.
        let asked_for = verb != "OPTIONS" || self.given["verb"] == "OPTIONS";
        if !(asked_for && fits("verb", verb) && fits("method", method) && fits("name", name)) {
            return None;
        }
        self.met += 1;
        let after = self.given["after"].as_u64().unwrap_or(0);
        let times = self.given["times"].as_u64().unwrap_or(u64::MAX);
        let turn = self.met > after && self.met - after <= times;
        turn.then(|| self.given["steps"].as_array().cloned().unwrap_or_default())
    }
}

/// Points at which peers wait until a test lets them go on.
pub(crate) type Gates = watch::Sender<HashSet<String>>;

/// How the steps ended.
pub(super) enum After {
    /// The answer is whole; the connection is good for the next request.
    Next,
    Close,
    Reset,
    /// The client left first.
    Gone,
}

pub(super) async fn perform(wire: &mut Wire, steps: &[Value], id: &str, gates: &Gates, log: &Log) -> io::Result<After> {
    for step in steps {
        let (what, given) = step.as_object().and_then(|step| step.iter().next()).ok_or(io::ErrorKind::InvalidInput)?;
        let text = given.as_str().unwrap_or_default().replace("$ID", id);
        let status = given["status"].as_u64().unwrap_or(200) as u16;
        let headers: Vec<(&str, &str)> = given["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        let body = given["body"].as_str().unwrap_or_default().replace("$ID", id);
        match what.as_str() {
            "answer" => wire.answer(status, &headers, &body).await?,
            "begin" => wire.begin(status, &headers).await?,
            "chunk" => wire.chunk(text.as_bytes()).await?,
            "end" => wire.end().await?,
            "raw" => wire.write(text.as_bytes()).await?,
            "bytes" => {
                let bytes: Vec<u8> =
                    given.as_array().into_iter().flatten().map(|b| b.as_u64().unwrap_or(0) as u8).collect();
                wire.write(&bytes).await?;
            }
            "gzip" => {
                let mut bytes = Vec::new();
                let body = body + &"x".repeat(given["fill"].as_u64().unwrap_or(0) as usize);
                async_compression::tokio::bufread::GzipEncoder::new(body.as_bytes()).read_to_end(&mut bytes).await?;
                let mut all = head(status, &headers) + "Content-Encoding: gzip\r\n";
                all.push_str(&format!("Content-Length: {}\r\n\r\n", bytes.len()));
                wire.write(all.as_bytes()).await?;
                wire.write(&bytes).await?;
            }
            "flood" => {
                if let Some(after) = flood(wire, given.as_u64().unwrap_or(u64::MAX)).await {
                    log.note(format!("flood stopped after {after}"));
                    return Ok(After::Gone);
                }
                log.note("flood done");
            }
            "until" => {
                log.note(format!("waits {text}"));
                let mut open = gates.subscribe();
                tokio::select! {
                    _ = open.wait_for(|open| open.contains(&text)) => {}
                    () = wire.gone() => return Ok(After::Gone),
                }
            }
            "hold" => {
                wire.gone().await;
                return Ok(After::Gone);
            }
            "close" => return Ok(After::Close),
            "reset" => return Ok(After::Reset),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
    }
    Ok(After::Next)
}

/// Writes chunks of 64 KiB; how many bytes it got rid of before the client stopped it, if it did.
async fn flood(wire: &mut Wire, bytes: u64) -> Option<u64> {
    let part = vec![b'x'; 64 << 10];
    let mut sent = 0;
    while sent < bytes {
        if wire.chunk(&part).await.is_err() {
            return Some(sent);
        }
        sent += part.len() as u64;
    }
    None
}
