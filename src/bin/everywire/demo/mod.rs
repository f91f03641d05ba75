//! `everywire demo`: the inspector page and a server to try it on, at one port of this machine.

mod media;
pub(crate) mod page;
mod prompts;
mod questions;
mod resources;
mod schemas;
mod tools;

use std::io::Write as _;
use std::time::Duration;

use everywire::server::{HttpOptions, Server};

use crate::cli::DemoArgs;
use crate::failure::Failure;

pub(crate) async fn run(args: DemoArgs) -> Result<(), Failure> {
    if args.stdio {
        return stdio().await;
    }
    let pages = page::load(args.www.as_deref())?;
    let countdown = resources::Countdown::default();
    let server = server(&countdown);
    let bind = server
        .bind_http(format!("127.0.0.1:{}", args.port))
        // The page that is being worked on has an origin of its own; pages of other machines are let in by neither.
        .http(HttpOptions::new().cors(true))
        .and_websocket()
        .path("/mcp")
        .drain_timeout(Duration::from_secs(1));
    let listener = pages.into_iter().fold(bind, |bind, (path, page)| bind.page(path, page)).await?;
    let http = listener.url().to_owned();
    let websocket = http.replacen("http", "ws", 1);
    let page = http.trim_end_matches("/mcp");
    let told = format!(
        "The page:    {page}/#url={http}&url={websocket}\nThe server:  {http} or {websocket}\n\n\
         Open the page, or try:  everywire tools {http}\nCtrl-C ends it.\n"
    );
    // Whoever started it may have stopped reading; the server serves on.
    let _ = std::io::stdout().write_all(told.as_bytes());
    let ticking = tokio::spawn(countdown.run(server));
    let done = listener
        .run(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await;
    ticking.abort();
    Ok(done?)
}

/// Serves whoever started this program, until they close its standard input.
async fn stdio() -> Result<(), Failure> {
    let countdown = resources::Countdown::default();
    let server = server(&countdown);
    let ticking = tokio::spawn(countdown.run(server.clone()));
    let done = server.run_stdio().await;
    ticking.abort();
    Ok(done?)
}

fn server(countdown: &resources::Countdown) -> Server {
    let builder = Server::builder("everywire-demo", env!("CARGO_PKG_VERSION"))
        .title("everywire demo")
        .description("Tools, resources and prompts that each show one thing an MCP server can do.")
        .instructions("Start with echo. slow reports progress and can be cancelled; book_table asks a person.");
    let builder = questions::add(tools::add(builder));
    prompts::add(resources::add(builder, countdown)).build()
}

#[cfg(test)]
mod tests {
    use everywire::Client;
    use everywire::transport::memory::Memory;
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn every_tool_has_a_description_and_an_object_schema() {
        let server = server(&resources::Countdown::default());
        let (transport, mut listener) = Memory::new();
        tokio::spawn(async move {
            if let Some(link) = listener.next().await {
                let _ = server.serve_link(link).await;
            }
        });
        let client = Client::over(transport).connect().await.expect("connected");
        let tools = client.tools_all().await.expect("tools");
        assert!(tools.len() >= 14, "{}", tools.len());
        for tool in tools {
            assert!(tool.description.is_some(), "{}", tool.name);
            assert_eq!(tool.input_schema.get_str("type").as_deref(), Some("object"), "{}", tool.name);
        }
    }
}
