//! The page of the demo.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::*;

#[test]
fn the_page_is_served_with_its_types_and_nothing_else_is() {
    let demo = Demo::start("page");
    assert_eq!(demo.link, format!("http://{0}/#url=http://{0}/mcp&url=ws://{0}/mcp", demo.address));
    assert!(demo.address.starts_with("127.0.0.1:"), "{}", demo.address);
    for (path, media_type, body) in [
        ("/", "text/html; charset=utf-8", &b"<!doctype html><title>the page</title>"[..]),
        ("/?x=1", "text/html; charset=utf-8", b"<!doctype html><title>the page</title>"),
        ("/assets/code.wasm", "application/wasm", b"\0asm"),
        ("/assets/code.js", "text/javascript; charset=utf-8", b"export {}"),
    ] {
        let (head, got) = demo.get(path);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        let fields = format!("{}\r\n", head.to_ascii_lowercase());
        assert!(fields.contains(&format!("content-type: {media_type}\r\n")), "{path}: {head}");
        assert!(
            fields.contains("x-content-type-options: nosniff") && fields.contains("frame-ancestors 'none'"),
            "{head}"
        );
        assert_eq!(got, body, "{path}");
    }
    for path in
        ["/secret.txt", "/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "//secret.txt", "/assets"]
    {
        let (head, body) = demo.get(path);
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("not for the page"), "{path}");
    }
    let (head, _) = demo.get("/mcp");
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
}

#[test]
fn a_foreign_name_or_origin_gets_no_page() {
    let demo = Demo::start("foreign");
    let ask = |headers: &str| {
        let mut stream = TcpStream::connect(&demo.address).expect("connected");
        write!(stream, "GET / HTTP/1.1\r\nConnection: close\r\n{headers}\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(ask("Host: evil.example\r\n").starts_with("HTTP/1.1 403"));
    assert!(ask("Host: localhost\r\nOrigin: https://evil.example\r\n").starts_with("HTTP/1.1 403"));
    assert!(ask("Host: localhost\r\n").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_demo_without_a_page_says_how_to_build_one() {
    let folder = Folder::new("empty");
    let path = folder.0.to_str().expect("UTF-8");
    run(&["demo", "--www", path]).says(2, &["index.html", "scripts/demo"]);
}

#[test]
fn a_taken_port_is_named() {
    let demo = Demo::start("port");
    let port = demo.address.rsplit(':').next().expect("a port");
    let www = demo.folder.0.join("www");
    run(&["demo", "--port", port, "--www", www.to_str().expect("UTF-8")]).says(2, &["cannot listen", port]);
}
