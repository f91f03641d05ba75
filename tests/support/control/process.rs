use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::hole::Hole;
use crate::log::Log;
use crate::scripted::Era;

/// A peer in a process of its own, which can be killed and started again on the same port.
pub(crate) struct Process {
    pub(crate) port: u16,
    pub(crate) hole: Hole,
    program: String,
    carrier: String,
    pub(crate) path: PathBuf,
    era: Era,
    log: Arc<Log>,
    child: Mutex<Option<Child>>,
    generation: AtomicU32,
}

impl Process {
    pub(crate) async fn new(program: &str, carrier: &str, era: Era, log: Arc<Log>) -> Result<Self, String> {
        let port = free_port().await.map_err(|error| error.to_string())?;
        let hole = Hole::before(port).await.map_err(|error| error.to_string())?;
        let process = Self {
            port,
            hole,
            program: program.to_owned(),
            carrier: carrier.to_owned(),
            path: socket(port).map_err(|error| error.to_string())?,
            era,
            log,
            child: Mutex::new(None),
            generation: AtomicU32::new(0),
        };
        process.start().await?;
        Ok(process)
    }

    /// Returns once the peer listens. It is told how often it was started before.
    pub(crate) async fn start(&self) -> Result<Value, String> {
        let mut held = self.child.lock().await;
        if held.is_some() {
            return Err("it runs already".into());
        }
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let program = if self.program == "scripted" { own } else { own.with_file_name(&self.program) };
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let mut child = Command::new(program)
            .args(["--peer", self.era.name(), "--generation", &generation.to_string()])
            .args(["--port", &self.port.to_string(), "--carrier", &self.carrier])
            .arg("--path")
            .arg(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!(
                    "{} could not be started ({error}); cargo build --examples --all-features builds it",
                    self.program
                )
            })?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        loop {
            match lines.next_line().await {
                Ok(Some(line)) if line.starts_with("listening") => break,
                Ok(Some(_)) => {}
                _ => return Err(format!("{} ended before it listened", self.program)),
            }
        }
        let log = self.log.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                log.note(line);
            }
        });
        *held = Some(child);
        Ok(json!(true))
    }

    /// SIGKILL. Returns when the process is gone.
    pub(crate) async fn kill(&self) -> Result<Value, String> {
        let mut child = self.child.lock().await.take().ok_or("it does not run")?;
        child.kill().await.map_err(|error| error.to_string())?;
        Ok(json!(true))
    }
}

/// The folder of this process's Unix sockets.
pub(crate) fn sockets() -> PathBuf {
    std::env::temp_dir().join(format!("everywire-control-{}", std::process::id()))
}

/// Where the peer of this port has its Unix socket, if it has one.
pub(crate) fn socket(port: u16) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(sockets())?;
    Ok(sockets().join(port.to_string()))
}

/// The port stays the peer's own over restarts, so it cannot be left to the peer to choose. It is taken from below those
/// that systems hand out by themselves (32768 and up on Linux): while the peer is down nobody else is given it.
async fn free_port() -> std::io::Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut failed = None;
    for _ in 0..100 {
        let step = std::process::id().wrapping_mul(31).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + (step % 20_000) as u16;
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(_) => return Ok(port),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| std::io::ErrorKind::AddrNotAvailable.into()))
}
