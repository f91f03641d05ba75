//! What ends a child when this process cannot do it any more.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::super::Wait;

/// A shell that waits for the end of a pipe whose other end only this process holds, and then ends its process group.
///
/// It is the group's leader and started before the child, so that there is no moment without it; and as its own end is
/// collected last, the group's number belongs to nobody else for as long as signals are sent to it, whoever of the group
/// has ended meanwhile, the guardian included. It needs no number itself: 0 is one's own group. In the usual case it ends
/// with its group, by the `SIGKILL` that comes last.
pub(super) struct Guardian(Child);

/// `$1` and `$2`: how often to look whether the child is there, every tenth of a second, before the next step. What else
/// is in the group then has a fifth of a second. A signal for the whole group is not meant for the guardian.
const SCRIPT: &str = r#"trap '' HUP INT QUIT TERM USR1 USR2 PIPE ALRM
read -r child
read -r end
while_there() {
  n=$1
  while [ "$n" -gt 0 ] && [ -n "$child" ] && kill -0 "$child"; do
    n=$((n - 1))
    sleep 0.1 || sleep 1
  done
}
while_there "$1"
if [ "$2" -gt 0 ]; then
  kill -TERM 0
  while_there "$2"
  sleep 0.2 || sleep 1
fi
kill -KILL 0
"#;

const SHELL: &str = "/bin/sh";

impl Guardian {
    /// A guardian with a group of its own. `None` where there is no shell.
    pub(super) fn start(wait: Wait) -> io::Result<Option<Self>> {
        let started = Command::new(SHELL)
            .args(["-c", SCRIPT, "everywire-guardian", &looks(wait.eof), &looks(wait.term)])
            .env_clear()
            // For `sleep`.
            .env("PATH", "/usr/bin:/bin:/run/current-system/sw/bin")
            .current_dir("/")
            .process_group(0)
            // Closed on exec, as all of Rust's descriptors: other children do not hold it open.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Ok(Some(Self(child))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The number of its process group.
    pub(super) fn group(&self) -> i32 {
        self.0.id().cast_signed()
    }

    /// Tells it whom to wait for.
    pub(super) fn watch(&mut self, child: u32) {
        if let Some(pipe) = &mut self.0.stdin {
            // So few bytes find room in an empty pipe. A guardian that died reads nothing, and is no reason to fail.
            let _ = pipe.write_all(format!("{child}\n").as_bytes());
        }
    }

    /// Lets it do its work: the pipe ends.
    pub(super) fn release(&mut self) {
        self.0.stdin = None;
    }

    /// Ends it where there is no child to guard.
    pub(super) fn dismiss(mut self) {
        let _ = killpg(Pid::from_raw(self.group()), Signal::SIGKILL);
        let _ = self.0.wait();
    }

    /// Whether its end is collected now, or cannot be.
    pub(super) fn collected(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// Waits for its end, on this thread.
    pub(super) fn wait(mut self) {
        let _ = self.0.wait();
    }
}

fn looks(wait: Duration) -> String {
    wait.as_millis().div_ceil(100).min(1 << 30).to_string()
}
