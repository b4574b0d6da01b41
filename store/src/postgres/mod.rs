//! The server side: a pool of connections that many workers share.

mod connect;
mod error;
mod inspect;
mod listen;
mod server;
mod session;
mod transaction;
mod types;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;

use crate::check::Facts;
use crate::{Durability, Migration, Options, Result, Tx};

pub(crate) use inspect::{findings, found_facts};
pub(crate) use server::Server;
pub(crate) use session::Session;
pub(crate) use types::column;

use transaction::Mode;

/// One to work with, and one more for when the first waits for an answer that does not come.
const ASIDE: usize = 2;

/// An open PostgreSQL database; clones share its pool.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    server: Arc<Server>,
    statement_limit: Duration,
}

impl Postgres {
    pub(crate) async fn open(server: &Server, options: Options) -> Result<Postgres> {
        let pool = connect::pool(server, options)?;
        // The first connection tells a wrong password from a pause of the server.
        drop(pool.get().await.map_err(|failure| error::of_pool(&failure))?);
        let statement_limit = options.statement_limit;
        Ok(Postgres { pool, server: Arc::new(server.clone()), statement_limit })
    }

    /// The same database over connections of its own, whose commits do not wait for the disk.
    pub(crate) fn aside(&self) -> Result<Postgres> {
        let statement_limit = self.statement_limit;
        let options = Options {
            durability: Durability::Normal,
            connections: ASIDE,
            statement_limit,
            ..Options::STANDARD
        };
        Ok(Postgres {
            pool: connect::pool(&self.server, options)?,
            server: self.server.clone(),
            statement_limit,
        })
    }

    /// Calls `hear` for each hint on the channel, until the returned future is dropped.
    pub(crate) async fn listen(&self, channel: &str, hear: Arc<dyn Fn() + Send + Sync>) {
        listen::listen(&self.server, channel, &hear).await;
    }

    pub(crate) async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        transaction::run(&self.pool, (Mode::Write, self.statement_limit), closure).await
    }

    pub(crate) async fn write_latest<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        transaction::run(&self.pool, (Mode::Latest, self.statement_limit), closure).await
    }

    pub(crate) async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        transaction::run(&self.pool, (Mode::Read, self.statement_limit), closure).await
    }

    pub(crate) async fn read_slowly<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        transaction::run(&self.pool, (Mode::ReadSlowly, self.statement_limit), closure).await
    }

    pub(crate) async fn change_schema<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        transaction::run(&self.pool, (Mode::Schema, self.statement_limit), closure).await
    }

    /// The schema that the migrations make, built in a schema of its own and rolled back.
    pub(crate) async fn facts(&self, migrations: Vec<&'static Migration>) -> Result<Facts> {
        let build = move |tx: &mut Tx<'_>| inspect::facts(tx, &migrations);
        transaction::run(&self.pool, (Mode::Scratch, self.statement_limit), build).await
    }
}
