//! The lists beside the activities of an athlete's export: gear, segments, media and the like.

use store::{Result, Sql, Tx, Value, params};

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportItem {
    /// The source's own id, else what tells it from the others of its list.
    pub source_id: String,
    /// Every column that has a value, as JSON: name, which of that name, value.
    pub columns: String,
}

/// How many items of a list are there, in the words of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub kind: String,
    pub items: u32,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO export_item (athlete, provenance, kind, source_id, position, columns) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (athlete, provenance, kind, source_id) DO UPDATE SET \
     position = excluded.position, columns = excluded.columns \
     WHERE (export_item.position, export_item.columns) IS DISTINCT FROM (excluded.position, excluded.columns)",
);
const PRUNE: Sql = Sql::Per {
    sqlite: "DELETE FROM export_item WHERE athlete = $1 AND provenance = $2 AND kind = $3 \
             AND source_id NOT IN (SELECT value FROM json_each($4))",
    postgres: "DELETE FROM export_item WHERE athlete = $1 AND provenance = $2 AND kind = $3 \
               AND source_id <> ALL($4)",
};
const LIST: Sql = Sql::Both(
    "SELECT source_id, columns FROM export_item WHERE athlete = $1 AND provenance = $2 AND kind = $3 \
     ORDER BY position, source_id",
);
const COUNTS: Sql =
    Sql::Both("SELECT kind, COUNT(*) FROM export_item WHERE athlete = $1 GROUP BY kind ORDER BY kind");

/// Replaces a list by that of a newer export, and says how many items are new, others than before or gone.
pub fn replace(
    tx: &mut Tx<'_>,
    athlete: &str,
    (provenance, kind): (&str, &str),
    items: &[ExportItem],
) -> Result<u64> {
    let rows: Vec<Vec<Value<'_>>> = items
        .iter()
        .zip(0_i64..)
        .map(|(item, position)| {
            params![athlete, provenance, kind, &item.source_id, position, &item.columns].into()
        })
        .collect();
    let changed = tx.batch(&PUT, &rows)?;
    let ids: Vec<String> = items.iter().map(|item| item.source_id.clone()).collect();
    Ok(changed + tx.execute(&PRUNE, &params![athlete, provenance, kind, &ids])?)
}

/// The items of a list in its order.
pub fn list(tx: &mut Tx<'_>, athlete: &str, (provenance, kind): (&str, &str)) -> Result<Vec<ExportItem>> {
    tx.query(&LIST, &params![athlete, provenance, kind], |row| {
        Ok(ExportItem { source_id: row.get(0)?, columns: row.get(1)? })
    })
}

/// How many items each list has.
pub fn counts(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Count>> {
    tx.query(&COUNTS, &params![athlete], |row| Ok(Count { kind: row.get(0)?, items: super::count(row, 1)? }))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, PRUNE, LIST, COUNTS];
