//! A child in a process group with its guardian.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, getpgid};
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal as Notices, SignalKind, signal};
use tokio::sync::watch;

use super::super::supervisor::Stage;
use super::super::{Prepared, Wait};
use super::guardian::Guardian;

pub(in super::super) type Stdin = pipe::Sender;

/// This process's ends of a child's streams.
pub(in super::super) struct Streams {
    pub(in super::super) stdin: Stdin,
    pub(in super::super) stdout: pipe::Receiver,
    pub(in super::super) stderr: pipe::Receiver,
}

/// A child that was started and whose end is not collected yet. Dropped before that, for one because the runtime ends, it
/// is left to its guardian, and a thread collects both.
///
/// Neither tokio's `Child` nor process-wrap's group is used: both would collect ends, also the guardian's, at times of
/// their own, and a group's number means nothing any more once its leader's end is collected.
pub(in super::super) struct Process {
    running: Option<Running>,
    stage: watch::Sender<Stage>,
}

struct Running {
    child: Child,
    guardian: Option<Guardian>,
    /// Tells that some child of this process ended.
    notices: Notices,
}

pub(in super::super) fn spawn(
    prepared: &Prepared,
    wait: Wait,
    stage: watch::Sender<Stage>,
) -> io::Result<(Process, Streams)> {
    // Before the child, so that no end is missed.
    let notices = signal(SignalKind::child())?;
    guarded(prepared, Guardian::start(wait)?, notices, stage)
}

fn guarded(
    prepared: &Prepared,
    mut guardian: Option<Guardian>,
    notices: Notices,
    stage: watch::Sender<Stage>,
) -> io::Result<(Process, Streams)> {
    let mut command = Command::new(&prepared.file);
    command
        .arg0(&prepared.name)
        .args(&prepared.args)
        .env_clear()
        .envs(prepared.environment.iter().map(|(name, value)| (name, value)))
        .process_group(guardian.as_ref().map_or(0, Guardian::group))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(folder) = &prepared.folder {
        command.current_dir(folder);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            if let Some(guardian) = guardian {
                guardian.dismiss();
            }
            return Err(error);
        }
    };
    if let Some(guardian) = &mut guardian {
        guardian.watch(child.id());
    }
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // From here on a failure ends what was started.
    let process = Process { running: Some(Running { child, guardian, notices }), stage };
    let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
    let streams = Streams {
        stdin: pipe::Sender::from_owned_fd(OwnedFd::from(stdin.ok_or_else(missing)?))?,
        stdout: pipe::Receiver::from_owned_fd(OwnedFd::from(stdout.ok_or_else(missing)?))?,
        stderr: pipe::Receiver::from_owned_fd(OwnedFd::from(stderr.ok_or_else(missing)?))?,
    };
    Ok((process, streams))
}

impl Process {
    pub(in super::super) fn tell(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Completes once the child has ended. `None`: somebody else collected its status.
    pub(in super::super) async fn exited(&mut self) -> Option<ExitStatus> {
        let running = self.running.as_mut()?;
        loop {
            match running.child.try_wait() {
                Ok(Some(how)) => return Some(how),
                Ok(None) => running.notices.recv().await?,
                Err(_) => return None,
            }
        }
    }

    /// Asks everything in the group to end: `true`, as it can be asked.
    pub(in super::super) fn terminate(&mut self) -> bool {
        self.signal(Signal::SIGTERM);
        true
    }

    /// Kills everything in the group.
    pub(in super::super) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(&mut self, what: Signal) {
        if let Some(running) = &mut self.running {
            running.signal(what);
        }
    }

    /// Collects what is left to collect, after [`kill`](Self::kill).
    pub(in super::super) async fn reap(&mut self) {
        self.exited().await;
        if let Some(Running { guardian: Some(guardian), notices, .. }) = &mut self.running {
            while !guardian.collected() && notices.recv().await.is_some() {}
        }
        self.running = None;
    }
}

impl Running {
    fn signal(&mut self, what: Signal) {
        // Until its end is collected, the child's number is its own.
        let child = match self.child.try_wait() {
            Ok(None) => Some(Pid::from_raw(self.child.id().cast_signed())),
            _ => None,
        };
        // Without a guardian the group is named after the child.
        let group = self.guardian.as_ref().map(|guardian| Pid::from_raw(guardian.group())).or(child);
        // Where the child went into another group, that is ended as well.
        let moved = child.and_then(|child| getpgid(Some(child)).ok()).filter(|of| Some(*of) != group);
        for group in [group, moved].into_iter().flatten() {
            // Nobody there is as good.
            let _ = killpg(group, what);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        match &mut running.guardian {
            Some(guardian) => guardian.release(),
            None => running.signal(Signal::SIGKILL),
        }
        let Running { mut child, guardian, .. } = running;
        let stage = self.stage.clone();
        // Where no thread can be had, the ends are collected with this process.
        let _ = std::thread::Builder::new().name("everywire-reaper".into()).spawn(move || {
            let how = child.wait().ok();
            if let Some(guardian) = guardian {
                guardian.wait();
            }
            stage.send_replace(Stage::Over(how));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::process::ExitStatusExt;

    use tokio::io::AsyncReadExt;

    use super::super::super::supervisor::over;
    use super::*;

    /// A shell without a guardian, as where there is no shell for one, that has come as far as its `echo`.
    async fn alone(script: &str) -> (Process, Streams, watch::Receiver<Stage>) {
        let prepared = Prepared {
            name: "sh".into(),
            file: "/bin/sh".into(),
            args: ["-c", script].map(OsString::from).into(),
            folder: None,
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
        };
        let notices = signal(SignalKind::child()).expect("a runtime");
        let (stage, watched) = watch::channel(Stage::Running);
        let (process, mut streams) = guarded(&prepared, None, notices, stage).expect("it starts");
        assert_eq!(streams.stdout.read_u8().await.expect("it says so"), b'\n');
        (process, streams, watched)
    }

    #[tokio::test]
    async fn without_a_guardian_the_child_leads_its_group() {
        let (mut process, mut streams, _) = alone("sleep 1000 & echo; exec sleep 1000").await;
        assert!(process.terminate());
        let how = process.exited().await.expect("a status");
        assert_eq!(how.signal(), Some(Signal::SIGTERM as i32));
        // The other one of the group held these, too.
        assert_eq!(streams.stderr.read(&mut [0; 1]).await.expect("an end"), 0);
        process.kill();
        process.reap().await;
    }

    #[tokio::test]
    async fn without_a_guardian_a_process_that_is_let_go_is_killed_with_its_group() {
        let (process, mut streams, watched) = alone("trap '' TERM; sleep 1000 & echo; exec sleep 1000").await;
        drop(process);
        over(watched.clone()).await;
        let Stage::Over(Some(how)) = *watched.borrow() else { panic!("{:?}", watched.borrow()) };
        assert_eq!(how.signal(), Some(Signal::SIGKILL as i32));
        assert_eq!(streams.stderr.read(&mut [0; 1]).await.expect("an end"), 0);
    }
}
