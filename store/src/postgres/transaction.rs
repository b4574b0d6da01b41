//! Runs a closure in a transaction, again where the server asks for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use deadpool_postgres::{Client, Pool, Transaction};
use tokio::runtime::Handle;
use tokio_postgres::IsolationLevel;

use super::{Session, error};
use crate::tx::Access;
use crate::{Error, Result, Tx, failpoint};

/// As long as a migration may take, or what reads the whole database.
pub(super) const UNHURRIED: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(10);
/// It holds no locks that others wait for, so that a process which is stopped in it holds up no successor.
const LEISURE: &str = "SET LOCAL idle_in_transaction_session_timeout = '10min'";

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One snapshot, nothing changes.
    Read,
    /// The same for a closure that takes its time between its statements.
    ReadSlowly,
    /// One snapshot; a change by others makes the closure run again.
    Write,
    /// Each statement sees what is committed when it begins.
    Latest,
    /// Migrations: after waiting for their lock they must see what was committed meanwhile.
    Schema,
    /// Rolled back in any case.
    Scratch,
}

impl Mode {
    fn only_reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadSlowly)
    }
}

/// What a transaction is for, and how long the server may take for one statement of it.
pub(super) type Terms = (Mode, Duration);

/// Runs a closure until it is committed, fails by itself, or patience ends.
pub(super) async fn run<T, F>(pool: &Pool, terms: Terms, mut closure: F) -> Result<T>
where
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let (start, patience) = (Instant::now(), PATIENCE.min(terms.1));
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(2))
        .with_max_delay(Duration::from_millis(250))
        .with_jitter()
        .without_max_times()
        .build();
    loop {
        let attempt;
        (closure, attempt) = attempt_once(pool, terms, closure).await?;
        let failure = match attempt {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let pause = pauses.next().filter(|pause| failure.again && start.elapsed() + *pause < patience);
        let Some(pause) = pause else {
            return Err(failure.error);
        };
        tracing::debug!(error = %failure.error, "transaction runs again");
        tokio::time::sleep(pause).await;
    }
}

struct Failure {
    error: Error,
    again: bool,
}

impl Failure {
    fn of(error: Error) -> Failure {
        Failure { again: error.may_run_again(), error }
    }
}

async fn attempt_once<T, F>(
    pool: &Pool,
    terms: Terms,
    mut closure: F,
) -> Result<(F, std::result::Result<T, Failure>)>
where
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    T: Send + 'static,
{
    let client = match pool.get().await {
        Ok(client) => client,
        Err(failure) => return Ok((closure, Err(Failure::of(error::of_pool(&failure))))),
    };
    let handle = Handle::current();
    let work = move || {
        let outcome = transact(&handle, client, terms, &mut closure);
        (closure, outcome)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::other)
}

fn transact<T>(
    handle: &Handle,
    mut client: Client,
    terms: Terms,
    closure: &mut dyn FnMut(&mut Tx<'_>) -> Result<T>,
) -> std::result::Result<T, Failure> {
    let outcome = on_connection(handle, &mut client, terms, closure);
    // After a lost or silent link nobody knows what the connection would answer next.
    if matches!(&outcome, Err(failure) if matches!(failure.error, Error::Unavailable { .. })) {
        drop(Client::take(client));
    }
    outcome
}

fn on_connection<T>(
    handle: &Handle,
    client: &mut Client,
    (mode, limit): Terms,
    closure: &mut dyn FnMut(&mut Tx<'_>) -> Result<T>,
) -> std::result::Result<T, Failure> {
    let transaction = begin(handle, client, (mode, limit)).map_err(Failure::of)?;
    let statement = if mode == Mode::Schema { UNHURRIED } else { limit };
    let access = if mode.only_reads() { Access::Read } else { Access::Write };
    let mut tx = Tx::postgres(Session::new(handle, &transaction, statement), access);
    let outcome = catch_unwind(AssertUnwindSafe(|| closure(&mut tx)))
        .unwrap_or_else(|payload| Err(crate::error::panicked(payload.as_ref())));
    let again = tx.may_run_again();
    let value = tx.settle(outcome).map_err(|error| Failure { error, again })?;
    // Dropping a transaction rolls it back without waiting for the answer.
    if matches!(mode, Mode::Write | Mode::Latest | Mode::Schema) {
        commit(handle, transaction, limit).map_err(Failure::of)?;
    }
    Ok(value)
}

fn begin<'c>(handle: &Handle, client: &'c mut Client, (mode, limit): Terms) -> Result<Transaction<'c>> {
    let isolation = match mode {
        Mode::Read | Mode::ReadSlowly | Mode::Write => IsolationLevel::RepeatableRead,
        Mode::Latest | Mode::Schema | Mode::Scratch => IsolationLevel::ReadCommitted,
    };
    let start = client.build_transaction().isolation_level(isolation).read_only(mode.only_reads()).start();
    let begun = async {
        let transaction = start.await?;
        if mode == Mode::ReadSlowly {
            transaction.batch_execute(LEISURE).await?;
        }
        Ok::<_, tokio_postgres::Error>(transaction)
    };
    let limited = async { tokio::time::timeout(limit, begun).await };
    match handle.block_on(limited) {
        Ok(begun) => begun.map_err(|failure| error::of_begin(&failure)),
        Err(_) => Err(Error::unavailable("the server did not answer")),
    }
}

fn commit(handle: &Handle, transaction: Transaction<'_>, limit: Duration) -> Result<()> {
    let limited = async { tokio::time::timeout(limit, transaction.commit()).await };
    match failpoint::around(|| handle.block_on(limited)) {
        Ok(committed) => committed.map_err(|failure| error::of_commit(&failure)),
        Err(_) => Err(Error::Unavailable {
            what: "the server did not answer the commit".to_owned(),
            maybe_committed: true,
        }),
    }
}
