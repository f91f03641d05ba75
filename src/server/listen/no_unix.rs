//! Unix sockets, where there are none.

use std::convert::Infallible;
use std::path::Path;

use tokio::io::{ReadHalf, WriteHalf};

use super::accept::{Arrival, Arrivals};
use super::reception::Socket;
use crate::error::Error;

pub(super) struct Unix(Infallible);

impl Unix {
    pub(super) async fn bind(_: &Path, _: Option<u32>) -> Result<Self, Error> {
        Err(Error::config("this platform has no Unix sockets; listen on TCP instead"))
    }
}

impl Arrivals for Unix {
    type Connection = tokio::io::DuplexStream;

    async fn next(&mut self) -> Arrival<Self::Connection> {
        match self.0 {}
    }
}

impl Socket for tokio::io::DuplexStream {
    type Reader = ReadHalf<Self>;
    type Writer = WriteHalf<Self>;

    fn halves(self) -> (Self::Reader, Self::Writer) {
        tokio::io::split(self)
    }
}
