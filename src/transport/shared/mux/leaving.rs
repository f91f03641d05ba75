//! Clients come and go, and so does the link.

use super::client::Client;
use super::{ClientKey, Kind, Mux};
use crate::transport::{TransportError, TransportErrorKind};

impl Mux {
    pub(in crate::transport::shared) fn attach(&mut self) -> ClientKey {
        let key = ClientKey(self.next_client);
        self.next_client += 1;
        self.clients.push(Client::new(key));
        if let Some(error) = self.lost.clone() {
            self.finish(key, error, true);
        }
        key
    }

    /// A client's link was dropped without a word: what it alone had under way is given up.
    pub(in crate::transport::shared) fn detach(&mut self, key: ClientKey) {
        let Some(client) = self.client(key) else { return };
        let given_up = if client.end.is_some() { None } else { self.given_up(client) };
        self.leave(key);
        if let Some(at) = self.at(key) {
            self.clients.remove(at);
        }
        if let Some(error) = given_up {
            self.link_lost(error);
        }
    }

    /// Whether a client drops its link because the real one is no good. It is no better for the others, and nobody would open
    /// another while this one is held.
    fn given_up(&self, client: &Client) -> Option<TransportError> {
        // A session gives a link up that left two signs of life unanswered.
        if client.asked_life.0 == self.heard && client.asked_life.1 >= 2 {
            let detail = "the server stopped answering the keep-alive of a client on this shared link";
            return Some(TransportError::new(TransportErrorKind::Dead, detail));
        }
        // And one on which the handshake does not come about. One client may have its reasons; two are enough.
        let alone = self.present().all(|other| other.key == client.key);
        let waits = self.session.awaits(client.key);
        let began = |kind: Kind| self.calls.iter().any(|call| call.client == Some(client.key) && call.kind == kind);
        let handshake = waits || began(Kind::Initialize) || began(Kind::Discover);
        let again = waits && !self.calls.iter().any(|call| call.kind == Kind::Initialize && call.client.is_some());
        let detail = "the server did not answer the handshake on this shared link";
        (handshake && (alone || again)).then(|| TransportError::new(TransportErrorKind::Lost, detail))
    }

    /// A client closed its link.
    pub(super) fn close(&mut self, key: ClientKey) {
        self.leave(key);
        let detail = "the client closed its link";
        self.finish(key, TransportError::new(TransportErrorKind::Closed { code: 1000 }, detail), false);
    }

    /// The real link is gone, for everybody.
    pub(in crate::transport::shared) fn link_lost(&mut self, error: TransportError) {
        self.calls.clear();
        self.asks.clear();
        self.control.clear();
        let keys: Vec<_> = self.clients.iter().filter(|client| client.end.is_none()).map(|client| client.key).collect();
        keys.into_iter().for_each(|key| self.finish(key, error.clone(), true));
        self.lost.get_or_insert(error);
    }

    /// Why the real link is to be given up, where it is.
    pub(in crate::transport::shared) fn lost(&self) -> Option<&TransportError> {
        self.lost.as_ref()
    }

    /// Gives up what a client alone had under way.
    pub(super) fn leave(&mut self, key: ClientKey) {
        let Some(client) = self.client_mut(key) else { return };
        let mut unsent = Vec::new();
        let mut last_words = Vec::new();
        while let Some((wire, text)) = client.sending() {
            match wire {
                Some(wire) => unsent.push(wire),
                None => last_words.push(text),
            }
        }
        let open = client.take_open();
        self.control.extend(last_words);
        for (_, wire) in open {
            let Some(call) = self.call_mut(wire) else { continue };
            if call.kind == Kind::Initialize {
                // It must not be cancelled (2025-11-25 basic/utilities/cancellation), and others may wait for it.
                call.client = None;
                continue;
            }
            // An older server does not know the probe.
            let quiet = call.kind == Kind::Discover || unsent.contains(&wire);
            self.take_call(wire);
            if !quiet {
                self.cancel(wire);
            }
        }
        self.tasks.leave(key);
        self.leave_session(key);
        self.leave_asks(key);
    }

    pub(super) fn finish(&mut self, key: ClientKey, error: TransportError, keep: bool) {
        if let Some(client) = self.client_mut(key) {
            client.finish(error, keep);
        }
        self.touch(key);
    }
}
