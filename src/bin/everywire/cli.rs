use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use everywire::EraChoice;
use everywire::proto::LogLevel;

use crate::target::{Own, TARGETS, Target};

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

const ARGUMENTS: &str = "ARGUMENTS are a JSON object, @FILE to read one, or - to read standard input; {} if left out.";

const CALL_EXAMPLES: &str = r#"ARGUMENTS are a JSON object, @FILE to read one, or - to read standard input; {} if left out.

Examples:
  everywire call ws://127.0.0.1:9001/ echo '{"text":"hello"}'
  everywire call https://example.org/mcp echo @arguments.json
  everywire call echo '{"message":"hello"}' -- npx -y @modelcontextprotocol/server-everything
  everywire call --config .vscode/mcp.json files read_text_file '{"path":"notes.txt"}'
  jq -n '{text: "hello"}' | everywire call unix:/run/user/1000/mcp.sock echo -"#;

const BRIDGE_EXAMPLES: &str = "\
Examples:
  everywire bridge -- npx -y @modelcontextprotocol/server-everything
  everywire bridge --record session.jsonl --config .vscode/mcp.json files
  everywire bridge --listen unix:/run/user/1000/mcp.sock --shared ws://127.0.0.1:9001/
  everywire bridge --listen stdio: tcp://127.0.0.1:9002";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  everywire completions bash > ~/.local/share/bash-completion/completions/everywire
  everywire completions zsh > \"${fpath[1]}/_everywire\"
  everywire completions fish > ~/.config/fish/completions/everywire.fish";

const DEMO_EXAMPLES: &str = "\
Examples:
  everywire demo
  everywire tools -- everywire demo --stdio";

fn help(examples: &str) -> String {
    let gap = if examples.is_empty() { "" } else { "\n\n" };
    format!("{TARGETS}\n\n{examples}{gap}{EXIT_CODES}")
}

/// The three ways of writing a command.
fn usage(own: Own) -> String {
    let (command, words) = own.usage.split_once(' ').unwrap_or((own.usage, ""));
    let words = if words.is_empty() { String::new() } else { format!(" {words}") };
    format!(
        "everywire {command} [OPTIONS] TARGET{words}\n       \
         everywire {command} [OPTIONS]{words} -- COMMAND [ARGUMENT]...\n       \
         everywire {command} [OPTIONS]{words} --config FILE NAME"
    )
}

/// Talks to MCP servers over every wire - child processes, HTTP, WebSocket, TCP, Unix sockets - in every revision of the
/// protocol.
#[derive(Debug, Parser)]
#[command(name = "everywire", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists a server's tools with their parameters.
    #[command(override_usage = usage(TOOLS), after_help = help(""))]
    Tools(Connection),
    /// Calls a tool and shows what it says.
    #[command(override_usage = usage(CALL), after_help = help(CALL_EXAMPLES))]
    Call(CallArgs),
    /// Lists a server's resources and resource templates.
    #[command(override_usage = usage(RESOURCES), after_help = help(""))]
    Resources(Connection),
    /// Reads a resource.
    #[command(override_usage = usage(READ), after_help = help(""))]
    Read(ReadArgs),
    /// Lists a server's prompts with their arguments.
    #[command(override_usage = usage(PROMPTS), after_help = help(""))]
    Prompts(Connection),
    /// Renders a prompt.
    #[command(override_usage = usage(GET), after_help = help(ARGUMENTS))]
    Get(Connection),
    /// Measures round trips: ping, or server/discover where the revision has no ping any more.
    #[command(override_usage = usage(PING), after_help = help(""))]
    Ping(PingArgs),
    /// Shows what the server tells unasked, until Ctrl-C: changed lists, changed resources, log messages.
    #[command(override_usage = usage(LISTEN), after_help = help(""))]
    Listen(ListenArgs),
    /// Calls a tool many times, several calls at a time, and shows calls per second and response times.
    #[command(override_usage = usage(BENCH), after_help = help(ARGUMENTS))]
    Bench(BenchArgs),
    /// Writes the completions of a shell to standard output.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Puts any server on a WebSocket, TCP or Unix socket, with the inspector page beside it.
    #[command(override_usage = usage(BRIDGE), after_help = help(BRIDGE_EXAMPLES))]
    Bridge(BridgeArgs),
    /// Serves the inspector page and a server to try it on, for this machine only; or that server alone, as a command.
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(DemoArgs),
}

pub(crate) const TOOLS: Own = Own::none("tools");
pub(crate) const CALL: Own = Own { usage: "call TOOL [ARGUMENTS]", least: 1, most: 2 };
pub(crate) const RESOURCES: Own = Own::none("resources");
pub(crate) const READ: Own = Own { usage: "read URI", least: 1, most: 1 };
pub(crate) const PROMPTS: Own = Own::none("prompts");
pub(crate) const GET: Own = Own { usage: "get PROMPT [ARGUMENTS]", least: 1, most: 2 };
pub(crate) const PING: Own = Own::none("ping");
pub(crate) const LISTEN: Own = Own::none("listen");
pub(crate) const BRIDGE: Own = Own::none("bridge");
pub(crate) const BENCH: Own = Own { usage: "bench TOOL [ARGUMENTS]", least: 1, most: 2 };

