//! Who may talk to the server: names, origins, pages of other origins, principals
//! (2026-07-28 basic/transports/streamable-http, security; WHATWG Fetch, CORS).

use everywire::proto::{CallToolResult, ElicitRequest};
use everywire::server::{HttpOptions, HttpService, Principal, RequestContext};
use http::Method;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_service::Service;

use crate::support::*;

const FAR: &str = "https://app.example";
const NEAR: &str = "http://localhost:5173";
const EVIL: &str = "https://evil.example.com";

/// Statuses of each method under these headers.
async fn statuses(site: &Site, headers: &[(&str, &str)]) -> Vec<u16> {
    let list = request(1, "tools/list", modern(json!({}))).to_string();
    let mut statuses = Vec::new();
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let mut all = vec![
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/list"),
            ("content-type", "application/json"),
            ("accept", BOTH),
        ];
        all.extend_from_slice(headers);
        let body = if method == Method::POST { list.clone() } else { String::new() };
        statuses.push(site.send(method, &all, body).await.status);
    }
    statuses
}

#[tokio::test]
async fn only_known_origins_and_names_are_served() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.allow_origin(FAR).allow_host("mcp.example")).await;
    let served = vec![200, 405, 405];
    let refused = vec![403; 3];
    for (name, value, allowed) in [
        ("origin", NEAR, true),
        ("origin", "http://127.0.0.1:1", true),
        ("origin", FAR, true),
        ("origin", EVIL, false),
        ("origin", "https://app.example.evil.com", false),
        ("origin", "null", false),
        ("origin", "http://localhost@evil.com", false),
        ("host", "localhost:1", true),
        ("host", "mcp.example", true),
        ("host", "evil.example.com", false),
        ("host", "localhost.evil.com", false),
        ("host", "a@localhost", false),
    ] {
        let expected = if allowed { &served } else { &refused };
        assert_eq!(&statuses(&site, &[(name, value)]).await, expected, "{name}: {value}");
    }
    assert_eq!(statuses(&site, &[]).await, served);
    // A page whose name was made to point here sends both.
    assert_eq!(statuses(&site, &[("host", "evil.example.com"), ("origin", "http://evil.example.com")]).await, refused);
}

/// A preflight, and what it is answered with.
async fn preflight(site: &Site, origin: &str, asks: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", asks),
        ("access-control-request-private-network", "true"),
    ];
    site.send(Method::OPTIONS, &headers, "").await
}

#[tokio::test]
async fn without_being_asked_for_there_is_no_cors() {
    let site = Site::new(&builder().build()).await;
    let answer = preflight(&site, NEAR, "content-type").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let answer = site.modern_with(&[("origin", NEAR)], "tools/list", json!({})).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_all_of_it() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.allow_origin(FAR)).await;
    let asks = "authorization,content-type,last-event-id,mcp-method,mcp-name,mcp-param-region,mcp-protocol-version,mcp-session-id,x-other";
    for origin in [FAR, NEAR] {
        let answer = preflight(&site, origin, asks).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let granted = answer.header("access-control-allow-headers").expect("headers").replace(", ", ",");
        assert_eq!(granted, asks.trim_end_matches(",x-other"));
        let methods = answer.header("access-control-allow-methods").expect("methods");
        assert!(["GET", "POST", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
        assert_eq!(answer.header("access-control-allow-private-network"), Some("true"));
        assert!(answer.header("access-control-max-age").is_some());
    }
    let answer = preflight(&site, EVIL, "content-type").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None));

    // The answer itself, an error too, can be read by the page; so can the session's id.
    let origin = [("origin", FAR)];
    for (answer, status) in [
        (site.modern_with(&origin, "tools/list", json!({})).await, 200),
        (site.modern_with(&origin, "no/such", json!({})).await, 404),
        (site.post(&origin, &json!(1)).await, 400),
        (site.send(Method::GET, &origin, "").await, 405),
    ] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(FAR), "{status}");
        let exposed = answer.header("access-control-expose-headers").expect("headers");
        assert!(exposed.contains("Mcp-Session-Id") && exposed.contains("WWW-Authenticate"), "{exposed}");
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
    }
    let nowhere = Site::with(&server, |bind| bind.allow_origin(FAR).path("/other")).await;
    let answer = nowhere.modern_with(&origin, "tools/list", json!({})).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (404, Some(FAR)));
    // A program gets none of it, but caches on the way have to know.
    let answer = site.modern("tools/list", json!({})).await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, Some("Origin")));
}

