//! The program `everywire`, run as people run it, against its own demo server.

#![cfg(all(not(target_arch = "wasm32"), feature = "cli"))]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

/// A demo server that ends with the test.
struct Demo {
    process: Child,
    address: String,
    url: String,
    link: String,
    folder: Folder,
}

/// A directory that ends with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("everywire-cli-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
        fs::write(&path, content).expect("a file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Demo {
    fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        folder.file("www/index.html", "<!doctype html><title>the page</title>");
        folder.file("www/assets/code.wasm", b"\0asm");
        folder.file("www/assets/code.js", "export {}");
        folder.file("secret.txt", "not for the page");
        let www = folder.0.join("www");
        let mut process = program()
            .args(["demo", "--www"])
            .arg(www)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let (page, server) = (next(), next());
        let link = page.split_whitespace().last().expect("a link").to_owned();
        // Over HTTP or over WebSocket; the latter is named last.
        let url = server.split_whitespace().last().expect("an address").to_owned();
        let address = url.trim_start_matches("ws://").trim_end_matches("/mcp").to_owned();
        Self { process, address, url, link, folder }
    }

    /// Answers one plain request: the head and the body.
    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("connected");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec())
    }

    fn call(&self, tool: &str, arguments: &str) -> Ran {
        run(&["call", &self.url, tool, arguments])
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everywire"));
    command.env_remove("EVERYWIRE_TOKEN");
    command
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It ended with this code and one sentence that holds the words.
    fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "one sentence: {self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing: {self:?}");
        }
    }
}

fn run(args: &[&str]) -> Ran {
    program().args(args).stdin(Stdio::null()).output().expect("the program starts").into()
}

fn run_with(args: &[&str], input: &str) -> Ran {
    let mut process = program()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    process.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    process.wait_with_output().expect("it ends").into()
}

#[test]
fn tools_are_listed_for_people_and_for_machines() {
    let demo = Demo::start("tools");
    let ran = run(&["tools", &demo.url]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.out.starts_with("everywire-demo "), "{}", ran.out);
    assert!(ran.out.contains("\necho  (Echo)\n  Says what it is told.\n    text *"), "{}", ran.out);
    let text = ran.out.find("text *").expect("text");
    assert!(text < ran.out.find("times").expect("times"), "in the schema's order: {}", ran.out);

    let listed = run(&["tools", &demo.url, "--json"]).json();
    assert_eq!(listed["server"]["protocolVersion"], "2026-07-28");
    assert_eq!(listed["server"]["serverInfo"]["name"], "everywire-demo");
    let names: Vec<&str> =
        listed["tools"].as_array().expect("a list").iter().filter_map(|t| t["name"].as_str()).collect();
    for name in
        ["echo", "slow", "book_table", "draw", "beep", "fail", "crash", "weather", "report", "logs", "plan_trip"]
    {
        assert!(names.contains(&name), "{name} is missing: {names:?}");
    }
    let legacy = run(&["tools", &demo.url, "--json", "--era", "legacy"]).json();
    assert_eq!(legacy["server"]["protocolVersion"], "2025-11-25");
    assert_eq!(legacy["tools"], listed["tools"]);
}

