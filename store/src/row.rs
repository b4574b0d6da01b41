//! One row of an answer, read in place.

use crate::{Error, FromValue, Result, Value};

/// A row as the driver holds it; columns are counted from 0.
pub struct Row<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    pub(crate) fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Row { source: Source::Sqlite(row) }
    }

    pub(crate) fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Row { source: Source::Postgres(row) }
    }

    /// Reads a column; fails where it does not exist or holds another kind of value.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let value = self.value(index)?;
        T::from_value(value).ok_or_else(|| wrong_kind::<T>(index, value))
    }

    /// Reads a text column without copying it.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self.value(index)? {
            Value::Text(text) => Ok(text),
            other => Err(wrong_kind::<&str>(index, other)),
        }
    }

    /// Reads a byte column without copying it.
    pub fn bytes(&self, index: usize) -> Result<&[u8]> {
        match self.value(index)? {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(wrong_kind::<&[u8]>(index, other)),
        }
    }

    fn value(&self, index: usize) -> Result<Value<'_>> {
        match self.source {
            Source::Sqlite(row) => crate::sqlite::column(row, index),
            Source::Postgres(row) => crate::postgres::column(row, index),
        }
    }
}

fn wrong_kind<T>(index: usize, value: Value<'_>) -> Error {
    let wanted = std::any::type_name::<T>();
    Error::Other(format!("column {index} holds {}, wanted {wanted}", value.kind()))
}
