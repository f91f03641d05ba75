//! Which server a command is about: an address, a command to start, or a name in a list of servers.

use clap::{Args, ValueEnum};

use crate::config::{Child, Config, Server};
use crate::failure::Failure;
use crate::server::{self, Stderr};

/// What help says about every command that needs a server.
pub(crate) const TARGETS: &str = "\
Where the server is, in one of three ways:
  TARGET                    http(s)://host/path, ws(s)://host/path, tcp://host:port, unix:/path or unix:@name
  -- COMMAND [ARGUMENT]...  a program to start and to speak with over its standard streams; it comes last
  --config FILE NAME        an entry of FILE, the server list (mcp.json) of another client; its comments, trailing
                            commas and ${VARIABLES} are understood. --config FILE alone lists the names
With a command or a list there is no TARGET; other words keep their order: everywire call TOOL -- npx -y some-server";

/// The schemes of addresses.
const SCHEMES: [&str; 6] = ["http://", "https://", "ws://", "wss://", "tcp://", "unix:"];

/// The words of a command line that say which server it is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// The server's address, unless a command or a list gives it, and then the command's own words.
    #[arg(value_name = "TARGET", hide = true)]
    words: Vec<String>,
    /// Takes the server called NAME from FILE, the server list of another client. FILE alone lists the names.
    #[arg(long, num_args = 1..=2, value_names = ["FILE", "NAME"], help_heading = "Server")]
    config: Vec<String>,
    /// A header for every request, or for the WebSocket handshake; may be given several times.
    #[arg(long = "header", value_name = "NAME:VALUE", help_heading = "Server")]
    headers: Vec<String>,
    /// What becomes of the standard error of a command: dropped, but by the bridge, which shows it. Its last lines stand in
    /// the error, should it fail.
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Server")]
    stderr: Option<Shown>,
    /// The command that starts the server, and its arguments.
    #[arg(last = true, value_name = "COMMAND", hide = true)]
    command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// Dropped.
    Quiet,
    /// Shown line by line.
    Show,
}

/// How many words a command has beside its server's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    /// How help writes the command, `call TOOL [ARGUMENTS]`.
    pub(crate) usage: &'static str,
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Own {
    /// A command without words of its own.
    pub(crate) const fn none(usage: &'static str) -> Self {
        Self { usage, least: 0, most: 0 }
    }
}

/// What the words came to.
pub(crate) enum Found {
    /// A server, and the command's own words.
    Server(Server, Vec<String>),
    /// `--config FILE` alone.
    List(Config),
}

