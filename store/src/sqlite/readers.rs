//! The connections that read, each from its own snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

use super::{Session, connect, error};
use crate::tx::Access;
use crate::{Error, Options, Result, Tx};

pub(crate) struct Readers {
    path: PathBuf,
    statement_limit: Duration,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: &Path, options: Options) -> Self {
        Readers {
            path: path.to_owned(),
            statement_limit: options.statement_limit,
            slots: Arc::new(Semaphore::new(options.readers.max(1))),
            idle: Mutex::default(),
        }
    }

    fn run<T>(&self, closure: &mut dyn FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect::reader(&self.path)?,
        };
        let outcome = self.snapshot(&connection, closure);
        // A connection that met damage or a lost file is not used again.
        if !matches!(outcome, Err(Error::Corrupt(_) | Error::Unavailable { .. })) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        outcome
    }

    fn snapshot<T>(
        &self,
        connection: &Connection,
        closure: &mut dyn FnMut(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let command = |text: &str| -> Result<()> {
            let done = connection.prepare_cached(text).and_then(|mut command| command.execute([]));
            done.map(drop).map_err(|error| error::map(&error, &self.path))
        };
        command("BEGIN")?;
        let session = Session::new(connection, &self.path, self.statement_limit);
        let mut tx = Tx::sqlite(session, Access::Read);
        let outcome = catch_unwind(AssertUnwindSafe(|| closure(&mut tx)))
            .unwrap_or_else(|payload| Err(crate::error::panicked(payload.as_ref())));
        let outcome = tx.settle(outcome);
        if !connection.is_autocommit() {
            command("ROLLBACK")?;
        }
        outcome
    }
}

/// Runs a closure on the first free connection.
pub(crate) async fn read<T, F>(readers: &Arc<Readers>, mut closure: F) -> Result<T>
where
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let slot = Arc::clone(&readers.slots).acquire_owned().await.map_err(Error::other)?;
    // Handing a short read to another thread costs ten times the read; a runtime of one thread has no choice.
    if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        return tokio::task::block_in_place(|| readers.run(&mut closure));
    }
    let readers = Arc::clone(readers);
    let read = move || {
        let _slot = slot;
        readers.run(&mut closure)
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::other)?
}
