//! `everywire get`.

use everywire::json::Json;
use everywire::proto::GetPromptResult;
use everywire::{Client, Error};
use serde_json::Value;

use crate::arguments;
use crate::cli::{Connection, GET};
use crate::connect::session;
use crate::failure::Failure;
use crate::names::unknown;
use crate::screen::write;
use crate::show;

pub(crate) async fn run(args: Connection) -> Result<(), Failure> {
    let Some((session, words)) = session(&args, GET)? else { return Ok(()) };
    let prompt = words.first().map(String::as_str).unwrap_or_default();
    if prompt.is_empty() {
        return Err(Failure::Usage("the prompt's name is empty; `everywire prompts` lists the names".to_owned()));
    }
    let arguments = words.get(1).map(|given| arguments::read(given)).transpose()?;
    if let Some(arguments) = &arguments {
        texts(arguments)?;
    }
    let result =
        session.run(async |client| settle(client, prompt, client.get_prompt(prompt, &arguments).await).await).await?;
    match args.json {
        true => write(&serde_json::to_string(&result).unwrap_or_default()),
        false => write(&show::messages(&result)),
    }
}

/// A prompt's arguments are texts (server/prompts, "Getting a Prompt").
fn texts(arguments: &Json) -> Result<(), Failure> {
    let members: serde_json::Map<String, Value> = arguments.parse().unwrap_or_default();
    match members.iter().find(|(_, value)| !value.is_string()) {
        Some((name, _)) => {
            Err(Failure::Usage(format!("a prompt's arguments are texts, and {name} is none; write it in quotes")))
        }
        None => Ok(()),
    }
}

async fn settle(
    client: &Client,
    prompt: &str,
    outcome: Result<GetPromptResult, Error>,
) -> Result<GetPromptResult, Failure> {
    if outcome.as_ref().is_err_and(|error| error.rpc().is_some())
        && let Ok(prompts) = client.prompts_all().await
        && !prompts.iter().any(|known| known.name == prompt)
    {
        let names: Vec<&str> = prompts.iter().map(|prompt| prompt.name.as_str()).collect();
        return Err(Failure::Usage(unknown("prompt", prompt, &names, "prompts")));
    }
    Ok(outcome?)
}
