//! A process's own standard streams: `stdio_child own` sends back what it gets.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::support::program;

const LINE: &str = r#"{"jsonrpc":"2.0","method":"notifications/a"}"#;

fn own() -> Command {
    let mut command = Command::new(program());
    command.arg("own");
    command
}

fn blocks(of: &impl std::os::fd::AsFd) -> bool {
    let flags = fcntl(of, FcntlArg::F_GETFL).expect("an open descriptor");
    !OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK)
}

#[test]
fn pipes_are_set_back_when_the_link_is_dropped() {
    let (input, mut to) = std::io::pipe().expect("a pipe");
    let (from, output) = std::io::pipe().expect("a pipe");
    // The process gets duplicates, and with them shares whether they block.
    let stdin = input.try_clone().expect("a duplicate");
    let stdout = output.try_clone().expect("a duplicate");
    let mut process = own().stdin(stdin).stdout(stdout).stderr(Stdio::null()).spawn().expect("it starts");
    writeln!(to, "{LINE}").expect("a pipe has room");
    let mut from = BufReader::new(from);
    let mut line = String::new();
    from.read_line(&mut line).expect("an answer");
    assert_eq!(line.trim_end(), LINE);
    assert!(!blocks(&input) && !blocks(&output), "no thread reads or writes them");
    drop(to);
    assert!(process.wait().expect("collected").success());
    assert!(blocks(&input) && blocks(&output), "they are as they were");
}

#[test]
fn sockets_serve_as_well() {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    let stdout = OwnedFd::from(theirs.try_clone().expect("a duplicate"));
    let kept = theirs.try_clone().expect("a duplicate");
    let mut process = own().stdin(OwnedFd::from(theirs)).stdout(stdout).spawn().expect("it starts");
    let mut to = ours.try_clone().expect("a duplicate");
    writeln!(to, "{LINE}").expect("a socket has room");
    let mut line = String::new();
    BufReader::new(ours).read_line(&mut line).expect("an answer");
    assert_eq!(line.trim_end(), LINE);
    to.shutdown(std::net::Shutdown::Write).expect("open");
    assert!(process.wait().expect("collected").success());
    assert!(blocks(&kept.as_fd()));
}

#[test]
fn what_standard_error_shares_keeps_blocking() {
    let (mut from, output) = std::io::pipe().expect("a pipe");
    let stdout = output.try_clone().expect("a duplicate");
    let stderr = output.try_clone().expect("a duplicate");
    let mut process = own().stdin(Stdio::piped()).stdout(stdout).stderr(stderr).spawn().expect("it starts");
    let mut to = process.stdin.take().expect("piped");
    writeln!(to, "{LINE}").expect("a pipe has room");
    let mut first = [0; 1];
    from.read_exact(&mut first).expect("an answer");
    assert!(blocks(&output));
    drop((to, output));
    assert!(process.wait().expect("collected").success());
    let mut rest = String::new();
    from.read_to_string(&mut rest).expect("text");
    assert_eq!(rest.trim_end(), &LINE[1..]);
}

#[test]
fn files_serve_as_well() {
    let folder = std::env::temp_dir().join(format!("everywire-own-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (input, output) = (folder.join("in"), folder.join("out"));
    std::fs::write(&input, format!("{LINE}\n{LINE}\n")).expect("a file");
    let stdin = File::open(&input).expect("it is there");
    let stdout = File::create(&output).expect("a file");
    assert!(own().stdin(stdin).stdout(stdout).status().expect("it starts").success());
    assert_eq!(std::fs::read_to_string(&output).expect("text"), format!("{LINE}\n{LINE}\n"));
    std::fs::remove_dir_all(folder).expect("it was there");
}
