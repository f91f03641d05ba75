use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use socket2::{Domain, SockRef, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::{Tcp, TcpKeepAlive};
use crate::frame::{Inbound, Outbound};
use crate::transport::{Transport, TransportErrorKind};

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

fn to(address: SocketAddr) -> Tcp {
    Tcp::new(&address.to_string()).expect("an address")
}

/// An address where nobody listens.
async fn closed() -> SocketAddr {
    listener().await.1
}

/// An address that lets every connection wait, for as long as what is returned lives.
async fn silent() -> (SocketAddr, impl Sized) {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().expect("an address").into()).expect("bound");
    socket.listen(0).expect("listening");
    let address = socket.local_addr().expect("bound").as_socket().expect("an address");
    let mut waiting = Vec::new();
    // Whom the queue has no room for is not answered at all.
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream);
        assert!(waiting.len() < 16, "the queue is never full");
    }
    (address, (socket, waiting))
}

#[tokio::test]
async fn messages_go_both_ways_over_a_fresh_connection_each_time() {
    let (listener, address) = listener().await;
    let mut transport = to(address);
    for _ in 0..2 {
        let (link, accepted) = tokio::join!(transport.connect(), listener.accept());
        let (mut link, mut peer) = (link.expect("connected"), accepted.expect("accepted").0);
        assert_eq!((link.transport, link.profile.reopens()), ("tcp", true));
        link.tx.send(Outbound::Message("{\"id\":1}".to_owned().into())).await.expect("sent");
        let mut read = [0; 9];
        peer.read_exact(&mut read).await.expect("read");
        assert_eq!(&read, b"{\"id\":1}\n");
        peer.write_all(b"[2]\r\n").await.expect("written");
        match link.rx.next().await {
            Some(Ok(Inbound::Message(text))) => assert_eq!(text.as_str(), "[2]"),
            other => panic!("{other:?}"),
        }
        drop(peer);
        assert!(link.rx.next().await.is_none());
    }
}

#[test]
fn an_address_is_a_host_and_a_port() {
    for (given, label) in [
        ("localhost:9000", "localhost:9000"),
        ("TCP://127.0.0.1:1/", "127.0.0.1:1"),
        ("tcp://[::1]:65535", "[::1]:65535"),
        ("mcp_server.internal:80", "mcp_server.internal:80"),
    ] {
        let transport = Tcp::new(given).expect(given);
        assert_eq!(transport.address(), Some(format!("tcp://{label}")));
    }
    for given in [
        "",
        ":",
        "localhost",
        "localhost:",
        ":9000",
        "localhost:0",
        "localhost:65536",
        "localhost:+80",
        "::1:80",
        "[::1]",
        "[::1:80",
        "[localhost]:80",
        "tcp://",
        "tcp://host:80/path",
        "user@host:80",
        "host:80?x",
        "a b:80",
        "http://host:80",
        "host:80#",
        "h\u{0}st:80",
    ] {
        let error = Tcp::new(given).expect_err(given);
        assert_eq!(*error.kind(), TransportErrorKind::Config, "{given}");
    }
}

#[tokio::test]
async fn the_socket_has_what_the_builder_was_told() {
    let (_listener, address) = listener().await;
    let keep = TcpKeepAlive { time: Duration::from_secs(7), interval: Duration::from_secs(3), retries: 5 };
    let told = to(address).nodelay(false).keep_alive(keep).send_buffer(50_000).receive_buffer(40_000);
    let stream = told.stream().await.expect("connected");
    let socket = SockRef::from(&stream);
    assert!(!socket.tcp_nodelay().expect("an option"));
    assert!(socket.keepalive().expect("an option"));
    assert_eq!(socket.tcp_keepalive_time().expect("an option"), keep.time);
    assert_eq!(socket.tcp_keepalive_interval().expect("an option"), keep.interval);
    assert_eq!(socket.tcp_keepalive_retries().expect("an option"), keep.retries);
    // Linux doubles both, for its own book-keeping.
    for (asked, size) in [(50_000, socket.send_buffer_size()), (40_000, socket.recv_buffer_size())] {
        let size = size.expect("an option");
        assert!(size == asked || size == 2 * asked, "{size} where {asked} were asked for");
    }
    let stream = to(address).stream().await.expect("connected");
    let socket = SockRef::from(&stream);
    assert!(socket.tcp_nodelay().expect("an option"));
    assert!(!socket.keepalive().expect("an option"));
}

#[tokio::test]
async fn a_buffer_that_the_system_does_not_grant_is_an_error() {
    let (_listener, address) = listener().await;
    for transport in [to(address).send_buffer(i32::MAX as usize), to(address).receive_buffer(i32::MAX as usize)] {
        let error = transport.stream().await.expect_err("too large");
        assert_eq!(*error.kind(), TransportErrorKind::Config);
        assert!(error.detail().contains("buffer"), "{error}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named() {
    let address = closed().await;
    let error = to(address).connect().await.expect_err("nobody listens");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.detail().contains(&format!("tcp://{address}")) && error.detail().contains("refused"), "{error}");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let (silent, _kept) = silent().await;
    let (_listener, open) = listener().await;
    let closed = closed().await;
    let transport = to(open).connect_timeout(Duration::from_secs(1));
    let stream = transport.first(&[closed, silent, open], Instant::now()).await.expect("the last one answers");
    assert_eq!(stream.peer_addr().expect("connected"), open);
    let error = transport.first(&[closed, silent], Instant::now()).await.expect_err("none answers");
    for address in [closed, silent] {
        assert!(error.detail().contains(&address.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    let (silent, _kept) = silent().await;
    let mut transport = to(silent).connect_timeout(Duration::from_millis(50));
    let error = transport.connect().await.expect_err("nobody answers");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.detail().contains("50 ms") && error.detail().contains("connect_timeout"), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to() {
    let mut transport = Tcp::new("no-such-host.invalid:1").expect("an address");
    let error = transport.connect().await.expect_err("RFC 6761 section 6.4");
    assert_eq!(*error.kind(), TransportErrorKind::ConnectFailed);
    assert!(error.detail().contains("name"), "{error}");
}

#[tokio::test]
async fn closing_with_unread_data_resets_nothing() {
    let (listener, address) = listener().await;
    let mut transport = to(address);
    let (link, accepted) = tokio::join!(transport.connect(), listener.accept());
    let (mut link, mut peer) = (link.expect("connected"), accepted.expect("accepted").0);
    peer.write_all(&b"[\"nobody reads this\"]\n".repeat(10_000)).await.expect("written");
    link.tx.feed(Outbound::Message("\"goodbye\"".to_owned().into())).await.expect("queued");
    let read = async move {
        let mut read = String::new();
        peer.read_to_string(&mut read).await.map(|_| read)
    };
    let (closed, read) = tokio::join!(link.tx.close(), read);
    closed.expect("closed");
    drop(link);
    assert_eq!(read.expect("no reset"), "\"goodbye\"\n");
}

#[tokio::test]
async fn a_peer_that_resets_the_connection_is_a_loss() {
    let (listener, address) = listener().await;
    let mut transport = to(address);
    let (link, accepted) = tokio::join!(transport.connect(), listener.accept());
    let (mut link, peer) = (link.expect("connected"), accepted.expect("accepted").0);
    // Without time to linger, closing is a reset.
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).expect("an option");
    drop(peer);
    match link.rx.next().await {
        Some(Err(error)) => assert_eq!(*error.kind(), TransportErrorKind::Lost),
        other => panic!("{other:?}"),
    }
}
