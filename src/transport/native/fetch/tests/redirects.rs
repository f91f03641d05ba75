//! Redirects: within the origin only, and never into another request.

use super::support::*;
use crate::transport::http::{Content, Fetch, Method, Request};

fn to(status: u16, location: &str) -> String {
    answer(status, &format!("location: {location}\r\n"), "")
}

fn with_token(mut request: Request) -> Request {
    request.headers.push(("authorization".into(), "Bearer secret".into()));
    request
}

#[tokio::test]
async fn a_post_follows_within_its_origin() {
    for status in [307, 308] {
        let peer = Peer::answering(move |asked| match asked.line() {
            "POST /old HTTP/1.1" => to(status, "../new/place?x=1"),
            "POST /new/place?x=1 HTTP/1.1" => {
                json(&format!("{} {}", asked.body, asked.header("authorization").unwrap_or("no token")))
            }
            other => answer(404, "", other),
        })
        .await;
        let answer = exchange(&mut fetcher(), with_token(post(&peer.url("/old"), "body"))).await.expect("an answer");
        assert_eq!(answer, (200, "body Bearer secret".to_owned()));
        assert_eq!(peer.accepted(), 1);
    }
}

#[tokio::test]
async fn a_post_that_would_become_a_get_is_not_followed() {
    for status in [300, 301, 302, 303, 304] {
        let peer = Peer::answering(move |_| to(status, "/new")).await;
        let mut fetcher = fetcher();
        fetcher.start(1, post(&peer.url("/old"), "body"));
        assert_eq!(head(&mut fetcher).await, (status, Content::Other));
        assert_eq!(fetcher.header(1, "location").as_deref(), Some("/new"));
    }
}

#[tokio::test]
async fn a_get_follows_and_a_delete_only_as_itself() {
    let peer = Peer::answering(|asked| match asked.line() {
        "GET /302 HTTP/1.1" | "DELETE /302 HTTP/1.1" => to(302, "/new"),
        "DELETE /308 HTTP/1.1" => to(308, "/new"),
        line => json(line),
    })
    .await;
    for (method, path, status) in
        [(Method::Get, "/302", 200), (Method::Delete, "/302", 302), (Method::Delete, "/308", 200)]
    {
        let request = Request { method, ..get(&peer.url(path)) };
        assert_eq!(exchange(&mut fetcher(), request).await.expect("an answer").0, status, "{method:?} {path}");
    }
}

#[tokio::test]
async fn no_request_goes_to_another_origin() {
    let elsewhere = Peer::answering(|_| json("stolen")).await;
    let url = elsewhere.url("/");
    let peer = Peer::answering(move |_| to(307, &url)).await;
    let mut fetcher = fetcher();
    fetcher.start(1, with_token(post(&peer.url("/"), "body")));
    assert_eq!(head(&mut fetcher).await, (307, Content::Other));
    assert_eq!(fetcher.header(1, "location"), Some(elsewhere.url("/")));
    assert_eq!((peer.accepted(), elsewhere.accepted()), (1, 0));
}

#[tokio::test]
async fn a_circle_ends() {
    let peer = Peer::answering(|asked| {
        let number: u32 = asked.line()[6..7].parse().expect("a digit");
        to(307, &format!("/{}", number + 1))
    })
    .await;
    let mut fetcher = fetcher();
    fetcher.start(1, post(&peer.url("/0"), "body"));
    assert_eq!(head(&mut fetcher).await, (307, Content::Other));
    assert_eq!(fetcher.header(1, "location").as_deref(), Some("/6"), "five were followed");
}
