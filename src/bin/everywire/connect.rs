//! A client as the options want it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use everywire::proto::{ElicitRequest, ElicitResult};
use everywire::{Builder, Client, Event, InputContext, Reconnect};
use futures_util::StreamExt as _;

use crate::ask::{Asker, Lines};
use crate::cli::Connection;
use crate::failure::Failure;
use crate::screen::Screen;

/// Connects; questions of the server go to the person at the terminal, or are declined where there is none.
pub(crate) async fn connect(options: &Connection, screen: &Screen) -> Result<Client, Failure> {
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
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        builder = builder.websocket(move |socket| socket.header(&name, &value));
    }
    if let Some(token) = &options.token {
        builder = builder.token(token);
    }
    let client = elicitations(builder, screen).connect().await?;
    if let Some(level) = options.log {
        show_logs(&client, screen.clone());
        client.set_log_level(level).await?;
    }
    Ok(client)
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

fn show_logs(client: &Client, screen: Screen) {
    let mut events = client.events();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let Event::Log { level, logger, data } = event {
                let text = data.as_str().unwrap_or_else(|| data.to_text());
                match logger {
                    Some(logger) => screen.say(&format!("[{level}] {logger}: {text}")),
                    None => screen.say(&format!("[{level}] {text}")),
                }
            }
        }
    });
}

/// Closes in order: what was sent last, a cancellation say, leaves before the program does.
pub(crate) async fn close(client: Client) {
    let events = client.events();
    client.close().await;
    drop(client);
    let _ = tokio::time::timeout(Duration::from_secs(2), events.for_each(|_| std::future::ready(()))).await;
}

/// Runs until Ctrl-C; what was under way is dropped then.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
