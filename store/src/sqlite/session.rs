//! Statements on one connection.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::{connect, error};
use crate::{Error, Result, Row, Value};

/// A connection inside a transaction.
pub(crate) struct Session<'a> {
    connection: &'a Connection,
    path: &'a Path,
    limit: Option<Duration>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(connection: &'a Connection, path: &'a Path, limit: Duration) -> Self {
        Session { connection, path, limit: Some(limit) }
    }

    pub(crate) fn execute(&mut self, text: &str, params: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.statement(text)?;
        let numbers = numbers(&statement);
        bind(&mut statement, &numbers, params).map_err(|error| self.map(error))?;
        self.run(&mut statement)
    }

    pub(crate) fn batch(&mut self, text: &str, rows: &[Vec<Value<'_>>]) -> Result<u64> {
        let mut statement = self.statement(text)?;
        let numbers = numbers(&statement);
        let mut changed = 0;
        for params in rows {
            bind(&mut statement, &numbers, params).map_err(|error| self.map(error))?;
            changed += self.run(&mut statement)?;
        }
        Ok(changed)
    }

    pub(crate) fn each(
        &mut self,
        text: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<()> {
        let mut statement = self.statement(text)?;
        let numbers = numbers(&statement);
        bind(&mut statement, &numbers, params).map_err(|error| self.map(error))?;
        let mut rows = statement.raw_query();
        let mut wanted = true;
        let all = || {
            // A statement that changes rows and returns them is run to its end, whoever stops listening.
            while let Some(row) = rows.next().map_err(|error| self.map(Failure::Driver(error)))? {
                if wanted {
                    wanted = visit(&Row::sqlite(row));
                }
            }
            Ok(())
        };
        connect::within(self.limit, all)
    }

    pub(crate) fn script(&mut self, text: &str) -> Result<()> {
        self.connection.execute_batch(text).map_err(|error| self.map(Failure::Driver(error)))
    }

    /// Lifts the limit of each statement.
    pub(crate) fn take_time(&mut self) {
        self.limit = None;
    }

    pub(crate) fn prepare(&mut self, text: &str) -> Result<()> {
        self.connection.prepare(text).map(drop).map_err(|error| self.map(Failure::Driver(error)))
    }

    fn statement(&self, text: &str) -> Result<CachedStatement<'a>> {
        self.connection.prepare_cached(text).map_err(|error| self.map(Failure::Driver(error)))
    }

    fn run(&self, statement: &mut CachedStatement<'_>) -> Result<u64> {
        connect::within(self.limit, || self.run_to_end(statement))
    }

    fn run_to_end(&self, statement: &mut CachedStatement<'_>) -> Result<u64> {
        if statement.column_count() == 0 {
            let changed = statement.raw_execute().map_err(|error| self.map(Failure::Driver(error)))?;
            return Ok(changed as u64);
        }
        let mut rows = statement.raw_query();
        while rows.next().map_err(|error| self.map(Failure::Driver(error)))?.is_some() {}
        Ok(self.connection.changes())
    }

    fn map(&self, failure: Failure) -> Error {
        match failure {
            Failure::Driver(driver) => error::map(&driver, self.path),
            Failure::Params { wanted, given } => {
                Error::Other(format!("the statement wants parameters up to ${wanted}, {given} were given"))
            }
        }
    }
}

/// What can go wrong while binding.
pub(crate) enum Failure {
    Driver(rusqlite::Error),
    Params { wanted: usize, given: usize },
}

/// Binds the value of each number.
fn bind(
    statement: &mut CachedStatement<'_>,
    numbers: &[usize],
    params: &[Value<'_>],
) -> std::result::Result<(), Failure> {
    for (&number, index) in numbers.iter().zip(1..) {
        let Some(value) = number.checked_sub(1).and_then(|at| params.get(at)) else {
            return Err(Failure::Params { wanted: number, given: params.len() });
        };
        statement.raw_bind_parameter(index, Bound(*value)).map_err(Failure::Driver)?;
    }
    if numbers.len() != params.len() {
        return Err(Failure::Params { wanted: numbers.len(), given: params.len() });
    }
    Ok(())
}

/// The numbers in the names of the parameters: SQLite itself numbers `$2, $1` by order of appearance.
fn numbers(statement: &CachedStatement<'_>) -> Vec<usize> {
    let number = |index| number(statement.parameter_name(index), index);
    (1..=statement.parameter_count()).map(number).collect()
}

fn number(name: Option<&str>, index: usize) -> usize {
    name.and_then(|name| name.get(1..)).and_then(|digits| digits.parse().ok()).unwrap_or(index)
}

struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(int) => ToSqlOutput::Borrowed(ValueRef::Integer(int)),
            Value::Real(real) => ToSqlOutput::Borrowed(ValueRef::Real(real)),
            Value::Bool(bool) => ToSqlOutput::Borrowed(ValueRef::Integer(i64::from(bool))),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Ints(ints) => ToSqlOutput::Owned(json(ints.iter().map(ToString::to_string)).into()),
            Value::Texts(texts) => ToSqlOutput::Owned(json(texts.iter().map(|text| quote(text))).into()),
        })
    }
}

fn json(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Reads a column in place.
pub(crate) fn column<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Value<'a>> {
    Ok(match row.get_ref(index).map_err(Error::other)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).map_err(Error::other)?),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn list_of_texts_survives_its_way_through_json(texts: Vec<String>) {
            let texts: Vec<String> = texts.iter().map(|text| text.replace('\0', "")).collect();
            let connection = Connection::open_in_memory().unwrap();
            let mut select = connection.prepare("SELECT value FROM json_each(?1) ORDER BY key").unwrap();
            let read = select.query_map([Bound(Value::Texts(&texts))], |row| row.get::<_, String>(0)).unwrap();
            let read: Vec<String> = read.map(std::result::Result::unwrap).collect();
            prop_assert_eq!(read, texts);
        }
    }
}
