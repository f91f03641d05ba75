//! `everywire tools`, `resources` and `prompts`, and what `--config FILE` alone lists.

use everywire::Client;
use serde_json::{Value, json};

use crate::cli::{Connection, PROMPTS, RESOURCES, TOOLS};
use crate::config::Config;
use crate::connect::session;
use crate::failure::Failure;
use crate::screen::write;
use crate::show;

pub(crate) async fn tools(args: Connection) -> Result<(), Failure> {
    let Some((session, _)) = session(&args, TOOLS)? else { return Ok(()) };
    let work = async |client: &Client| Ok((client.tools_all().await?, server(client)));
    let (tools, server) = session.run(work).await?;
    match args.json {
        true => write(&json!({ "server": server, "tools": tools }).to_string()),
        false => write(&show::tools(&server, &tools)),
    }
}

pub(crate) async fn resources(args: Connection) -> Result<(), Failure> {
    let Some((session, _)) = session(&args, RESOURCES)? else { return Ok(()) };
    let work = async |client: &Client| {
        let resources = client.resources_all().await?;
        // A server may offer resources and know nothing of templates.
        let templates = match client.resource_templates_all().await {
            Err(error) if error.rpc().is_some_and(|rpc| rpc.code == everywire::proto::code::METHOD_NOT_FOUND) => {
                Vec::new()
            }
            templates => templates?,
        };
        Ok((resources, templates, server(client)))
    };
    let (resources, templates, server) = session.run(work).await?;
    match args.json {
        true => write(&json!({ "server": server, "resources": resources, "resourceTemplates": templates }).to_string()),
        false => write(&show::resources(&server, &resources, &templates)),
    }
}

pub(crate) async fn prompts(args: Connection) -> Result<(), Failure> {
    let Some((session, _)) = session(&args, PROMPTS)? else { return Ok(()) };
    let work = async |client: &Client| Ok((client.prompts_all().await?, server(client)));
    let (prompts, server) = session.run(work).await?;
    match args.json {
        true => write(&json!({ "server": server, "prompts": prompts }).to_string()),
        false => write(&show::prompts(&server, &prompts)),
    }
}

/// The names in a list of servers, with nothing that may be a secret.
pub(crate) fn servers(config: &Config, machine: bool) -> Result<(), Failure> {
    let list = config.list();
    if machine {
        let servers: Vec<Value> = list.iter().map(|(name, at)| json!({ "name": name, "at": at })).collect();
        return write(&json!({ "servers": servers }).to_string());
    }
    if list.is_empty() {
        return write("no servers");
    }
    let width = list.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(32);
    let lines: Vec<String> = list.iter().map(|(name, at)| format!("{name:width$}  {at}")).collect();
    write(&lines.join("\n"))
}

/// What the server said of itself.
pub(crate) fn server(client: &Client) -> Value {
    client.server().map_or(Value::Null, |server| {
        json!({
            "serverInfo": server.info,
            "protocolVersion": server.protocol_version,
            "transport": server.transport,
            "capabilities": server.capabilities,
            "instructions": server.instructions,
        })
    })
}
