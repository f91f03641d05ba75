//! What cannot work says so, with a code of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::*;

#[test]
fn bad_input_is_one_clear_sentence() {
    let demo = Demo::start("input");
    for (url, words) in [
        ("", &["empty", "wss://"][..]),
        ("ftp://127.0.0.1/", &["ftp://", "ws:// or wss://", "tcp://", "unix:"]),
        ("127.0.0.1:80", &["no scheme", "behind --"]),
        ("tcp://nowhere", &["port"]),
        ("unix:", &["path"]),
        ("ws://", &["no host"]),
        ("ws://host:99999/", &["port"]),
    ] {
        run(&["tools", url]).says(2, words);
        run(&["call", url, "echo"]).says(2, words);
    }
    demo.call("echo", "{\"text\": }").says(2, &["not valid JSON", "line 1 column 10"]);
    demo.call("echo", "").says(2, &["empty", "{}"]);
    demo.call("echo", "[1]").says(2, &["an array", "JSON object"]);
    demo.call("echo", "@/no/such/file").says(2, &["cannot be read from /no/such/file"]);
    demo.call("ecco", "{}").says(2, &["no tool \"ecco\"", "did you mean echo"]);
    demo.call("", "{}").says(2, &["name is empty"]);
    demo.call("echo", "{}").says(1, &["text", "missing"]);
    run(&["tools", &demo.url, "--header", "nonsense"]).says(2, &["NAME:VALUE"]);
    run(&["tools", &demo.url, "--header", "Host: x"]).says(2, &["host"]);
    let machine = run(&["call", &demo.url, "ecco", "--json"]);
    assert_eq!(machine.json()["error"]["code"], "usage", "{machine:?}");
    for args in
        [&["call"][..], &["tools", "ws://h/", "--timeout", "0"], &["tools", "ws://h/", "--era", "old"], &["nothing"]]
    {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
    assert!(!run(&["tools", "ws://127.0.0.1:1/", "--token", "s3cret"]).err.contains("s3cret"));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    run(&["tools", &format!("ws://{free}/")]).says(3, &[&free.to_string()]);
    let machine = run(&["tools", &format!("ws://{free}/"), "--json"]);
    assert_eq!(machine.json()["error"]["code"], "connect_failed");
}

#[test]
fn a_path_that_is_not_served_is_refused() {
    let demo = Demo::start("path");
    run(&["tools", &format!("ws://{}/other", demo.address)]).says(3, &["404"]);
}

#[test]
fn a_server_that_wants_a_token_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    run(&["tools", &format!("ws://{address}/")]).says(6, &["--token"]);
}

#[test]
fn help_documents_the_exit_codes() {
    for args in [&["--help"][..], &["call", "--help"], &["tools", "--help"]] {
        let ran = run(args);
        assert_eq!(ran.code, Some(0));
        for line in ["1  the tool reported an error", "6  the server wants a token", "130  interrupted"] {
            assert!(ran.out.contains(line), "{}", ran.out);
        }
    }
}

#[test]
fn help_explains_how_to_say_where_the_server_is() {
    for command in ["tools", "call", "resources", "read", "prompts", "get", "ping", "listen", "bench", "bridge"] {
        let ran = run(&[command, "--help"]);
        assert_eq!(ran.code, Some(0), "{command}");
        for words in
            ["-- COMMAND [ARGUMENT]...", "--config FILE NAME", "unix:@name", &format!("everywire {command} [OPTIONS]")]
        {
            assert!(ran.out.contains(words), "{command}: {words}: {}", ran.out);
        }
    }
    for command in ["call", "get", "bench"] {
        assert!(run(&[command, "--help"]).out.contains("@FILE"), "{command}");
    }
}
