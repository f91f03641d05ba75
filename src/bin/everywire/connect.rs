//! A client as the options want it, from the first byte to the last.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use everywire::proto::{CreateMessageResult, ElicitRequest, ElicitResult, Root};
use everywire::{BoxFuture, Builder, Client, Event, Events, InputContext, Reconnect};
use futures_util::StreamExt as _;
use tokio::task::JoinHandle;

use crate::ask::{Asker, Lines};
use crate::cli;
use crate::config::Server;
use crate::failure::Failure;
use crate::lists;
use crate::screen::Screen;
use crate::server;
use crate::target::{Found, Own};

/// One command's dealings with its server.
pub(crate) struct Session<'a> {
    options: &'a cli::Connection,
    server: Server,
    screen: Screen,
    reconnect: Reconnect,
}

/// A session, and the command's own words. `None` where the list of servers was asked for: it has been shown.
pub(crate) fn session(options: &cli::Connection, own: Own) -> Result<Option<(Session<'_>, Vec<String>)>, Failure> {
    match options.target.find(own)? {
        Found::Server(server, words) => {
            let (screen, reconnect) = (Screen::default(), Reconnect::never());
            Ok(Some((Session { options, server, screen, reconnect }, words)))
        }
        Found::List(config) => lists::servers(&config, options.json).map(|()| None),
    }
}

impl Session<'_> {
    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// A lost link is opened again.
    pub(crate) fn reconnect(mut self) -> Self {
        self.reconnect = Reconnect::default();
        self
    }

    /// Connects, works, and closes in order, however the work ended: what was sent last, a cancellation say, leaves before
    /// the program does, a command has ended, and what the server logged is shown.
    ///
    /// Ctrl-C drops the work; a second one leaves at once.
    pub(crate) async fn run<T>(self, work: impl AsyncFnOnce(&Client) -> Result<T, Failure>) -> Result<T, Failure> {
        let (builder, gone) = self.builder()?;
        let mut logs = None;
        let mut ended = None;
        let outcome = interruptible(async {
            let client = builder.connect().await?;
            ended = Some(client.events());
            if let Some(level) = self.options.log {
                logs = Some(tokio::spawn(show_logs(client.events(), self.screen.clone())));
                client.set_log_level(level).await?;
            }
            work(&client).await
        })
        .await;
        // The last client was dropped with the work, and that has closed it.
        self.screen.clear();
        tokio::select! {
            () = end(ended, logs, gone) => {}
            Ok(()) = tokio::signal::ctrl_c() => std::process::exit(130),
        }
        outcome
    }

    /// A client to be, and what tells when its command has ended.
    fn builder(&self) -> Result<(Builder, BoxFuture<'static, ()>), Failure> {
        let timeout = self.options.timeout;
        // A command may have to fetch its program first.
        let mut handshake = timeout;
        let mut gone: BoxFuture<'static, ()> = Box::pin(std::future::ready(()));
        let builder = match &self.server {
            Server::Url { url, headers } => {
                handshake = timeout.min(Duration::from_secs(30));
                let mut builder = Client::builder(url).connect_timeout(timeout.min(Duration::from_secs(10)));
                for (name, value) in headers {
                    builder = builder.header(name, value);
                }
                match self.token(url)? {
                    Some(token) => builder.token(token),
                    None => builder,
                }
            }
            Server::Child(_) if self.options.token.is_some() => {
                return Err(Failure::Usage(
                    "--token is for http:// and ws:// addresses; a command takes its secrets from the environment"
                        .to_owned(),
                ));
            }
            child => {
                let reached = server::transport(child, self.options.target.stderr())?;
                gone = reached.ended;
                Client::over(reached.transport)
            }
        };
        let builder = builder
            .name("everywire-cli", env!("CARGO_PKG_VERSION"))
            .era(self.options.era.into())
            .timeout(timeout)
            .handshake_timeout(handshake)
            .reconnect(self.reconnect);
        Ok((self.sampling(self.roots(elicitations(builder, &self.screen))?), gone))
    }

    fn token(&self, url: &str) -> Result<Option<String>, Failure> {
        if server::takes_headers(url) {
            let from_env = || std::env::var(server::TOKEN).ok().filter(|token| !token.is_empty());
            return Ok(self.options.token.clone().or_else(from_env));
        }
        match &self.options.token {
            Some(_) => {
                Err(Failure::Usage("--token is for http:// and ws:// addresses; this one takes none".to_owned()))
            }
            None => Ok(None),
        }
    }

    fn roots(&self, builder: Builder) -> Result<Builder, Failure> {
        let roots = &self.options.roots;
        if roots.is_empty() {
            return Ok(builder);
        }
        let root = |folder: &std::path::PathBuf| {
            let absolute = std::path::absolute(folder)?;
            Ok(Root::new(server::file_uri(&absolute)))
        };
        let roots = roots.iter().map(root).collect::<std::io::Result<Vec<_>>>();
        roots
            .map(|roots| builder.roots(roots))
            .map_err(|error| Failure::Usage(format!("a --root cannot be used: {error}")))
    }

    fn sampling(&self, builder: Builder) -> Builder {
        match self.options.sample.clone() {
            Some(text) => builder.on_sample(move |_, _| {
                let answer = CreateMessageResult::text("everywire --sample", &text).stop_reason("endTurn");
                async move { answer }
            }),
            None => builder,
        }
    }
}

/// Waits until a client that was closed is gone, and its command with it. Each part is bounded already, and so is all.
async fn end(ended: Option<Events>, logs: Option<JoinHandle<()>>, gone: BoxFuture<'static, ()>) {
    let patience = Duration::from_secs(10);
    let all = async {
        if let Some(events) = ended {
            events.for_each(|_| std::future::ready(())).await;
        }
        gone.await;
        if let Some(logs) = logs {
            let _ = logs.await;
        }
    };
    let _ = tokio::time::timeout(patience, all).await;
}

/// Questions of the server go to the person at the terminal, or are declined where there is none.
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

/// Runs until Ctrl-C; what was under way is dropped then.
async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done,
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