impl Target {
    /// The server, for a command without words of its own.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        match self.find(Own::none(""))? {
            Found::Server(server, _) => Ok(server),
            Found::List(config) => {
                let names = config.names();
                usage(format!("--config names no server; give one behind the file: {names}"))
            }
        }
    }

    /// Where the standard error of a child goes.
    pub(crate) fn stderr(&self) -> Stderr {
        match self.stderr {
            None | Some(Shown::Quiet) => Stderr::quiet(),
            Some(Shown::Show) => Stderr::show(),
        }
    }

    /// Whether the standard error of a child is not to be shown even where it is by default.
    pub(crate) fn is_quiet(&self) -> bool {
        matches!(self.stderr, Some(Shown::Quiet))
    }

    /// Sorts the words.
    pub(crate) fn find(&self, own: Own) -> Result<Found, Failure> {
        let words = self.words.as_slice();
        let (server, words) = match (self.config.as_slice(), self.command.as_slice()) {
            ([], []) => match words {
                [address, rest @ ..] => (self.address(address, own, rest)?, rest),
                [] => {
                    return usage(
                        "no server given: an address such as http://127.0.0.1:8000/mcp, or a command behind --, or --config FILE NAME"
                            .to_owned(),
                    );
                }
            },
            ([], [program, args @ ..]) => (self.child(program, args)?, words),
            ([file], []) => {
                let config = Config::read(file)?;
                match words {
                    [] => return Ok(Found::List(config)),
                    [name, rest @ ..] => (self.with_headers(config.server(name)?)?, rest),
                }
            }
            ([file, name, ..], []) => (self.with_headers(Config::read(file)?.server(name)?)?, words),
            (_, [_, ..]) => {
                return usage(
                    "both --config and a command behind -- are given; one of them names the server".to_owned(),
                );
            }
        };
        self.count(own, words)?;
        Ok(Found::Server(server, words.to_vec()))
    }

    fn address(&self, address: &str, own: Own, rest: &[String]) -> Result<Server, Failure> {
        let shown = || crate::config::bare(address).chars().take(60).collect::<String>();
        if address.is_empty() {
            return usage(
                "the address is empty; give one such as https://example.org/mcp or wss://example.org/mcp".into(),
            );
        }
        if !is_address(address) {
            let schemes = "begin it with http://, https://, ws:// or wss://, tcp:// or unix:";
            if let Some((scheme, _)) = address.split_once("://") {
                let scheme: String = scheme.chars().take(20).collect();
                return usage(format!("an address does not begin with {scheme}://; {schemes}"));
            }
            // Words that would do behind `--`.
            let command = if rest.is_empty() { shown() } else { format!("{} …", shown()) };
            return usage(format!(
                "\"{}\" is no address: it has no scheme; {schemes}, or put a command behind --: everywire {} -- {command}",
                shown(),
                if own.usage.is_empty() { "…" } else { own.usage },
            ));
        }
        self.with_headers(Server::Url { url: address.to_owned(), headers: Vec::new() })
    }

    fn child(&self, program: &str, args: &[String]) -> Result<Server, Failure> {
        if is_address(program) {
            let bare = crate::config::bare(program);
            return usage(format!("what stands behind -- is a command, and {bare} is an address; leave -- away"));
        }
        if program.is_empty() {
            return usage("the command behind -- is empty; name the program that starts the server".to_owned());
        }
        self.with_headers(Server::Child(Child { program: program.to_owned(), args: args.to_vec(), ..Child::default() }))
    }

    /// The headers of the command line beside those of a list.
    fn with_headers(&self, mut server: Server) -> Result<Server, Failure> {
        for header in &self.headers {
            let Some((name, value)) = header.split_once(':') else {
                return usage("a header is given as NAME:VALUE, such as --header x-team:blue".to_owned());
            };
            match &mut server {
                Server::Url { url, headers } if server::takes_headers(url) => {
                    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name.trim()));
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                _ => return usage("--header is for http:// and ws:// addresses; this server takes none".to_owned()),
            }
        }
        Ok(server)
    }

    fn count(&self, own: Own, words: &[String]) -> Result<(), Failure> {
        let Own { usage: line, least, most } = own;
        let way = match (self.config.is_empty(), self.command.is_empty()) {
            (false, _) => " --config FILE NAME",
            (_, false) => " -- COMMAND",
            _ => "",
        };
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let line = match way.is_empty() {
            true => format!("{command} TARGET {rest}").trim_end().to_owned(),
            false => format!("{line}{way}"),
        };
        if let Some(word) = words.get(most) {
            // Most likely a second way of saying where the server is.
            if !way.is_empty() && words.first().is_some_and(|first| is_address(first)) {
                return usage(format!("both an address and{way} are given; one of them names the server"));
            }
            let word: String = word.chars().take(60).collect();
            let line = if line.is_empty() { String::new() } else { format!("; the command is: everywire {line}") };
            return usage(format!("\"{word}\" is one word too many{line}"));
        }
        if words.len() < least {
            return usage(format!("something is missing; the command is: everywire {line}"));
        }
        Ok(())
    }
}

/// Whether the text begins as an address does.
pub(crate) fn is_address(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

fn usage<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Usage(text))
}

#[cfg(test)]
mod tests;
