//! The embedded side: one writer thread, several readers, one file.

mod connect;
mod error;
mod inspect;
mod readers;
mod session;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use rustix::fs::stat;
use tokio::sync::oneshot;

use crate::{Durability, Error, LeaseTime, Options, Result, Tx};

pub(crate) use inspect::{facts, findings, found_facts};
pub(crate) use session::{Session, column};

/// An open SQLite file; clones and later openings of the same file share its writer thread.
#[derive(Clone)]
pub struct Sqlite {
    database: Arc<Database>,
}

struct Database {
    path: PathBuf,
    durability: Durability,
    inode: Inode,
    queue: writer::Queue,
    readers: Arc<readers::Readers>,
}

/// Tells a file from another that took its path.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
}

type Open = HashMap<(PathBuf, Durability), Weak<Database>>;

// SQLite waits poorly for a lock of its own process, so a file has one writer however often it is opened.
static OPEN: LazyLock<Mutex<Open>> = LazyLock::new(Mutex::default);

impl Sqlite {
    pub(crate) async fn open(path: &Path, options: Options) -> Result<Sqlite> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || open(&path, options)).await.map_err(Error::other)?
    }

    pub(crate) async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.database.queue.push(closure, reply)?;
        answer.await.map_err(|_| Error::unavailable("the writer thread has ended"))?
    }

    pub(crate) async fn write_brief<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        // A commit that waits for the disk must not hold a thread of the runtime.
        if self.database.durability == Durability::Full {
            return self.write(closure).await;
        }
        let (reply, answer) = oneshot::channel();
        self.database.queue.push_or_run(closure, reply)?;
        answer.await.map_err(|_| Error::unavailable("the writer thread has ended"))?
    }

    pub(crate) async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        readers::read(&self.database.readers, closure).await
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.database.path
    }
}

fn open(path: &Path, options: Options) -> Result<Sqlite> {
    connect::create(path)?;
    let path = path.canonicalize().map_err(|error| connect::file_error(&error, path))?;
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|_, database| database.strong_count() > 0);
    let inode = inode(&path)?;
    let key = (path.clone(), options.durability);
    if let Some(database) = open.get(&key).and_then(Weak::upgrade)
        && database.inode == inode
    {
        return Ok(Sqlite { database });
    }
    connect::refuse_newer(&path)?;
    let connection = connect::writer(&path, options.durability)?;
    let queue = writer::start(connection, &path, options.statement_limit)?;
    let readers = Arc::new(readers::Readers::new(&path, options));
    let database = Arc::new(Database { path, durability: options.durability, inode, queue, readers });
    open.insert(key, Arc::downgrade(&database));
    Ok(Sqlite { database })
}

fn inode(path: &Path) -> Result<Inode> {
    let stat = stat(path).map_err(|error| connect::file_error(&error.into(), path))?;
    Ok(Inode { device: stat.st_dev, number: stat.st_ino })
}

/// Reads the clock that counts from boot and that nobody can set.
pub(crate) fn lease_clock() -> Result<LeaseTime> {
    static BOOT: LazyLock<std::result::Result<String, String>> = LazyLock::new(|| {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|id| id.trim().to_owned())
            .map_err(|error| format!("cannot read the boot id: {error}"))
    });
    let boot = BOOT.clone().map_err(Error::Other)?;
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Ok(LeaseTime { boot, ms: time.tv_sec * 1000 + time.tv_nsec / 1_000_000 })
}