#[tokio::test]
async fn pages_on_loopback_can_be_given_cors() {
    let server = builder().build();
    let site = Site::with(&server, |bind| bind.http(HttpOptions::new().cors(true))).await;
    assert_eq!(preflight(&site, NEAR, "content-type").await.header("access-control-allow-origin"), Some(NEAR));
    assert_eq!(preflight(&site, FAR, "content-type").await.status, 403);
}

#[tokio::test]
async fn other_machines_have_to_be_allowed() {
    let server = builder().build();
    let error = server.bind_http("0.0.0.0:0").await.expect_err("not without being asked");
    assert!(error.to_string().contains("allow_remote"), "{error}");
    server.bind_http("0.0.0.0:0").allow_remote(true).await.expect("bound");
    let error = server.bind_http("127.0.0.1:0").allow_origin("nonsense").await.expect_err("no origin");
    assert!(error.to_string().contains("nonsense"), "{error}");
    assert!(server.http_service().allow_origin("app.example").build().is_err());
}

/// Asks the service as somebody, as authentication in front of it would.
async fn ask(
    service: &HttpService,
    who: Option<&str>,
    session: Option<&str>,
    body: &Value,
) -> (u16, Option<String>, Value) {
    let mut request = http::Request::post("http://localhost/mcp")
        .header("content-type", "application/json")
        .header("accept", BOTH)
        .header("host", "localhost");
    if body["params"]["_meta"].is_object() {
        request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", "tools/call");
        request = request.header("mcp-name", body["params"]["name"].as_str().unwrap_or_default());
    }
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    let mut request = request.body(Full::new(bytes::Bytes::from(body.to_string()))).expect("a request");
    if let Some(who) = who {
        request.extensions_mut().insert(Principal::new(who));
    }
    let Ok(response) = service.clone().call(request).await;
    let (parts, body) = response.into_parts();
    let session = parts.headers.get("mcp-session-id").map(|id| id.to_str().expect("text").to_owned());
    let Ok(body) = body.collect().await;
    (parts.status.as_u16(), session, serde_json::from_slice(&body.to_bytes()).unwrap_or_default())
}

#[tokio::test]
async fn sessions_and_state_belong_to_who_began_them() {
    let server = builder()
        .tool_fn("who", schema(), async |_, cx: RequestContext| {
            Ok(CallToolResult::text(cx.principal().unwrap_or("nobody")))
        })
        .tool_fn("greet", schema(), async |_, cx: RequestContext| {
            cx.elicit("name", ElicitRequest::form("Your name?", schema())).await?;
            Ok(CallToolResult::text("hello"))
        })
        .build();
    let service = server.http_service().build().expect("a service");
    let params =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "0"}});
    let (status, session, _) = ask(&service, Some("me"), None, &request(0, "initialize", params)).await;
    assert_eq!(status, 200);
    let call = request(1, "tools/call", json!({"name": "who"}));
    let (_, _, answer) = ask(&service, Some("me"), session.as_deref(), &call).await;
    assert_eq!(text(&answer), "me");
    for stranger in [Some("you"), None] {
        assert_eq!(ask(&service, stranger, session.as_deref(), &call).await.0, 404, "{stranger:?}");
    }

    let able = meta(json!({"elicitation": {}}));
    let greet = request(1, "tools/call", json!({"name": "greet", "_meta": able}));
    let (_, _, asked) = ask(&service, Some("me"), None, &greet).await;
    let again = json!({
        "name": "greet", "_meta": able,
        "requestState": asked["result"]["requestState"],
        "inputResponses": {"name": {"action": "decline"}},
    });
    let again = request(2, "tools/call", again);
    assert_eq!(code(&ask(&service, Some("you"), None, &again).await.2), -32602);
    assert_eq!(text(&ask(&service, Some("me"), None, &again).await.2), "hello");
    // Whoever it is, it stands in no debug text.
    assert!(!format!("{:?}", Principal::new("secret-name")).contains("secret-name"));
}
