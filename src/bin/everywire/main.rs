//! `everywire`: MCP servers from the command line.

mod arguments;
mod ask;
mod bridge;
mod call;
mod cli;
mod connect;
mod demo;
mod failure;
mod fields;
mod media;
mod screen;
mod show;
mod tools;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Usage(format!("the program cannot start: {error}")).report(json),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Tools(args) => tools::run(args).await,
            Command::Call(args) => call::run(args).await,
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
