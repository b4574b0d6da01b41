//! A program in a process group of its own, and the thread that keeps it.
//!
//! The keeper reaps the leader last: as long as the leader is not reaped, its number is nobody else's, so a signal to
//! the group never meets a stranger. It is also the thread that started the program and lives as long as that does,
//! because the kernel ends a program with the thread that started it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getrlimit, kill_process_group, setrlimit, waitid,
};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{oneshot, watch};

use crate::members;
use crate::trouble::Trouble;

/// Where programs find others; nothing of our own environment is handed on, because secrets are in there.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What the pipes to and from a program hold, where the system allows it: fewer turns for more bytes.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;
/// How long those who were killed are waited for.
const DYING: Duration = Duration::from_secs(1);

/// What is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Its working folder, home and place for what is temporary.
    pub folder: PathBuf,
    /// What it is told besides, by name.
    pub environment: Vec<(&'static str, PathBuf)>,
    pub memory_bytes: u64,
}

/// Our ends of its pipes.
pub(crate) struct Pipes {
    pub stdin: Sender,
    pub stdout: Receiver,
    pub stderr: Receiver,
}

/// Everything that the program started and did not send away. Dropped, it is gone.
pub(crate) struct Group {
    leash: Leash,
    exited: watch::Receiver<bool>,
    status: oneshot::Receiver<io::Result<ExitStatus>>,
}

/// Ends the group when it is dropped, unless it was let go of.
struct Leash {
    leader: Pid,
    /// The leader is reaped once this is dropped.
    hold: Option<mpsc::Sender<()>>,
}

/// Tells when the leader ended.
#[derive(Clone)]
pub(crate) struct Exit(watch::Receiver<bool>);

impl Exit {
    pub(crate) async fn happened(&mut self) {
        // Who can tell is gone only after it happened.
        let _ = self.0.wait_for(|exited| *exited).await;
    }
}

impl Group {
    /// Starts the program.
    pub(crate) async fn start(order: Order) -> Result<(Self, Pipes), Trouble> {
        let name = order.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unstartable = |source| Trouble::Unstartable { program: name.clone(), source };
        let (tell_start, started) = oneshot::channel();
        let (tell_exit, exited) = watch::channel(false);
        let (tell_status, status) = oneshot::channel();
        let keeper = Keeper { started: tell_start, exited: tell_exit, status: tell_status };
        let spawned = std::thread::Builder::new()
            .name("outside program".to_owned())
            .spawn(move || keeper.keep(command(&order)));
        spawned.map_err(unstartable)?;
        let gone = || io::Error::other("its keeper is gone");
        let Started { leash, pipes } = started.await.unwrap_or_else(|_| Err(gone())).map_err(unstartable)?;
        let group = Self { leash, exited, status };
        let [stdin, stdout, stderr] = pipes;
        widen(&stdin);
        widen(&stdout);
        let pipes = Pipes {
            stdin: Sender::from_owned_fd(stdin).map_err(Trouble::Pipe)?,
            stdout: Receiver::from_owned_fd(stdout).map_err(Trouble::Pipe)?,
            stderr: Receiver::from_owned_fd(stderr).map_err(Trouble::Pipe)?,
        };
        Ok((group, pipes))
    }

    pub(crate) fn exit(&self) -> Exit {
        Exit(self.exited.clone())
    }

    /// Asks all of the group to end, and ends those that have not after a while.
    pub(crate) async fn stop(self, grace: Duration) {
        self.leash.signal(Signal::TERM);
        let mut exit = self.exit();
        let ending = async {
            exit.happened().await;
            members::gone(self.leash.leader).await;
        };
        let _ = tokio::time::timeout(grace, ending).await;
        self.kill().await;
    }

    /// Ends all of the group, and returns when nobody of it writes anywhere any more.
    pub(crate) async fn kill(self) {
        self.leash.signal(Signal::KILL);
        // What cannot be known any more helps nobody.
        let _ = self.end().await;
    }

    /// Ends what is left of the group, once the leader has ended, and tells how that one did.
    pub(crate) async fn end(mut self) -> Result<(), Trouble> {
        self.exit().happened().await;
        self.leash.signal(Signal::KILL);
        // One that hangs in the system's own work keeps nobody waiting.
        let _ = tokio::time::timeout(DYING, members::gone(self.leash.leader)).await;
        self.leash.hold = None;
        let gone = || io::Error::other("its keeper is gone");
        let status = (&mut self.status).await.unwrap_or_else(|_| Err(gone())).map_err(Trouble::Pipe)?;
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(Trouble::Exit(code)),
            (None, signal) => Err(Trouble::Signal(signal_name(signal.unwrap_or_default()))),
        }
    }
}

