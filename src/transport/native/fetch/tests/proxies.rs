//! Proxies: from a setting and from the environment, and where none is wanted.

use std::process::{Command, Stdio};

use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::support::*;
use crate::transport::TransportErrorKind;
use crate::transport::native::fetch::proxy::{Proxies, Proxy};

/// A proxy that answers by itself what it is asked to forward.
async fn forwarding() -> Peer {
    Peer::answering(|asked| {
        let authorization = asked.header("proxy-authorization").unwrap_or("none");
        json(&format!("{} | {} | {authorization}", asked.line(), asked.header("host").unwrap_or_default()))
    })
    .await
}

#[tokio::test]
async fn a_plain_request_is_forwarded() {
    let proxy = forwarding().await;
    for (credential, authorization) in [("", "none"), ("user:p%40ss@", "Basic dXNlcjpwQHNz")] {
        let url = format!("http://{credential}{}", proxy.address);
        let mut fetcher = fetcher_with(|options| options.proxy(&url).expect("a proxy"));
        for _ in 0..2 {
            let answer = exchange(&mut fetcher, post("http://server.invalid:81/mcp?x", "{}")).await.expect("an answer");
            let line = format!("POST http://server.invalid:81/mcp?x HTTP/1.1 | server.invalid:81 | {authorization}");
            assert_eq!(answer.1, line);
        }
    }
    assert_eq!(proxy.accepted(), 2, "connections to a proxy are kept");
}

#[tokio::test]
async fn a_proxy_that_was_set_counts_for_this_machine_too() {
    let proxy = forwarding().await;
    let mut fetcher = fetcher_with(|options| options.proxy(&proxy.address.to_string()).expect("a proxy"));
    let answer = exchange(&mut fetcher, get("http://localhost:1/")).await.expect("an answer");
    assert!(answer.1.starts_with("GET http://localhost:1/"), "{}", answer.1);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for scheme in ["http", "socks5h"] {
        let mut fetcher =
            fetcher_with(|options| options.proxy(&format!("{scheme}://u:secret@{address}")).expect("a proxy"));
        let error = exchange(&mut fetcher, get("http://server.invalid/")).await.expect_err("no proxy");
        assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
        let text = error.to_string();
        assert!(text.contains(&address.to_string()) && text.contains("server.invalid:80"), "{text}");
        assert!(text.contains("ALL_PROXY") && !text.contains("secret"), "{text}");
    }
}

#[test]
fn what_is_no_proxy_is_refused() {
    for url in ["", "ftp://p:1", "http://", "socks9://p:1", "http://a b/"] {
        let error = Proxy::at(url).err().unwrap_or_else(|| panic!("{url} was taken"));
        assert_eq!(*error.kind(), TransportErrorKind::Config);
    }
    #[cfg(not(feature = "tls"))]
    assert!(Proxy::at("https://p:1").is_err_and(|error| error.to_string().contains("feature `tls`")));
}

/// A SOCKS 5 proxy (RFC 1928) that wants this name and password (RFC 1929) and leads everywhere to `target`.
async fn socks(stream: &mut TcpStream, target: std::net::SocketAddr) -> Option<String> {
    let mut two = [0; 2];
    stream.read_exact(&mut two).await.ok()?;
    let mut methods = vec![0; usize::from(two[1])];
    stream.read_exact(&mut methods).await.ok()?;
    assert!(two[0] == 5 && methods.contains(&2), "a password is offered");
    stream.write_all(&[5, 2]).await.ok()?;
    let mut credential = [0; 1 + 1 + 4 + 1 + 2];
    stream.read_exact(&mut credential).await.ok()?;
    assert_eq!(&credential, b"\x01\x04user\x02pw");
    stream.write_all(&[1, 0]).await.ok()?;
    let mut request = [0; 5];
    stream.read_exact(&mut request).await.ok()?;
    assert_eq!(request[..4], [5, 1, 0, 3], "connect to a name");
    let mut name = vec![0; usize::from(request[4]) + 2];
    stream.read_exact(&mut name).await.ok()?;
    let mut onward = TcpStream::connect(target).await.ok()?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    let _ = copy_bidirectional(stream, &mut onward).await;
    let port = u16::from_be_bytes([name[name.len() - 2], name[name.len() - 1]]);
    Some(format!("{}:{port}", String::from_utf8_lossy(&name[..name.len() - 2])))
}

