//! A client as the options want it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use everywire::proto::{ElicitRequest, ElicitResult};
use everywire::{Builder, Client, Event, Events, InputContext, Reconnect};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::ask::{Asker, Lines};
use crate::cli;
use crate::failure::Failure;
use crate::screen::Screen;

/// A client, and the task that shows what its server logs.
pub(crate) struct Connection {
    pub(crate) client: Client,
    logs: Option<JoinHandle<()>>,
}

/// Connects; questions of the server go to the person at the terminal, or are declined where there is none.
pub(crate) async fn connect(options: &cli::Connection, screen: &Screen) -> Result<Connection, Failure> {
    let timeout = options.timeout;
    let mut builder = Client::builder(&options.url)
        .name("everywire-cli", env!("CARGO_PKG_VERSION"))
        .era(options.era.into())
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(10)))
        .handshake_timeout(timeout.min(Duration::from_secs(30)))
        .reconnect(Reconnect::never());
    for header in &options.headers {
        let Some((name, value)) = header.split_once(':') else {
            return Err(Failure::Usage("a header is given as NAME:VALUE, such as --header x-team:blue".to_owned()));
        };
        builder = builder.header(name.trim(), value.trim());
    }
    if let Some(token) = &options.token {
        builder = builder.token(token);
    }
    let client = elicitations(builder, screen).connect().await?;
    let Some(level) = options.log else { return Ok(Connection { client, logs: None }) };
    let logs = Some(tokio::spawn(show_logs(client.events(), screen.clone())));
    client.set_log_level(level).await?;
    Ok(Connection { client, logs })
}

fn elicitations(builder: Builder, screen: &Screen) -> Builder {
    if std::io::stdin().is_terminal() {
        let asker = Arc::new(Asker::new(screen.clone(), Lines::of_stdin()));
        let urls = asker.clone();
        return builder
            .on_elicit(move |cx, request| {
                let asker = asker.clone();
                async move { asker.answer(cx, request).await }
            })
            .on_elicit_url(move |cx, request| {
                let asker = urls.clone();
                async move { asker.answer(cx, request).await }
            });
    }
    let (screen, urls) = (screen.clone(), screen.clone());
    builder
        .on_elicit(move |_, request| decline(screen.clone(), request))
        .on_elicit_url(move |_: InputContext, request| decline(urls.clone(), request))
}

async fn decline(screen: Screen, request: ElicitRequest) -> ElicitResult {
    screen.say(&format!(
        "The server asked \"{}\"; declined, since nobody can be asked without a terminal.",
        request.message()
    ));
    ElicitResult::decline()
}

async fn show_logs(mut events: Events, screen: Screen) {
    while let Some(event) = events.next().await {
        if let Event::Log { level, logger, data } = event {
            let text = data.as_str().unwrap_or_else(|| data.to_text());
            match logger {
                Some(logger) => screen.say(&format!("[{level}] {logger}: {text}")),
                None => screen.say(&format!("[{level}] {text}")),
            }
        }
    }
}

impl Connection {
    /// Closes in order: what was sent last, a cancellation say, leaves before the program does, and what the server logged
    /// is shown.
    pub(crate) async fn close(self) {
        let events = self.client.events();
        self.client.close().await;
        drop(self.client);
        let ended = async {
            events.for_each(|_| std::future::ready(())).await;
            if let Some(logs) = self.logs {
                let _ = logs.await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), ended).await;
    }
}

/// Runs until Ctrl-C; what was under way is dropped then.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
