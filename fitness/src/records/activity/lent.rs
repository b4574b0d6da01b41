//! What the record that counts lacks, and another record of the same activity tells.

use std::collections::{BTreeMap, HashMap};

use store::{Result, Row, Sql, Tx, params};

use super::super::count;
use super::duplicate::measured;
use super::list::ActivityRow;
use crate::same::Record;
use crate::scope::Scope;

macro_rules! select {
    ($link:literal, $among:literal) => {
        concat!(
            "SELECT a.",
            $link,
            ", a.id, a.provenance, a.sport, a.sub_sport, a.start_ms, a.samples, \
             ",
            measured!(),
            ", \
             a.name, a.elapsed_s, a.timer_s, a.moving_s, a.distance_m, a.ascent_m, a.avg_hr, a.max_hr, \
             a.avg_power, a.max_power, a.avg_cadence FROM activity a WHERE a.",
            $link,
            $among,
            " ORDER BY a.",
            $link,
            ", a.id"
        )
    };
}

const OF_ALL: Sql = Sql::Per {
    sqlite: select!("duplicate_of", " IN (SELECT value FROM json_each($1))"),
    postgres: select!("duplicate_of", " = ANY($1)"),
};
const OF_SHAREABLE: Sql = Sql::Per {
    sqlite: select!("shareable_of", " IN (SELECT value FROM json_each($1))"),
    postgres: select!("shareable_of", " = ANY($1)"),
};

/// The figures of a record that does not count.
struct Other {
    record: Record,
    name: Option<String>,
    /// In the order of [`fields`].
    figures: [Option<f64>; 10],
}

/// The fields that may be lent, and where they stand in a row.
fn fields(row: &mut ActivityRow) -> [(&'static str, &mut Option<f64>); 10] {
    [
        ("elapsed_s", &mut row.elapsed_s),
        ("timer_s", &mut row.timer_s),
        ("moving_s", &mut row.moving_s),
        ("distance_m", &mut row.distance_m),
        ("ascent_m", &mut row.ascent_m),
        ("avg_hr", &mut row.avg_hr),
        ("max_hr", &mut row.max_hr),
        ("avg_power", &mut row.avg_power),
        ("max_power", &mut row.max_power),
        ("avg_cadence", &mut row.avg_cadence),
    ]
}

/// Fills in what rows lack, out of the other records of their activities, the best first, and notes whose it is. What was
/// computed from the samples of the record that counts stays its own.
pub(super) fn fill(tx: &mut Tx<'_>, scope: Scope, rows: &mut [ActivityRow]) -> Result<()> {
    let ids: Vec<String> = rows.iter().filter(|row| !row.also.is_empty()).map(|row| row.id.clone()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let of = if scope == Scope::All { &OF_ALL } else { &OF_SHAREABLE };
    let mut others: HashMap<String, Vec<Other>> = HashMap::new();
    tx.query(of, &params![&ids], |row| {
        others.entry(row.get(0)?).or_default().push(read(row)?);
        Ok(())
    })?;
    for row in rows {
        let mut others = others.remove(&row.id).unwrap_or_default();
        others.sort_by_cached_key(|other| other.record.rank());
        others.iter().for_each(|other| lend(other, row));
    }
    Ok(())
}

fn lend(other: &Other, row: &mut ActivityRow) {
    let mut lent = BTreeMap::new();
    let mut note = |field: &'static str| lent.insert(field.to_owned(), other.record.id.clone());
    for ((field, value), figure) in fields(row).into_iter().zip(other.figures) {
        if value.is_none() && figure.is_some() {
            *value = figure;
            note(field);
        }
    }
    if row.name.is_none() && other.name.is_some() {
        row.name.clone_from(&other.name);
        note("name");
    }
    row.lent.append(&mut lent);
}

fn read(row: &Row<'_>) -> Result<Other> {
    let record = Record {
        id: row.get(1)?,
        sha256: String::new(),
        provenance: row.get(2)?,
        sport: row.get(3)?,
        sub_sport: row.get(4)?,
        start_ms: row.get::<Option<i64>>(5)?.unwrap_or_default(),
        elapsed_s: row.get(9)?,
        timer_s: row.get(10)?,
        distance_m: row.get(12)?,
        measured: count(row, 7)?,
        samples: count(row, 6)?,
        strava_ids: Vec::new(),
        file_name: None,
    };
    let mut figures = [None; 10];
    for (place, figure) in figures.iter_mut().enumerate() {
        *figure = row.get(9 + place)?;
    }
    Ok(Other { record, name: row.get(8)?, figures })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[OF_ALL, OF_SHAREABLE];
