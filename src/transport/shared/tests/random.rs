//! Random clients around a model server: every answer, every progress and every notice reaches exactly its owner.

use std::collections::BTreeMap;

use super::*;
use crate::platform::test;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// A client as the model knows it.
#[derive(Default)]
struct Owner {
    /// Its open requests: the nonce that only its answer may bring.
    open: BTreeMap<String, u64>,
    /// Its subscriptions.
    listens: BTreeMap<String, u64>,
    /// Questions that it holds, as the server numbered them.
    questions: Vec<(Value, u64)>,
    next: u32,
}

struct World {
    sim: Sim,
    random: Random,
    clients: BTreeMap<ClientKey, Owner>,
    /// What the server has read and not answered.
    inbox: Vec<Value>,
    listens: Vec<Value>,
    /// Nonces of the server's questions that wait for an answer.
    asked: BTreeMap<u64, ()>,
    nonce: u64,
    answered: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let random = Random(seed);
        Self {
            sim: Sim::new(),
            random,
            clients: BTreeMap::new(),
            inbox: Vec::new(),
            listens: Vec::new(),
            asked: BTreeMap::new(),
            nonce: 0,
            answered: 0,
        }
    }

    fn nonce(&mut self) -> u64 {
        self.nonce += 1;
        self.nonce
    }

    fn any(&mut self) -> Option<ClientKey> {
        let at = self.random.below(self.clients.len());
        self.clients.keys().nth(at).copied()
    }

    /// Ids that clash between clients, numbers and strings.
    fn id(&mut self, key: ClientKey) -> Value {
        let owner = self.clients.get_mut(&key).expect("known");
        owner.next += 1;
        if self.random.below(2) == 0 { json!(owner.next) } else { json!(owner.next.to_string()) }
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0 if self.clients.len() < 5 => {
                let key = self.sim.mux.attach();
                self.clients.insert(key, Owner::default());
                self.sim.initialize_quietly(key);
            }
            1 if self.random.below(6) == 0 => {
                if let Some(key) = self.any() {
                    let owner = self.clients.remove(&key).expect("known");
                    self.sim.close(key);
                    // Its questions are answered for it.
                    for (_, nonce) in owner.questions {
                        self.asked.remove(&nonce);
                    }
                }
            }
            2..=5 => self.call(),
            6 => self.cancel(),
            7 => self.listen(),
            8 => self.ask(),
            _ => self.serve(),
        }
        self.settle();
        // What was answered in there.
        self.settle();
    }

    fn call(&mut self) {
        let Some(key) = self.any() else { return };
        let (id, nonce) = (self.id(key), self.nonce());
        let mut params = json!({ "nonce": nonce });
        if self.random.below(2) == 0 {
            params["_meta"] = json!({ "progressToken": id });
        }
        self.clients.get_mut(&key).expect("known").open.insert(id.to_string(), nonce);
        self.sim.call(key, id, "tools/call", params);
    }

    fn cancel(&mut self) {
        let Some(key) = self.any() else { return };
        // Of any client: another's must not be touched by it.
        let all: Vec<_> = self.clients.values().flat_map(|owner| owner.open.keys().cloned()).collect();
        let Some(id) = all.get(self.random.below(all.len())).cloned() else { return };
        let owner = self.clients.get_mut(&key).expect("known");
        owner.open.remove(&id);
        owner.listens.remove(&id);
        let id: Value = serde_json::from_str(&id).expect("an id");
        self.sim.say(key, note("notifications/cancelled", json!({ "requestId": id })));
    }

    fn listen(&mut self) {
        let Some(key) = self.any() else { return };
        let (id, nonce) = (self.id(key), self.nonce());
        self.clients.get_mut(&key).expect("known").listens.insert(id.to_string(), nonce);
        self.sim.call(key, id, "subscriptions/listen", json!({ "nonce": nonce }));
    }

    fn ask(&mut self) {
        let nonce = self.nonce();
        self.asked.insert(nonce, ());
        // Ids that clash with those of the clients' requests.
        self.sim.serve(
            json!({ "jsonrpc": "2.0", "id": nonce, "method": "elicitation/create", "params": { "nonce": nonce } }),
        );
    }

    /// The server does something with what it has read.
    fn serve(&mut self) {
        let at = self.random.below(self.inbox.len());
        match self.random.below(5) {
            0 => {
                let at = self.random.below(self.listens.len());
                if let Some(listen) = self.listens.get(at).cloned() {
                    let params = json!({ "_meta": { SUBSCRIPTION: listen["id"] }, "nonce": listen["params"]["nonce"] });
                    self.sim.serve(note("notifications/tools/list_changed", params));
                }
            }
            1 => {
                if let Some(request) = self.inbox.get(at).filter(|request| !request["params"]["_meta"].is_null()) {
                    let token = request["params"]["_meta"]["progressToken"].clone();
                    let params = json!({ "progressToken": token, "progress": 1, "nonce": request["params"]["nonce"] });
                    self.sim.serve(note("notifications/progress", params));
                }
            }
            _ if !self.inbox.is_empty() => {
                let request = self.inbox.swap_remove(at);
                for _ in 0..=self.random.below(2) {
                    self.sim.reply(&request, json!({ "nonce": request["params"]["nonce"] }));
                }
            }
            _ => {}
        }
    }

    /// Everybody reads what there is.
    fn settle(&mut self) {
        for message in self.sim.sent() {
            match message["method"].as_str() {
                Some("tools/call") => self.inbox.push(message),
                Some("subscriptions/listen") => self.listens.push(message),
                Some("notifications/cancelled") => {
                    let id = &message["params"]["requestId"];
                    let given_up = self.inbox.iter().chain(&self.listens).find(|request| request["id"] == *id);
                    if let Some(nonce) = given_up.map(|request| request["params"]["nonce"].as_u64()) {
                        let held = |owner: &Owner| {
                            owner.open.values().chain(owner.listens.values()).any(|held| Some(*held) == nonce)
                        };
                        assert!(!self.clients.values().any(held), "somebody waits for it: {message}");
                    }
                    // Half of the servers answer all the same.
                    if self.random.below(2) == 0 {
                        self.inbox.retain(|request| request["id"] != *id);
                    }
                }
                Some(_) => {}
                None => {
                    let nonce = message["id"].as_u64().expect("our own id");
                    assert!(
                        self.asked.remove(&nonce).is_some() || message["result"]["action"] == "cancel",
                        "{message}"
                    );
                    let answer = &message["result"];
                    assert!(answer["nonce"] == json!(nonce) || answer["action"] != "accept", "{message}");
                }
            }
        }
        let keys: Vec<_> = self.clients.keys().copied().collect();
        for key in keys {
            for message in self.sim.heard(key) {
                self.read(key, &message);
            }
        }
    }

    fn read(&mut self, key: ClientKey, message: &Value) {
        let owner = self.clients.get_mut(&key).expect("known");
        let whose = |ids: &BTreeMap<String, u64>, id: &Value| ids.get(&id.to_string()).copied();
        match message["method"].as_str() {
            None => {
                let nonce = owner.open.remove(&message["id"].to_string());
                assert_eq!(
                    nonce.map(|nonce| json!(nonce)).as_ref(),
                    Some(&message["result"]["nonce"]),
                    "{key:?}: {message}"
                );
                self.answered += 1;
            }
            Some("notifications/progress") => {
                let nonce = whose(&owner.open, &message["params"]["progressToken"]);
                assert_eq!(
                    nonce.map(|nonce| json!(nonce)).as_ref(),
                    Some(&message["params"]["nonce"]),
                    "{key:?}: {message}"
                );
            }
            Some("notifications/tools/list_changed") => {
                let nonce = whose(&owner.listens, &message["params"]["_meta"][SUBSCRIPTION]);
                assert_eq!(
                    nonce.map(|nonce| json!(nonce)).as_ref(),
                    Some(&message["params"]["nonce"]),
                    "{key:?}: {message}"
                );
            }
            Some("elicitation/create") => {
                let nonce = message["params"]["nonce"].as_u64().expect("a nonce");
                owner.questions.push((message["id"].clone(), nonce));
                // Sooner or later, and sometimes by somebody else as well, whose word does not count.
                let (id, nonce) = owner.questions.remove(0);
                let forged = json!({ "jsonrpc": "2.0", "id": id, "result": { "action": "accept", "nonce": -1 } });
                for other in self.clients.keys().copied().filter(|other| *other != key).collect::<Vec<_>>() {
                    self.sim.say(other, forged.clone());
                }
                self.sim
                    .say(key, json!({ "jsonrpc": "2.0", "id": id, "result": { "action": "accept", "nonce": nonce } }));
            }
            Some(other) => panic!("{key:?} heard {other}: {message}"),
        }
    }
}

impl Sim {
    fn initialize_quietly(&mut self, key: ClientKey) {
        self.initialize(key, json!({ "elicitation": {} }));
    }
}

#[test]
fn everything_reaches_its_owner_and_nobody_else() {
    for seed in 0..60 {
        let mut world = World::new(seed);
        for _ in 0..400 {
            world.step();
        }
        // The rest is answered, to whom it may concern.
        for request in std::mem::take(&mut world.inbox) {
            world.sim.reply(&request, json!({ "nonce": request["params"]["nonce"] }));
        }
        world.settle();
        let open: Vec<_> = world.clients.values().flat_map(|owner| owner.open.values()).collect();
        assert!(open.is_empty(), "seed {seed}: never answered: {open:?}");
        assert!(world.asked.is_empty(), "seed {seed}: questions of the server never answered: {:?}", world.asked);
        assert!(world.answered > 30, "seed {seed}: {} answers", world.answered);
    }
}
