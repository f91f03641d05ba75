//! The sealed `requestState` of an interactive request (2026-07-28 basic/patterns/mrtr, server requirements 4 and 5).
//!
//! The client carries the state, so it is encrypted and authenticated (ChaCha20-Poly1305), expires, and is bound to the
//! principal and to the request it was made for.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::json::Json;
use crate::platform;

/// Largest state in bytes before sealing: what the client sends back has to fit into a message beside the request.
const MAX_STATE: usize = 256 * 1024;
/// The first byte of every state, so that a later format can be told apart.
const FORMAT: u8 = 1;
const NONCE: usize = 12;

/// What a handler has learnt and done so far, by its own keys.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Answers of the client to earlier questions.
    #[serde(rename = "a", default)]
    pub(super) answers: BTreeMap<String, Value>,
    /// Results of work that must not run twice.
    #[serde(rename = "o", default)]
    pub(super) once: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Milliseconds since the Unix epoch.
    #[serde(rename = "x")]
    expires: u64,
    #[serde(flatten)]
    progress: Progress,
}

/// Why a state is not accepted. None of them tells a forger more than the rejected state did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SealError {
    /// Damaged, forged, sealed by another process, for another principal or for another request.
    Invalid,
    Expired,
    TooLarge,
    NoRandomness,
}

impl SealError {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Invalid => {
                "requestState was not issued by this server for this request and caller; start the request again without it"
            }
            Self::Expired => "requestState has expired; start the request again without it",
            Self::TooLarge => {
                "the results kept between the rounds of this request are too large; return less from once()"
            }
            Self::NoRandomness => "the server has no source of randomness to seal the request's state with",
        }
    }
}

/// Seals and opens states.
pub(super) struct Sealer {
    cipher: ChaCha20Poly1305,
    lifetime: Duration,
}

impl Sealer {
    /// With `key`, or a random one that dies with the process.
    pub(super) fn new(key: Option<[u8; 32]>, lifetime: Duration) -> Option<Self> {
        let key = match key {
            Some(key) => key,
            None => {
                let mut fresh = [0; 32];
                platform::fill_random(&mut fresh).then_some(fresh)?
            }
        };
        Some(Self { cipher: ChaCha20Poly1305::new(&key.into()), lifetime })
    }

    pub(super) fn seal(&self, progress: Progress, bound_to: &Binding<'_>) -> Result<String, SealError> {
        let expires = (platform::wall() + self.lifetime).as_millis() as u64;
        let sealed = Sealed { expires, progress };
        let plain = serde_json::to_vec(&sealed).map_err(|_| SealError::TooLarge)?;
        if plain.len() > MAX_STATE {
            return Err(SealError::TooLarge);
        }
        let mut nonce = [0; NONCE];
        if !platform::fill_random(&mut nonce) {
            return Err(SealError::NoRandomness);
        }
        let aad = bound_to.digest();
        let secret =
            self.cipher.encrypt(&nonce.into(), Payload { msg: &plain, aad: &aad }).map_err(|_| SealError::TooLarge)?;
        let mut state = Vec::with_capacity(1 + NONCE + secret.len());
        state.push(FORMAT);
        state.extend_from_slice(&nonce);
        state.extend_from_slice(&secret);
        Ok(URL_SAFE_NO_PAD.encode(state))
    }

    pub(super) fn open(&self, state: &str, bound_to: &Binding<'_>) -> Result<Progress, SealError> {
        let state = URL_SAFE_NO_PAD.decode(state).map_err(|_| SealError::Invalid)?;
        let (&format, rest) = state.split_first().ok_or(SealError::Invalid)?;
        let (nonce, secret) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Invalid)?;
        if format != FORMAT {
            return Err(SealError::Invalid);
        }
        let aad = bound_to.digest();
        let plain = self
            .cipher
            .decrypt(&(*nonce).into(), Payload { msg: secret, aad: &aad })
            .map_err(|_| SealError::Invalid)?;
        let sealed: Sealed = serde_json::from_slice(&plain).map_err(|_| SealError::Invalid)?;
        if platform::wall().as_millis() as u64 >= sealed.expires {
            return Err(SealError::Expired);
        }
        Ok(sealed.progress)
    }
}

/// What a state is bound to.
pub(super) struct Binding<'a> {
    pub(super) principal: Option<&'a str>,
    pub(super) method: &'a str,
    /// The whole params; what differs between the rounds is left out.
    pub(super) params: &'a Json,
}

