//! Profile, zones, gear and segments: the JSON as it came.

use store::{Result, Sql, Tx, params};

/// An item of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: String,
    pub item_id: String,
    pub body: String,
    pub fetched_ms: i64,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO strava_item (athlete, kind, item_id, body, fetched_ms) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (athlete, kind, item_id) DO UPDATE SET body = excluded.body, fetched_ms = excluded.fetched_ms",
);
const LIST: Sql = Sql::Both(
    "SELECT kind, item_id, body, fetched_ms FROM strava_item WHERE athlete = $1 AND kind = $2 ORDER BY item_id",
);
const GET: Sql = Sql::Both(
    "SELECT kind, item_id, body, fetched_ms FROM strava_item \
     WHERE athlete = $1 AND kind = $2 AND item_id = $3",
);
const REMOVE: Sql = Sql::Both("DELETE FROM strava_item WHERE athlete = $1 AND kind = $2 AND item_id = $3");
const FETCHED: Sql = Sql::Both("SELECT MAX(fetched_ms) FROM strava_item WHERE athlete = $1 AND kind = $2");

const FORGET_OLDER: Sql = Sql::Both("DELETE FROM strava_item WHERE athlete = $1 AND fetched_ms < $2");

/// Forgets what was last fetched before a moment.
pub fn forget_older(tx: &mut Tx<'_>, athlete: &str, before_ms: i64) -> Result<()> {
    tx.execute(&FORGET_OLDER, &params![athlete, before_ms]).map(drop)
}

/// Keeps an item.
pub fn put(tx: &mut Tx<'_>, athlete: &str, item: &Item) -> Result<()> {
    let params = params![athlete, &item.kind, &item.item_id, &item.body, item.fetched_ms];
    tx.execute(&PUT, &params).map(drop)
}

/// All items of a kind, by their ids.
pub fn list(tx: &mut Tx<'_>, athlete: &str, kind: &str) -> Result<Vec<Item>> {
    tx.query(&LIST, &params![athlete, kind], read)
}

/// One item.
pub fn get(tx: &mut Tx<'_>, athlete: &str, (kind, item_id): (&str, &str)) -> Result<Option<Item>> {
    tx.optional(&GET, &params![athlete, kind, item_id], read)
}

/// Forgets an item.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, (kind, item_id): (&str, &str)) -> Result<()> {
    tx.execute(&REMOVE, &params![athlete, kind, item_id]).map(drop)
}

/// When an item of a kind was last fetched.
pub fn fetched_ms(tx: &mut Tx<'_>, athlete: &str, kind: &str) -> Result<Option<i64>> {
    Ok(tx.optional(&FETCHED, &params![athlete, kind], |row| row.get(0))?.flatten())
}

fn read(row: &store::Row<'_>) -> Result<Item> {
    Ok(Item { kind: row.get(0)?, item_id: row.get(1)?, body: row.get(2)?, fetched_ms: row.get(3)? })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[FORGET_OLDER, PUT, LIST, GET, REMOVE, FETCHED];
