//! Elicitation at the terminal: a server's question becomes prompts.

use std::io::BufRead as _;
use std::sync::Arc;

use everywire::InputContext;
use everywire::json::Json;
use everywire::proto::{ElicitRequest, ElicitResult};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::fields::{self, Field, truth};
use crate::screen::Screen;

/// Lines that a person types, read by a thread of its own: reading a terminal cannot be called off.
pub(crate) struct Lines {
    rx: Option<mpsc::Receiver<String>>,
}

impl Lines {
    /// Standard input, read from the first question on.
    pub(crate) fn of_stdin() -> Self {
        Self { rx: None }
    }

    /// The next line; `None` at the end of input.
    async fn next(&mut self) -> Option<String> {
        let rx = self.rx.get_or_insert_with(|| {
            let (tx, rx) = mpsc::channel(1);
            std::thread::spawn(move || {
                for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                    if tx.blocking_send(line).is_err() {
                        return;
                    }
                }
            });
            rx
        });
        rx.recv().await
    }
}

/// Asks one question after the other, however many the server has at a time.
pub(crate) struct Asker {
    lines: tokio::sync::Mutex<Lines>,
    say: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Asker {
    pub(crate) fn new(screen: Screen, lines: Lines) -> Self {
        Self { lines: tokio::sync::Mutex::new(lines), say: Arc::new(move |text| screen.prompt(text)) }
    }

    pub(crate) async fn answer(&self, cx: InputContext, request: ElicitRequest) -> ElicitResult {
        let server = cx.server.and_then(|server| server.info).map_or_else(|| "The server".to_owned(), |info| info.name);
        self.ask(&server, request).await
    }

    async fn ask(&self, server: &str, request: ElicitRequest) -> ElicitResult {
        let mut lines = self.lines.lock().await;
        let answer = match &request {
            ElicitRequest::Form { message, requested_schema } => {
                (self.say)(&format!("\n{server} asks: {message}\nAnswer it? [Y/n]"));
                self.form(&mut lines, requested_schema).await
            }
            ElicitRequest::Url { message, url, .. } => {
                (self.say)(&format!(
                    "\n{server} asks you to open an address: {message}\n  {url}\nOpen it yourself if you trust it. Done? [y/N]"
                ));
                self.url(&mut lines).await
            }
            _ => Some(ElicitResult::decline()),
        };
        // The end of input: nobody answers any more.
        answer.unwrap_or_else(ElicitResult::cancel)
    }

    async fn form(&self, lines: &mut Lines, schema: &Json) -> Option<ElicitResult> {
        if !self.yes(lines, true).await? {
            return Some(ElicitResult::decline());
        }
        let mut content = Map::new();
        for field in fields::of(schema) {
            if let Some(value) = self.field(lines, &field).await? {
                content.insert(field.name, value);
            }
        }
        Json::encode(&Value::Object(content)).ok().map(ElicitResult::accept)
    }

    async fn url(&self, lines: &mut Lines) -> Option<ElicitResult> {
        let done = self.yes(lines, false).await?;
        Some(if done { ElicitResult::accept_url() } else { ElicitResult::decline() })
    }

    async fn field(&self, lines: &mut Lines, field: &Field) -> Option<Option<Value>> {
        (self.say)(&field.question());
        loop {
            match field.read(&lines.next().await?) {
                Ok(value) => return Some(value),
                Err(why) => (self.say)(&format!("{why}:")),
            }
        }
    }

    async fn yes(&self, lines: &mut Lines, default: bool) -> Option<bool> {
        loop {
            let line = lines.next().await?;
            if line.trim().is_empty() {
                return Some(default);
            }
            match truth(&line) {
                Ok(answer) => return Some(answer),
                Err(why) => (self.say)(&format!("{why}:")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use everywire::proto::ElicitAction;

    /// Plays a person who types these lines, and gives the answer with all that was asked.
    async fn typed(request: ElicitRequest, lines: &[&str]) -> (ElicitAction, Option<String>, String) {
        let (tx, rx) = mpsc::channel(16);
        for line in lines {
            tx.send((*line).to_owned()).await.expect("room");
        }
        drop(tx);
        let said = Arc::new(Mutex::new(String::new()));
        let kept = said.clone();
        let say = Arc::new(move |text: &str| kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(text));
        let asker = Asker { lines: tokio::sync::Mutex::new(Lines { rx: Some(rx) }), say };
        let answer = asker.ask("demo", request).await;
        let said = said.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (answer.action, answer.content.map(|content| content.to_text()), said)
    }

    fn form() -> ElicitRequest {
        let schema = r#"{"type":"object","required":["guests"],"properties":{
            "guests":{"type":"integer","minimum":1},"note":{"type":"string"}}}"#;
        ElicitRequest::form("A table?", Json::from_text(schema).expect("JSON"))
    }

    #[tokio::test]
    async fn a_form_is_filled_in_and_asked_again_where_a_line_does_not_fit() {
        let (action, content, said) = typed(form(), &["", "0", "4", ""]).await;
        assert_eq!((action, content.as_deref()), (ElicitAction::Accept, Some(r#"{"guests":4}"#)));
        assert!(said.contains("A table?") && said.contains("give at least 1"), "{said}");
    }

    #[tokio::test]
    async fn no_is_decline_and_the_end_of_input_is_cancel() {
        assert_eq!(typed(form(), &["n"]).await.0, ElicitAction::Decline);
        assert_eq!(typed(form(), &["y"]).await.0, ElicitAction::Cancel);
        assert_eq!(typed(form(), &[]).await.0, ElicitAction::Cancel);
    }

    #[tokio::test]
    async fn an_address_is_shown_whole_and_needs_a_yes() {
        let request = || ElicitRequest::url("Sign in", "https://example.org/sign-in?x=1");
        let (action, _, said) = typed(request(), &["y"]).await;
        assert_eq!(action, ElicitAction::Accept);
        assert!(said.contains("https://example.org/sign-in?x=1"));
        assert_eq!(typed(request(), &[""]).await.0, ElicitAction::Decline);
    }
}
