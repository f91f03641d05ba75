//! `everywire bridge`: any MCP server where a page, or another program, can reach it.

mod backend;
mod clients;
mod close;
mod console;
mod lane;
mod listen;
mod meter;
mod record;
mod relay;
#[cfg(test)]
mod tests;
mod token;

cfg_if::cfg_if! {
    if #[cfg(unix)] {
        #[path = "os_unix.rs"]
        mod os;
    } else {
        #[path = "os_other.rs"]
        mod os;
    }
}

use std::io::Write as _;
use std::time::Duration;

use everywire::server::{Bind, Listener, Peer, Serve as _};
use everywire::transport::{HttpChannel, StdioTransport, Transport as _, TransportError, TransportErrorKind};

use crate::cli::BridgeArgs;
use crate::config::Server;
use crate::demo::page;
use crate::failure::Failure;
use crate::server::{self, Reached, Stderr};
use backend::{Backends, Make};
use clients::Bridge;
use console::{Console, Tone, traffic};
use listen::Listen;
use record::Recorder;

/// How long clients and backends may take to end: longer than a child process is given.
const DRAIN: Duration = Duration::from_secs(15);
/// How long the last of a recording may take to be written.
const LAST_LINES: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: BridgeArgs) -> Result<(), Failure> {
    let listen = Listen::parse(&args.listen)?;
    let token = access(&args, &listen)?;
    let backend = args.target.server()?;
    let name = match &backend {
        Server::Url { url, .. } => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
        Server::Child(child) => token::name_of(&child.program, &child.args),
    };
    let console = Console::new();
    if let Server::Child(child) = &backend
        && !os::may_start(child)
    {
        let program = &child.program;
        console.say(Tone::Bad, &format!("warning: there is no program {program} to start; clients will be told so"));
    }
    let make = maker(backend, args.target.is_quiet(), &console)?;
    let (backends, gone) = if args.shared {
        let (backends, gone) = Backends::shared(&make).map_err(|error| Failure::Client(error.into()))?;
        (backends, Some(gone))
    } else {
        (Backends::own(make), None)
    };
    let (recorder, written) = match &args.record {
        Some(path) => {
            let screen = console.clone();
            let trouble = move |text: &str| screen.say(Tone::Bad, text);
            let (recorder, written) = Recorder::create(path, token.clone(), trouble)?;
            (Some(recorder), Some(written))
        }
        None => (None, None),
    };
    let only = if matches!(&listen, Listen::Unix(name) if name.starts_with('@')) { os::user() } else { None };
    let bridge = Bridge::new(backends, console.clone(), recorder, only);
    let figures = tokio::spawn(console.clone().figures());
    let done = match listen {
        Listen::Stdio => own_streams(bridge).await,
        listen => serve(&args, listen, bridge, token, &name, &console).await,
    };
    if let Some(gone) = gone {
        let _ = tokio::time::timeout(DRAIN, gone).await;
    }
    figures.abort();
    console.finish();
    if let Some(written) = written
        && tokio::time::timeout(LAST_LINES, written).await.is_err()
    {
        console.say(Tone::Bad, "the recording's last lines could not be written in time");
    }
    done?;
    console.say(Tone::Dim, &format!("the bridge ended; {}", traffic(&console.totals.counts)));
    Ok(())
}

/// The token that clients have to bring.
///
/// # Errors
/// Where it says something that the listener cannot keep.
fn access(args: &BridgeArgs, listen: &Listen) -> Result<Option<String>, Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    if !matches!(listen, Listen::WebSocket { .. }) {
        if !args.allow_origin.is_empty() || !args.allow_host.is_empty() || args.www.is_some() {
            return usage("--allow-origin, --allow-host and --www are for a ws:// listener: no page can use another");
        }
        if args.token.is_some() {
            return usage("only a ws:// listener asks for a token; leave --token out");
        }
    }
    match listen {
        Listen::WebSocket { .. } if args.no_token => Ok(None),
        Listen::WebSocket { .. } => args.token.clone().map_or_else(token::random, Ok).map(Some),
        Listen::Tcp(_) if !args.no_token => usage(
            "every program and user of this machine could use a tcp:// listener, which has no token; \
             use ws:// or unix:, or say --no-token",
        ),
        Listen::Tcp(_) | Listen::Unix(_) | Listen::Stdio => Ok(None),
    }
}

/// Makes the transport of each backend; what a child writes to its standard error is shown.
///
/// # Errors
/// Where there can be none.
fn maker(backend: Server, quiet: bool, console: &Console) -> Result<Make, Failure> {
    // What is wrong with it is said now, not to the first client.
    server::transport(&backend, Stderr::quiet())?;
    let console = console.clone();
    Ok(Box::new(move |client| {
        let console = console.clone();
        let stderr = if quiet { Stderr::quiet() } else { Stderr::to(move |line| console.backend(client, line)) };
        let reached = server::transport(&backend, stderr).map_err(|failure| {
            let detail = failure.sentence().unwrap_or_default();
            TransportError::new(TransportErrorKind::Config, detail)
        })?;
        Ok(Reached { transport: Box::new(HttpChannel::new(reached.transport)), ..reached })
    }))
}

