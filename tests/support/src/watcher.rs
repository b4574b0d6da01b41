//! Runs a shell command when this process ends, however it ends.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// A shell that waits for its standard input to close, which the kernel does for a killed process too.
pub(crate) struct Watcher {
    shell: Child,
}

impl Watcher {
    /// `command` is a shell script that finds `arguments` in `$1`, `$2`, …
    pub(crate) fn start(command: &str, arguments: &[&str]) -> io::Result<Watcher> {
        let shell = Command::new("sh")
            .args(["-c", &format!("while read -r _; do :; done; {command}"), "sh"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A signal to the group of the tests must not reach it.
            .process_group(0)
            .spawn()?;
        Ok(Watcher { shell })
    }

    /// Runs the command now and waits for its end.
    pub(crate) fn run_now(&mut self) {
        drop(self.shell.stdin.take());
        // A shell that is gone already has run its command.
        drop(self.shell.wait());
    }
}
