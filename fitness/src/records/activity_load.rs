//! What the athlete's settings make of each activity.

use store::{Result, Row, Sql, Tx, Value, params};

use super::optional_json;
use crate::load::{Load, LoadMethod};

const PUT: Sql = Sql::Both(
    "INSERT INTO activity_load (activity_id, trimp, hrtss, intensity, tss, load, load_method, estimated, \
     trimp_edwards, trimp_lucia, rtss, stss, session_rpe, zones_hr, zones_power, zones_pace, govss, \
     running_index, own_metric) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
     ON CONFLICT (activity_id) DO UPDATE SET \
     trimp = excluded.trimp, hrtss = excluded.hrtss, intensity = excluded.intensity, tss = excluded.tss, \
     load = excluded.load, load_method = excluded.load_method, estimated = excluded.estimated, \
     trimp_edwards = excluded.trimp_edwards, trimp_lucia = excluded.trimp_lucia, rtss = excluded.rtss, \
     stss = excluded.stss, session_rpe = excluded.session_rpe, zones_hr = excluded.zones_hr, \
     zones_power = excluded.zones_power, zones_pace = excluded.zones_pace, govss = excluded.govss, \
     running_index = excluded.running_index, own_metric = excluded.own_metric \
     WHERE (activity_load.trimp, activity_load.hrtss, activity_load.intensity, activity_load.tss, \
     activity_load.load, activity_load.load_method, activity_load.estimated, activity_load.trimp_edwards, \
     activity_load.trimp_lucia, activity_load.rtss, activity_load.stss, activity_load.session_rpe, \
     activity_load.zones_hr, activity_load.zones_power, activity_load.zones_pace, activity_load.govss, \
     activity_load.running_index, activity_load.own_metric) \
     IS DISTINCT FROM (excluded.trimp, excluded.hrtss, excluded.intensity, excluded.tss, \
     excluded.load, excluded.load_method, excluded.estimated, excluded.trimp_edwards, \
     excluded.trimp_lucia, excluded.rtss, excluded.stss, excluded.session_rpe, \
     excluded.zones_hr, excluded.zones_power, excluded.zones_pace, excluded.govss, \
     excluded.running_index, excluded.own_metric)",
);

/// The columns of `activity_load l` that [`read`] reads, in its order.
macro_rules! columns {
    () => {
        "l.trimp, l.hrtss, l.intensity, l.tss, l.load, l.load_method, l.estimated, l.trimp_edwards, \
         l.trimp_lucia, l.rtss, l.stss, l.session_rpe, l.zones_hr, l.zones_power, l.zones_pace, \
         l.govss, l.running_index, l.own_metric"
    };
}
pub(super) use columns;

/// How many columns that are.
pub(super) const COLUMNS: usize = 18;

/// Keeps the loads of activities and answers how many are others than before.
pub fn put(tx: &mut Tx<'_>, loads: &[(String, Load)]) -> Result<u64> {
    let zones: Vec<[Option<String>; 3]> = loads.iter().map(|(_, load)| zones(load)).collect();
    let rows: Vec<Vec<Value<'_>>> = loads
        .iter()
        .zip(&zones)
        .map(|((id, load), [hr, power, pace])| {
            let method = load.method.map(LoadMethod::as_str);
            params![
                id,
                load.trimp,
                load.hrtss,
                load.intensity,
                load.tss,
                load.load,
                method,
                load.estimated,
                load.trimp_edwards,
                load.trimp_lucia,
                load.rtss,
                load.stss,
                load.session_rpe,
                hr,
                power,
                pace,
                load.govss,
                load.running_index,
                &load.own_metric
            ]
            .into()
        })
        .collect();
    tx.batch(&PUT, &rows)
}

fn zones(load: &Load) -> [Option<String>; 3] {
    // A list of numbers can always be written.
    let text = |zones: &Option<Vec<f64>>| zones.as_ref().and_then(|zones| serde_json::to_string(zones).ok());
    [&load.zones_hr_s, &load.zones_power_s, &load.zones_pace_s].map(text)
}

/// Reads the columns `trimp … own_metric` from the first of them on; without a load they are all empty.
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
        trimp_edwards: row.get(first + 7)?,
        trimp_lucia: row.get(first + 8)?,
        rtss: row.get(first + 9)?,
        stss: row.get(first + 10)?,
        session_rpe: row.get(first + 11)?,
        zones_hr_s: optional_json(row, first + 12)?,
        zones_power_s: optional_json(row, first + 13)?,
        zones_pace_s: optional_json(row, first + 14)?,
        govss: row.get(first + 15)?,
        running_index: row.get(first + 16)?,
        own_metric: row.get(first + 17)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT];
