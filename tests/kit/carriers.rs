//! This crate's own transports keep what every transport has to keep.

use everywire::testing::promises;
use everywire::transport::memory::Memory;

use crate::host;

#[host::test]
async fn memory_keeps_every_promise() {
    let report = promises(async |server| {
        let (transport, links) = Memory::new();
        server.listen(links);
        transport
    })
    .await;
    report.assert();
    assert!(report.skipped().is_empty(), "{report}");
}
