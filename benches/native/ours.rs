//! This crate's client.

use everywire::EraChoice;
use everywire::proto::Content;
use everywire::transport::Subprotocols;

use crate::{Echo, Fault};

pub(crate) struct Client(everywire::Client);

#[derive(serde::Serialize)]
struct Arguments<'a> {
    text: &'a str,
}

impl Client {
    pub(crate) async fn connect(url: &str, modern: bool) -> Result<Self, Fault> {
        let era = if modern { EraChoice::Modern } else { EraChoice::Legacy };
        let builder = everywire::Client::builder(url).subprotocols(Subprotocols::None).era(era);
        Ok(Self(builder.connect().await?))
    }
}

impl Echo for Client {
    async fn echo(&self, text: &str) -> Result<String, Fault> {
        let mut result = self.0.call_tool("echo", Arguments { text }).await?;
        match result.content.pop() {
            Some(Content::Text(content)) => Ok(content.text),
            _ => Err("no text".into()),
        }
    }
}
