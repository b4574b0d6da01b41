//! Dated settings of an athlete, given and estimated.

use std::collections::BTreeSet;

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value as Param, params};

use super::{date, stored};
use crate::settings::{Dated, Name, Source, Value};

const SET: Sql = Sql::Both(
    "INSERT INTO athlete_setting (athlete, name, provenance, from_date, value, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (athlete, name, provenance, from_date) \
     DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms \
     WHERE athlete_setting.value <> excluded.value",
);
const LIST: Sql = Sql::Both(
    "SELECT name, from_date, value, provenance FROM athlete_setting \
     WHERE athlete = $1 ORDER BY from_date, name, provenance",
);
const REMOVE: Sql = Sql::Both(
    "DELETE FROM athlete_setting \
     WHERE athlete = $1 AND name = $2 AND provenance = $3 AND from_date = $4",
);

/// Sets what holds from a day on, and says whether it was another value.
pub fn set(tx: &mut Tx<'_>, athlete: &str, dated: &Dated, now_ms: i64) -> Result<bool> {
    let (from, value) = (dated.from.to_string(), dated.value.to_stored());
    let name = dated.name.as_str();
    let params = params![athlete, name, dated.source.as_str(), &from, &value, now_ms];
    Ok(tx.execute(&SET, &params)? > 0)
}

/// Every setting by date.
pub fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Dated>> {
    tx.query(&LIST, &params![athlete], read)
}

/// Replaces the estimates; only rows that differ are written. `stored` is what [`list`] answered.
pub fn replace_estimates(
    tx: &mut Tx<'_>,
    athlete: &str,
    stored: &[Dated],
    estimates: &[Dated],
    now_ms: i64,
) -> Result<()> {
    let kept: BTreeSet<(Name, Date)> = estimates.iter().map(|dated| (dated.name, dated.from)).collect();
    let old = stored.iter().filter(|dated| dated.source == Source::Estimated);
    for gone in old.clone().filter(|dated| !kept.contains(&(dated.name, dated.from))) {
        remove(tx, athlete, gone)?;
    }
    let old: Vec<&Dated> = old.collect();
    for dated in estimates.iter().filter(|dated| !old.contains(dated)) {
        set(tx, athlete, dated, now_ms)?;
    }
    Ok(())
}

/// Takes a setting back, and says whether it was there.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, dated: &Dated) -> Result<bool> {
    let from = dated.from.to_string();
    let params: [Param<'_>; 4] = params![athlete, dated.name.as_str(), dated.source.as_str(), &from];
    Ok(tx.execute(&REMOVE, &params)? > 0)
}

fn read(row: &Row<'_>) -> Result<Dated> {
    let name = stored(row.text(0)?, Name::parse)?;
    Ok(Dated {
        name,
        from: date(row, 1)?,
        value: stored(row.text(2)?, |text| Value::from_stored(name, text))?,
        source: stored(row.text(3)?, Source::parse)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[SET, LIST, REMOVE];
