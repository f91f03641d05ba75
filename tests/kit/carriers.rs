//! This crate's own transports keep what every transport has to keep.

use everywire::testing::{Report, promises};
use everywire::transport::memory::Memory;

use crate::host;

fn all_kept(report: &Report) {
    report.assert();
    assert!(report.skipped().is_empty(), "{report}");
}

#[host::test]
async fn memory_keeps_every_promise() {
    let report = promises(async |server| {
        let (transport, links) = Memory::new();
        server.listen(links);
        transport
    });
    all_kept(&report.await);
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use everywire::testing::promises;
    use everywire::transport::{StreamTransport, Tcp, Transport as _, Unix};
    use futures_channel::mpsc::unbounded;

    use super::all_kept;
    use crate::streams::{Bytes, To, listen_tcp, listen_unix};

    #[tokio::test]
    async fn a_stream_keeps_every_promise() {
        let report = promises(async |server| {
            let (accept, links) = unbounded();
            server.listen(links);
            Bytes { to: To::Duplex(accept, 4 << 10), faults: None }
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn a_stream_that_opens_once_keeps_every_promise_that_it_can() {
        let report = promises(async |server| {
            let (ours, theirs) = tokio::io::duplex(1 << 10);
            let (reader, writer) = tokio::io::split(theirs);
            let link = StreamTransport::new(reader, writer).connect().await.expect("a stream");
            server.listen(futures_util::stream::iter([link]));
            let (reader, writer) = tokio::io::split(ours);
            StreamTransport::new(reader, writer)
        });
        let report = report.await;
        report.assert();
        // Those of what happens after a loss, and of giving up connecting.
        assert_eq!(report.skipped().len(), 5, "{report}");
    }

    #[tokio::test]
    async fn tcp_keeps_every_promise() {
        let report = promises(async |server| {
            let (address, links) = listen_tcp().await;
            server.listen(links);
            Tcp::new(&address.to_string()).expect("an address")
        });
        all_kept(&report.await);
    }

    #[tokio::test]
    async fn unix_keeps_every_promise() {
        let report = promises(async |server| {
            let (path, links) = listen_unix("promises");
            server.listen(links);
            Unix::new(path).expect("a path")
        });
        all_kept(&report.await);
    }
}
