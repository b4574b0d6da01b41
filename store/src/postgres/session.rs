//! Statements on one connection, waited for on a blocking thread.

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::Transaction;
use futures_util::{StreamExt, TryStreamExt};
use tokio::runtime::Handle;
use tokio_postgres::Statement;

use super::error;
use super::transaction::UNHURRIED;
use super::types::Bound;
use crate::{Error, LeaseTime, Result, Row, Value};

const PIPELINED: usize = 128;
const CHUNK: usize = 256;

/// An open transaction of a pooled connection.
pub(crate) struct Session<'a> {
    handle: &'a Handle,
    transaction: &'a Transaction<'a>,
    limit: Duration,
}

impl<'a> Session<'a> {
    pub(super) fn new(handle: &'a Handle, transaction: &'a Transaction<'a>, limit: Duration) -> Self {
        Session { handle, transaction, limit }
    }

    pub(crate) fn execute(&mut self, text: &str, params: &[Value<'_>]) -> Result<u64> {
        self.wait(async {
            let statement = self.statement(text, params.len()).await?;
            self.run(&statement, params).await
        })
    }

    pub(crate) fn batch(&mut self, text: &str, rows: &[Vec<Value<'_>>]) -> Result<u64> {
        let Some(first) = rows.first() else {
            return Ok(0);
        };
        let statement = self.wait(self.statement(text, first.len()))?;
        let mut changed = 0;
        // The time limit is one statement's; a chunk is sent and answered far within it.
        for chunk in rows.chunks(PIPELINED) {
            changed += self.wait(self.run_chunk(&statement, chunk))?;
        }
        Ok(changed)
    }

    pub(crate) fn each(
        &mut self,
        text: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        let rows = self.wait(async {
            let statement = self.statement(text, params.len()).await?;
            let bound = params.iter().map(|value| Bound(*value));
            self.transaction.query_raw(&statement, bound).await.map_err(|error| error::map(&error))
        })?;
        let mut chunks = std::pin::pin!(rows.ready_chunks(CHUNK));
        let mut wanted = true;
        // An answer is read to its end, because an error may stand behind its rows.
        while let Some(chunk) = self.wait(async { Ok(chunks.next().await) })? {
            for row in chunk {
                let row = row.map_err(|error| error::map(&error))?;
                wanted = wanted && visit(&Row::postgres(&row));
            }
        }
        Ok(())
    }

    pub(crate) fn script(&mut self, text: &str) -> Result<()> {
        self.wait(async { self.transaction.batch_execute(text).await.map_err(|error| error::map(&error)) })
    }

    /// Lifts the limit of each statement for the rest of the transaction.
    pub(crate) fn take_time(&mut self) -> Result<()> {
        self.script("SET LOCAL statement_timeout = 0")?;
        self.limit = UNHURRIED;
        Ok(())
    }

    pub(crate) fn prepare(&mut self, text: &str) -> Result<()> {
        self.wait(async {
            self.transaction.prepare(text).await.map(drop).map_err(|error| error::map(&error))
        })
    }

    pub(crate) fn lease_clock(&mut self) -> Result<LeaseTime> {
        let mut ms = None;
        let now = "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";
        self.each(now, &[], &mut |row| {
            ms = Some(row.get(0));
            true
        })?;
        let ms = ms.ok_or_else(|| Error::other("the server told no time"))??;
        Ok(LeaseTime { boot: LeaseTime::SERVER.to_owned(), ms })
    }

    async fn statement(&self, text: &str, given: usize) -> Result<Statement> {
        let statement = self.transaction.prepare_cached(text).await.map_err(|error| error::map(&error))?;
        let wanted = statement.params().len();
        if wanted != given {
            return Err(wrong_count(wanted, given));
        }
        Ok(statement)
    }

    async fn run(&self, statement: &Statement, params: &[Value<'_>]) -> Result<u64> {
        let wanted = statement.params().len();
        if wanted != params.len() {
            return Err(wrong_count(wanted, params.len()));
        }
        let bound = params.iter().map(|value| Bound(*value));
        self.transaction.execute_raw(statement, bound).await.map_err(|error| error::map(&error))
    }

    /// Sends all rows before the first answer; answers come in order, so the first error is the cause.
    async fn run_chunk(&self, statement: &Statement, chunk: &[Vec<Value<'_>>]) -> Result<u64> {
        let sent: Vec<_> = chunk.iter().map(|params| self.run(statement, params)).collect();
        let answers = futures_util::stream::iter(sent).buffered(PIPELINED);
        answers.try_fold(0, |sum, changed| async move { Ok(sum + changed) }).await
    }

    /// Waits on this thread, but not for ever: a silent link answers nothing.
    fn wait<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let limited = async { tokio::time::timeout(self.limit, answer).await };
        self.handle.block_on(limited).unwrap_or_else(|_| Err(Error::unavailable("the server did not answer")))
    }
}

fn wrong_count(wanted: usize, given: usize) -> Error {
    Error::Other(format!("the statement wants parameters up to ${wanted}, {given} were given"))
}
