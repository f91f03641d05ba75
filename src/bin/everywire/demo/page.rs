//! The page's files: built into the program, or from a directory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use everywire::server::Page;
use include_dir::{Dir, include_dir};

use crate::failure::Failure;

static BUILT_IN: Dir<'_> = include_dir!("$OUT_DIR/page");

/// All files by the path they are served at. They are read once, so that no request can lead anywhere else.
///
/// # Errors
/// Where there is no page.
pub(crate) fn load(given: Option<&Path>) -> Result<BTreeMap<String, Page>, Failure> {
    let mut pages = BTreeMap::new();
    if given.is_none() && BUILT_IN.get_file("index.html").is_some() {
        built_in(&BUILT_IN, &mut pages);
        return Ok(pages);
    }
    let here = PathBuf::from("www/dist");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/dist");
    let known = [here, sources].into_iter().find(|folder| folder.join("index.html").is_file());
    let folder = match (given, known) {
        (Some(folder), _) => folder.to_owned(),
        (None, Some(folder)) => folder,
        (None, None) => {
            return Err(Failure::Usage(
                "this program was built without the page; run scripts/demo in the sources, which builds it, or give --www DIR"
                    .to_owned(),
            ));
        }
    };
    if !folder.join("index.html").is_file() {
        return Err(Failure::Usage(format!(
            "{} holds no index.html; build the page with scripts/demo, or give the directory that it was built into",
            folder.display()
        )));
    }
    read(&folder, "", &mut pages)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", folder.display())))?;
    Ok(pages)
}

fn built_in(dir: &Dir<'static>, pages: &mut BTreeMap<String, Page>) {
    for file in dir.files() {
        let path =
            file.path().components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        insert(&format!("/{path}"), Cow::Borrowed(file.contents()), pages);
    }
    dir.dirs().for_each(|dir| built_in(dir, pages));
}

fn read(folder: &Path, under: &str, pages: &mut BTreeMap<String, Page>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{under}/{}", entry.file_name().to_string_lossy());
        // Links are left out: they could lead out of the directory.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read(&entry.path(), &path, pages)?;
        } else if kind.is_file() {
            insert(&path, fs::read(entry.path())?.into(), pages);
        }
    }
    Ok(())
}

fn insert(path: &str, body: Cow<'static, [u8]>, pages: &mut BTreeMap<String, Page>) {
    let media_type = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
    let charset = if media_type.starts_with("text/") { "; charset=utf-8" } else { "" };
    let page = Page::new(format!("{media_type}{charset}"), body)
        .header("Cache-Control", "no-cache")
        .header("Referrer-Policy", "no-referrer")
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header("Cross-Origin-Resource-Policy", "same-origin")
        // The rest of the policy stands in the page itself; this one works as a header only.
        .header("Content-Security-Policy", "frame-ancestors 'none'");
    if path == "/index.html" {
        pages.insert("/".to_owned(), page.clone());
    }
    pages.insert(path.to_owned(), page);
}
