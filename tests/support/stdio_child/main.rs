//! Children of the process tests, and a parent to be killed: `stdio_child MODE…`.

mod own;
mod parent;
mod serve;

use std::io::{Write as _, stderr, stdout};
use std::process::exit;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["serve", options @ ..] => serve::serve(options),
        // Ends at once, with words for people on standard error.
        ["exit", code, text] => {
            eprintln!("{text}");
            exit(code.parse().expect("a status"));
        }
        // Not a server at all: explains itself, and ends or waits.
        ["usage", code] => {
            println!("Usage: frobnicate [--level N] FILE\nFrobnicates a file.");
            eprintln!("error: no file given");
            exit(code.parse().expect("a status"));
        }
        ["rubbish"] => {
            let mut out = stdout().lock();
            let _ = writeln!(stderr(), "frobnicating");
            // Until nobody reads any more.
            while writeln!(out, "frobnicated a file").is_ok() {}
        }
        ["own"] => own::own(),
        ["cycles", count] => parent::cycles(count.parse().expect("a number")),
        ["stderr", to] => parent::stderr(to),
        ["parent", how, options @ ..] => parent::parent(how, options),
        _ => panic!("no mode: {args:?}"),
    }
}
