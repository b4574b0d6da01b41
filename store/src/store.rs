//! The store itself: which database, and the verbs that both offer.

use std::fmt;
use std::sync::Arc;

use crate::url::Place;
use crate::{
    Backend, Finding, Migrated, MigrationStatus, Options, Postgres, Result, Sql, Sqlite, Tx, Url, check,
    migrate,
};

/// An open database; clones share it.
#[derive(Clone)]
pub enum Store {
    /// An embedded file.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// The closure within the caller's span, on whatever thread it runs, so that what it says is told as the caller's.
fn spanned<T: 'static>(
    mut closure: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static {
    let span = tracing::Span::current();
    move |tx: &mut Tx<'_>| span.in_scope(|| closure(tx))
}

impl Store {
    /// Opens a database as a server runs it. One of a newer version is refused and left as it is.
    pub async fn open(url: &Url) -> Result<Store> {
        Store::open_with(url, Options::STANDARD).await
    }

    /// Opens a database with other sizes and promises.
    pub async fn open_with(url: &Url, options: Options) -> Result<Store> {
        let store = match url.place() {
            Place::Sqlite(path) => Store::Sqlite(Sqlite::open(path, options).await?),
            Place::Postgres(server) => Store::Postgres(Postgres::open(server, options).await?),
        };
        store.read(|tx| migrate::refuse_newer(tx, migrate::MIGRATIONS)).await?;
        Ok(store)
    }

    /// Runs a transaction. An `Err` rolls it back; the closure may run more than once, and when the
    /// returned future is dropped it may still be committed. On PostgreSQL it sees one snapshot
    /// (`REPEATABLE READ`), and what others changed under it makes it run again.
    pub async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closure = spanned(closure);
        match self {
            Store::Sqlite(sqlite) => sqlite.write(closure).await,
            Store::Postgres(postgres) => postgres.write(closure).await,
        }
    }

    /// As [`Store::write`], for a handful of rows. Where such a commit waits for nothing, it is run on the caller's
    /// thread, because waking two others would cost more than the transaction itself.
    pub async fn write_brief<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closure = spanned(closure);
        match self {
            Store::Sqlite(sqlite) => sqlite.write_brief(closure).await,
            Store::Postgres(postgres) => postgres.write(closure).await,
        }
    }

    /// As [`Store::write`], but on PostgreSQL each statement sees what is committed when it begins
    /// (`READ COMMITTED`): rows that others changed meanwhile are looked at anew instead of making the closure run
    /// again.
    pub async fn write_latest<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closure = spanned(closure);
        match self {
            Store::Sqlite(sqlite) => sqlite.write(closure).await,
            Store::Postgres(postgres) => postgres.write_latest(closure).await,
        }
    }

    /// The same database over connections of its own, which no crowd at this store's can exhaust. Its commits do not
    /// wait for the disk. Nothing is connected yet; on SQLite, where a file has one writer, it is this store.
    pub fn aside(&self) -> Result<Store> {
        match self {
            Store::Sqlite(_) => Ok(self.clone()),
            Store::Postgres(postgres) => postgres.aside().map(Store::Postgres),
        }
    }

    /// Calls `hear` for each `NOTIFY` on the channel, over a connection of its own, and once whenever it has begun to
    /// listen. It tries again for ever and never fails; SQLite has nothing to hear. Drop the future to end it.
    pub async fn listen(&self, channel: &str, hear: Arc<dyn Fn() + Send + Sync>) {
        match self {
            Store::Sqlite(_) => std::future::pending().await,
            Store::Postgres(postgres) => postgres.listen(channel, hear).await,
        }
    }

    /// Reads from one consistent snapshot; a statement that writes is refused.
    pub async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closure = spanned(closure);
        match self {
            Store::Sqlite(sqlite) => sqlite.read(closure).await,
            Store::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// As [`Store::read`], for a closure that takes its time between its statements, such as one that writes a file;
    /// elsewhere the server ends a transaction that is idle for some seconds. What died since cannot be cleared away
    /// until it ends. It is begun anew only where it fails within its first ten seconds: what comes later is the
    /// caller's, who has waited long enough to be told.
    pub async fn read_slowly<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closure = spanned(closure);
        match self {
            Store::Sqlite(sqlite) => sqlite.read(closure).await,
            Store::Postgres(postgres) => postgres.read_slowly(closure).await,
        }
    }

    /// Applies the migrations that are missing, without noting when.
    pub async fn migrate(&self) -> Result<Migrated> {
        migrate::apply(self, migrate::MIGRATIONS, None).await
    }

    /// Applies the migrations that are missing and notes `now_ms` beside them.
    pub async fn migrate_at(&self, now_ms: i64) -> Result<Migrated> {
        migrate::apply(self, migrate::MIGRATIONS, Some(now_ms)).await
    }

    /// Every migration this program knows and whether it was applied.
    pub async fn migration_status(&self) -> Result<Vec<MigrationStatus>> {
        self.read(|tx| migrate::status(tx, migrate::MIGRATIONS)).await
    }

    /// Looks for damage, orphans, and differences from the schema that the migrations make. Reads the whole
    /// database.
    pub async fn check(&self) -> Result<Vec<Finding>> {
        check::run(self).await
    }

    /// Checks that the database understands a statement, without running it.
    pub async fn prepare(&self, sql: &Sql) -> Result<()> {
        let sql = *sql;
        self.read(move |tx| tx.prepare(&sql)).await
    }

    /// The database behind the store.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self {
            Store::Sqlite(_) => Backend::Sqlite,
            Store::Postgres(_) => Backend::Postgres,
        }
    }

    /// Runs a transaction that changes tables; the snapshot is taken anew for each statement.
    pub(crate) async fn change_schema<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        match self {
            Store::Sqlite(sqlite) => sqlite.write(closure).await,
            Store::Postgres(postgres) => postgres.change_schema(closure).await,
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.backend())
    }
}
