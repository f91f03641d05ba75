use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use everywire::EraChoice;
use everywire::proto::LogLevel;

const EXIT_CODES: &str = "\
Exit codes:
    0  it worked
    1  the tool reported an error
    2  bad input: nothing was called
    3  no connection, or it was lost
    4  the server refused the request
    5  no answer in time
    6  the server wants a token, or another one
  130  interrupted with Ctrl-C; the call was cancelled";

const CALL_EXAMPLES: &str = r#"Examples:
  everywire call ws://127.0.0.1:9001/ echo '{"text":"hello"}'
  everywire call https://example.org/mcp echo @arguments.json
  jq -n '{text: "hello"}' | everywire call ws://127.0.0.1:9001/ echo -
"#;

/// Talks to MCP servers over WebSocket and HTTP, in every revision of the protocol.
#[derive(Debug, Parser)]
#[command(name = "everywire", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists a server's tools with their parameters.
    #[command(after_help = EXIT_CODES)]
    Tools(ToolsArgs),
    /// Calls a tool and shows what it says.
    #[command(after_help = format!("{CALL_EXAMPLES}\n{EXIT_CODES}"))]
    Call(CallArgs),
    /// Serves the inspector page and a server to try it on, for this machine only.
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ToolsArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// The tool's name.
    pub(crate) tool: String,
    /// Its arguments: a JSON object, @FILE to read one, or - to read standard input.
    #[arg(default_value = "{}", allow_hyphen_values = true)]
    pub(crate) arguments: String,
    /// Writes images, sounds and other binary results into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The port; 0 takes any that is free.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Serves the page from this directory instead of the one built into the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) www: Option<PathBuf>,
}

/// Where the server is and how to talk to it.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The server's address: http://, https://, ws:// or wss://.
    pub(crate) url: String,
    /// Writes one JSON document to standard output, for programs.
    #[arg(long)]
    pub(crate) json: bool,
    /// A bearer token. The variable keeps it out of the list of processes.
    #[arg(long, env = "EVERYWIRE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// A header for every request, or for the WebSocket handshake; may be given several times.
    #[arg(long = "header", value_name = "NAME:VALUE")]
    pub(crate) headers: Vec<String>,
    /// How many seconds the server may take, between two signs of life, to answer.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// Which era of the protocol to speak.
    #[arg(long, value_enum, default_value_t = Era::Auto)]
    pub(crate) era: Era,
    /// Shows the server's log messages of this level and above: debug, info, notice, warning, error, critical, alert or
    /// emergency.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) log: Option<LogLevel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// Ask the server.
    Auto,
    /// 2026-07-28, without sessions.
    Modern,
    /// 2025-11-25 and before.
    Legacy,
}

impl From<Era> for EraChoice {
    fn from(era: Era) -> Self {
        match era {
            Era::Auto => Self::Auto,
            Era::Modern => Self::Modern,
            Era::Legacy => Self::Legacy,
        }
    }
}

impl Cli {
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            Command::Tools(args) => args.connection.json,
            Command::Call(args) => args.connection.json,
            Command::Demo(_) => false,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    match seconds.map(Duration::try_from_secs_f64) {
        Some(Ok(time)) if !time.is_zero() && time <= Duration::from_secs(86_400) => Ok(time),
        _ => Err("give seconds above 0 and up to 86400, such as 2.5".to_owned()),
    }
}

fn level(text: &str) -> Result<LogLevel, String> {
    text.parse().map_err(|error: everywire::Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn times() {
        assert_eq!(seconds("2.5"), Ok(Duration::from_millis(2500)));
        for text in ["0", "-1", "x", "", "inf", "NaN", "86401", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
