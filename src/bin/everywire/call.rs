//! `everywire call`.

use everywire::proto::CallToolResult;
use everywire::{Client, Error};

use crate::arguments;
use crate::cli::{CALL, CallArgs};
use crate::connect::session;
use crate::failure::Failure;
use crate::names::unknown;
use crate::screen::write;
use crate::target::is_address;
use crate::{media, show, task};

pub(crate) async fn run(args: CallArgs) -> Result<(), Failure> {
    let Some((session, words)) = session(&args.connection, CALL)? else { return Ok(()) };
    let (tool, arguments) = tool(&words)?;
    let arguments = arguments::read(arguments)?;
    let screen = session.screen().clone();
    let failed = session
        .run(async |client| {
            let reporting = screen.clone();
            let call = client.call_tool(tool, &arguments).progress(move |progress| reporting.progress(&progress));
            let result = match settle(client, tool, call.await).await? {
                Settled::Result(result) => result,
                Settled::NeedsTask => task::run(client, tool, &arguments, &screen).await?,
            };
            // At once: a command may take its time to end.
            screen.clear();
            tell(&args, tool, &result)?;
            Ok(result.is_error)
        })
        .await?;
    if failed { Err(Failure::Tool) } else { Ok(()) }
}

/// Shows what the tool said.
fn tell(args: &CallArgs, tool: &str, result: &CallToolResult) -> Result<(), Failure> {
    let saved = match &args.save {
        Some(folder) => media::save_result(folder, tool, result)?,
        None => Vec::new(),
    };
    if args.connection.json {
        return write(&serde_json::to_string(result).unwrap_or_default());
    }
    let text = show::result(result, &saved);
    if result.is_error {
        eprintln!("everywire: the tool reported an error: {}", show::plain(text.trim_end()));
        return Ok(());
    }
    write(&text)
}

/// The tool's name and its arguments as they were given.
pub(crate) fn tool(words: &[String]) -> Result<(&str, &str), Failure> {
    let (tool, arguments) = match words {
        [tool] => (tool.as_str(), "{}"),
        [tool, arguments, ..] => (tool.as_str(), arguments.as_str()),
        [] => ("", "{}"),
    };
    if tool.is_empty() {
        return Err(Failure::Usage("the tool's name is empty; `everywire tools` lists the names".to_owned()));
    }
    if is_address(tool) {
        // An address, and a command or a list besides.
        return Err(Failure::Usage(
            "both an address and another server are given; name one of them, and then the tool".to_owned(),
        ));
    }
    Ok((tool, arguments))
}

/// What a call came to.
pub(crate) enum Settled {
    Result(CallToolResult),
    /// The tool runs as a task only, and has not run.
    NeedsTask,
}

/// A failure may mean that there is no such tool, or that it is called in another way, however the server puts it: its
/// list tells.
pub(crate) async fn settle(
    client: &Client,
    tool: &str,
    outcome: Result<CallToolResult, Error>,
) -> Result<Settled, Failure> {
    let failed = match &outcome {
        Ok(result) => result.is_error,
        Err(error) => error.rpc().is_some(),
    };
    if failed && let Ok(tools) = client.tools_all().await {
        match tools.iter().find(|known| known.name == tool) {
            Some(known) if task::is_needed(known) => return Ok(Settled::NeedsTask),
            Some(_) => {}
            None => {
                let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
                return Err(Failure::Usage(unknown("tool", tool, &names, "tools")));
            }
        }
    }
    Ok(Settled::Result(outcome?))
}