/// One client, at this process's own streams.
async fn own_streams(bridge: Bridge) -> Result<(), Failure> {
    let link = StdioTransport::new().connect().await.map_err(|error| Failure::Client(error.into()))?;
    let stop = Box::pin(os::asked_to_stop());
    tokio::select! {
        () = bridge.serve(link, Peer::new("stdio"), stop) => {}
        () = asked_twice() => {}
    }
    Ok(())
}

async fn serve(
    args: &BridgeArgs,
    listen: Listen,
    bridge: Bridge,
    token: Option<String>,
    name: &str,
    console: &Console,
) -> Result<(), Failure> {
    let bind = match &listen {
        Listen::Tcp(address) => Bind::tcp(address, bridge),
        Listen::Unix(path) => Bind::unix(path, bridge),
        Listen::WebSocket { address, .. } => {
            let screen = console.clone();
            Bind::websocket(address, bridge).own_pages_only(true).on_refused(move |peer, status, why| {
                // The rest is people and programs that ask for something that is not there.
                if matches!(status, 401 | 403) {
                    screen.say(Tone::Bad, &format!("refused with {status}: {}: {why}", clients::who(peer)));
                }
            })
        }
        Listen::Stdio => return Ok(()),
    };
    let mut bind = bind.max_connections(args.max_clients.into()).drain_timeout(DRAIN);
    if args.allow_remote {
        bind = bind.allow_remote(true);
    }
    let mut paged = false;
    if let Listen::WebSocket { path, .. } = &listen {
        // Without the page that is built in, the bridge is a bridge still.
        let pages = match page::load(args.www.as_deref()) {
            Err(failure) if args.www.is_some() => return Err(failure),
            pages => pages.unwrap_or_default(),
        };
        paged = !pages.is_empty();
        bind = pages.into_iter().fold(bind, |bind, (path, page)| bind.page(path, page));
        bind = args.allow_origin.iter().fold(bind, |bind, origin| bind.allow_origin(origin));
        bind = args.allow_host.iter().fold(bind, |bind, host| bind.allow_host(host));
        if let Some(path) = path {
            bind = bind.path(path);
        }
        if let Some(token) = &token {
            bind = bind.token(token);
        }
    }
    let listener = bind.await.map_err(|error| {
        // The library's own words name a method.
        Failure::Usage(error.to_string().replace("call allow_remote(true)", "give --allow-remote"))
    })?;
    warn(args, &listen, &token, console);
    announce(args, &listener, &listen, token.as_deref().map(|token| (token, args.token.is_none())), name, paged);
    let stop = async {
        os::asked_to_stop().await;
        console.say(Tone::Plain, "stopping: clients are closed and backends ended; once more ends it at once");
    };
    tokio::select! {
        done = listener.run(stop) => Ok(done?),
        () = asked_twice() => Ok(()),
    }
}

async fn asked_twice() {
    os::asked_to_stop().await;
    os::asked_to_stop().await;
}

fn warn(args: &BridgeArgs, listen: &Listen, token: &Option<String>, console: &Console) {
    let web = matches!(listen, Listen::WebSocket { .. });
    if token.is_none() && (web || matches!(listen, Listen::Tcp(_))) {
        console.say(Tone::Bad, "warning: without a token every program and user of this machine can use the backend");
    }
    if args.allow_remote {
        console.say(
            Tone::Bad,
            "warning: other machines can reach the bridge, and nothing is encrypted; put TLS in front of it",
        );
    }
}

/// Says, on standard output, where the bridge is. The page's link holds the token in its fragment, which no server sees.
fn announce(
    args: &BridgeArgs,
    listener: &Listener,
    listen: &Listen,
    token: Option<(&str, bool)>,
    name: &str,
    paged: bool,
) {
    let mut told = String::new();
    if let (Some(address), Listen::WebSocket { path, .. }, true) = (listener.local_addr(), listen, paged) {
        let link = token::link(address, path.as_deref().unwrap_or("/"), token.map(|(token, _)| token), name);
        told.push_str(&format!("The page:    {link}\n"));
    } else if matches!(listen, Listen::WebSocket { .. }) {
        told.push_str("The page:    not in this build; give --www with the directory of one\n");
    }
    told.push_str(&format!("The server:  {}\n", listener.url()));
    if let Some((token, true)) = token {
        told.push_str(&format!("The token:   {token}\n"));
    }
    let whose = if args.shared { "one for all clients" } else { "one for each client" };
    told.push_str(&format!("The backend: {name}, {whose}\n\nCtrl-C ends it.\n"));
    // Whoever started it may have stopped reading; the bridge goes on.
    let _ = std::io::stdout().write_all(told.as_bytes());
}
