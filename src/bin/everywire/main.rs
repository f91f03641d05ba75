//! `everywire`: MCP servers from the command line.

mod arguments;
mod ask;
mod bench;
mod bridge;
mod call;
mod cli;
mod config;
mod connect;
mod demo;
mod failure;
mod fields;
mod listen;
mod lists;
mod media;
mod names;
mod ping;
mod prompt;
mod read;
mod screen;
mod server;
mod show;
mod target;
mod task;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use cli::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json();
    // One thread carries one connection, and a small process; serving is worth two.
    let mut builder = match cli.command {
        Command::Demo(_) | Command::Bridge(_) => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Usage(format!("the program cannot start: {error}")).report(json),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Tools(args) => lists::tools(args).await,
            Command::Call(args) => call::run(args).await,
            Command::Resources(args) => lists::resources(args).await,
            Command::Read(args) => read::run(args).await,
            Command::Prompts(args) => lists::prompts(args).await,
            Command::Get(args) => prompt::run(args).await,
            Command::Ping(args) => ping::run(args).await,
            Command::Listen(args) => listen::run(args).await,
            Command::Bench(args) => bench::run(args).await,
            Command::Completions { shell } => completions(shell),
            Command::Bridge(args) => bridge::run(args).await,
            Command::Demo(args) => demo::run(args).await,
        }
    });
    // A prompt may still wait for a line of standard input, which nothing can interrupt.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "everywire", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
