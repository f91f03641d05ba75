//! `everywire tools`.

use std::io::Write as _;

use everywire::Client;
use serde_json::{Value, json};

use crate::cli::ToolsArgs;
use crate::connect::{connect, interruptible};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::show;

pub(crate) async fn run(args: ToolsArgs) -> Result<(), Failure> {
    let screen = Screen::default();
    let connection = interruptible(connect(&args.connection, &screen)).await?;
    let client = connection.client.clone();
    let tools = interruptible(async { Ok(client.tools_all().await?) }).await;
    let server = server(&client);
    drop(client);
    connection.close().await;
    let tools = tools?;
    let text = if args.connection.json {
        json!({ "server": server, "tools": tools }).to_string()
    } else {
        show::tools(&server, &tools)
    };
    writeln!(std::io::stdout(), "{}", text.trim_end())?;
    Ok(())
}

/// What the server said of itself.
fn server(client: &Client) -> Value {
    client.server().map_or(Value::Null, |server| {
        json!({
            "serverInfo": server.info,
            "protocolVersion": server.protocol_version,
            "capabilities": server.capabilities,
            "instructions": server.instructions,
        })
    })
}
