//! A socket's file: made where nobody can reach it, put into its place at once and whole, taken away only while it is ours.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use crate::error::Error;
use crate::platform;

/// Permissions of a socket that nothing else was said of: its owner's alone.
pub(super) const MODE: u32 = 0o600;
/// How long another server may take to put its socket into the same directory.
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(5);
/// How long a listener at the path may take to show that it is there.
const ANSWER: Duration = Duration::from_secs(2);

/// The file of a listening socket. Dropped, it is removed if it is still the one that was put there.
#[derive(Debug)]
pub(super) struct Placed {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl Drop for Placed {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Listens at a path.
///
/// The socket is bound within a directory of its own that no other user can enter, gets its permissions there and is then
/// linked to its place, which fails where there is something: there is no moment at which it has other permissions, and
/// none at which two servers think they have the place. (Changing the process's umask instead would be felt by every other
/// thread.)
pub(super) async fn bind(path: &Path, mode: u32) -> Result<(Placed, UnixListener), Error> {
    let said = path.display();
    if mode & !0o777 != 0 {
        return Err(Error::config(format!("{mode:#o} are no permissions of a socket; give three octal digits")));
    }
    if path.file_name().is_none() {
        return Err(Error::config(format!(
            "{path:?} names no socket; give the path of a file, /run/user/1000/mcp.sock"
        )));
    }
    let path = std::path::absolute(path).map_err(|error| Error::config(format!("{said} is no path: {error}")))?;
    let Some(parent) = path.parent() else { return Err(Error::config(format!("{said} has no directory"))) };
    let failed = |error| Error::config(format!("cannot listen on {said}: {error}"));
    // One server at a time looks whether the place is free and takes it.
    let _turn = turn(parent).await.map_err(failed)?;
    vacate(&path).await?;
    let room = Room::new(parent).map_err(failed)?;
    let inside = room.0.join("s");
    let listener = UnixListener::bind(&inside).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Error::config(format!(
            "the path {said} is too long for a socket: its directory may have about 90 bytes; choose a shorter one"
        )),
        _ => failed(error),
    })?;
    fs::set_permissions(&inside, Permissions::from_mode(mode)).map_err(failed)?;
    let identity = identity(&fs::symlink_metadata(&inside).map_err(failed)?);
    fs::hard_link(&inside, &path).map_err(failed)?;
    Ok((Placed { path, identity }, listener))
}

/// Waits for the directory's lock, which goes with the file.
async fn turn(directory: &Path) -> io::Result<File> {
    let file = File::open(directory)?;
    let waited = async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(RETRY).await,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, waited).await {
        Ok(locked) => locked.map(|()| file),
        Err(_) => Err(io::Error::new(io::ErrorKind::WouldBlock, "another process keeps the directory locked")),
    }
}

/// Removes a socket that nobody listens on. Anything else at the path stays and is an error.
async fn vacate(path: &Path) -> Result<(), Error> {
    let said = path.display();
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::config(format!("cannot listen on {said}: {error}"))),
    };
    if !found.file_type().is_socket() {
        return Err(Error::config(format!("{said} exists and is no socket; remove it or choose another path")));
    }
    match tokio::time::timeout(ANSWER, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {}
        // Gone meanwhile.
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
            return Err(Error::config(format!(
                "{said} is a socket of which cannot be told whether a server listens on it ({error}); remove it or choose another path"
            )));
        }
        // Connected, or too busy to be.
        _ => {
            return Err(Error::config(format!(
                "a server is listening on {said} already; stop it or choose another path"
            )));
        }
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::config(format!(
            "{said} is left over from a server that is gone, and cannot be removed: {error}"
        ))),
        _ => Ok(()),
    }
}

/// A directory that no other user can enter. Dropped, it is removed with the socket's first name.
struct Room(PathBuf);

impl Room {
    fn new(parent: &Path) -> io::Result<Self> {
        // Names are short because a socket's path is.
        let path = parent.join(format!(".{:08x}", platform::seed() as u32));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0.join("s"));
        let _ = fs::remove_dir(&self.0);
    }
}
