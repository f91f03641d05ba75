use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use socket2::{Domain, SockAddr, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::Unix;
use crate::frame::{Inbound, Outbound};
use crate::transport::{Transport, TransportError, TransportErrorKind};

/// A folder of this test's own.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("everywire-{}-{:x}", std::process::id(), crate::platform::seed()));
        std::fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Talks over one connection, once it stands.
pub(super) async fn talk(listener: &UnixListener, transport: &mut Unix) {
    let (link, accepted) = tokio::join!(transport.connect(), listener.accept());
    let (mut link, mut peer) = (link.expect("connected"), accepted.expect("accepted").0);
    assert_eq!((link.transport, link.profile.reopens()), ("unix", true));
    link.tx.send(Outbound::Message("{\"id\":1}".to_owned().into())).await.expect("sent");
    let mut read = [0; 9];
    peer.read_exact(&mut read).await.expect("read");
    assert_eq!(&read, b"{\"id\":1}\n");
    peer.write_all(b"[2]\n").await.expect("written");
    match link.rx.next().await {
        Some(Ok(Inbound::Message(text))) => assert_eq!(text.as_str(), "[2]"),
        other => panic!("{other:?}"),
    }
    drop(peer);
    assert!(link.rx.next().await.is_none());
}

async fn refused(path: &Path) -> TransportError {
    let error = Unix::new(path).expect("a path").connect().await.expect_err("nobody listens");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.detail().contains(&path.to_string_lossy().into_owned()), "{error}");
    error
}

#[tokio::test]
async fn messages_go_both_ways_over_a_fresh_connection_each_time() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let listener = UnixListener::bind(&path).expect("bound");
    let mut transport = Unix::new(&path).expect("a path");
    assert_eq!(transport.address(), Some(format!("unix:{}", path.display())));
    talk(&listener, &mut transport).await;
    talk(&listener, &mut transport).await;
}

#[test]
fn a_path_that_no_socket_can_have_is_refused() {
    for path in ["", "@", "a\0b", "@a\0b", &"x".repeat(200), &format!("@{}", "x".repeat(200))] {
        let error = Unix::new(path).expect_err(path);
        assert_eq!(*error.kind(), TransportErrorKind::Config, "{path}");
    }
}

#[tokio::test]
async fn errors_say_what_to_do() {
    let folder = Folder::new();
    let missing = refused(&folder.path("missing")).await;
    assert!(missing.detail().contains("is the server running"), "{missing}");

    let file = folder.path("file");
    std::fs::write(&file, "text").expect("written");
    let error = refused(&file).await;
    assert!(error.detail().contains("no socket"), "{error}");

    let stale = folder.path("stale");
    drop(UnixListener::bind(&stale).expect("bound"));
    let error = refused(&stale).await;
    assert!(error.detail().contains("nobody listens"), "{error}");

    // Whoever is allowed everything is never denied anything: the words alone are looked at.
    let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let advice = Unix::new(folder.path("mine")).expect("a path").advice(&denied);
    assert!(advice.contains("permission denied") && advice.contains("must allow"), "{advice}");
}

#[tokio::test]
async fn a_server_that_does_not_accept_is_waited_for_and_given_up_in_time() {
    let folder = Folder::new();
    let path = folder.path("busy");
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    socket.bind(&SockAddr::unix(&path).expect("a path")).expect("bound");
    socket.listen(0).expect("listening");
    let mut queued = Vec::new();
    let hasty = || Unix::new(&path).expect("a path").connect_timeout(Duration::from_millis(50));
    let error = loop {
        match hasty().connect().await {
            Ok(link) => queued.push(link),
            Err(error) => break error,
        }
        assert!(queued.len() < 16, "the queue is never full");
    };
    assert!(error.detail().contains("50 ms") && error.detail().contains("connect_timeout"), "{error}");

    let mut patient = Unix::new(&path).expect("a path").connect_timeout(Duration::from_secs(60));
    let mut connecting = patient.connect();
    assert!(connecting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // Whoever accepts makes room.
    let mut accepted = Vec::new();
    for _ in 0..queued.len() {
        accepted.push(socket.accept().expect("one of the queue"));
    }
    connecting.await.expect("connected");
}
