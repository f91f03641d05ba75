//! `everywire listen`.

use everywire::proto::{LogLevel, SubscriptionFilter};
use everywire::{Client, Event, State};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::cli::{LISTEN, ListenArgs};
use crate::connect::session;
use crate::failure::Failure;
use crate::screen::{Screen, write};
use crate::show::plain;

pub(crate) async fn run(args: ListenArgs) -> Result<(), Failure> {
    let Some((session, _)) = session(&args.connection, LISTEN)? else { return Ok(()) };
    let screen = session.screen().clone();
    let outcome = session.reconnect().run(async |client| listen(client, &args, &screen).await).await;
    match outcome {
        // The way it is meant to end.
        Err(Failure::Interrupted) => Err(Failure::Stopped),
        outcome => outcome,
    }
}

async fn listen(client: &Client, args: &ListenArgs, screen: &Screen) -> Result<(), Failure> {
    let mut events = client.events();
    let machine = args.connection.json;
    let filter = args.resources.iter().fold(offered(client), |filter, uri| filter.resource(uri));
    // `--log` has set a level already.
    let logs = match args.connection.log {
        Some(_) => true,
        None => client.set_log_level(LogLevel::Info).await.is_ok(),
    };
    let subscription = match filter.is_empty() {
        true => None,
        false => Some(client.listen(filter).await?),
    };
    let granted = subscription.as_ref().map(|subscription| subscription.granted().clone()).unwrap_or_default();
    begin(&granted, args, logs, screen)?;
    let mut left = args.count;
    while let Some(event) = events.next().await {
        let Some(seen) = Seen::of(event) else { continue };
        write(&if machine { seen.document.to_string() } else { plain(&seen.line) })?;
        if let Some(left) = left.as_mut().filter(|_| seen.notice) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Ok(());
            }
        }
        if let Some(reason) = seen.ended {
            return Err(reason.into());
        }
    }
    Ok(())
}

/// The lists whose changes the server tells.
fn offered(client: &Client) -> SubscriptionFilter {
    let capabilities = client.server().map(|server| server.capabilities);
    let tells = |what: &str| {
        let capability = capabilities.as_ref().and_then(|all| all.get(what));
        capability.and_then(|one| one.get("listChanged")?.as_bool()) == Some(true)
    };
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = tells("tools");
    filter.prompts_list_changed = tells("prompts");
    filter.resources_list_changed = tells("resources");
    filter
}

/// Says what is listened to; a program learns from it that nothing is missed any more.
fn begin(granted: &SubscriptionFilter, args: &ListenArgs, logs: bool, screen: &Screen) -> Result<(), Failure> {
    let lists = [
        ("tools", granted.tools_list_changed),
        ("prompts", granted.prompts_list_changed),
        ("resources", granted.resources_list_changed),
    ];
    let lists: Vec<&str> = lists.into_iter().filter_map(|(name, told)| told.then_some(name)).collect();
    let resources = &granted.resource_subscriptions;
    for missing in args.resources.iter().filter(|uri| !resources.contains(uri)) {
        screen.say(&format!("the server does not tell of changes to {missing}"));
    }
    if args.connection.json {
        let document = json!({ "event": "listening", "lists": lists, "resources": resources, "logs": logs });
        return write(&document.to_string());
    }
    let mut told: Vec<String> = lists.iter().map(|list| format!("the list of {list}")).collect();
    told.extend(resources.iter().cloned());
    told.extend(logs.then(|| "log messages".to_owned()));
    match told.is_empty() {
        true => screen.say("the server tells nothing unasked, as far as it says; Ctrl-C ends this"),
        false => screen.say(&format!("listening to {}; Ctrl-C ends this", told.join(", "))),
    }
    Ok(())
}

/// One event, for people and for programs.
struct Seen {
    line: String,
    document: Value,
    /// The server said it, as opposed to what became of the connection.
    notice: bool,
    ended: Option<everywire::Error>,
}

impl Seen {
    fn of(event: Event) -> Option<Self> {
        let notice = |line: String, document: Value| Some(Self { line, document, notice: true, ended: None });
        let state = |line: String, document: Value| Some(Self { line, document, notice: false, ended: None });
        match event {
            Event::ToolsChanged => notice("the list of tools changed".into(), json!({ "event": "tools_changed" })),
            Event::PromptsChanged => {
                notice("the list of prompts changed".into(), json!({ "event": "prompts_changed" }))
            }
            Event::ResourcesChanged => {
                notice("the list of resources changed".into(), json!({ "event": "resources_changed" }))
            }
            Event::ResourceUpdated { uri } => {
                notice(format!("{uri} changed"), json!({ "event": "resource_updated", "uri": uri }))
            }
            Event::Log { level, logger, data } => {
                let text = data.as_str().unwrap_or_else(|| data.to_text());
                let who = logger.as_ref().map(|logger| format!("{logger}: ")).unwrap_or_default();
                let document = json!({ "event": "log", "level": level, "logger": logger, "data": data });
                notice(format!("[{level}] {who}{text}"), document)
            }
            Event::Resynced => {
                state("connected again; changes in between may have been missed".into(), json!({ "event": "resynced" }))
            }
            Event::SubscriptionEnded { reason, .. } => {
                let why = reason.map(|reason| reason.to_string());
                let line = why.as_ref().map_or("the server ended the subscription".to_owned(), |why| {
                    format!("the server ended the subscription: {why}")
                });
                state(line, json!({ "event": "subscription_ended", "reason": why }))
            }
            Event::Lagged { missed } => {
                state(format!("{missed} events were missed"), json!({ "event": "lagged", "missed": missed }))
            }
            Event::State(State::Reconnecting { attempt, reason, .. }) => {
                let reason = reason.to_string();
                let document = json!({ "event": "reconnecting", "attempt": attempt, "reason": reason });
                state(format!("the connection was lost ({reason}); attempt {attempt} to get it back"), document)
            }
            Event::State(State::Connected) => state("connected".into(), json!({ "event": "connected" })),
            Event::State(State::Closed { reason: Some(reason) }) => Some(Self {
                line: "the connection is closed".into(),
                document: json!({ "event": "closed" }),
                notice: false,
                ended: Some(reason),
            }),
            _ => None,
        }
    }
}
