//! The one thread that writes: it commits waiting transactions together.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::{Session, connect, error};
use crate::tx::Access;
use crate::{Error, Result, Tx};

const GROUP: usize = 256;
const UNBROKEN: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(1);

/// Where transactions wait for the writer; the thread ends when its queue is dropped.
pub(crate) struct Queue {
    sender: mpsc::Sender<Box<dyn Work>>,
}

impl Queue {
    /// Puts a transaction at the end of the queue.
    pub(crate) fn push<T, F>(&self, closure: F, reply: oneshot::Sender<Result<T>>) -> Result<()>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let task = Task { closure, value: None, reply };
        self.sender.send(Box::new(task)).map_err(|_| Error::unavailable("the writer thread has ended"))
    }
}

/// Starts the thread that owns `connection`.
pub(crate) fn start(connection: Connection, path: &Path) -> Result<Queue> {
    let (sender, queue) = mpsc::channel();
    let writer = Writer { connection, path: path.to_owned(), queue, waiting: VecDeque::new() };
    std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.serve())
        .map_err(|error| connect::file_error(&error, path))?;
    Ok(Queue { sender })
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

struct Writer {
    connection: Connection,
    path: PathBuf,
    queue: mpsc::Receiver<Box<dyn Work>>,
    waiting: VecDeque<Box<dyn Work>>,
}

/// A transaction that ran and waits for the commit of its group.
type Done = (Box<dyn Work>, Result<()>);

impl Writer {
    fn serve(mut self) {
        let mut pace = Pace::default();
        while self.wait() {
            pace.begin();
            let group = self.waiting.drain(..).collect();
            self.transact(group);
            pace.end();
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

    /// Runs a group in one transaction, each work in its savepoint, and replies after the commit.
    fn transact(&mut self, group: VecDeque<Box<dyn Work>>) {
        if group.is_empty() {
            return;
        }
        if let Err(error) = self.command("BEGIN IMMEDIATE") {
            return self.refuse(group.into_iter().map(|work| (work, Ok(()))), &error);
        }
        match self.run_all(group) {
            Ok(done) => self.commit(done),
            Err(done) => self.one_by_one(done),
        }
    }

    /// Answers what ran; `Err` where the database threw the whole transaction away in between.
    fn run_all(&mut self, mut group: VecDeque<Box<dyn Work>>) -> std::result::Result<Vec<Done>, Vec<Done>> {
        let start = Instant::now();
        let mut done = Vec::with_capacity(group.len());
        while let Some(mut work) = group.pop_front() {
            let outcome = self.run_one(work.as_mut());
            if self.connection.is_autocommit() {
                work.reply(Err(outcome
                    .err()
                    .unwrap_or_else(|| Error::other("the transaction was rolled back"))));
                self.waiting = group;
                return Err(done);
            }
            done.push((work, outcome));
            // Other processes wait for the lock meanwhile.
            if start.elapsed() > UNBROKEN {
                break;
            }
        }
        self.waiting = group;
        Ok(done)
    }

    fn run_one(&self, work: &mut dyn Work) -> Result<()> {
        let map = |error: rusqlite::Error| error::map(&error, &self.path);
        self.command("SAVEPOINT work").map_err(map)?;
        let mut tx = Tx::sqlite(Session::new(&self.connection, &self.path), Access::Write);
        let outcome = work.run(&mut tx);
        let outcome = tx.settle(outcome);
        if self.connection.is_autocommit() {
            return outcome;
        }
        if outcome.is_err() {
            self.command("ROLLBACK TO work").map_err(map)?;
        }
        self.command("RELEASE work").map_err(map)?;
        outcome
    }

    fn commit(&mut self, done: Vec<Done>) {
        let Err(error) = self.command("COMMIT") else {
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
        let later = std::mem::take(&mut self.waiting);
        for (work, _) in done {
            self.transact(VecDeque::from([work]));
        }
        self.waiting = later;
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
        if self.busy_since.is_some_and(|since| since.elapsed() >= UNBROKEN) {
            std::thread::sleep(PAUSE);
            self.busy_since = None;
        }
        self.ended = Some(Instant::now());
    }
}
