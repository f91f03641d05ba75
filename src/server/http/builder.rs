use super::options::HttpOptions;
use super::service::HttpService;
use crate::error::Error;
use crate::server::Server;
use crate::server::origin::{Origin, Policy};

impl Server {
    /// An endpoint over Streamable HTTP that mounts in an HTTP server of your own, axum's say:
    ///
    /// ```no_run
    /// # async fn run(server: everywire::server::Server) -> Result<(), Box<dyn std::error::Error>> {
    /// let mcp = server.http_service().allow_host("mcp.example").build()?;
    /// let router = axum::Router::new().route_service("/mcp", mcp);
    /// axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, router).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Authentication, TLS and limits of connections are that server's; [`Server::bind_http`] is a whole server.
    pub fn http_service(&self) -> HttpServiceBuilder {
        HttpServiceBuilder {
            server: self.clone(),
            origins: Vec::new(),
            hosts: Vec::new(),
            any_host: false,
            max_message: 16 * 1024 * 1024,
            options: HttpOptions::default(),
        }
    }
}

/// Options of an [`HttpService`].
#[derive(Debug, Clone)]
#[must_use = "nothing is served until it is built"]
pub struct HttpServiceBuilder {
    server: Server,
    origins: Vec<String>,
    hosts: Vec<String>,
    any_host: bool,
    max_message: usize,
    options: HttpOptions,
}

impl HttpServiceBuilder {
    /// Lets pages of this origin use the endpoint, `https://app.example` say: scheme, host and port have to be the same.
    /// They get the CORS headers that a browser wants. Pages on loopback and programs that send no `Origin` may always.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Lets the endpoint be addressed by this host name: the server's own, or that of a proxy in front of it. Other names
    /// than these and those of loopback are refused, since a page could have made them point here (DNS rebinding).
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Whether the endpoint may be addressed by any host name. Say so only where no page of another origin can reach it, or
    /// every request is authenticated. Default: no.
    pub fn allow_any_host(mut self, allow: bool) -> Self {
        self.any_host = allow;
        self
    }

    /// The largest message taken, in bytes; a larger one is answered with 413. Default: 16 MiB.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sessions, streams, timeouts.
    pub fn options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// The service.
    ///
    /// # Errors
    /// Where an allowed origin is none.
    pub fn build(self) -> Result<HttpService, Error> {
        let policy = Policy {
            origins: Origin::parse_all(&self.origins)?,
            hosts: self.hosts,
            loopback: !self.any_host,
            own_pages: false,
        };
        Ok(HttpService::new(self.server, policy, self.max_message, self.options))
    }
}
