//! The other side: this process's own streams.

use everywire::frame::{Inbound, Outbound};
use everywire::transport::{StdioTransport, Transport as _, TransportErrorKind};
use futures_util::{SinkExt as _, StreamExt as _};

/// Sends back every message.
#[tokio::main(flavor = "current_thread")]
pub async fn own() {
    let mut link = StdioTransport::new().connect().await.expect("opened");
    let again = StdioTransport::new().connect().await.expect_err("they open once");
    assert_eq!(*again.kind(), TransportErrorKind::Config);
    while let Some(inbound) = link.rx.next().await {
        if let Inbound::Message(text) = inbound.expect("a line") {
            link.tx.send(Outbound::Message(text)).await.expect("somebody reads");
        }
    }
    link.tx.close().await.expect("closed");
}
