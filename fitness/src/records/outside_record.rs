//! What programs from outside told, by the step that ran them.

use std::sync::Arc;

use store::{Result, Sql, Tx, params};

use crate::outside::Records;

/// The step whose program told of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teller<'a> {
    pub athlete: &'a str,
    pub pipeline: &'a str,
    pub step: &'a str,
}

/// A record as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideRecord {
    /// Shared, because thousands of one stream come at once.
    pub stream: Arc<str>,
    /// Tells it apart from the others of its stream.
    pub key: String,
    /// JSON.
    pub body: String,
}

/// Where the next page begins: behind a change number, a stream and a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub changed: i64,
    pub stream: String,
    pub key: String,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO outside_record (athlete, pipeline, step, stream, record_key, body, changed) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (athlete, pipeline, step, stream, record_key) \
     DO UPDATE SET body = excluded.body, changed = excluded.changed \
     WHERE outside_record.body IS DISTINCT FROM excluded.body",
);
const PAGE: Sql = Sql::Both(
    "SELECT stream, record_key, body, changed FROM outside_record \
     WHERE athlete = $1 AND pipeline = $2 AND step = $3 AND (changed, stream, record_key) > ($4, $5, $6) \
     AND changed <= $7 ORDER BY changed, stream, record_key LIMIT $8",
);

/// Writes those that are new or say something else, and answers how many.
pub fn put(tx: &mut Tx<'_>, teller: Teller<'_>, records: &[OutsideRecord], changed: i64) -> Result<u64> {
    let Teller { athlete, pipeline, step } = teller;
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            let OutsideRecord { stream, key, body } = record;
            params![athlete, pipeline, step, &**stream, key, body, changed].to_vec()
        })
        .collect();
    tx.batch(&PUT, &rows)
}

/// Some of the records in a range, from a place on, with the place behind them; nothing is left where there are none.
pub fn page(
    tx: &mut Tx<'_>,
    athlete: &str,
    records: &Records,
    from: &Place,
    limit: u32,
) -> Result<Vec<(OutsideRecord, Place)>> {
    let Records { pipeline, step, to, .. } = records;
    let params = params![athlete, pipeline, step, from.changed, &from.stream, &from.key, *to, limit];
    tx.query(&PAGE, &params, |row| {
        let stream: String = row.get(0)?;
        let record = OutsideRecord { stream: stream.as_str().into(), key: row.get(1)?, body: row.get(2)? };
        let place = Place { changed: row.get(3)?, stream, key: record.key.clone() };
        Ok((record, place))
    })
}

impl Place {
    /// Before the first record of a range. Every stream has a name, so nothing comes before it.
    pub fn before(records: &Records) -> Self {
        Self { changed: records.from.saturating_add(1), stream: String::new(), key: String::new() }
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, PAGE];
