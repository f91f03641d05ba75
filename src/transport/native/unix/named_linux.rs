//! Abstract names.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

pub(super) fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(name)
}

#[cfg(test)]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net;

    use tokio::net::UnixListener;

    use crate::transport::native::unix::tests::talk;
    use crate::transport::{Transport, Unix};

    #[tokio::test]
    async fn an_abstract_name_needs_no_file() {
        let name = format!("everywire-{}-{:x}", std::process::id(), crate::platform::seed());
        let address = net::SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = net::UnixListener::bind_addr(&address).expect("bound");
        listener.set_nonblocking(true).expect("non-blocking");
        let listener = UnixListener::from_std(listener).expect("registered");
        let mut transport = Unix::new(format!("@{name}")).expect("a name");
        assert_eq!(transport.address(), Some(format!("unix:@{name}")));
        talk(&listener, &mut transport).await;
        drop(listener);
        let error = transport.connect().await.expect_err("nobody listens");
        assert!(error.detail().contains("nobody listens"), "{error}");
    }
}