#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Writes images, sounds and other binary results into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Writes what is no text into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PingArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// How many times.
    #[arg(long, short = 'n', default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) count: u32,
    /// How many seconds from one to the next; 0 sends the next at once.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = pause)]
    pub(crate) interval: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// Also says when this resource changes; may be given several times.
    #[arg(long = "resource", value_name = "URI")]
    pub(crate) resources: Vec<String>,
    /// Ends after so many notices.
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// How many calls are under way at a time.
    #[arg(long, short = 'c', default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) concurrency: u16,
    /// How many calls are measured.
    #[arg(long, short = 'n', default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) count: u32,
    /// How many calls are made before, which do not count.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) warmup: u32,
}

#[derive(Debug, Args)]
pub(crate) struct BridgeArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Where clients come in: ws://host:port[/path], tcp://host:port, unix:/path, unix:@name, or stdio: for this process's
    /// own streams. The inspector page is served beside a ws:// address.
    #[arg(long, value_name = "ADDRESS", default_value = "ws://127.0.0.1:8931")]
    pub(crate) listen: String,
    /// Lets pages of this origin connect too, such as https://app.example; may be given several times. The page that the
    /// bridge serves always may.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Lets the bridge be addressed by this host name, as a proxy in front of it does; may be given several times.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Lets other machines connect: without it only loopback addresses can be listened on.
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// The token that clients of a ws:// address have to bring, instead of a random one. The variable keeps it out of the
    /// list of processes.
    #[arg(long, env = "EVERYWIRE_BRIDGE_TOKEN", hide_env_values = true, conflicts_with = "no_token")]
    pub(crate) token: Option<String>,
    /// Asks for no token: every program and user of this machine can use the server then.
    #[arg(long)]
    pub(crate) no_token: bool,
    /// All clients share one server. Otherwise each gets its own, started when it connects and ended when it leaves.
    #[arg(long)]
    pub(crate) shared: bool,
    /// Writes every message to this file, a line of JSON each, without tokens, passwords and other secrets.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// How many clients there may be at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_clients: u16,
    /// Serves the page from this directory instead of the one built into the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) www: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The port; 0 takes any that is free.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Speaks over standard input and output, for whoever starts it as a command. There is no page then.
    #[arg(long, conflicts_with_all = ["port", "www"])]
    pub(crate) stdio: bool,
    /// Serves the page from this directory instead of the one built into the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) www: Option<PathBuf>,
}

/// Where the server is and how to talk to it.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Writes JSON to standard output, for programs: one document, or a line for each event.
    #[arg(long)]
    pub(crate) json: bool,
    /// A bearer token for an http:// or ws:// address. The variable EVERYWIRE_TOKEN does the same, out of the list of
    /// processes; other servers get nothing of it.
    #[arg(long, help_heading = "Server")]
    pub(crate) token: Option<String>,
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
    /// Tells the server that it may work in this directory (a root); may be given several times.
    #[arg(long = "root", value_name = "DIR", help_heading = "Server")]
    pub(crate) roots: Vec<PathBuf>,
    /// Answers the server's sampling requests with this text. Without it the server is told that there is no model here.
    #[arg(long, value_name = "TEXT", help_heading = "Server")]
    pub(crate) sample: Option<String>,
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
    /// Whether a program reads what is written.
    pub(crate) fn json(&self) -> bool {
        let connection = match &self.command {
            Command::Tools(it) | Command::Resources(it) | Command::Prompts(it) | Command::Get(it) => it,
            Command::Call(it) => &it.connection,
            Command::Read(it) => &it.connection,
            Command::Ping(it) => &it.connection,
            Command::Listen(it) => &it.connection,
            Command::Bench(it) => &it.connection,
            Command::Completions { .. } | Command::Bridge(_) | Command::Demo(_) => return false,
        };
        connection.json
    }
}

const TIMES: &str = "such as 2.5";

fn seconds(text: &str) -> Result<Duration, String> {
    let time = pause(text).ok().filter(|time| !time.is_zero());
    time.ok_or_else(|| format!("give seconds above 0 and up to 86400, {TIMES}"))
}

fn pause(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    match seconds.map(Duration::try_from_secs_f64) {
        Some(Ok(time)) if time <= Duration::from_secs(86_400) => Ok(time),
        _ => Err(format!("give seconds from 0 to 86400, {TIMES}")),
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
        assert_eq!(pause("0"), Ok(Duration::ZERO));
        for text in ["0", "-1", "x", "", "inf", "NaN", "86401", "1e300"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
