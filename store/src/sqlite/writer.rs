//! The one connection that writes, and the thread that commits waiting transactions together on it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError, mpsc};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::{Session, connect, error};
use crate::tx::Access;
use crate::{Error, Result, Tx, failpoint};

const GROUP: usize = 256;
const UNBROKEN: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(1);
/// Four times as many bytes as SQLite's own: an import writes the same pages again and again, and each checkpoint
/// copies them.
const LOG_FRAMES: i32 = 2_000;

/// Where transactions wait for the writer; the thread ends when its queue is dropped.
pub(crate) struct Queue {
    sender: mpsc::Sender<Box<dyn Work>>,
    writer: Arc<Mutex<Writer>>,
}

impl Queue {
    /// Puts a transaction at the end of the queue.
    pub(crate) fn push<T, F>(&self, closure: F, reply: oneshot::Sender<Result<T>>) -> Result<()>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.send(Box::new(Task { closure, value: None, reply }))
    }

    /// Runs a transaction on this thread where the writer is idle; else puts it at the end of the queue.
    pub(crate) fn push_or_run<T, F>(&self, closure: F, reply: oneshot::Sender<Result<T>>) -> Result<()>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let work = Box::new(Task { closure, value: None, reply });
        let mut writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.send(work),
        };
        let left = writer.try_now(work);
        let is_log_long = writer.is_log_long();
        drop(writer);
        match left {
            Some(work) => self.send(work),
            None if is_log_long => self.send(Box::new(Nudge)),
            None => Ok(()),
        }
    }

    fn send(&self, work: Box<dyn Work>) -> Result<()> {
        self.sender.send(work).map_err(|_| Error::unavailable("the writer thread has ended"))
    }
}

/// Starts the thread that serves the queue of `connection`.
pub(crate) fn start(connection: Connection, path: &Path, statement_limit: Duration) -> Result<Queue> {
    let (sender, queue) = mpsc::channel();
    let writer = Writer { connection, path: path.to_owned(), statement_limit, pace: Pace::default() };
    let writer = Arc::new(Mutex::new(writer));
    let server = Server { writer: writer.clone(), queue, waiting: VecDeque::new() };
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || server.serve())
        .map_err(|error| connect::file_error(&error, path))?;
    Ok(Queue { sender, writer })
}

/// A transaction in the queue, whatever it answers.
trait Work: Send {
    /// Runs the closure and keeps its value; may be called again.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    /// Tells the caller how it ended.
    fn reply(self: Box<Self>, outcome: Result<()>);
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
}

