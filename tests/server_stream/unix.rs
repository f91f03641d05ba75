//! The file of a Unix socket: who may use it, when it is replaced, when it goes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use everywire::proto::CallToolResult;
use everywire::server::RequestContext;
use serde_json::json;

use crate::support::*;

const NOBODY: &str = "65534";
/// Makes of this test program a client that is asked to connect: see [`connects_when_asked`].
const ASKED: &str = "EVERYWIRE_TEST_CONNECT";

async fn refused(bind: everywire::server::Bind) -> String {
    bind.await.expect_err("refused").to_string()
}

#[tokio::test]
async fn the_file_is_ours_alone_unless_it_is_said_otherwise() {
    let server = builder().build();
    for (mode, expected) in [(None, 0o600), (Some(0o660), 0o660), (Some(0o666), 0o666), (Some(0o600), 0o600)] {
        let folder = Folder::new();
        let bind = server.bind_unix(folder.socket());
        let listener = mode.map_or(bind.clone(), |mode| bind.mode(mode)).await.expect("bound");
        let found = fs::symlink_metadata(folder.socket()).expect("a file");
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, expected);
        // Nothing is left of the way there, and nothing at all afterwards.
        assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 1);
        drop(listener);
        assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 0);
    }
    let folder = Folder::new();
    assert!(refused(server.bind_unix(folder.socket()).mode(0o10600)).await.contains("permissions"));
}

