//! A child in a Job Object, which ends with the last handle to it: that of this process.

use std::io;
use std::process::{ExitStatus, Stdio};

use process_wrap::tokio::{ChildWrapper, CommandWrap, CreationFlags, JobObject, KillOnDrop};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::watch;
use windows::Win32::System::Threading::CREATE_NO_WINDOW;

use super::super::supervisor::Stage;
use super::super::{Prepared, Wait};

pub(in super::super) type Stdin = ChildStdin;

/// This process's ends of a child's streams.
pub(in super::super) struct Streams {
    pub(in super::super) stdin: Stdin,
    pub(in super::super) stdout: ChildStdout,
    pub(in super::super) stderr: ChildStderr,
}

/// A child that was started. Dropped, its job ends.
pub(in super::super) struct Process {
    child: Box<dyn ChildWrapper>,
    stage: watch::Sender<Stage>,
}

pub(in super::super) fn spawn(
    prepared: &Prepared,
    _wait: Wait,
    stage: watch::Sender<Stage>,
) -> io::Result<(Process, Streams)> {
    let mut command = CommandWrap::with_new(&prepared.file, |command| {
        command
            .args(&prepared.args)
            .env_clear()
            .envs(prepared.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = &prepared.folder {
            command.current_dir(folder);
        }
    });
    // The job's, too: closing its last handle ends it, also where this process is killed.
    let mut child = command.wrap(KillOnDrop).wrap(CreationFlags(CREATE_NO_WINDOW)).wrap(JobObject).spawn()?;
    let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
    let streams = Streams {
        stdin: child.stdin().take().ok_or_else(missing)?,
        stdout: child.stdout().take().ok_or_else(missing)?,
        stderr: child.stderr().take().ok_or_else(missing)?,
    };
    Ok((Process { child, stage }, streams))
}

impl Process {
    pub(in super::super) fn tell(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Completes once the child itself has ended; others of its job may go on. `None`: its status is not known.
    pub(in super::super) async fn exited(&mut self) -> Option<ExitStatus> {
        self.child.inner_mut().wait().await.ok()
    }

    /// There is no way to ask: `false`.
    pub(in super::super) fn terminate(&mut self) -> bool {
        false
    }

    /// Ends everything in the job.
    pub(in super::super) fn kill(&mut self) {
        // Nobody there is as good.
        let _ = self.child.start_kill();
    }

    /// Waits for the end of the child, after [`kill`](Self::kill).
    pub(in super::super) async fn reap(&mut self) {
        self.exited().await;
    }
}
