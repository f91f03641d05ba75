//! What fails says what failed, and whether the request can have left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;

use super::support::*;
use crate::transport::http::Fetch;
use crate::transport::{Http, TransportErrorKind};

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = format!("http://{address}/mcp?ticket=secret");
    let error = exchange(&mut fetcher(), post(&url, "{}")).await.expect_err("nobody is there");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("check the address"), "{text}");
    assert!(text.contains("os error"), "the cause: {text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn an_unknown_name_is_no_connection() {
    let error = exchange(&mut fetcher(), get("http://nobody.invalid:81/")).await.expect_err("no such name");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.to_string().contains("nobody.invalid:81"), "{error}");
}

#[tokio::test]
async fn a_request_is_not_repeated_once_the_server_has_it() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let peer = Peer::start(move |mut wire| {
        let count = count.clone();
        async move {
            while let Some(asked) = wire.asked().await {
                count.fetch_add(1, Ordering::SeqCst);
                if asked.body == "die" {
                    return;
                }
                wire.say(json(&asked.body)).await;
            }
        }
    })
    .await;
    // On a fresh connection, and on one that was used before.
    for kept in [false, true] {
        let mut fetcher = fetcher();
        asked.store(0, Ordering::SeqCst);
        if kept {
            exchange(&mut fetcher, post(&peer.url("/"), "live")).await.expect("an answer");
        }
        let error = exchange(&mut fetcher, post(&peer.url("/?ticket=secret"), "die")).await.expect_err("no answer");
        assert_eq!(*error.kind(), TransportErrorKind::Lost, "{error}");
        assert!(error.to_string().contains("may have been executed"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(asked.load(Ordering::SeqCst), 1 + usize::from(kept));
    }
}

#[tokio::test]
async fn what_is_no_http_is_said_to_be_none() {
    let peer = Peer::start(|mut wire| async move {
        wire.asked().await;
        wire.say("SSH-2.0-OpenSSH_9.6\r\n").await;
        wire.gone().await;
    })
    .await;
    let error = exchange(&mut fetcher(), post(&peer.url("/"), "{}")).await.expect_err("no answer");
    assert_eq!(*error.kind(), TransportErrorKind::Protocol, "{error}");
    assert!(error.to_string().contains("did not answer in HTTP"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    for url in ["", "/mcp", "ftp://h/", "http://", "http://u:secret@h/", "http://h:99999/", "http://h/a b"] {
        let error = exchange(&mut fetcher(), get(url)).await.expect_err(url);
        assert_eq!(*error.kind(), TransportErrorKind::Config, "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    for (name, value) in [("x-a", "secret\r\nx-b: c"), ("x a", "secret")] {
        let mut request = get("http://127.0.0.1:9/");
        request.headers.push((name.into(), value.into()));
        let error = exchange(&mut fetcher(), request).await.expect_err(name);
        assert_eq!(*error.kind(), TransportErrorKind::Config, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn an_address_that_cannot_work_is_refused_when_it_is_given() {
    let refused = |url: &str| {
        let error = Http::new(url).expect_err(url);
        assert_eq!(*error.kind(), TransportErrorKind::Config);
        error.to_string()
    };
    for url in ["http://h:99999/", "http://h:/", "http://[::1/", "http://a<b/"] {
        assert!(refused(url).contains("not a valid"), "{url}");
    }
    #[cfg(not(feature = "tls"))]
    assert!(refused("https://localhost/").contains("feature `tls`"));
    #[cfg(feature = "tls")]
    Http::new("https://localhost/").expect("a good address");
    Http::new("HTTP://[::1]:80/mcp?key").expect("a good address");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_longer_than_a_connection() {
    let peer = Peer::start(|mut wire| async move {
        while let Some(asked) = wire.asked().await {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            wire.say(json(&asked.body)).await;
        }
    })
    .await;
    let answer = exchange(&mut fetcher(), post(&peer.url("/"), "late")).await.expect("an answer");
    assert_eq!(answer.1, "late");
}

#[tokio::test]
async fn other_exchanges_do_not_mind() {
    let peer = Peer::start(|mut wire| async move {
        while let Some(asked) = wire.asked().await {
            if asked.body == "die" {
                return;
            }
            wire.say(json(&asked.body)).await;
        }
    })
    .await;
    let mut fetcher = fetcher();
    fetcher.start(1, post(&peer.url("/"), "die"));
    assert_eq!(*failure(&mut fetcher).await.kind(), TransportErrorKind::Lost);
    assert_eq!(exchange(&mut fetcher, post(&peer.url("/"), "live")).await.expect("an answer").1, "live");
}