#[tokio::test]
async fn socks_5_leads_on() {
    let peer = Peer::answering(|asked| json(asked.line())).await;
    let target = peer.address;
    let (tx, mut names) = tokio::sync::mpsc::unbounded_channel();
    let proxy = Peer::start(move |wire| {
        let tx = tx.clone();
        async move { tx.send(socks(&mut wire.0.into_inner(), target).await).expect("wanted") }
    })
    .await;
    let mut fetcher =
        fetcher_with(|options| options.proxy(&format!("socks5h://user:pw@{}", proxy.address)).expect("a proxy"));
    let answer = exchange(&mut fetcher, get("http://server.invalid/mcp")).await.expect("an answer");
    assert_eq!(answer.1, "GET /mcp HTTP/1.1", "the server sees no proxy");
    drop(fetcher);
    assert_eq!(names.recv().await.flatten().as_deref(), Some("server.invalid:80"));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_says_nothing_meets_the_connect_timeout() {
    let proxy = Peer::start(|mut wire| async move { wire.gone().await }).await;
    let mut fetcher = fetcher_with(|options| {
        options.proxy(&format!("socks5h://{}", proxy.address)).expect("a proxy");
        options.connect_timeout(std::time::Duration::from_millis(250));
    });
    let error = exchange(&mut fetcher, get("http://server.invalid/")).await.expect_err("no connection");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("server.invalid:80") && error.to_string().contains("250 ms"), "{error}");
    assert!(error.to_string().contains("connect_timeout"), "{error}");
}

#[test]
fn without_proxies_there_is_none() {
    let uri = Uri::from_static("http://server.invalid/");
    assert!(Proxies::new(&Proxy::Never).of(&uri).is_none());
    assert!(Proxies::new(&Proxy::At("http://p:1".into())).of(&uri).is_some());
}

/// The environment of a process cannot be changed safely, so this is one of its own.
#[test]
fn the_environments_proxies_count_except_for_this_machine() {
    let path = "transport::native::fetch::tests::proxies::in_an_environment_of_its_own";
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", path, "--ignored", "--nocapture"])
        .env_clear()
        .env("HTTP_PROXY", "http://user:pw@forward.invalid:3128")
        .env("ALL_PROXY", "socks5://all.invalid")
        .env("NO_PROXY", "spared.example,10.0.0.0/8")
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "the test above runs it"]
fn in_an_environment_of_its_own() {
    let proxies = Proxies::new(&Proxy::default());
    for (url, proxy) in [
        ("http://server.example/", Some("http://forward.invalid:3128/")),
        ("https://server.example/", Some("socks5://all.invalid/")),
        ("http://spared.example/", None),
        ("https://api.spared.example/", None),
        ("http://10.1.2.3/", None),
        ("http://localhost:3000/", None),
        ("http://api.LOCALHOST./", None),
        ("http://127.1.2.3/", None),
        ("http://[::1]:8080/", None),
        ("http://[::ffff:127.0.0.1]/", None),
        ("http://localhost.example/", Some("http://forward.invalid:3128/")),
    ] {
        let found = proxies.of(&Uri::from_static(url)).map(|proxy| proxy.uri().to_string());
        assert_eq!(found.as_deref(), proxy, "{url}");
    }
    let authorization = |url| proxies.authorization(&Uri::from_static(url));
    assert!(authorization("http://server.example/").is_some());
    assert!(authorization("https://server.example/").is_none(), "the server must not see it");
    assert!(authorization("http://localhost/").is_none());
}
