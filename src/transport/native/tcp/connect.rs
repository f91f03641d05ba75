//! From an address to an open link.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::{Socket, Tcp, TcpKeepAlive};
use crate::frame::{Liveness, Profile};
use crate::transport::address::config;
use crate::transport::native::stream::{LineOptions, lines};
use crate::transport::{Link, TransportError, TransportErrorKind};

/// Addresses that an error names.
const NAMED: usize = 4;

impl Tcp {
    pub(super) async fn open(&self) -> Result<Link, TransportError> {
        let (reader, writer) = self.stream().await?.into_split();
        let profile = Profile::SharedChannel { reopen: true, liveness: Liveness::Channel };
        Ok(lines(reader, writer, LineOptions { transport: "tcp", profile, max_message: self.max_message }))
    }

    pub(super) async fn stream(&self) -> Result<TcpStream, TransportError> {
        let begun = Instant::now();
        let found = timeout(self.connect_timeout, lookup_host((self.host.as_str(), self.port))).await;
        match found {
            Ok(Ok(addresses)) => self.first(&addresses.collect::<Vec<_>>(), begun).await,
            Ok(Err(error)) => Err(self.failed(&format!("its name is not known ({error}); check the host"))),
            Err(_) => Err(self.failed(&self.late("its name was not resolved"))),
        }
    }

    /// Tries one address after the other, in what is left of the time.
    pub(super) async fn first(&self, addresses: &[SocketAddr], begun: Instant) -> Result<TcpStream, TransportError> {
        let mut why = Vec::new();
        for (tried, address) in addresses.iter().enumerate() {
            let left = self.connect_timeout.saturating_sub(begun.elapsed());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout(share, self.socket.connect(*address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(Failed::Setting(error))) => return Err(error),
                Ok(Err(Failed::Io(error))) => why.push((address, error.to_string())),
                Err(_) => why.push((address, self.late("it did not answer"))),
            }
        }
        let tell = match why.as_slice() {
            [] => "its name stands for no address; check the host".to_owned(),
            [(_, why)] => format!("{why}; check the address and that the server runs"),
            all => {
                let named = all.iter().take(NAMED).map(|(address, why)| format!("{address}: {why}"));
                let named = named.collect::<Vec<_>>().join("; ");
                format!("none of its {} addresses answers ({named}); check that the server runs", all.len())
            }
        };
        Err(self.failed(&tell))
    }

    fn late(&self, what: &str) -> String {
        format!(
            "{what} in time ({} ms for all); raise connect_timeout if that is too short",
            self.connect_timeout.as_millis()
        )
    }

    fn failed(&self, why: &str) -> TransportError {
        let detail = format!("cannot connect to tcp://{}: {why}", self.label);
        TransportError::new(TransportErrorKind::ConnectFailed, detail)
    }
}

/// Why one address was of no use.
enum Failed {
    /// Others will not do better.
    Setting(TransportError),
    Io(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Socket {
    /// Sizes before connecting, because the window's scale is agreed on then (RFC 7323 section 2.2).
    async fn connect(&self, address: SocketAddr) -> Result<TcpStream, Failed> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        self.tell(&SockRef::from(&socket)).map_err(Failed::Setting)?;
        Ok(socket.connect(address).await?)
    }

    fn tell(&self, socket: &SockRef<'_>) -> Result<(), TransportError> {
        let refused = |what: &str| {
            let what = what.to_owned();
            move |error: io::Error| config(format!("the system does not take {what}: {error}"))
        };
        socket.set_tcp_nodelay(self.nodelay).map_err(refused("TCP_NODELAY"))?;
        if let Some(TcpKeepAlive { time, interval, retries }) = self.keep_alive {
            let second = Duration::from_secs(1);
            let keep = TcpKeepalive::new().with_time(time.max(second)).with_interval(interval.max(second));
            socket.set_tcp_keepalive(&keep.with_retries(retries.max(1))).map_err(refused("this keep_alive"))?;
        }
        if let Some(bytes) = self.send_buffer {
            socket.set_send_buffer_size(bytes).map_err(refused("this send_buffer"))?;
            granted("send_buffer", bytes, socket.send_buffer_size().map_err(refused("this send_buffer"))?)?;
        }
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes).map_err(refused("this receive_buffer"))?;
            granted("receive_buffer", bytes, socket.recv_buffer_size().map_err(refused("this receive_buffer"))?)?;
        }
        Ok(())
    }
}

/// A system grants less than it is asked for without a word.
fn granted(name: &str, asked: usize, granted: usize) -> Result<(), TransportError> {
    if granted >= asked {
        return Ok(());
    }
    Err(config(format!(
        "the system grants {granted} bytes of {name} where {asked} were asked for; ask for less, or raise its limit (Linux: net.core.wmem_max, rmem_max)"
    )))
}