#[tokio::test]
async fn only_what_nobody_listens_on_is_replaced() {
    let server = builder().build();
    let folder = Folder::new();
    let path = folder.socket();
    // A socket that was left behind.
    drop(UnixListener::bind(&path).expect("bound"));
    let left = fs::symlink_metadata(&path).expect("a file").ino();
    let site = Site::over(server.bind_unix(&path).await.expect("replaced"), None);
    assert_ne!(fs::symlink_metadata(&path).expect("a file").ino(), left);
    // A live server's, ours or another's.
    let why = refused(server.bind_unix(&path)).await;
    assert!(why.contains("a server is listening on") && why.contains("mcp.sock"), "{why}");
    assert_eq!(site.connect().await.echo(json!({})).await, json!({}));
    site.stopped().await;
    assert!(!path.exists());
    let other = UnixListener::bind(&path).expect("bound");
    assert!(refused(server.bind_unix(&path)).await.contains("a server is listening on"));
    drop(other);
    fs::remove_file(&path).expect("removed");
    // What is no socket.
    fs::write(&path, "precious").expect("written");
    assert!(refused(server.bind_unix(&path)).await.contains("is no socket"));
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(folder.0.join("nowhere"), &link).expect("a link");
    assert!(refused(server.bind_unix(&link)).await.contains("is no socket"));
    // What cannot be.
    assert!(refused(server.bind_unix("/")).await.contains("names no socket"));
    assert!(refused(server.bind_unix(folder.0.join("no/such/folder.sock"))).await.contains("cannot listen"));
    let deep = folder.0.join("x".repeat(100));
    fs::create_dir(&deep).expect("a folder");
    assert!(refused(server.bind_unix(deep.join("s"))).await.contains("too long"));
    assert_eq!(fs::read_dir(&deep).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_file_that_is_not_ours_any_more_stays() {
    let folder = Folder::new();
    let path = folder.socket();
    let listener = builder().build().bind_unix(&path).await.expect("bound");
    fs::remove_file(&path).expect("removed");
    let other = UnixListener::bind(&path).expect("bound");
    drop(listener);
    assert!(path.exists());
    drop(other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_start_at_once_one_has_the_place() {
    let server = builder().build();
    for _ in 0..20 {
        let folder = Folder::new();
        drop(UnixListener::bind(folder.socket()).expect("a socket that is left behind"));
        let starting = (0..8).map(|_| tokio::spawn(server.bind_unix(folder.socket()).into_future()));
        let mut bound = Vec::new();
        for started in futures_util::future::join_all(starting).await {
            match started.expect("no panic") {
                Ok(listener) => bound.push(listener),
                Err(error) => assert!(error.to_string().contains("a server is listening on"), "{error}"),
            }
        }
        assert_eq!(bound.len(), 1);
        let site = Site::over(bound.remove(0), None);
        assert_eq!(site.connect().await.echo(json!({})).await, json!({}));
        site.stopped().await;
    }
}

#[tokio::test]
async fn options_that_would_do_nothing_are_refused() {
    let server = builder().build();
    let tcp = || server.bind_tcp("127.0.0.1:0");
    let unix = || server.bind_unix("/nonexistent/mcp.sock");
    for (bind, word) in [
        (tcp().mode(0o600), "permissions"),
        (tcp().token("s3cr3t"), "tokens"),
        (tcp().path("/mcp"), "paths"),
        (tcp().allow_origin("https://app.example"), "origins"),
        (tcp().allow_host("app.example"), "hosts"),
        (unix().token("s3cr3t"), "tokens"),
        (unix().allow_remote(true), "allow_remote"),
        (unix().and_websocket(), "TCP address"),
        (unix().http(everywire::server::HttpOptions::new()), "TCP address"),
        (server.bind_websocket("127.0.0.1:0").mode(0o600), "permissions"),
        (server.bind_tcp("0.0.0.0:0"), "allow_remote"),
        (server.bind_tcp("nowhere"), "host:port"),
    ] {
        assert!(!format!("{bind:?}").contains("s3cr3t"));
        let why = refused(bind).await;
        assert!(why.contains(word) && !why.contains("s3cr3t"), "{why}");
    }
    assert!(tcp().allow_remote(true).await.is_ok());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abstract_name_has_no_file() {
    let server = builder().build();
    let name = format!("@everywire-test-{}", std::process::id());
    let site = Site::over(server.bind_unix(&name).await.expect("bound"), None);
    assert_eq!(site.url, format!("unix:{name}"));
    let client = everywire::Client::connect(&site.url).await.expect("connected");
    assert_eq!(said(&client.call_tool("echo", json!({"a": 1})).await.expect("an answer")), r#"{"a":1}"#);
    assert!(refused(server.bind_unix(&name)).await.contains("cannot listen on the abstract socket"));
    assert!(refused(server.bind_unix(&name).mode(0o600)).await.contains("no permissions"));
    client.close().await;
    site.stopped().await;
    assert!(server.bind_unix(&name).await.is_ok());
}

/// No test by itself: connects to the socket that the environment names, as long as it is told to, and prints how often
/// that worked and how often it was not permitted.
#[test]
fn connects_when_asked() {
    let Ok(path) = std::env::var(ASKED) else { return };
    let mut input = std::io::stdin().lock();
    loop {
        let mut order = String::new();
        if input.read_line(&mut order).unwrap_or(0) == 0 {
            return;
        }
        let (mut connected, mut denied, mut absent) = (0_u32, 0_u32, 0_u32);
        for _ in 0..order.trim().parse().unwrap_or(1) {
            match std::os::unix::net::UnixStream::connect(&path) {
                Ok(mut stream) => {
                    connected += 1;
                    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": modern(json!({"name": "who"}))});
                    let _ = stream.write_all(format!("{call}\n").as_bytes());
                    let mut answer = String::new();
                    let _ = BufReader::new(stream).read_line(&mut answer);
                    println!("answer {answer}");
                }
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => denied += 1,
                Err(_) => absent += 1,
            }
        }
        println!("tried {connected} {denied} {absent}");
    }
}

/// This test program as another user, with orders to connect. `None` where that cannot be: only root can.
struct Other {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Other {
    fn start(folder: &Folder, path: &Path, group: &str) -> Option<Self> {
        if fs::metadata("/proc/self").map(|own| own.uid()).ok() != Some(0) {
            println!("skipped: only root can be another user");
            return None;
        }
        // Where the program lies, others may not be let in.
        let program = folder.0.join("program");
        if !program.exists() {
            fs::copy(std::env::current_exe().expect("this program"), &program).expect("copied");
        }
        let spawned = Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", group, "--clear-groups"])
            .arg(&program)
            .args(["--exact", "unix::connects_when_asked", "--nocapture", "--test-threads=1"])
            .env(ASKED, path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        match spawned {
            Ok(mut child) => Some(Self { said: BufReader::new(child.stdout.take().expect("piped")), child }),
            Err(error) => {
                println!("skipped: no setpriv: {error}");
                None
            }
        }
    }

    fn order(&mut self, times: u32) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{times}").expect("it listens");
    }

    /// How often it connected, was not permitted to, found nothing; and the last answer that it got.
    fn told(&mut self) -> ([u32; 3], String) {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.said.read_line(&mut line).expect("text"), 0, "it ended");
            if let Some(found) = line.find("answer ") {
                line[found + 7..].clone_into(&mut answer);
            }
            if let Some(counts) = line.find("tried ").map(|found| &line[found + 6..]) {
                let counts: Vec<u32> =
                    counts.split_whitespace().map(|count| count.parse().expect("a number")).collect();
                return (counts.try_into().expect("three"), answer);
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_sees_the_permissions() {
    let server = builder()
        .tool_fn("who", schema(), async |_, cx: RequestContext| {
            let told = cx.peer().credentials.map(|told| (told.uid, told.gid));
            Ok(CallToolResult::text(format!("{told:?}")))
        })
        .build();
    for (mode, group, lets_in) in
        [(0o600, "0", false), (0o660, NOBODY, false), (0o660, "0", true), (0o666, NOBODY, true)]
    {
        let folder = Folder::new();
        let site = Site::over(server.bind_unix(folder.socket()).mode(mode).await.expect("bound"), None);
        let Some(mut other) = Other::start(&folder, &folder.socket(), group) else { return };
        let (counts, answer) = tokio::task::spawn_blocking(move || {
            other.order(1);
            other.told()
        })
        .await
        .expect("no panic");
        assert_eq!(counts, if lets_in { [1, 0, 0] } else { [0, 1, 0] }, "{mode:o} as group {group}");
        if lets_in {
            assert!(answer.contains(&format!("Some((65534, {group}))")), "{answer}");
        }
        site.stopped().await;
    }
}

/// Where files are everybody's from the beginning: that must not be what keeps others out.
#[test]
fn there_is_no_moment_in_which_another_user_may_connect() {
    let own = std::env::current_exe().expect("this program");
    let again = Command::new("sh")
        .args(["-c", "umask 0; exec \"$0\" \"$@\""])
        .arg(own)
        .args(["--exact", "unix::never_others_without_umask", "--nocapture", "--include-ignored"])
        .status();
    assert!(again.expect("a shell").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "another test runs it without a umask"]
async fn never_others_without_umask() {
    let server = builder().build();
    let folder = Folder::new();
    let Some(mut other) = Other::start(&folder, &folder.socket(), NOBODY) else { return };
    let (mut denied, mut binds, mut tries) = (0, 0, 0);
    while denied < 50 && tries < 20 {
        tries += 1;
        other.order(50_000);
        let mut trying = tokio::task::spawn_blocking(move || (other.told().0, other));
        // It tries over and over while the socket comes and goes.
        let (counts, other_again) = loop {
            let listener = server.bind_unix(folder.socket()).await.expect("bound");
            let tried = tokio::select! {
                biased;
                tried = &mut trying => Some(tried.expect("no panic")),
                () = tokio::task::yield_now() => None,
            };
            drop(listener);
            match tried {
                Some(tried) => break tried,
                None => binds += 1,
            }
        };
        other = other_again;
        assert_eq!(counts[0], 0, "it connected");
        denied += counts[1];
    }
    assert!(denied >= 50 && binds >= 50, "they hardly met: {denied} attempts met the socket, which came {binds} times");
    println!(
        "of {tries} times 50,000 attempts {denied} were not permitted and none was, while the socket came {binds} times"
    );
}
