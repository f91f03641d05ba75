//! This crate's client.

use everywire::EraChoice;
use everywire::proto::Content;
use everywire::transport::{StdioTransport, Subprotocols};

use crate::measure::Process;
use crate::servers::{Kind, ROLE};
use crate::{Echo, Fault};

pub(crate) struct Client(everywire::Client);

#[derive(serde::Serialize)]
struct Arguments<'a> {
    text: &'a str,
}

fn era(modern: bool) -> EraChoice {
    if modern { EraChoice::Modern } else { EraChoice::Legacy }
}

impl Client {
    pub(crate) async fn connect(url: &str, modern: bool) -> Result<Self, Fault> {
        let builder = everywire::Client::builder(url).subprotocols(Subprotocols::None).era(era(modern));
        Ok(Self(builder.connect().await?))
    }

    /// Starts the server as a child.
    pub(crate) async fn spawn(kind: Kind, modern: bool) -> Result<(Self, Process), Fault> {
        let (told, mut id) = tokio::sync::mpsc::unbounded_channel();
        let command = StdioTransport::command(std::env::current_exe()?).env(ROLE, kind.role());
        let command = command.on_stderr(move |line| drop(told.send(line.trim().parse())));
        let client = everywire::Client::over(command).era(era(modern)).connect().await?;
        Ok((Self(client), Process::Id(id.recv().await.ok_or("no process id")??)))
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
