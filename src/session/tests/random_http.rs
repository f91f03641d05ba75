//! Random schedules over links that give every request a channel of its own.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::carrier::*;
use super::messages::error;
use super::random::World;
use super::schedule::{Step, peer, step};
use super::sim::secs;
use crate::frame::{Body, Failure, Inbound, Resume};
use crate::json::Text;
use crate::transport::TransportErrorKind;

impl World {
    /// Something happens to one of the exchanges that are open.
    pub(super) fn exchange(&mut self, at: u8, how: u8, twice: bool) {
        if !self.up || self.inbox.is_empty() {
            return;
        }
        let request = self.inbox.remove(at as usize % self.inbox.len());
        let id = wire(&request);
        let fact = match how % 32 {
            0 => Inbound::Ended(id, None, None),
            1 => Inbound::Ended(id, None, Some(super::sim::lost())),
            2 => {
                let resume = Resume { last_event_id: "e".into(), retry: None, attempt: 0 };
                // Its rest comes later, if it is wanted.
                self.inbox.push(request.clone());
                Inbound::Ended(id, Some(Box::new(resume)), None)
            }
            3 => self.unread(&request, broken(TransportErrorKind::ConnectFailed)),
            4 => Inbound::Failed(id, Box::new(broken(TransportErrorKind::Lost))),
            5 => Inbound::Failed(id, Box::new(broken(TransportErrorKind::Opaque))),
            6 => {
                let after = Some(secs(u64::from(how)));
                self.unread(&request, Failure { retry_after: after, ..refused(429, Body::Empty) })
            }
            7 => Inbound::Failed(id, Box::new(refused([500, 502, 503][at as usize % 3], Body::Html))),
            8 | 9 => self.unread(&request, refused([400, 404, 405, 401][at as usize % 4], Body::Empty)),
            10 => Inbound::Failed(id, Box::new(refused([200, 202][at as usize % 2], Body::Html))),
            11 => {
                let failure = Failure { error: expired(), unprocessed: true, ..refused(404, Body::Empty) };
                let fact = self.unread(&request, failure);
                self.up = false;
                self.session.exchanged(fact, self.now);
                self.session.link_lost(expired(), self.now);
                return;
            }
            12 => {
                self.name_may_run(&request);
                let text = error(request["id"].clone(), -32020, Value::Null).to_string();
                Inbound::Reply(id, 400, Text::from(text))
            }
            how => {
                let Some(text) = self.reply_to(&request, how) else { return };
                if serde_json::from_str::<Value>(&text).is_ok_and(|message| !message["error"].is_null()) {
                    self.name_may_run(&request);
                }
                let text = Text::from(text);
                match how % 3 {
                    0 => Inbound::On(id, text),
                    _ => Inbound::Reply(id, 200, text),
                }
            }
        };
        if twice {
            self.session.exchanged(fact.clone(), self.now);
        }
        self.session.exchanged(fact, self.now);
    }

    /// It was refused without being run, so that it may be sent again.
    fn unread(&mut self, request: &Value, failure: Failure) -> Inbound {
        self.name_may_run(request);
        Inbound::Failed(wire(request), Box::new(failure))
    }

    fn name_may_run(&mut self, request: &Value) {
        if let Some(name) = request["params"]["name"].as_str() {
            self.running.remove(name);
        }
    }
}

#[test]
fn whatever_happens_to_exchanges_everybody_is_answered_once_and_nothing_unsafe_is_sent_twice() {
    let mut runner = TestRunner::new(Config { cases: 10_000, failure_persistence: None, ..Config::default() });
    let schedule = (any::<u64>(), any::<u8>(), any::<u8>(), 0u8..5, prop::collection::vec(any::<[u8; 4]>(), 1..48));
    let ready = std::cell::Cell::new(0);
    let result = runner.run(&schedule, |(seed, known, first, answers, steps)| {
        let mut world = World::new(seed, known, true);
        world.step(Step::LinkUp(peer(first), 0));
        for how in 0..answers {
            world.step(Step::Answer { at: 0, how: how + 14, twice: false });
        }
        ready.set(ready.get() + usize::from(world.session.info().is_some()));
        for code in steps {
            world.step(step(code));
        }
        world.step(Step::Block(false));
        world.pass(secs(3 * 3600));
        world.all_answered();
        world.step(Step::Close);
        world.all_answered();
        assert_eq!(world.session.poll_timeout(), None, "a closed session wants nothing");
        assert_eq!(world.session.metrics().in_flight, 0);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(ready.get() > 3_000, "most lives must be worth living: {}", ready.get());
}
