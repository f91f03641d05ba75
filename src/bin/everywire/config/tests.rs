use super::*;

fn parse(text: &str) -> Config {
    match Config::parse("list.json", text) {
        Ok(config) => config,
        Err(failure) => panic!("{text}: {failure:?}"),
    }
}

fn server(text: &str) -> Server {
    parse(text).server("it").unwrap_or_else(|failure| panic!("{text}: {failure:?}"))
}

fn sentence<T>(outcome: Result<T, Failure>) -> String {
    match outcome {
        Err(Failure::Usage(sentence)) => sentence,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn lists_of_other_clients_are_read() {
    let child = Server::Child(Child {
        program: "npx".into(),
        args: vec!["-y".into(), "some-server".into()],
        dir: None,
        env: vec![("GONE".into(), None), ("KEY".into(), Some("v".into())), ("PORT".into(), Some("8080".into()))],
    });
    for text in [
        // Claude, Cursor, Windsurf.
        r#"{"mcpServers":{"it":{"command":"npx","args":["-y","some-server"],"env":{"KEY":"v","PORT":8080,"GONE":null}}}}"#,
        // Visual Studio Code: comments, trailing commas, a byte order mark.
        "\u{feff}{\n// ours\n\"inputs\":[],\"servers\":{\"it\":{\"type\":\"stdio\",\"command\":\"npx\",/* new */\n\
         \"args\":[\"-y\",\"some-server\",],\"env\":{\"KEY\":\"v\",\"PORT\":8080,\"GONE\":null},},},}",
        // Its settings.
        r#"{"mcp":{"servers":{"it":{"command":"npx","args":["-y","some-server"],"env":{"KEY":"v","PORT":8080,"GONE":null}}}}}"#,
    ] {
        assert!(server(text) == child, "{text}");
    }
    for kind in ["http", "streamable-http", "sse", "ws"] {
        let text = format!(
            r#"{{"servers":{{"it":{{"type":"{kind}","url":"https://h/mcp","headers":{{"x-key":"${{NONE:-k}}"}}}}}}}}"#
        );
        let wanted = Server::Url { url: "https://h/mcp".into(), headers: vec![("x-key".into(), "k".into())] };
        assert!(server(&text) == wanted, "{text}");
    }
}

#[test]
fn a_directory_is_relative_to_the_project() {
    let text = r#"{"servers":{"it":{"command":"x","cwd":"data","args":["${workspaceFolder}"]}}}"#;
    for (file, project) in [
        ("/p/wire/mcp.json", "/p/wire"),
        ("/p/wire/.vscode/mcp.json", "/p/wire"),
        ("/p/wire/.cursor/mcp.json", "/p/wire"),
    ] {
        let found = Config::parse(file, text).and_then(|config| config.server("it"));
        let Ok(Server::Child(child)) = found else { panic!("{file}") };
        assert_eq!(
            (child.dir, child.args),
            (Some(Path::new(project).join("data")), vec![project.to_owned()]),
            "{file}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_file_is_one_sentence() {
    let wrong = |text: &str| sentence(Config::parse("list.json", text));
    assert!(wrong("{").starts_with("list.json is not valid JSON: "), "{}", wrong("{"));
    assert!(wrong("{\n\"a\" 1}").contains("line 2"), "{}", wrong("{\n\"a\" 1}"));
    assert!(wrong("{'servers': {}}").contains("not valid JSON"));
    for text in ["{}", "[]", "1", ""] {
        assert!(wrong(text).contains("no list of servers"), "{text}: {}", wrong(text));
    }
    assert!(wrong(r#"{"servers":[]}"#).contains("no object"));
}

#[test]
fn what_is_wrong_with_an_entry_names_it_and_shows_no_value() {
    let wrong = |entry: &str| sentence(parse(&format!(r#"{{"mcpServers":{{"it":{entry}}}}}"#)).server("it"));
    for (entry, words) in [
        ("{}", "neither a \"command\" nor a \"url\""),
        ("1", "neither a \"command\" nor a \"url\""),
        (r#"{"command":"x","url":"s3cret"}"#, "both"),
        (r#"{"command":""}"#, "empty"),
        (r#"{"command":["s3cret"]}"#, "\"command\" that is no text"),
        (r#"{"command":"x","args":"s3cret"}"#, "no list of strings"),
        (r#"{"command":"x","args":[{"s3cret":1}]}"#, "not all strings"),
        (r#"{"command":"x","env":["s3cret"]}"#, "\"env\" that is no object"),
        (r#"{"command":"x","env":{"K":["s3cret"]}}"#, "\"env\" values"),
        (r#"{"command":"x","envFile":"s3cret"}"#, "envFile"),
        (r#"{"command":"x","type":"http"}"#, "type \"stdio\""),
        (r#"{"type":"stdio","url":"s3cret"}"#, "names no \"command\""),
        (r#"{"type":"http"}"#, "names no \"url\""),
        (r#"{"type":"s3cret","url":"http://h"}"#, "stdio, http, sse or ws"),
        (r#"{"url":"http://h","headers":{"a":1}}"#, "\"headers\" that are not all text"),
        (r#"{"command":"x","args":["${NO_SUCH_VARIABLE}"]}"#, "NO_SUCH_VARIABLE, which is not set"),
    ] {
        let said = wrong(entry);
        assert!(said.starts_with("the server \"it\" of list.json "), "{said}");
        assert!(said.contains(words) && !said.contains("s3cret"), "{entry}: {said}");
    }
    let missing = sentence(parse(r#"{"mcpServers":{"b":{},"a":{}}}"#).server("c"));
    assert_eq!(missing, "list.json has no server \"c\"; it has a, b");
    assert!(sentence(parse(r#"{"mcpServers":{}}"#).server("c")).ends_with("it lists none"));
}

#[test]
fn a_listing_holds_no_secret() {
    let list = parse(
        r#"{"mcpServers":{
            "local":{"command":"npx","args":["--key","s3cret"],"env":{"KEY":"s3cret"}},
            "plain":{"command":"server"},
            "far":{"url":"https://user:s3cret@h:1/mcp?key=s3cret","headers":{"a":"s3cret"}},
            "odd":{}}}"#,
    )
    .list();
    let all: Vec<String> = list.iter().map(|(name, at)| format!("{name}={at}")).collect();
    assert_eq!(all, ["far=https://h:1/mcp", "local=npx …", "odd=neither a command nor a URL", "plain=server"]);
}
