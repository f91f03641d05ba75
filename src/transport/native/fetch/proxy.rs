//! Which proxy leads where.

use std::net::IpAddr;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::transport::native::tls;
use crate::transport::{TransportError, TransportErrorKind};

/// How proxies were set up.
#[derive(Clone, Default)]
pub(super) enum Proxy {
    /// As the environment has it, and never for this machine's own addresses.
    #[default]
    Environment,
    Never,
    /// This one, for everything. Its address may hold a password.
    At(String),
}

impl Proxy {
    /// The proxy at an address.
    pub(super) fn at(url: &str) -> Result<Self, TransportError> {
        let proxies = Proxies::new(&Self::At(url.to_owned()));
        let Some(proxy) = proxies.matcher.as_ref().and_then(|all| all.intercept(&Uri::from_static("http://host/")))
        else {
            return Err(TransportError::new(
                TransportErrorKind::Config,
                "the proxy's address is not one; write it as http://host:port, https://, socks5://, socks5h:// or socks4://",
            ));
        };
        if proxy.uri().scheme_str() == Some("https") {
            tls::available("https")?;
        }
        Ok(Self::At(url.to_owned()))
    }
}

/// Proxies by destination.
pub(super) struct Proxies {
    matcher: Option<Matcher>,
    spare_loopback: bool,
}

impl Proxies {
    pub(super) fn new(proxy: &Proxy) -> Self {
        match proxy {
            Proxy::Environment => Self { matcher: Some(Matcher::from_env()), spare_loopback: true },
            Proxy::Never => Self { matcher: None, spare_loopback: true },
            Proxy::At(url) => {
                Self { matcher: Some(Matcher::builder().all(url.as_str()).build()), spare_loopback: false }
            }
        }
    }

    /// The proxy on the way to `uri`.
    pub(super) fn of(&self, uri: &Uri) -> Option<Intercept> {
        let matcher = self.matcher.as_ref()?;
        if self.spare_loopback && is_loopback(uri.host()?) {
            return None;
        }
        matcher.intercept(uri)
    }

    /// What requests to `uri` show the proxy, where they pass through it one by one.
    pub(super) fn authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        if uri.scheme_str() != Some("http") {
            return None;
        }
        self.of(uri)?.basic_auth().cloned()
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            host == "localhost" || host.ends_with(".localhost")
        }
    }
}
