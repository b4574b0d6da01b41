//! A transaction as its closure sees it.

use crate::{Backend, Error, Result, Row, Sql, Value, postgres, sqlite};

/// The database's own clock, which no wall clock moves; only leases use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseTime {
    /// Times of different boots cannot be compared.
    pub boot: String,
    /// Milliseconds on that clock.
    pub ms: i64,
}

impl LeaseTime {
    /// The boot of every server's clock, which goes on when the server is started again.
    pub const SERVER: &str = "postgres";
}

/// An open transaction: synchronous, and nothing of it is seen by others before its commit.
pub struct Tx<'a> {
    session: Session<'a>,
    access: Access,
    failure: Option<Failure>,
}

/// The first statement that failed. PostgreSQL takes no further statement after it and turns a commit into a
/// rollback without a word, so a closure that overlooks it must not hear "done".
struct Failure {
    what: String,
    again: bool,
}

/// Whether the transaction may change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

enum Session<'a> {
    Sqlite(sqlite::Session<'a>),
    Postgres(postgres::Session<'a>),
}

impl<'a> Tx<'a> {
    pub(crate) fn sqlite(session: sqlite::Session<'a>, access: Access) -> Self {
        Tx { session: Session::Sqlite(session), access, failure: None }
    }

    pub(crate) fn postgres(session: postgres::Session<'a>, access: Access) -> Self {
        Tx { session: Session::Postgres(session), access, failure: None }
    }
}

impl Tx<'_> {
    /// Runs a statement and answers how many rows it changed.
    pub fn execute(&mut self, sql: &Sql, params: &[Value<'_>]) -> Result<u64> {
        check_values(params)?;
        let done = match &mut self.session {
            Session::Sqlite(session) => session.execute(sql.text(Backend::Sqlite), params),
            Session::Postgres(session) => session.execute(sql.text(Backend::Postgres), params),
        };
        self.note(done)
    }

    /// Maps every row of the answer, in its order.
    pub fn query<T>(
        &mut self,
        sql: &Sql,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut mapped = Ok(Vec::new());
        self.each(sql, params, &mut |row| {
            if let Ok(all) = &mut mapped {
                match map(row) {
                    Ok(one) => all.push(one),
                    Err(error) => mapped = Err(error),
                }
            }
            mapped.is_ok()
        })?;
        mapped
    }

    /// Maps the first row of the answer, or answers nothing where there is none.
    pub fn optional<T>(
        &mut self,
        sql: &Sql,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.each(sql, params, &mut |row| {
            first = Some(map(row));
            false
        })?;
        first.transpose()
    }

    /// Runs one statement for many rows of parameters and answers how many rows changed in all.
    /// On PostgreSQL the rows travel without waiting for each other.
    pub fn batch<'p>(&mut self, sql: &Sql, rows: &[Vec<Value<'p>>]) -> Result<u64> {
        for row in rows {
            check_values(row)?;
        }
        let done = match &mut self.session {
            Session::Sqlite(session) => session.batch(sql.text(Backend::Sqlite), rows),
            Session::Postgres(session) => session.batch(sql.text(Backend::Postgres), rows),
        };
        self.note(done)
    }

    /// Reads the clock that leases are measured with.
    pub fn lease_clock(&mut self) -> Result<LeaseTime> {
        let read = match &mut self.session {
            Session::Sqlite(_) => sqlite::lease_clock(),
            Session::Postgres(session) => session.lease_clock(),
        };
        self.note(read)
    }

    /// The database this transaction runs on.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match &self.session {
            Session::Sqlite(_) => Backend::Sqlite,
            Session::Postgres(_) => Backend::Postgres,
        }
    }

    /// Runs several statements without parameters, as migrations are written.
    pub(crate) fn script(&mut self, text: &str) -> Result<()> {
        let done = match &mut self.session {
            Session::Sqlite(session) => session.script(text),
            Session::Postgres(session) => session.script(text),
        };
        self.note(done)
    }

    /// Lifts the limit of each statement for the rest of the transaction, for what reads the whole database.
    pub(crate) fn take_time(&mut self) -> Result<()> {
        let done = match &mut self.session {
            Session::Sqlite(session) => {
                session.take_time();
                Ok(())
            }
            Session::Postgres(session) => session.take_time(),
        };
        self.note(done)
    }

    /// Checks that the database understands a statement, without running it.
    pub(crate) fn prepare(&mut self, sql: &Sql) -> Result<()> {
        let done = match &mut self.session {
            Session::Sqlite(session) => session.prepare(sql.text(Backend::Sqlite)),
            Session::Postgres(session) => session.prepare(sql.text(Backend::Postgres)),
        };
        self.note(done)
    }

    /// Runs a count whose text was put together from the catalogue.
    pub(crate) fn number(&mut self, text: &str) -> Result<i64> {
        let mut number = Ok(0);
        let mut visit = |row: &Row<'_>| {
            number = row.get(0);
            false
        };
        let done = match &mut self.session {
            Session::Sqlite(session) => session.each(text, &[], &mut visit),
            Session::Postgres(session) => session.each(text, &[], &mut visit),
        };
        self.note(done)?;
        number
    }

    /// Whether a statement failed in a way that running the closure again may mend.
    pub(crate) fn may_run_again(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.again)
    }

    /// What the closure's outcome is worth: nothing where a statement failed and it went on.
    pub(crate) fn settle<T>(self, outcome: Result<T>) -> Result<T> {
        match (outcome, self.failure) {
            (Ok(_), Some(failure)) => {
                Err(Error::Other(format!("a statement failed, so nothing was committed: {}", failure.what)))
            }
            (outcome, _) => outcome,
        }
    }

    /// Hands rows to `visit` until it answers false.
    fn each(
        &mut self,
        sql: &Sql,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        check_values(params)?;
        let done = match &mut self.session {
            Session::Sqlite(session) => session.each(sql.text(Backend::Sqlite), params, visit),
            Session::Postgres(session) => session.each(sql.text(Backend::Postgres), params, visit),
        };
        self.note(done)
    }

    /// Remembers that a statement failed.
    fn note<T>(&mut self, done: Result<T>) -> Result<T> {
        let error = match done {
            Ok(done) => return Ok(done),
            // A write inside a read is the caller's mistake, not a read-only disk.
            Err(Error::ReadOnly(_)) if self.access == Access::Read => {
                Error::Other("a read transaction cannot write".to_owned())
            }
            Err(error) => error,
        };
        if self.failure.is_none() {
            self.failure = Some(Failure { what: error.to_string(), again: error.may_run_again() });
        }
        Err(error)
    }
}

fn check_values(params: &[Value<'_>]) -> Result<()> {
    params.iter().enumerate().try_for_each(|(index, value)| value.portable(index + 1))
}
