use std::io;
use std::process::ExitCode;

use everywire::Error;
use serde_json::json;

use crate::show::plain;

/// Why the program ends without success. Each is one sentence and one exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the person gave cannot be used.
    Usage(String),
    Client(Error),
    /// The server answered, and not with what was asked for.
    Refused(String),
    /// The tool ran and failed; its own words were shown already.
    Tool,
    /// Ctrl-C in the middle of something.
    Interrupted,
    /// Ctrl-C where it is the way to end.
    Stopped,
    Output(io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Tool => 1,
            Self::Usage(_) | Self::Output(_) => 2,
            Self::Interrupted | Self::Stopped => 130,
            Self::Refused(_) => 4,
            Self::Client(error) => match error.code() {
                "config" | "encode" => 2,
                "rpc" | "unsupported" | "input_failed" => 4,
                "timeout" => 5,
                "auth_required" => 6,
                // Everything else happened to the connection.
                _ => 3,
            },
        }
    }

    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Tool | Self::Stopped => None,
            Self::Usage(text) | Self::Refused(text) => Some(text.clone()),
            Self::Interrupted => Some("interrupted; the call was cancelled".to_owned()),
            Self::Client(error) if error.is_auth_required() => {
                Some(format!("{error}; give a token with --token or EVERYWIRE_TOKEN"))
            }
            Self::Client(error) => Some(error.to_string()),
            Self::Output(error) => Some(format!("the output cannot be written: {error}")),
        }
    }

    /// Says why, and gives the exit code. A machine gets a document as well.
    pub(crate) fn report(self, machine: bool) -> ExitCode {
        if matches!(&self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            // Whoever read the output has seen enough.
            return ExitCode::SUCCESS;
        }
        if let Some(sentence) = self.sentence() {
            eprintln!("everywire: {}", plain(&sentence));
            if machine {
                let error = match &self {
                    Self::Client(error) => json!({
                        "code": error.code(),
                        "message": sentence,
                        "rpcCode": error.rpc().map(|rpc| rpc.code),
                        "data": error.rpc().and_then(|rpc| rpc.data.as_ref()),
                        "maybeExecuted": error.maybe_executed(),
                    }),
                    Self::Refused(_) => json!({ "code": "protocol", "message": sentence, "maybeExecuted": true }),
                    Self::Interrupted => json!({ "code": "cancelled", "message": sentence, "maybeExecuted": true }),
                    _ => json!({ "code": "usage", "message": sentence, "maybeExecuted": false }),
                };
                println!("{}", json!({ "error": error }));
            }
        }
        ExitCode::from(self.code())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
