//! Which way a server is reached, as the environment says.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::error::Error;
use crate::server::Server;

const CARRIER: &str = "TRANSPORT";
const ADDRESS: &str = "MCP_ADDRESS";
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";
const DEFAULT_PATH: &str = "/tmp/mcp.sock";

impl Server {
    /// Serves as the environment says, until the process is asked to stop:
    ///
    /// | `TRANSPORT` | | `MCP_ADDRESS`, if it is not set |
    /// |---|---|---|
    /// | `stdio`, or not set | [`run_stdio`](Self::run_stdio) | not used |
    /// | `http` | [`run_http`](Self::run_http) | `127.0.0.1:8080` |
    /// | `websocket` | [`run_websocket`](Self::run_websocket) | `127.0.0.1:8080` |
    /// | `tcp` | [`run_tcp`](Self::run_tcp) | `127.0.0.1:8080` |
    /// | `unix` | [`run_unix`](Self::run_unix) | `/tmp/mcp.sock` |
    ///
    /// Addresses are loopback only. A server for other machines wants more said than fits a variable: bind it yourself
    /// with [`Bind::allow_remote`](crate::server::Bind::allow_remote).
    ///
    /// # Errors
    /// Where `TRANSPORT` says something else, `stdio` included in a build without that feature. As
    /// [`Bind`](crate::server::Bind) and [`run_stdio`](Self::run_stdio).
    pub async fn run_from_env(&self) -> Result<(), Error> {
        match Way::read(env::var_os(CARRIER).as_deref(), env::var_os(ADDRESS))? {
            #[cfg(feature = "stdio")]
            Way::Stdio => self.run_stdio().await,
            #[cfg(not(feature = "stdio"))]
            Way::Stdio => Err(Error::config(format!(
                "{CARRIER} is stdio (or not set), which this build is without: enable the feature stdio, or set it to http, \
                 websocket, tcp or unix"
            ))),
            Way::Http(address) => self.run_http(address).await,
            Way::WebSocket(address) => self.run_websocket(address).await,
            Way::Tcp(address) => self.run_tcp(address).await,
            Way::Unix(path) => self.run_unix(path).await,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Way {
    Stdio,
    Http(String),
    WebSocket(String),
    Tcp(String),
    Unix(PathBuf),
}

impl Way {
    fn read(carrier: Option<&OsStr>, address: Option<OsString>) -> Result<Self, Error> {
        let address = address.filter(|address| !address.is_empty());
        let carrier = carrier.unwrap_or_default();
        let socket = || match address.as_deref().map(OsStr::to_str) {
            None => Ok(DEFAULT_ADDRESS.to_owned()),
            Some(Some(address)) => Ok(address.to_owned()),
            Some(None) => Err(Error::config(format!("{ADDRESS} is no text; write host:port"))),
        };
        Ok(match carrier.to_str() {
            Some("" | "stdio") => Self::Stdio,
            Some("http") => Self::Http(socket()?),
            Some("websocket") => Self::WebSocket(socket()?),
            Some("tcp") => Self::Tcp(socket()?),
            Some("unix") => Self::Unix(address.map_or_else(|| DEFAULT_PATH.into(), PathBuf::from)),
            _ => {
                return Err(Error::config(format!(
                    "{CARRIER} is {carrier:?}; it may be stdio (the default), http, websocket, tcp or unix"
                )));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(carrier: Option<&str>, address: Option<&str>) -> Result<Way, Error> {
        Way::read(carrier.map(OsStr::new), address.map(OsString::from))
    }

    #[test]
    fn each_way_has_its_name_and_its_default() {
        let default = || DEFAULT_ADDRESS.to_owned();
        for (carrier, expected) in [
            (None, Way::Stdio),
            (Some(""), Way::Stdio),
            (Some("stdio"), Way::Stdio),
            (Some("http"), Way::Http(default())),
            (Some("websocket"), Way::WebSocket(default())),
            (Some("tcp"), Way::Tcp(default())),
            (Some("unix"), Way::Unix("/tmp/mcp.sock".into())),
        ] {
            assert_eq!(way(carrier, None).expect("known"), expected);
            assert_eq!(way(carrier, Some("")).expect("known"), expected);
        }
        assert_eq!(way(Some("tcp"), Some("[::1]:9")).expect("known"), Way::Tcp("[::1]:9".into()));
        assert_eq!(way(Some("unix"), Some("/run/x")).expect("known"), Way::Unix("/run/x".into()));
    }

    #[test]
    fn another_name_is_an_error_that_lists_them() {
        for bad in ["sse", "HTTP", "ws", "pigeon"] {
            let error = way(Some(bad), None).expect_err("unknown").to_string();
            assert!(
                error.contains(bad) && error.contains("stdio (the default), http, websocket, tcp or unix"),
                "{error}"
            );
        }
    }
}
