//! `everywire read`.

use everywire::proto::ReadResourceResult;

use crate::cli::{READ, ReadArgs};
use crate::connect::session;
use crate::failure::Failure;
use crate::screen::write;
use crate::{media, show};

pub(crate) async fn run(args: ReadArgs) -> Result<(), Failure> {
    let Some((session, words)) = session(&args.connection, READ)? else { return Ok(()) };
    let uri = words.first().map(String::as_str).unwrap_or_default();
    if uri.is_empty() {
        return Err(Failure::Usage("the URI is empty; `everywire resources` lists those of the server".to_owned()));
    }
    let result: ReadResourceResult = session.run(async |client| Ok(client.read_resource(uri).await?)).await?;
    let saved = match &args.save {
        Some(folder) => media::save_contents(folder, uri, &result.contents)?,
        None => Vec::new(),
    };
    match args.connection.json {
        true => write(&serde_json::to_string(&result).unwrap_or_default()),
        false => write(&show::contents(&result.contents, &saved)),
    }
}
