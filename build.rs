//! Puts the built inspector page, where there is one, into the program `everywire`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=EVERYWIRE_PAGE");
    if env::var_os("CARGO_FEATURE_CLI").is_none() {
        return Ok(());
    }
    let folder = |name| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other("cargo sets this"));
    let page = folder("OUT_DIR")?.join("page");
    if page.exists() {
        fs::remove_dir_all(&page)?;
    }
    fs::create_dir_all(&page)?;
    let built = match env::var_os("EVERYWIRE_PAGE") {
        Some(given) if Path::new(&given).join("index.html").is_file() => PathBuf::from(given),
        Some(given) => {
            return Err(io::Error::other(format!(
                "EVERYWIRE_PAGE names {}, which holds no index.html",
                given.display()
            )));
        }
        None => folder("CARGO_MANIFEST_DIR")?.join("www/dist"),
    };
    // A page that is not built yet is not watched: cargo would build everything again each time.
    if built.is_dir() {
        println!("cargo:rerun-if-changed={}", built.display());
        copy(&built, &page)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let (entry, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if entry.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry, &target)?;
        } else {
            fs::copy(&entry, &target)?;
        }
    }
    Ok(())
}
