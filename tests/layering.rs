//! Modules import only downwards, target cfg stands only where whole files are chosen, and a carrier's library is known only to its carrier.

#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom: each module with the modules below it. `error`, and the items of [`LEAVES`], are known to all.
const BELOW: &[(&str, &[&str])] = &[
    ("error", &["json"]),
    ("platform", &[]),
    ("json", &["platform"]),
    ("proto", &["json", "platform"]),
    ("frame", &["proto", "json", "platform"]),
    ("resilience", &["proto", "json", "platform"]),
    ("transport", &["frame", "proto", "json", "platform"]),
    ("session", &["frame", "resilience", "proto", "json", "platform"]),
    ("first_answer", &["session", "transport", "frame", "platform"]),
    ("fuzzing", &["first_answer", "session", "transport", "frame"]),
    ("client", &["session", "transport", "frame", "resilience", "proto", "json", "platform"]),
    ("server", &["session", "transport", "frame", "resilience", "proto", "json", "platform"]),
    ("testing", &["client", "server", "session", "transport", "frame", "resilience", "proto", "json", "platform"]),
    ("js", &["client", "session", "transport", "frame", "resilience", "proto", "json", "platform"]),
];

/// Plain values that import nothing themselves, and so sit below everything wherever their file lies.
const LEAVES: &[&str] = &["frame::RequestId", "transport::TransportError", "transport::TransportErrorKind"];

/// The only places that may name a carrier's library.
const CARRIERS: &[(&str, &[&str])] = &[
    ("tungstenite", &["transport/native/websocket", "server/listen"]),
    ("hyper", &["transport/native/fetch", "server/listen", "server/http"]),
    ("schemars::", &["server/typed"]),
    ("rustls", &["transport/native/tls.rs", "transport/native/fetch/tests"]),
];

const TARGETS: &[&str] = &["target_arch", "target_family", "target_os", "cfg(unix)", "cfg(windows)"];

/// What is wrong in one source file, `path` being relative to `src/`.
fn faults(path: &str, source: &str) -> Vec<String> {
    let module = path.split(['/', '.']).next().unwrap_or_default();
    let mut found = Vec::new();
    if module == "bin" {
        // A program uses the crate from outside, so the compiler keeps it to the public names.
        return found;
    }
    let code: Vec<&str> = source.lines().map(without_comment).collect();
    for name in imports(&code.join("\n")) {
        let top = name.split("::").next().unwrap_or_default();
        if module == "lib" || top == module || top == "error" || top == "Error" || top == "RpcError" {
            continue;
        }
        if LEAVES.iter().any(|leaf| covers(leaf, &name)) {
            continue;
        }
        let Some((_, below)) = BELOW.iter().find(|(upper, _)| *upper == module) else {
            found.push(format!("{path}: module `{module}` has no place in the order"));
            continue;
        };
        if BELOW.iter().any(|(known, _)| *known == top) && !below.contains(&top) {
            found.push(format!("{path}: `{module}` must not import `{name}`"));
        }
    }
    for (library, homes) in CARRIERS {
        if code.iter().any(|line| line.contains(library)) && !homes.iter().any(|home| path.starts_with(home)) {
            found.push(format!("{path}: only {homes:?} may name {library}"));
        }
    }
    if path != "lib.rs" && !path.ends_with("mod.rs") {
        for line in
            code.iter().filter(|line| line.contains("cfg") && TARGETS.iter().any(|target| line.contains(target)))
        {
            found.push(format!("{path}: a target is chosen in lib.rs or a mod.rs, not here: {}", line.trim()));
        }
    }
    found
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The paths below `crate::`; a group in braces is spread out, one level deep.
fn imports(code: &str) -> Vec<String> {
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            let (head, tail) = rest.split_at(end);
            match tail.strip_prefix('{') {
                Some(group) => spread(head, group),
                None => vec![head.trim_end_matches(':').to_owned()],
            }
        })
        .collect()
}

fn spread(head: &str, group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().expect("never empty").push(c),
            _ => {}
        }
    }
    names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(|name| format!("{head}{name}")).collect()
}

/// Whether an imported path is the leaf itself or something inside it, such as a variant.
fn covers(leaf: &str, name: &str) -> bool {
    name.strip_prefix(leaf).is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with(" as "))
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn modules_import_only_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were not found under {}", root.display());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
            faults(&path, &fs::read_to_string(file).expect("readable text"))
        })
        .collect();
    assert!(found.is_empty(), "forbidden:\n{}", found.join("\n"));
}

#[test]
fn a_forbidden_edge_is_found() {
    for (path, source) in [
        ("transport/native/websocket.rs", "use crate::session::Session;"),
        ("transport/mod.rs", "    let s = crate::session::Session::new();"),
        ("json/native.rs", "use crate::frame::{Outbound, RequestId};"),
        ("session/link.rs", "use crate::transport::{Link, TransportError};"),
        ("session/mod.rs", "use crate::{\n    json::Json,\n    client::Client,\n};"),
        ("platform/web.rs", "use crate::json::Json;"),
        ("client/mod.rs", "use crate::js::Core;"),
        ("server/mod.rs", "use crate::client::Client;"),
        ("novel/mod.rs", "use crate::json::Json;"),
        ("client/driver.rs", "use tokio_tungstenite::connect_async;"),
        ("transport/http/core.rs", "use hyper::body::Incoming;"),
        ("transport/native/websocket/connect.rs", "use rustls::ClientConfig;"),
        ("session/link.rs", "#[cfg(target_arch = \"wasm32\")]"),
        ("client/call.rs", "    #[cfg(unix)]"),
    ] {
        assert_eq!(faults(path, source).len(), 1, "{path}: {source}: {:?}", faults(path, source));
    }
}

#[test]
fn an_allowed_edge_is_not() {
    for (path, source) in [
        ("lib.rs", "#[cfg(target_arch = \"wasm32\")]\nmod js;\npub use crate::client::Client;"),
        ("json/mod.rs", "use crate::frame::RequestId;\ncfg_if! { if #[cfg(target_arch = \"wasm32\")] {"),
        (
            "session/link.rs",
            "use crate::transport::TransportErrorKind as T;\nuse crate::transport::{TransportError, TransportErrorKind};",
        ),
        ("client/driver.rs", "use crate::session::{Output, Session};\nuse crate::transport::Link;"),
        ("transport/native/websocket/carrier.rs", "use tokio_tungstenite::tungstenite::Message;"),
        ("proto/tool.rs", "// as crate::session::Session does\nuse crate::Error;"),
    ] {
        assert_eq!(faults(path, source), Vec::<String>::new(), "{path}");
    }
}
