//! The sessions of an endpoint: found by an id that nobody can guess, ended when idle.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::options::HttpOptions;
use super::session::{Session, Visit};
use crate::platform::{self, Lock, Task};
use crate::server::shared::Shared;

pub(super) struct Sessions {
    table: Arc<Lock<Table>>,
    max: usize,
    idle: Duration,
}

#[derive(Default)]
struct Table {
    by_id: HashMap<Box<str>, Arc<Session>>,
    /// Ends what is idle, while there are sessions.
    sweeper: Option<Task>,
    closed: bool,
}

/// Why no session can begin.
pub(super) enum Refused {
    Full,
    NoRandomness,
}

impl Sessions {
    pub(super) fn new(options: &HttpOptions) -> Self {
        Self { table: Arc::default(), max: options.max_sessions, idle: options.session_idle }
    }

    /// Begins a session.
    pub(super) fn begin(&self, shared: Arc<Shared>, options: &HttpOptions) -> Result<Box<str>, Refused> {
        let mut random = [0; 32];
        if !platform::fill_random(&mut random) {
            return Err(Refused::NoRandomness);
        }
        let id: Box<str> = URL_SAFE_NO_PAD.encode(random).into();
        let session = Arc::new(Session::new(id.clone(), shared, options));
        let mut table = self.table.lock();
        if table.closed {
            return Err(Refused::Full);
        }
        let mut evicted = None;
        if table.by_id.len() >= self.max {
            let idlest = table.by_id.values().filter(|session| session.is_idle()).min_by_key(|session| session.seen());
            let id = idlest.map(|session| session.id.clone()).ok_or(Refused::Full)?;
            evicted = table.by_id.remove(&id);
        }
        table.by_id.insert(id.clone(), session);
        if table.sweeper.as_ref().is_none_or(Task::is_finished) {
            table.sweeper = Some(platform::spawn(sweep(Arc::downgrade(&self.table), self.idle)));
        }
        drop(table);
        if let Some(evicted) = evicted {
            evicted.end();
        }
        Ok(id)
    }

    /// A visit to a session that this caller may use. Somebody else's is as unknown as one that never was.
    pub(super) fn visit(&self, id: &str, principal: Option<&str>) -> Option<Visit> {
        let table = self.table.lock();
        let session = table.by_id.get(id)?;
        (session.shared.principal.as_deref() == principal).then(|| Visit::new(session.clone()))
    }

    /// Ends a session; `false` where it has ended already.
    pub(super) fn end(&self, id: &str) -> bool {
        let ended = self.table.lock().by_id.remove(id);
        if let Some(session) = &ended {
            session.end();
        }
        ended.is_some()
    }

    /// Has every session's own stream end; calls go on.
    pub(super) fn close(&self) {
        let sessions: Vec<_> = {
            let mut table = self.table.lock();
            table.closed = true;
            table.by_id.values().cloned().collect()
        };
        sessions.iter().for_each(|session| session.close());
    }

    /// Ends them all.
    pub(super) fn clear(&self) {
        let sessions = std::mem::take(&mut self.table.lock().by_id);
        sessions.values().for_each(|session| session.end());
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Ends sessions that were idle for too long, until there are none.
async fn sweep(table: std::sync::Weak<Lock<Table>>, idle: Duration) {
    loop {
        let wait = {
            let Some(table) = table.upgrade() else { return };
            let now = platform::now();
            let mut table = table.lock();
            let over = |session: &Session| session.is_idle() && now.saturating_sub(session.seen()) >= idle;
            let ended: Vec<_> = table.by_id.extract_if(|_, session| over(session)).collect();
            let next = table.by_id.values().map(|session| match session.is_idle() {
                true => idle.saturating_sub(now.saturating_sub(session.seen())),
                false => idle,
            });
            let next = next.min();
            if next.is_none() {
                // The next session brings another sweeper: within the lock, so that it sees that this one is gone.
                table.sweeper = None;
            }
            drop(table);
            ended.iter().for_each(|(_, session)| session.end());
            match next {
                Some(next) => next,
                None => return,
            }
        };
        platform::sleep(wait.max(Duration::from_millis(1))).await;
    }
}
