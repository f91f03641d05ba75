//! What a client makes of a server's first answers over HTTP: the whole way from the bytes of the answers to what is done
//! next, without a connection or a clock. For the answers of real servers in the tests, and for fuzzing.

use std::time::Duration;

use crate::Error;
use crate::frame::{Outbound, Profile};
use crate::session::{Era, Options, Output, Session, Ticket};
use crate::transport::{Answer, Scripted};

/// Links that are opened at most: a client that wants more goes round in circles.
const LINKS: usize = 4;

#[derive(Debug)]
struct Opener;

impl Ticket for Opener {
    type Progress = ();

    fn progress(&self) -> Option<()> {
        None
    }
}

/// What became of a client.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How opening ended, where it did: with this era, or with this error.
    pub(crate) opened: Option<Result<Era, Error>>,
    /// The methods of the messages that were sent.
    pub(crate) sent: Vec<String>,
    /// The last link is one of the transport of 2024-11-05.
    pub(crate) older: bool,
}

impl Outcome {
    /// In a word: the era, the code of the error, or what is asked of the server next.
    pub(crate) fn ruling(&self) -> String {
        match &self.opened {
            Some(Ok(Era::Modern)) => "modern".into(),
            Some(Ok(Era::Legacy)) => "legacy".into(),
            Some(Err(error)) => error.code().into(),
            None if self.older => "2024-11-05".into(),
            None => self.sent.last().cloned().unwrap_or_default(),
        }
    }
}

/// A client opens a connection; its requests meet these answers, in this order.
///
/// # Panics
/// Where the client breaks a promise: who opened it is answered not at all, or twice.
pub(crate) fn meet(answers: Vec<Answer>, token: Option<&str>, options: Options) -> Outcome {
    let now = Duration::from_secs(1000);
    let max_message = options.max_message;
    let mut session = Session::new(options, None, 7);
    let mut outcome = Outcome::default();
    let mut link = Scripted::new(answers, token, max_message);
    session.open(Opener, now);
    for _ in 0..LINKS {
        if !outcome.drain(&mut session) || outcome.older {
            break;
        }
        session.link_up(Profile::PerRequest, "http", now);
        loop {
            while let Some(out) = session.poll_transmit(now) {
                if let Outbound::Post(post) = &out {
                    outcome.sent.extend(post.method.clone());
                }
                link.send(out, now);
            }
            match link.next(now) {
                Some(Ok(fact)) => session.exchanged(fact, now),
                Some(Err(error)) => session.link_lost(error, now),
                None => break,
            }
        }
        outcome.older = link.seems_older();
        link = link.again();
    }
    let mut end = Outcome { opened: outcome.opened.clone(), ..Outcome::default() };
    session.close(now);
    end.drain(&mut session);
    assert!(end.opened.is_some(), "nobody told the opener: {outcome:?}");
    outcome
}

impl Outcome {
    /// Whether the session wants a link.
    fn drain(&mut self, session: &mut Session<Opener>) -> bool {
        let mut wanted = false;
        session.settle();
        while let Some(output) = session.poll_output() {
            match output {
                Output::Connect => wanted = true,
                Output::Disconnect => wanted = false,
                Output::Reply(Opener, result) => {
                    assert!(self.opened.is_none(), "answered twice: {self:?}, {result:?}");
                    self.opened = Some(result.map(|_| session.info().map_or(Era::Legacy, |info| info.era)));
                }
                _ => {}
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests;
