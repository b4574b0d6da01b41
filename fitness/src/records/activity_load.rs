//! What the athlete's settings make of each activity.

use store::{Result, Row, Sql, Tx, Value, params};

use crate::load::{Load, LoadMethod};

const PUT: Sql = Sql::Both(
    "INSERT INTO activity_load (activity_id, trimp, hrtss, intensity, tss, load, load_method, estimated) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
     ON CONFLICT (activity_id) DO UPDATE SET \
     trimp = excluded.trimp, hrtss = excluded.hrtss, intensity = excluded.intensity, tss = excluded.tss, \
     load = excluded.load, load_method = excluded.load_method, estimated = excluded.estimated \
     WHERE (activity_load.trimp, activity_load.hrtss, activity_load.intensity, activity_load.tss, \
     activity_load.load, activity_load.load_method, activity_load.estimated) \
     IS DISTINCT FROM (excluded.trimp, excluded.hrtss, excluded.intensity, excluded.tss, \
     excluded.load, excluded.load_method, excluded.estimated)",
);

/// Keeps the loads of activities and answers how many are others than before.
pub fn put(tx: &mut Tx<'_>, loads: &[(String, Load)]) -> Result<u64> {
    let rows: Vec<Vec<Value<'_>>> = loads
        .iter()
        .map(|(id, load)| {
            let method = load.method.map(LoadMethod::as_str);
            let (trimp, hrtss, intensity) = (load.trimp, load.hrtss, load.intensity);
            params![id, trimp, hrtss, intensity, load.tss, load.load, method, load.estimated].into()
        })
        .collect();
    tx.batch(&PUT, &rows)
}

/// Reads the columns `trimp … estimated` from the first of them on; without a load they are all empty.
pub(super) fn read(row: &Row<'_>, first: usize) -> Result<Load> {
    let method: Option<String> = row.get(first + 5)?;
    Ok(Load {
        trimp: row.get(first)?,
        hrtss: row.get(first + 1)?,
        intensity: row.get(first + 2)?,
        tss: row.get(first + 3)?,
        load: row.get(first + 4)?,
        method: method.map(|word| super::stored(&word, LoadMethod::parse)).transpose()?,
        estimated: row.get::<Option<bool>>(first + 6)?.unwrap_or(false),
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT];
