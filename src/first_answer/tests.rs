//! What real servers, gateways and proxies answer to the first request, as seen on the wire or shown in public reports.

use serde::Deserialize;

use super::{Answer, meet};
use crate::platform::test;
use crate::session::{EraChoice, Options};

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

fn fixtures() -> Vec<Fixture> {
    let fixtures = include_str!("../../tests/fixtures/first_answers.json");
    serde_json::from_str(fixtures).expect("well-formed fixtures")
}

#[test]
fn first_answers_of_real_servers_lead_to_the_right_ruling() {
    let mut wrong = Vec::new();
    let fixtures = fixtures();
    assert!(fixtures.len() >= 60);
    for Fixture { who, first, credential, then, ruling, source } in fixtures {
        assert!(!source.is_empty(), "{who}");
        let several = !then.is_empty();
        let answers = [first].into_iter().chain(then).map(Answer::from).collect();
        let outcome = meet(answers, credential.then_some("secret"), Options::default());
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

#[test]
fn where_only_the_modern_era_is_wanted_nothing_is_initialized() {
    for Fixture { who, first, credential, ruling, .. } in fixtures() {
        let options = Options { era: EraChoice::Modern, ..Options::default() };
        let outcome = meet(vec![first.into()], credential.then_some("secret"), options);
        assert!(!outcome.sent.iter().any(|method| method == "initialize"), "{who}: {outcome:?}");
        if ruling == "initialize" || ruling == "2024-11-05" {
            assert!(matches!(outcome.opened, Some(Err(_))), "{who}: {outcome:?}");
        }
    }
}
