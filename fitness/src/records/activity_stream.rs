//! Compressed column blocks of an activity; see [`crate::stream`].

use store::{Result, Sql, Tx, Value, params};

use super::stored;
use crate::stream::Column;

const REMOVE: Sql = Sql::Both("DELETE FROM activity_stream WHERE activity_id = $1");
const PUT: Sql = Sql::Both("INSERT INTO activity_stream (activity_id, channel, content) VALUES ($1, $2, $3)");
const GET: Sql = Sql::Both("SELECT content FROM activity_stream WHERE activity_id = $1 AND channel = $2");
const ALL: Sql =
    Sql::Both("SELECT channel, content FROM activity_stream WHERE activity_id = $1 ORDER BY channel");
const COLUMNS: Sql = Sql::Both("SELECT channel FROM activity_stream WHERE activity_id = $1 ORDER BY channel");

/// Replaces the blocks of an activity.
pub fn replace(tx: &mut Tx<'_>, activity_id: &str, blocks: &[(Column, Vec<u8>)]) -> Result<()> {
    tx.execute(&REMOVE, &params![activity_id])?;
    let rows: Vec<Vec<Value<'_>>> =
        blocks.iter().map(|(column, block)| params![activity_id, column.as_str(), block].into()).collect();
    tx.batch(&PUT, &rows).map(drop)
}

/// One block of an activity.
pub fn get(tx: &mut Tx<'_>, activity_id: &str, column: Column) -> Result<Option<Vec<u8>>> {
    tx.optional(&GET, &params![activity_id, column.as_str()], |row| row.get(0))
}

/// Every block of an activity.
pub fn all(tx: &mut Tx<'_>, activity_id: &str) -> Result<Vec<(Column, Vec<u8>)>> {
    tx.query(&ALL, &params![activity_id], |row| Ok((stored(row.text(0)?, Column::parse)?, row.get(1)?)))
}

/// The columns that an activity has.
pub fn columns(tx: &mut Tx<'_>, activity_id: &str) -> Result<Vec<Column>> {
    tx.query(&COLUMNS, &params![activity_id], |row| stored(row.text(0)?, Column::parse))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[REMOVE, PUT, GET, ALL, COLUMNS];