#[test]
fn arguments_come_from_the_line_a_file_or_standard_input() {
    let demo = Demo::start("arguments");
    let ran = demo.call("echo", r#"{"text":"hello","times":2}"#);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "hello\nhello\n", ""));
    let file = demo.folder.file("arguments.json", r#"{"text":"from a file"}"#);
    assert_eq!(demo.call("echo", &format!("@{file}")).out, "from a file\n");
    assert_eq!(run_with(&["call", &demo.url, "echo", "-"], r#"{"text":"from a pipe"}"#).out, "from a pipe\n");
    assert_eq!(run(&["call", &demo.url, "slow", r#"{"steps":2,"seconds":0}"#]).out, "2 steps done\n");
    assert_eq!(run(&["call", &demo.url, "report"]).code, Some(0), "no arguments");
}

#[test]
fn each_kind_of_result_is_shown() {
    let demo = Demo::start("results");
    let weather = demo.call("weather", r#"{"city":"Oslo"}"#);
    let shown: Value = serde_json::from_str(&weather.out).expect("the structured result, once");
    assert_eq!(shown["city"], "Oslo");
    let report = demo.call("report", "{}").out;
    assert!(report.contains("[demo://report]") && report.contains("[link demo://countdown] The countdown"), "{report}");
    let drawn = demo.call("draw", r#"{"size":32}"#).out;
    assert!(drawn.contains("[image, image/png, ") && drawn.contains("--save DIR"), "{drawn}");

    let folder = demo.folder.0.join("saved");
    let folder = folder.to_str().expect("UTF-8");
    for (tool, file, begin) in [("draw", "draw-2.png", &b"\x89PNG"[..]), ("beep", "beep-2.wav", b"RIFF")] {
        let ran = run(&["call", &demo.url, tool, "--save", folder]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains(file), "{ran:?}");
        assert!(fs::read(format!("{folder}/{file}")).expect("the file").starts_with(begin));
    }
    let whole = run(&["call", &demo.url, "draw", "--json"]).json();
    assert_eq!(whole["content"][1]["mimeType"], "image/png");
}

#[test]
fn a_failed_tool_and_a_refused_call_have_codes_of_their_own() {
    let demo = Demo::start("failures");
    let failed = demo.call("fail", "{}");
    failed.says(1, &["the tool reported an error", "printer is on fire"]);
    assert_eq!(failed.out, "");
    let machine = run(&["call", &demo.url, "fail", "--json"]);
    assert_eq!((machine.code, &machine.json()["isError"]), (Some(1), &json!(true)));

    demo.call("crash", "{}").says(4, &["-32050", "always refused"]);
    let machine = run(&["call", &demo.url, "crash", "--json"]);
    let error = &machine.json()["error"];
    assert_eq!(
        (&error["code"], &error["rpcCode"], &error["data"]["reason"]),
        (&json!("rpc"), &json!(-32050), &json!("demonstration"))
    );
    assert_eq!(machine.code, Some(4));
}

#[test]
fn bad_input_is_one_clear_sentence() {
    let demo = Demo::start("input");
    for (url, words) in [
        ("", &["empty", "wss://"][..]),
        ("ftp://127.0.0.1/", &["ws:// or wss://"]),
        ("127.0.0.1:80", &["no scheme"]),
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
fn no_answer_in_time_has_a_code_of_its_own() {
    let demo = Demo::start("timeout");
    let ran = run(&["call", &demo.url, "slow", r#"{"steps":1,"seconds":10}"#, "--timeout", "2"]);
    ran.says(5, &["within 2000 ms"]);
}

#[test]
fn nobody_at_a_terminal_declines() {
    let demo = Demo::start("declined");
    for era in ["modern", "legacy"] {
        let ran = run(&["call", &demo.url, "book_table", "--era", era]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "As you like: no table was booked.\n"), "{ran:?}");
        assert!(ran.err.contains("A table at Chez Wire") && ran.err.contains("declined"), "{ran:?}");
    }
}

#[test]
fn log_messages_are_shown_from_the_level_up() {
    let demo = Demo::start("logs");
    for era in ["modern", "legacy"] {
        let ran = run(&["call", &demo.url, "logs", "--log", "error", "--era", era]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.err.contains("[error] demo: ") && ran.err.contains("[emergency] demo: "), "{ran:?}");
        assert!(!ran.err.contains("[warning]"), "{ran:?}");
    }
}

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

/// Says when it begins and when it is dropped.
#[cfg(unix)]
struct Endless(std::sync::mpsc::Sender<&'static str>);

#[cfg(unix)]
impl everywire::server::ToolHandler for Endless {
    async fn call(
        &self,
        _: everywire::json::Json,
        _: everywire::server::RequestContext,
    ) -> Result<everywire::proto::CallToolResult, everywire::server::ToolError> {
        struct Dropped(std::sync::mpsc::Sender<&'static str>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                let _ = self.0.send("cancelled");
            }
        }
        let _dropped = Dropped(self.0.clone());
        let _ = self.0.send("begun");
        std::future::pending().await
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_the_call() {
    let patience = std::time::Duration::from_secs(30);
    let (tx, told) = std::sync::mpsc::channel();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = everywire::server::Server::builder("endless", "1").tool("endless", Endless(tx)).build();
    let listener = runtime.block_on(server.bind_websocket("127.0.0.1:0").into_future()).expect("bound");
    let url = listener.url().to_owned();
    runtime.spawn(listener.run(std::future::pending()));
    for era in ["modern", "legacy"] {
        let process = program()
            .args(["call", &url, "endless", "--era", era])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        assert_eq!(told.recv_timeout(patience), Ok("begun"), "{era}");
        let sent = Command::new("kill").args(["-INT", &process.id().to_string()]).status().expect("kill");
        assert!(sent.success());
        let ran = Ran::from(process.wait_with_output().expect("it ends"));
        ran.says(130, &["interrupted"]);
        assert_eq!(told.recv_timeout(patience), Ok("cancelled"), "{era}");
    }
}
