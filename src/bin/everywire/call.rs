//! `everywire call`.

use std::io::{IsTerminal as _, Write as _};

use everywire::proto::CallToolResult;
use everywire::{Client, Error};

use crate::arguments;
use crate::cli::CallArgs;
use crate::connect::{connect, interruptible};
use crate::failure::Failure;
use crate::media;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: CallArgs) -> Result<(), Failure> {
    let arguments = arguments::read(&args.arguments)?;
    if args.tool.is_empty() {
        return Err(Failure::Usage("the tool's name is empty; `everywire tools URL` lists the names".to_owned()));
    }
    let screen = Screen::default();
    let connection = interruptible(connect(&args.connection, &screen)).await?;
    let client = connection.client.clone();
    let reporting = screen.clone();
    let outcome = interruptible(async {
        let call = client.call_tool(&args.tool, arguments).progress(move |progress| reporting.progress(&progress));
        settle(&client, &args.tool, call.await).await
    })
    .await;
    screen.clear();
    drop(client);
    connection.close().await;
    let result = outcome?;
    let saved = match &args.save {
        Some(folder) => media::save(folder, &args.tool, &result)?,
        None => Vec::new(),
    };
    let machine = args.connection.json;
    let failed = result.is_error;
    let text = match machine {
        true => serde_json::to_string(&result).unwrap_or_default(),
        false => show::result(&result, &saved),
    };
    let text = text.trim_end();
    if machine || !failed {
        let text = if !machine && std::io::stdout().is_terminal() { show::plain(text) } else { text.to_owned() };
        writeln!(std::io::stdout(), "{text}")?;
    } else {
        eprintln!("everywire: the tool reported an error: {}", show::plain(text));
    }
    if failed { Err(Failure::Tool) } else { Ok(()) }
}

/// A failure may mean that there is no such tool, however the server puts it: its list tells.
async fn settle(
    client: &Client,
    tool: &str,
    outcome: Result<CallToolResult, Error>,
) -> Result<CallToolResult, Failure> {
    let failed = match &outcome {
        Ok(result) => result.is_error,
        Err(error) => error.rpc().is_some(),
    };
    if failed
        && let Ok(tools) = client.tools_all().await
        && !tools.iter().any(|known| known.name == tool)
    {
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        return Err(Failure::Usage(unknown(tool, &names)));
    }
    Ok(outcome?)
}

fn unknown(tool: &str, names: &[&str]) -> String {
    let mut near: Vec<(f64, &str)> =
        names.iter().map(|name| (strsim::jaro_winkler(&tool.to_lowercase(), &name.to_lowercase()), *name)).collect();
    near.retain(|(likeness, _)| *likeness > 0.7);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> = near.into_iter().map(|(_, name)| name).take(3).collect();
    match near.is_empty() {
        true => format!("the server has no tool \"{tool}\"; `everywire tools URL` lists those it has"),
        false => format!("the server has no tool \"{tool}\"; did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn near_names_are_suggested() {
        let names = ["echo", "book_table", "weather", "slow"];
        assert!(unknown("ecko", &names).ends_with("did you mean echo?"));
        assert!(unknown("Booktable", &names).ends_with("did you mean book_table?"));
        assert!(unknown("zzzz", &names).contains("everywire tools URL"));
        assert!(unknown("x", &[]).contains("no tool \"x\""));
    }
}
