//! What was deleted because a permission was taken back, or because the athlete said so.

use std::collections::BTreeMap;

use store::{Result, Row, Sql, Tx, params};

use super::{from_json, to_json};

/// A receipt's row; it is written from the first deletion on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub asked_ms: i64,
    /// Nothing while there is something left to delete.
    pub done_ms: Option<i64>,
    /// Whether the service confirmed that the permission is over.
    pub is_revoked: bool,
    pub not_revoked: Option<String>,
    /// Rows by table.
    pub deleted: Deleted,
}

/// Rows that were deleted, by table.
pub type Deleted = BTreeMap<String, u64>;

const BEGIN: Sql = Sql::Both(
    "INSERT INTO purge_receipt (athlete, provenance, asked_ms, done_ms, is_revoked, not_revoked, deleted) \
     VALUES ($1, $2, $3, NULL, FALSE, NULL, '{}') ON CONFLICT (athlete, provenance, asked_ms) DO NOTHING",
);
const LAST: Sql = Sql::Both(
    "SELECT asked_ms, done_ms, is_revoked, not_revoked, deleted FROM purge_receipt \
     WHERE athlete = $1 AND provenance = $2 ORDER BY asked_ms DESC LIMIT 1",
);
const PUT: Sql = Sql::Both(
    "UPDATE purge_receipt SET done_ms = $4, is_revoked = $5, not_revoked = $6, deleted = $7 \
     WHERE athlete = $1 AND provenance = $2 AND asked_ms = $3",
);

/// Begins a receipt, or goes on with the one that is not done.
pub fn begin(tx: &mut Tx<'_>, athlete: &str, provenance: &str, now_ms: i64) -> Result<Receipt> {
    if let Some(open) = last(tx, athlete, provenance)?.filter(|receipt| receipt.done_ms.is_none()) {
        return Ok(open);
    }
    tx.execute(&BEGIN, &params![athlete, provenance, now_ms])?;
    let deleted = Deleted::new();
    Ok(Receipt { asked_ms: now_ms, done_ms: None, is_revoked: false, not_revoked: None, deleted })
}

/// The last receipt, done or not.
pub fn last(tx: &mut Tx<'_>, athlete: &str, provenance: &str) -> Result<Option<Receipt>> {
    tx.optional(&LAST, &params![athlete, provenance], read)
}

/// Writes what a receipt says now.
pub fn put(tx: &mut Tx<'_>, athlete: &str, provenance: &str, receipt: &Receipt) -> Result<()> {
    let Receipt { asked_ms, done_ms, is_revoked, not_revoked, deleted } = receipt;
    let deleted = to_json(deleted)?;
    let params = params![athlete, provenance, *asked_ms, *done_ms, *is_revoked, not_revoked, &deleted];
    tx.execute(&PUT, &params).map(drop)
}

fn read(row: &Row<'_>) -> Result<Receipt> {
    Ok(Receipt {
        asked_ms: row.get(0)?,
        done_ms: row.get(1)?,
        is_revoked: row.get(2)?,
        not_revoked: row.get(3)?,
        deleted: from_json(row, 4)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[BEGIN, LAST, PUT];