impl Leash {
    fn signal(&self, signal: Signal) {
        // One that is not there any more needs none.
        let _ = kill_process_group(self.leader, signal);
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if self.hold.is_some() {
            self.signal(Signal::KILL);
        }
    }
}

struct Started {
    leash: Leash,
    pipes: [OwnedFd; 3],
}

struct Keeper {
    started: oneshot::Sender<io::Result<Started>>,
    exited: watch::Sender<bool>,
    status: oneshot::Sender<io::Result<ExitStatus>>,
}

impl Keeper {
    fn keep(self, mut command: Command) {
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let _ = self.started.send(Err(error));
                return;
            }
        };
        let leader = Pid::from_child(&child);
        let (hold, held) = mpsc::channel();
        let leash = Leash { leader, hold: Some(hold) };
        // Where nobody waits for it any more, the leash is dropped here, and with it the program.
        let _ = self.started.send(ends(&mut child).map(|pipes| Started { leash, pipes }));
        wait(leader);
        self.exited.send_replace(true);
        let _ = held.recv();
        // What the leader left behind goes before it is reaped: so long its number is nobody else's.
        let _ = kill_process_group(leader, Signal::KILL);
        let _ = self.status.send(child.wait());
    }
}

/// Returns when the leader has ended, and leaves it to be reaped.
fn wait(leader: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(leader), options), Err(Errno::INTR)) {}
}

fn ends(child: &mut Child) -> io::Result<[OwnedFd; 3]> {
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok([stdin.into(), stdout.into(), stderr.into()]),
        _ => Err(io::Error::other("it has no pipes")),
    }
}

/// Makes a pipe hold more. Whoever has many pipes may be refused, and then it holds what it held.
#[cfg(target_os = "linux")]
fn widen(pipe: &OwnedFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &OwnedFd) {}

fn command(order: &Order) -> Command {
    let mut command = Command::new(&order.program);
    command
        .args(&order.arguments)
        .current_dir(&order.folder)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .env("HOME", &order.folder)
        .env("TMPDIR", &order.folder)
        .envs(order.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    confine(&mut command, order.memory_bytes);
    command
}

/// Sets what holds for the program and all that it starts.
#[expect(
    unsafe_code,
    reason = "there is no other way to set limits of a program before its first instruction"
)]
fn confine(command: &mut Command, memory_bytes: u64) {
    // What a process may have for itself. Not its addresses: some languages reserve them by the GiB and use few.
    let limits = [(Resource::Data, memory_bytes), (Resource::Core, 0)]
        .map(|(resource, most)| (resource, no_more_than(most, getrlimit(resource))));
    let us = rustix::process::getpid();
    let confine = move || -> io::Result<()> {
        for (resource, limit) in limits {
            setrlimit(resource, limit)?;
        }
        follow(us)
    };
    // SAFETY: between fork and exec there are system calls only, which neither allocate nor take locks.
    unsafe {
        command.pre_exec(confine);
    }
}

/// The limit, or the one that is in force where that is lower.
fn no_more_than(most: u64, now: Rlimit) -> Rlimit {
    let most = now.maximum.map_or(most, |maximum| most.min(maximum));
    Rlimit { current: Some(most), maximum: Some(most) }
}

/// Ends the leader with us, and keeps it from gaining rights that we do not have.
#[cfg(target_os = "linux")]
fn follow(us: Pid) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // Where we died before that, no signal comes.
    if rustix::process::getppid() != Some(us) {
        return Err(Errno::SRCH.into());
    }
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn follow(_: Pid) -> io::Result<()> {
    Ok(())
}

fn signal_name(number: i32) -> String {
    let name = Signal::from_named_raw(number).map(|signal| match signal {
        Signal::ABORT => "SIGABRT",
        Signal::BUS => "SIGBUS",
        Signal::FPE => "SIGFPE",
        Signal::HUP => "SIGHUP",
        Signal::ILL => "SIGILL",
        Signal::INT => "SIGINT",
        Signal::KILL => "SIGKILL",
        Signal::PIPE => "SIGPIPE",
        Signal::SEGV => "SIGSEGV",
        Signal::SYS => "SIGSYS",
        Signal::TERM => "SIGTERM",
        Signal::XCPU => "SIGXCPU",
        Signal::XFSZ => "SIGXFSZ",
        _ => "another",
    });
    format!("{number} ({})", name.unwrap_or("unknown"))
}
