//! Our client and the servers of others as its child processes.

use std::path::Path;
use std::process::Command;

use everywire::frame::{Inbound, Outbound};
use everywire::proto::{CompletionReference, Root, SubscriptionFilter};
use everywire::transport::{StdioCommand, StdioTransport, Transport as _};
use everywire::{Builder, Client, Era, EraChoice, Event};
use futures_util::future::join;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::http_servers::changes;
use crate::peers::{installed, node, python, python2};
use crate::{PATIENCE, ada, echoes, everything, fails, steps, text};

/// A server that a shell starts for us: the shell says on stderr who it is and how the server ended, so that the transport
/// need not be believed.
struct Program {
    stderr: mpsc::UnboundedReceiver<String>,
    ended: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

fn child(command: &Command) -> (StdioCommand, mpsc::UnboundedReceiver<String>) {
    let (tell, stderr) = mpsc::unbounded_channel();
    let mut child = StdioTransport::command("sh")
        .args(["-c", r#"echo "pid $$" >&2; "$0" "$@"; echo "status $?" >&2"#])
        .arg(command.get_program())
        .args(command.get_args())
        .on_stderr(move |line| _ = tell.send(line.to_owned()));
    if let Some(folder) = command.get_current_dir() {
        child = child.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        child = child.env(name, value.expect("nothing is taken away"));
    }
    (child, stderr)
}

async fn start(command: &Command, dress: impl FnOnce(Builder) -> Builder) -> (Client, Program) {
    let (child, stderr) = child(command);
    let ended = Box::pin(child.ended());
    let client = dress(Client::over(child)).connect().await.expect("connects");
    (client, Program { stderr, ended })
}

impl Program {
    /// Waits for a line that begins so, and gives the rest of it.
    async fn says(&mut self, begin: &str) -> String {
        let line = async {
            while let Some(line) = self.stderr.recv().await {
                if let Some(rest) = line.strip_prefix(begin) {
                    return rest.trim().to_owned();
                }
            }
            panic!("the program ended without saying {begin:?}");
        };
        tokio::time::timeout(PATIENCE, line).await.unwrap_or_else(|_| panic!("says {begin:?}"))
    }

    /// The server ended of itself once its standard input did, and nothing is left.
    async fn ends_tidily(mut self, client: &Client, pid: &str) {
        client.close().await;
        assert_eq!(self.says("status ").await, "0");
        self.ends(client, pid).await;
    }

    /// Nothing is left.
    async fn ends(self, client: &Client, pid: &str) {
        client.close().await;
        tokio::time::timeout(PATIENCE, self.ended).await.expect("ends");
        assert!(!Path::new("/proc").join(pid).exists(), "{pid} is still there");
    }
}

async fn meets(mut command: Command, choice: EraChoice, era: Era) {
    command.arg("stdio");
    let (client, mut program) = start(&command, |builder| builder.era(choice).on_elicit(ada)).await;
    let pid = program.says("pid ").await;
    let server = client.server().expect("said who it is");
    let version = if era == Era::Modern { "2026-07-28" } else { "2025-11-25" };
    assert_eq!((server.era, server.protocol_version), (era, version));
    assert!(server.info.expect("has a name").name.ends_with("-peer"));

    let mut tools: Vec<_> = client.tools_all().await.expect("lists").into_iter().map(|tool| tool.name).collect();
    tools.retain(|name| name != "ask_aside");
    tools.sort();
    assert_eq!(tools, ["ask", "change", "echo", "fail", "never", "steps"]);
    echoes(&client).await;
    join(echoes(&client), echoes(&client)).await;
    fails(&client).await;
    assert_eq!(steps(&client).await, [1.0, 2.0, 3.0]);
    assert_eq!(text(&client.call_tool("ask", json!({})).await.expect("asks")), "accept: Ada");
    tokio::time::timeout(PATIENCE, changes(&client)).await.expect("is told of a change");

    let (tell, mut running) = mpsc::unbounded_channel();
    let never = client.call_tool("never", json!({})).progress(move |_| _ = tell.send(()));
    let never = tokio::spawn(async move { never.await.map(drop) });
    tokio::time::timeout(PATIENCE, running.recv()).await.expect("runs").expect("reports");
    never.abort();
    program.says("never ended").await;

    client.ping().await.expect("answers a ping");
    program.ends_tidily(&client, &pid).await;
}

#[tokio::test]
async fn python_1() {
    meets(python("server.py"), EraChoice::Auto, Era::Legacy).await;
}

#[tokio::test]
async fn python_2() {
    meets(python2("server2.py"), EraChoice::Auto, Era::Modern).await;
}

#[tokio::test]
async fn python_2_begun_with_initialize() {
    meets(python2("server2.py"), EraChoice::Legacy, Era::Legacy).await;
}

#[tokio::test]
async fn typescript_1() {
    meets(node("server.mjs"), EraChoice::Auto, Era::Legacy).await;
}

#[tokio::test]
async fn typescript_2() {
    meets(node("server2.mjs"), EraChoice::Auto, Era::Modern).await;
}

#[tokio::test]
async fn typescript_2_begun_with_initialize() {
    meets(node("server2.mjs"), EraChoice::Legacy, Era::Legacy).await;
}

fn package(name: &str) -> Command {
    node(&format!("node_modules/@modelcontextprotocol/{name}/dist/index.js"))
}

#[tokio::test]
async fn server_everything() {
    let (client, mut program) = start(&package("server-everything"), everything::dressed).await;
    let pid = program.says("pid ").await;
    everything::exercise(&client).await;

    // Subscribed to, a resource is told of at once when the updates are switched on.
    let uri = client.resources_all().await.expect("lists resources")[0].uri.clone();
    let read = client.read_resource(&uri).await.expect("reads");
    assert_eq!(read.contents[0].uri, uri);
    let mut events = client.events();
    let _subscription = client.listen(SubscriptionFilter::new().resource(&uri)).await.expect("subscribes");
    client.call_tool("toggle-subscriber-updates", json!({})).await.expect("switches on");
    let updated = async {
        while let Some(event) = events.next().await {
            if matches!(&event, Event::ResourceUpdated { uri: of } if *of == uri) {
                return;
            }
        }
        panic!("the client closed");
    };
    tokio::time::timeout(PATIENCE, updated).await.expect("is told of the update");
    client.call_tool("toggle-subscriber-updates", json!({})).await.expect("switches off");

    assert!(!client.resource_templates_all().await.expect("lists templates").is_empty());
    let department = CompletionReference::prompt("completable-prompt");
    let suggested = client.complete(&department, "department", "E").await.expect("completes").completion.values;
    assert_eq!(suggested, ["Engineering"]);
    // While a question of its own waits for an answer it does not mind the end of its input: it has to be told to go.
    program.ends(&client, &pid).await;
}

#[tokio::test]
async fn server_filesystem() {
    let folder = tempfile("filesystem");
    let mut command = package("server-filesystem");
    command.arg(&folder);
    let (client, mut program) = start(&command, |builder| builder).await;
    let pid = program.says("pid ").await;
    let note = folder.join("żółw.txt");
    let path = note.to_str().expect("UTF-8");
    // Longer than a pipe holds, both ways.
    let long = "a line of żółw\n".repeat(20_000);
    let written = client.call_tool("write_file", json!({"path": path, "content": long})).await.expect("writes");
    assert!(!written.is_error, "{}", written.all_text());
    assert_eq!(std::fs::read_to_string(&note).expect("is there"), long);
    let read = client.call_tool("read_text_file", json!({"path": path})).await.expect("reads");
    assert_eq!(read.all_text(), long);
    let listed = client.call_tool("list_directory", json!({"path": folder})).await.expect("lists");
    assert!(listed.all_text().contains("[FILE] żółw.txt"), "{}", listed.all_text());
    let outside = client.call_tool("read_text_file", json!({"path": "/etc/passwd"})).await.expect("answers");
    assert!(outside.is_error, "{}", outside.all_text());
    program.ends_tidily(&client, &pid).await;
    std::fs::remove_dir_all(folder).expect("is ours");
}

/// It takes its folders from the client's roots, which it asks for as soon as the client is initialized.
#[tokio::test]
async fn server_filesystem_with_the_clients_roots() {
    let folder = tempfile("roots");
    let root = Root::new(format!("file://{}", folder.display()));
    let dress = |builder: Builder| builder.roots(vec![root]);
    let mut command = package("server-filesystem");
    command.arg(installed());
    let (client, mut program) = start(&command, dress).await;
    let pid = program.says("pid ").await;
    let knows = async {
        let folder = folder.to_str().expect("UTF-8");
        while !client.call_tool("list_allowed_directories", ()).await.expect("answers").all_text().contains(folder) {}
    };
    tokio::time::timeout(PATIENCE, knows).await.expect("learns the root");
    program.ends_tidily(&client, &pid).await;
    std::fs::remove_dir_all(folder).expect("is ours");
}

#[tokio::test]
async fn server_memory() {
    let folder = tempfile("memory");
    let mut command = package("server-memory");
    command.env("MEMORY_FILE_PATH", folder.join("memory.jsonl"));
    let entity = json!({"name": "Ada", "entityType": "person", "observations": ["wrote the first program"]});
    // What one process was told, the next one knows.
    for round in 0..2 {
        let (client, mut program) = start(&command, |builder| builder).await;
        let pid = program.says("pid ").await;
        if round == 0 {
            let told = client.call_tool("create_entities", json!({"entities": [entity]})).await.expect("is told");
            assert!(!told.is_error, "{}", told.all_text());
        }
        let known = client.call_tool("search_nodes", json!({"query": "first program"})).await.expect("searches");
        let known: Value = known.structured_content.expect("structured").parse().expect("JSON");
        assert_eq!(known["entities"], json!([entity]));
        program.ends_tidily(&client, &pid).await;
    }
    std::fs::remove_dir_all(folder).expect("is ours");
}

fn tempfile(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("everywire-interop-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.canonicalize().expect("a folder")
}

/// What each server says to the first request of a client that may be modern.
#[tokio::test]
async fn what_a_probe_is_answered() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let probe = json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": meta}}).to_string();
    let with = |mut command: Command| {
        command.arg("stdio");
        command
    };
    let servers = [
        ("Python 1", with(python("server.py")), Some(-32602)),
        ("Python 2", with(python2("server2.py")), None),
        ("TypeScript 1", with(node("server.mjs")), Some(-32601)),
        ("TypeScript 2", with(node("server2.mjs")), None),
        ("everything", package("server-everything"), Some(-32601)),
        ("memory", package("server-memory"), Some(-32601)),
    ];
    for (name, command, refused) in servers {
        let (mut child, _stderr) = child(&command);
        let mut link = child.connect().await.expect(name);
        link.tx.send(Outbound::Message(probe.clone().into())).await.expect(name);
        let answer = tokio::time::timeout(PATIENCE, link.rx.next()).await.expect(name).expect(name).expect(name);
        let Inbound::Message(answer) = answer else { panic!("{name}: no message: {answer:?}") };
        let answer: Value = serde_json::from_str(answer.as_str()).expect(name);
        assert_eq!(answer["id"], 1, "{name}: {answer}");
        assert_eq!(answer["error"]["code"].as_i64(), refused, "{name}: {answer}");
        if refused.is_none() {
            assert_eq!(answer["result"]["supportedVersions"], json!(["2026-07-28"]), "{name}: {answer}");
        }
        link.tx.close().await.expect(name);
    }
}
