//! From the name of a command to the file that it stands for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The file that `program` names: a path as it is, a bare name in the first folder of `path` that has it. Each of
/// `extensions` is tried behind it (on Windows, where `npx` is the file `npx.cmd`); an empty one is the name itself.
pub(super) fn resolve(
    program: &OsStr,
    path: Option<&OsStr>,
    extensions: &[OsString],
    runs: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    let found = |base: PathBuf| {
        extensions.iter().find_map(|extension| {
            let mut name = base.clone().into_os_string();
            name.push(extension);
            Some(PathBuf::from(name)).filter(|file| runs(file))
        })
    };
    let named = Path::new(program);
    // More than a name: it is not searched for.
    if named.components().count() != 1 || named.is_absolute() || program == "." || program == ".." {
        return found(named.to_owned());
    }
    // An empty entry is the current folder, as shells have it.
    std::env::split_paths(path?).find_map(|folder| {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        found(folder.join(named))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(program: &str, extensions: &[&str], files: &[&str]) -> Option<String> {
        let path = std::env::join_paths(["first", "second"]).expect("no separator within");
        let extensions: Vec<OsString> = extensions.iter().map(OsString::from).collect();
        let files: Vec<PathBuf> = files.iter().map(|file| file.split('/').collect()).collect();
        let found =
            resolve(OsStr::new(program), Some(&path), &extensions, |file| files.iter().any(|known| known == file));
        found.map(|file| file.to_string_lossy().replace('\\', "/"))
    }

    #[test]
    fn a_name_is_searched_for_folder_by_folder() {
        assert_eq!(of("node", &[""], &["second/node"]).as_deref(), Some("second/node"));
        assert_eq!(of("node", &[""], &["second/node", "first/node"]).as_deref(), Some("first/node"));
        assert_eq!(of("node", &[""], &["third/node"]), None);
    }

    #[test]
    fn a_batch_file_is_found_by_its_bare_name() {
        let windows = ["", ".COM", ".EXE", ".BAT", ".CMD"];
        assert_eq!(of("npx", &windows, &["second/npx.CMD"]).as_deref(), Some("second/npx.CMD"));
        assert_eq!(of("npx", &windows, &["second/npx.EXE", "first/npx.CMD"]).as_deref(), Some("first/npx.CMD"));
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        assert_eq!(of("./server", &[""], &["./server"]).as_deref(), Some("./server"));
        assert_eq!(of("bin/server", &["", ".EXE"], &["bin/server.EXE"]).as_deref(), Some("bin/server.EXE"));
        assert_eq!(of("bin/server", &[""], &["first/bin/server"]), None);
    }
}
