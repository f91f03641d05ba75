//! Who gets in.

use crate::support::{Bridge, Folder, call, program};

#[tokio::test]
async fn the_token_in_the_printed_link_lets_a_client_in() {
    let mut bridge = Bridge::usual(&[]).await;
    let token = bridge.token.clone().expect("a token");
    assert_eq!(token.len(), 32);
    let client = bridge.client().await;
    assert_eq!(call(&client, "echo", "through").await, "through");
    client.close().await;
    bridge.says("client 1 connected: websocket from 127.0.0.1:").await;
    bridge.says("client 1 left").await;
    assert!(!bridge.said.iter().any(|line| line.contains(&token)), "{:?}", bridge.said);
}

#[tokio::test]
async fn others_are_refused_before_a_backend_is_started() {
    let mut bridge = Bridge::usual(&[]).await;
    let own = format!("http://{}", bridge.address());
    let bearer = format!("Bearer {}", bridge.token.as_deref().expect("a token"));
    let offered = format!("mcp, mcp.auth.{}", bridge.token.as_deref().expect("a token"));
    let rebound = format!("evil.example:{}", bridge.address().rsplit(':').next().expect("a port"));
    let table: &[(&[(&str, &str)], u16)] = &[
        (&[], 401),
        (&[("Authorization", "Bearer 00000000000000000000000000000000")], 401),
        (&[("Origin", &own)], 401),
        (&[("Origin", &own), ("Sec-WebSocket-Protocol", "mcp, mcp.auth.x")], 401),
        (&[("Origin", "https://evil.example"), ("Authorization", &bearer)], 403),
        (&[("Origin", "http://localhost:5173"), ("Authorization", &bearer)], 403),
        (&[("Origin", "null"), ("Sec-WebSocket-Protocol", &offered)], 403),
        (&[("Host", &rebound), ("Origin", "http://evil.example"), ("Authorization", &bearer)], 403),
        (&[("Host", &rebound), ("Authorization", &bearer)], 403),
    ];
    for (headers, status) in table {
        assert_eq!(bridge.handshake(headers).await, *status, "{headers:?}");
    }
    // The first that is let in is client 1: none of those above was.
    assert_eq!(bridge.handshake(&[("Origin", &own), ("Sec-WebSocket-Protocol", &offered)]).await, 101);
    bridge.says(&format!("page {own}")).await;
    bridge.says("client 1 connected: ").await;
    assert!(bridge.said.iter().all(|line| !line.starts_with("client 2")), "{:?}", bridge.said);
    // Each is told of, with the page that asked.
    for (status, words) in [("401", "wants its token"), ("403", "page https://evil.example"), ("403", "host name")] {
        let told = |line: &String| line.starts_with(&format!("refused with {status}: websocket from 127.0.0.1:"));
        assert!(bridge.said.iter().any(|line| told(line) && line.contains(words)), "{words}: {:?}", bridge.said);
    }
    assert_eq!(bridge.said.iter().filter(|line| line.starts_with("refused with ")).count(), table.len());
}

#[tokio::test]
async fn an_origin_and_a_token_of_ones_own_are_let_in() {
    let bridge = Bridge::usual(&["--allow-origin", "https://app.example", "--token", "0123456789abcdef"]).await;
    assert_eq!(bridge.token, None, "what one gives oneself is not printed again");
    let bearer = ("Authorization", "Bearer 0123456789abcdef");
    assert_eq!(bridge.handshake(&[("Origin", "https://app.example"), bearer]).await, 101);
    assert_eq!(bridge.handshake(&[("Origin", "https://app.example")]).await, 401);
    assert_eq!(bridge.handshake(&[("Origin", "https://app.example:8443"), bearer]).await, 403);
}

#[tokio::test]
async fn without_a_token_it_warns() {
    let mut bridge = Bridge::usual(&["--no-token"]).await;
    bridge.says("warning: without a token").await;
    let client = bridge.client().await;
    // Nor does the backend inherit what the bridge asks its clients for.
    assert_eq!(call(&client, "variable", "PATH").await, "there");
    assert_eq!(bridge.handshake(&[("Origin", "http://localhost:5173")]).await, 403);
}

#[tokio::test]
async fn the_backend_does_not_inherit_the_token() {
    let backend = crate::support::backend();
    let arguments = ["--listen", "ws://127.0.0.1:0", "--", &backend];
    let mut bridge =
        Bridge::start_with(&arguments, |command| command.env("EVERYWIRE_BRIDGE_TOKEN", "0123456789abcdef")).await;
    bridge.token = Some("0123456789abcdef".to_owned());
    let client = bridge.client().await;
    assert_eq!(call(&client, "variable", "EVERYWIRE_BRIDGE_TOKEN").await, "not there");
    assert_eq!(call(&client, "variable", "PATH").await, "there");
}

#[tokio::test]
async fn the_page_is_served_beside_the_socket_and_its_link_has_the_token_in_the_fragment() {
    let folder = Folder::new("page");
    std::fs::write(folder.0.join("index.html"), "<!doctype html><title>the page</title>").expect("a file");
    let bridge = Bridge::usual(&["--www", &folder.path("")]).await;
    let page = bridge.page.clone().expect("a page");
    let (address, fragment) = page.split_once('#').expect("a fragment");
    let token = bridge.token.as_deref().expect("a token");
    assert!(fragment.contains(&format!("token={token}")) && !address.contains(token), "{page}");
    assert!(fragment.contains(&format!("url={}", bridge.url)) && fragment.contains("bridge=bridge_backend"), "{page}");
    let answer = bridge.get("/").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("the page"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("referrer-policy: no-referrer"), "{answer}");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_at_the_start() {
    let backend = crate::support::backend();
    let table: &[(&[&str], &str)] = &[
        (&["--listen", "tcp://127.0.0.1:0"], "--no-token"),
        (&["--listen", "ws://0.0.0.0:0"], "give --allow-remote"),
        (&["--listen", "wss://127.0.0.1:0"], "proxy"),
        (&["--listen", "unix:/tmp/x", "--token", "x"], "leave --token out"),
        (&["--listen", "tcp://127.0.0.1:0", "--no-token", "--allow-origin", "https://a.example"], "ws:// listener"),
        (&["--listen", "ws://127.0.0.1:0", "--allow-origin", "app"], "no origin"),
        (&["--listen", "ws://127.0.0.1:0", "--token", "x", "--no-token"], "cannot be used with"),
    ];
    for (options, words) in table {
        let ran = program().arg("bridge").args(*options).args(["--", &backend]).output().await.expect("it runs");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(2) && said.contains(words), "{options:?}: {said}");
    }
}