impl Binding<'_> {
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update([self.principal.is_some() as u8]);
        text(&mut hash, self.principal.unwrap_or_default());
        text(&mut hash, self.method);
        let mut entries = self.params.entries().unwrap_or_default();
        entries.retain(|(key, _)| !matches!(key.as_str(), "inputResponses" | "requestState" | "_meta"));
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, value) in entries {
            text(&mut hash, &key);
            canonical(&mut hash, &value.parse::<Value>().unwrap_or_default());
        }
        hash.finalize().into()
    }
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

/// Independent of the order of members and of white space: a client may write its own params anew for each round.
fn canonical(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(yes) => hash.update(if *yes { b"t" } else { b"f" }),
        Value::Number(number) => {
            hash.update(b"#");
            // 1 and 1.0 are the same number to a JavaScript peer.
            match number.as_f64().filter(|_| number.as_i64().is_none()) {
                Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => text(hash, &(float as i64).to_string()),
                _ => text(hash, &number.to_string()),
            }
        }
        Value::String(string) => {
            hash.update(b"s");
            text(hash, string);
        }
        Value::Array(items) => {
            hash.update(b"[");
            hash.update((items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| canonical(hash, item));
        }
        Value::Object(members) => {
            hash.update(b"{");
            hash.update((members.len() as u64).to_le_bytes());
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|a, b| a.0.cmp(b.0));
            for (key, value) in members {
                text(hash, key);
                canonical(hash, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Json {
        Json::from_text(text).expect("test params")
    }

    fn sealer(lifetime: u64) -> Sealer {
        Sealer::new(Some([7; 32]), Duration::from_millis(lifetime)).expect("randomness")
    }

    fn progress() -> Progress {
        Progress { answers: [("name".to_owned(), Value::from("Ada"))].into(), ..Progress::default() }
    }

    #[test]
    fn a_state_survives_other_spelling_and_further_rounds_but_no_other_request() {
        let sealer = sealer(60_000);
        let first = params(r#"{"name":"t","arguments":{"a":1,"b":[2.0]}}"#);
        let bound = Binding { principal: Some("me"), method: "tools/call", params: &first };
        let state = sealer.seal(progress(), &bound).expect("sealed");
        let again = params(
            r#"{ "arguments" : {"b":[2],"a":1}, "requestState":"x", "inputResponses":{}, "_meta":{"k":1}, "name":"t"}"#,
        );
        let opened = sealer.open(&state, &Binding { params: &again, ..bound }).expect("opened");
        assert_eq!(opened.answers["name"], "Ada");

        let other = params(r#"{"name":"t","arguments":{"a":2,"b":[2.0]}}"#);
        let refused = |bound: &Binding<'_>| sealer.open(&state, bound).err();
        assert_eq!(refused(&Binding { params: &other, ..bound }), Some(SealError::Invalid));
        assert_eq!(refused(&Binding { method: "prompts/get", ..bound }), Some(SealError::Invalid));
        assert_eq!(refused(&Binding { principal: Some("you"), ..bound }), Some(SealError::Invalid));
        assert_eq!(refused(&Binding { principal: None, ..bound }), Some(SealError::Invalid));
    }

    #[test]
    fn every_damaged_byte_is_noticed() {
        let sealer = sealer(60_000);
        let params = params("{}");
        let bound = Binding { principal: None, method: "tools/call", params: &params };
        let state = sealer.seal(progress(), &bound).expect("sealed");
        let raw = URL_SAFE_NO_PAD.decode(&state).expect("base64");
        for at in 0..raw.len() {
            let mut bad = raw.clone();
            bad[at] ^= 1;
            let bad = URL_SAFE_NO_PAD.encode(bad);
            assert_eq!(sealer.open(&bad, &bound).err(), Some(SealError::Invalid), "byte {at}");
        }
        for cut in ["", "AQ", "!", &state[..state.len() - 4]] {
            assert_eq!(sealer.open(cut, &bound).err(), Some(SealError::Invalid));
        }
    }

    #[test]
    fn a_state_expires() {
        let sealer = sealer(0);
        let params = params("{}");
        let bound = Binding { principal: None, method: "tools/call", params: &params };
        let state = sealer.seal(progress(), &bound).expect("sealed");
        assert_eq!(sealer.open(&state, &bound).err(), Some(SealError::Expired));
    }
}
