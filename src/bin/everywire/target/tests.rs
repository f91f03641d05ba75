use clap::Parser;

use super::*;
use crate::cli::{CALL, READ, TOOLS};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    target: Target,
}

fn find(own: Own, line: &[&str]) -> Result<Found, String> {
    let line = Line::try_parse_from(["x"].iter().chain(line)).map_err(|error| error.to_string())?;
    line.target.find(own).map_err(|failure| match failure {
        Failure::Usage(text) => text,
        other => format!("{other:?}"),
    })
}

/// Where it leads, and the command's own words.
fn leads(own: Own, line: &[&str]) -> (String, Vec<String>) {
    match find(own, line) {
        Ok(Found::Server(Server::Url { url, headers }, words)) => {
            let headers: Vec<String> = headers.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            (format!("{url}{}", headers.concat()), words)
        }
        Ok(Found::Server(Server::Child(child), words)) => {
            (format!("{} {}", child.program, child.args.join(" ")).trim().to_owned(), words)
        }
        Ok(Found::List(_)) => ("list".to_owned(), Vec::new()),
        Err(why) => panic!("{line:?}: {why}"),
    }
}

fn refused(own: Own, line: &[&str], words: &[&str]) {
    match find(own, line) {
        Err(why) => words.iter().for_each(|word| assert!(why.contains(word), "{line:?}: {word:?} is not in: {why}")),
        Ok(_) => panic!("{line:?} was accepted"),
    }
}

fn file(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("everywire-target-{}-{name}.json", std::process::id()));
    let list = r#"{"mcpServers":{"here":{"command":"run","args":["it"]},"there":{"url":"https://h/mcp"}}}"#;
    std::fs::write(&path, list).expect("written");
    path.display().to_string()
}

#[test]
fn each_way_of_naming_a_server_keeps_the_other_words_in_order() {
    let list = file("ways");
    let list = list.as_str();
    for (line, server) in [
        (&["ws://h/", "echo", "{}"][..], "ws://h/"),
        (&["unix:@name", "echo", "{}"], "unix:@name"),
        (&["TCP://h:1", "echo", "{}"], "TCP://h:1"),
        (&["echo", "{}", "--", "npx", "-y", "server"], "npx -y server"),
        (&["echo", "{}", "--", "run", "--", "ws://h/"], "run -- ws://h/"),
        (&["echo", "{}", "--config", list, "here"], "run it"),
        (&["--config", list, "here", "echo", "{}"], "run it"),
        (&["echo", "--config", list, "there", "{}"], "https://h/mcp"),
        // `=` ends with the file: the name comes first then, where an address would.
        (&[&format!("--config={list}"), "there", "echo", "{}"], "https://h/mcp"),
        (&["here", "echo", "{}", "--config", list], "run it"),
    ] {
        let (at, words) = leads(CALL, line);
        assert_eq!((at.as_str(), words), (server, vec!["echo".to_owned(), "{}".to_owned()]), "{line:?}");
    }
    assert_eq!(leads(TOOLS, &["https://h/?x=1"]).0, "https://h/?x=1");
    assert_eq!(leads(READ, &["http://a/b", "--", "run"]), ("run".to_owned(), vec!["http://a/b".to_owned()]));
    assert_eq!(leads(TOOLS, &["--config", list]).0, "list");
    assert_eq!(leads(TOOLS, &["ws://h/", "--header", "x-a: b:c "]).0, "ws://h/ x-a=b:c");
}

#[test]
fn wrong_spellings_say_what_is_right() {
    let list = file("wrong");
    let list = list.as_str();
    refused(TOOLS, &[], &["no server given", "behind --", "--config FILE NAME"]);
    refused(TOOLS, &["--"], &["no server given"]);
    refused(TOOLS, &[""], &["empty", "wss://"]);
    refused(TOOLS, &["127.0.0.1:80"], &["no scheme", "http://"]);
    refused(TOOLS, &["ftp://h/"], &["ftp://", "tcp://"]);
    refused(TOOLS, &["npx", "server"], &["no scheme", "everywire tools -- npx …"]);
    refused(TOOLS, &["npx", "-y", "server"], &["-y"]);
    refused(TOOLS, &["--", "ws://h/"], &["is an address", "leave -- away"]);
    refused(TOOLS, &["--", ""], &["empty"]);
    refused(TOOLS, &["ws://h/", "--", "run"], &["both an address and -- COMMAND"]);
    refused(TOOLS, &["ws://h/", "--config", list, "here"], &["both an address and --config"]);
    refused(TOOLS, &["--config", list, "here", "--", "run"], &["both --config and a command"]);
    refused(TOOLS, &["ws://h/", "more"], &["\"more\" is one word too many", "everywire tools TARGET"]);
    refused(CALL, &["ws://h/"], &["missing", "everywire call TARGET TOOL [ARGUMENTS]"]);
    refused(CALL, &["--", "run"], &["missing", "everywire call TOOL [ARGUMENTS] -- COMMAND"]);
    refused(CALL, &["a", "b", "c", "--", "run"], &["\"c\" is one word too many"]);
    refused(CALL, &["--config", list, "nowhere", "echo"], &["no server \"nowhere\"", "here, there"]);
    refused(TOOLS, &["--config", "/no/such/file", "x"], &["/no/such/file", "cannot be read"]);
    refused(TOOLS, &["ws://h/", "--header", "nonsense"], &["NAME:VALUE"]);
    refused(TOOLS, &["--header", "a:b", "--", "run"], &["--header is for http:// and ws://"]);
    refused(TOOLS, &["tcp://h:1", "--header", "a:b"], &["--header is for http:// and ws://"]);
    refused(TOOLS, &["ws:/h"], &["no scheme"]);
    let secret = find(TOOLS, &["htp://user:s3cret@h/?token=s3cret"]).err().unwrap_or_default();
    assert!(!secret.is_empty() && !secret.contains("s3cret"), "{secret}");
}

#[test]
fn a_command_without_words_of_its_own_needs_a_name() {
    let list = file("name");
    let line = Line::try_parse_from(["x", "--config", &list]).expect("parsed");
    let why = line.target.server().err().map(|failure| format!("{failure:?}")).unwrap_or_default();
    assert!(why.contains("here, there"), "{why}");
    assert!(Line::try_parse_from(["x", "--", "run"]).expect("parsed").target.server().is_ok());
}
