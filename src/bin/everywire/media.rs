//! Binary results as files.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use everywire::proto::{CallToolResult, Content, ResourceContents};

use crate::failure::Failure;

/// Writes each image, sound and binary resource into `folder` and gives the files' names, by the content's place.
pub(crate) fn save_result(
    folder: &Path,
    tool: &str,
    result: &CallToolResult,
) -> Result<Vec<(usize, PathBuf)>, Failure> {
    let data = |content: &'_ Content| match content {
        Content::Image(image) => Some((image.data.clone(), Some(image.mime_type.clone()))),
        Content::Audio(audio) => Some((audio.data.clone(), Some(audio.mime_type.clone()))),
        Content::Resource(embedded) => blob(&embedded.resource),
        _ => None,
    };
    save(folder, tool, result.content.iter().map(data))
}

/// Writes what is no text, likewise.
pub(crate) fn save_contents(
    folder: &Path,
    uri: &str,
    contents: &[ResourceContents],
) -> Result<Vec<(usize, PathBuf)>, Failure> {
    save(folder, uri, contents.iter().map(blob))
}

/// Base64 and its media type.
type Data = (String, Option<String>);

fn blob(contents: &ResourceContents) -> Option<Data> {
    contents.blob.clone().map(|data| (data, contents.mime_type.clone()))
}

fn save(folder: &Path, name: &str, all: impl Iterator<Item = Option<Data>>) -> Result<Vec<(usize, PathBuf)>, Failure> {
    let mut saved = Vec::new();
    for (place, data) in all.enumerate() {
        let Some((data, media_type)) = data else { continue };
        let bytes = STANDARD
            .decode(data)
            .map_err(|error| Failure::Usage(format!("content {} is not valid base64: {error}", place + 1)))?;
        let file = folder.join(format!("{}-{}.{}", file_name(name), place + 1, extension(media_type.as_deref())));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, bytes))
            .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", file.display())))?;
        saved.push((place, file));
    }
    Ok(saved)
}

/// The size of base64 text once decoded.
pub(crate) fn decoded_len(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}

/// A tool's name is the server's to choose, and must not lead anywhere.
fn file_name(tool: &str) -> String {
    tool.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(64).collect()
}

fn extension(media_type: Option<&str>) -> &'static str {
    match media_type {
        Some("text/plain") => "txt",
        Some("image/png") => "png",
        Some("image/jpeg") => "jpg",
        Some("image/svg+xml") => "svg",
        Some("audio/wav" | "audio/x-wav") => "wav",
        Some("audio/mpeg") => "mp3",
        Some(other) => mime_guess::get_mime_extensions_str(other).and_then(|known| known.first()).unwrap_or(&"bin"),
        None => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(file_name("../../etc/passwd"), "______etc_passwd");
        assert_eq!(extension(Some("image/png")), "png");
        assert_eq!(extension(Some("no/such")), "bin");
    }

    #[test]
    fn sizes() {
        for bytes in 0..9 {
            assert_eq!(decoded_len(&STANDARD.encode(vec![0; bytes])), bytes);
        }
    }
}