struct Task<T, F> {
    closure: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Work for Task<T, F>
where
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        self.value = None;
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.closure)(tx)))
            .unwrap_or_else(|payload| Err(crate::error::panicked(payload.as_ref())));
        self.value = Some(outcome?);
        Ok(())
    }

    fn reply(mut self: Box<Self>, outcome: Result<()>) {
        let lost = || Error::other("the transaction left no value");
        let answer = outcome.and_then(|()| self.value.take().ok_or_else(lost));
        // The caller may have stopped waiting.
        drop(self.reply.send(answer));
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// Takes from the queue what belongs into one commit.
struct Server {
    writer: Arc<Mutex<Writer>>,
    queue: mpsc::Receiver<Box<dyn Work>>,
    waiting: VecDeque<Box<dyn Work>>,
}

impl Server {
    fn serve(mut self) {
        while self.wait() {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.pace.begin();
            self.waiting = writer.transact(self.waiting.drain(..).collect());
            // Whoever waited for the commit has heard of it: copying the log into the file delays only what follows.
            writer.shorten_log();
            writer.pace.end();
        }
    }

    /// Waits for work and takes what has come; false when the store is gone.
    fn wait(&mut self) -> bool {
        if self.waiting.is_empty() {
            let Ok(first) = self.queue.recv() else {
                return false;
            };
            self.waiting.push_back(first);
        }
        let room = GROUP.saturating_sub(self.waiting.len());
        self.waiting.extend(self.queue.try_iter().take(room));
        self.waiting.retain(|work| !work.is_abandoned());
        true
    }
}

/// Wakes the thread for the sake of the log alone.
struct Nudge;

impl Work for Nudge {
    fn run(&mut self, _: &mut Tx<'_>) -> Result<()> {
        Ok(())
    }

    fn reply(self: Box<Self>, _: Result<()>) {}

    fn is_abandoned(&self) -> bool {
        true
    }
}

struct Writer {
    connection: Connection,
    path: PathBuf,
    statement_limit: Duration,
    pace: Pace,
}

type Group = VecDeque<Box<dyn Work>>;

/// A transaction that ran and waits for the commit of its group.
type Done = (Box<dyn Work>, Result<()>);

impl Writer {
    /// Runs a group in one transaction and replies after the commit. Answers what there was no time for.
    fn transact(&mut self, group: Group) -> Group {
        if group.is_empty() {
            return group;
        }
        match self.command("BEGIN IMMEDIATE") {
            Ok(()) => self.run_and_commit(group),
            Err(error) => {
                self.refuse(group.into_iter().map(|work| (work, Ok(()))), &error);
                Group::new()
            }
        }
    }

    /// Runs a single transaction, unless that would mean to wait: then it comes back.
    fn try_now(&mut self, work: Box<dyn Work>) -> Option<Box<dyn Work>> {
        if self.pace.wants_pause() || connect::impatiently(|| self.command("BEGIN IMMEDIATE")).is_err() {
            return Some(work);
        }
        self.pace.begin();
        self.run_and_commit(Group::from([work]));
        self.pace.leave();
        None
    }

    fn is_log_long(&self) -> bool {
        connect::frames_in_log() >= LOG_FRAMES
    }

    fn shorten_log(&self) {
        if self.is_log_long() {
            // It is done as far as readers allow, and again after the next commit.
            drop(self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        }
    }

    fn run_and_commit(&mut self, group: Group) -> Group {
        match self.run_all(group) {
            (Ok(done), left) => {
                self.commit(done);
                left
            }
            (Err(done), left) => {
                self.one_by_one(done);
                left
            }
        }
    }

    /// Answers what ran; `Err` where the database threw the whole transaction away in between.
    fn run_all(&mut self, mut group: Group) -> (std::result::Result<Vec<Done>, Vec<Done>>, Group) {
        let (start, is_alone) = (Instant::now(), group.len() == 1);
        let mut done = Vec::with_capacity(group.len());
        while let Some(mut work) = group.pop_front() {
            let outcome = self.run_one(work.as_mut(), is_alone);
            if self.connection.is_autocommit() {
                work.reply(Err(outcome
                    .err()
                    .unwrap_or_else(|| Error::other("the transaction was rolled back"))));
                return (Err(done), group);
            }
            done.push((work, outcome));
            // Other processes wait for the lock meanwhile.
            if start.elapsed() > UNBROKEN {
                break;
            }
        }
        (Ok(done), group)
    }

    /// Runs one of a group in its savepoint; one that is alone has the whole transaction to itself.
    fn run_one(&self, work: &mut dyn Work, is_alone: bool) -> Result<()> {
        let map = |error: rusqlite::Error| error::map(&error, &self.path);
        if !is_alone {
            self.command("SAVEPOINT work").map_err(map)?;
        }
        let session = Session::new(&self.connection, &self.path, self.statement_limit);
        let mut tx = Tx::sqlite(session, Access::Write);
        let outcome = work.run(&mut tx);
        let outcome = tx.settle(outcome);
        if self.connection.is_autocommit() {
            return outcome;
        }
        match (outcome.is_err(), is_alone) {
            (true, true) => self.command("ROLLBACK").map_err(map)?,
            (false, true) => {}
            (is_failed, false) => {
                if is_failed {
                    self.command("ROLLBACK TO work").map_err(map)?;
                }
                self.command("RELEASE work").map_err(map)?;
            }
        }
        outcome
    }

    fn commit(&mut self, done: Vec<Done>) {
        let Err(error) = failpoint::around(|| self.command("COMMIT")) else {
            return done.into_iter().for_each(|(work, outcome)| work.reply(outcome));
        };
        if !self.connection.is_autocommit() {
            // Nothing can be done about a rollback that fails: the next BEGIN will report it.
            drop(self.command("ROLLBACK"));
        }
        // A deferred constraint is one work's fault, which the commit does not name.
        if done.len() > 1 && error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
            return self.one_by_one(done);
        }
        self.refuse(done.into_iter(), &error);
    }

    fn one_by_one(&mut self, done: Vec<Done>) {
        for (work, _) in done {
            self.transact(Group::from([work]));
        }
    }

    /// Replies with a failure of the whole group, except to those that had failed by themselves.
    fn refuse(&self, done: impl Iterator<Item = Done>, error: &rusqlite::Error) {
        for (work, outcome) in done {
            work.reply(outcome.and_then(|()| Err(error::map(error, &self.path))));
        }
    }

    fn command(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.execute([]).map(drop)
    }
}

/// Leaves gaps in which another process, which polls, can take the lock.
#[derive(Default)]
struct Pace {
    busy_since: Option<Instant>,
    ended: Option<Instant>,
}

impl Pace {
    fn begin(&mut self) {
        let rested = self.ended.is_none_or(|ended| ended.elapsed() >= PAUSE);
        if rested || self.busy_since.is_none() {
            self.busy_since = Some(Instant::now());
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the gap itself is the purpose")]
    fn end(&mut self) {
        if self.wants_pause() {
            std::thread::sleep(PAUSE);
            self.busy_since = None;
        }
        self.leave();
    }

    fn wants_pause(&self) -> bool {
        self.busy_since.is_some_and(|since| since.elapsed() >= UNBROKEN)
    }

    /// Ends without a pause.
    fn leave(&mut self) {
        self.ended = Some(Instant::now());
    }
}
