//! What follows from the samples of each activity alone.

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value, params};

use super::{activity_stream, best_effort, optional_date, optional_json, stored};
use crate::held::Held;
use crate::mean_max::Curve;
use crate::numbers::{Again, Numbers, Recorded, VERSION};
use crate::recording::Samples;
use crate::stream::Column;

/// An activity whose numbers are to be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub id: String,
    sport: String,
    local_date: Option<Date>,
    /// The version that computed them before; 0 where none did, so that the import itself has just summed it up.
    version: i64,
    /// The change that it was read after.
    changed: i64,
    /// Compressed columns, as they are stored.
    blocks: Vec<(Column, Vec<u8>)>,
}

/// How many activities are read at once: samples are what takes memory and time.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub most: u32,
    pub with_samples: u32,
}

/// The numbers of an activity, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    id: String,
    seen: Seen,
    local_date: Option<Date>,
    numbers: Numbers,
    /// Where a new version of the formulas computes anew what the import did.
    again: Option<Again>,
    /// False where there are no samples any more, and what was computed from them stays.
    is_put: bool,
}

/// What an activity was when its samples were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    version: i64,
    changed: i64,
}

// Through its index, so that looking costs nothing where nothing is due.
const DUE: Sql = Sql::Both(
    "SELECT id, sport, local_date, numbers, changed FROM activity WHERE athlete = $1 AND numbers < $2 \
     ORDER BY numbers, id LIMIT $3",
);
const COUNT_DUE: Sql = Sql::Both("SELECT COUNT(*) FROM activity WHERE athlete = $1 AND numbers < $2");
const PUT: Sql = Sql::Both(
    "INSERT INTO activity_number (activity_id, xpower, gap_minetti_mps, gap_hr_mps, ngp_mps, decoupling_pct, \
     efficiency_factor, vdot, power_curve, hr_curve, pace_curve, power_seconds, speed_seconds, lnp_w_per_kg) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
     ON CONFLICT (activity_id) DO UPDATE SET xpower = excluded.xpower, \
     gap_minetti_mps = excluded.gap_minetti_mps, gap_hr_mps = excluded.gap_hr_mps, ngp_mps = excluded.ngp_mps, \
     decoupling_pct = excluded.decoupling_pct, efficiency_factor = excluded.efficiency_factor, \
     vdot = excluded.vdot, power_curve = excluded.power_curve, hr_curve = excluded.hr_curve, \
     pace_curve = excluded.pace_curve, power_seconds = excluded.power_seconds, \
     speed_seconds = excluded.speed_seconds, lnp_w_per_kg = excluded.lnp_w_per_kg",
);
// An activity whose samples or sport became others meanwhile stays due.
const DONE: Sql = Sql::Both(
    "UPDATE activity SET numbers = $2, changed = $3 WHERE id = $1 AND changed = $4 AND numbers = $5",
);
const AGAIN: Sql =
    Sql::Both("UPDATE activity SET np = $2, best_20min_power = $3, hr_seconds = $4 WHERE id = $1");
const FORGET: Sql = Sql::Both("UPDATE activity SET numbers = 0 WHERE id = $1 AND numbers <> 0");
const FORGET_ALL: Sql = Sql::Both("UPDATE activity SET numbers = -1 WHERE id = $1");
const GET: Sql = Sql::Both(
    "SELECT xpower, gap_minetti_mps, gap_hr_mps, ngp_mps, decoupling_pct, efficiency_factor, vdot, \
     power_curve, hr_curve, pace_curve, power_seconds, speed_seconds, lnp_w_per_kg \
     FROM activity_number WHERE activity_id = $1",
);

/// Activities whose numbers are of an older version than this program's, with their samples.
pub fn due(tx: &mut Tx<'_>, athlete: &str, chunk: Chunk) -> Result<Vec<Due>> {
    let mut due = tx.query(&DUE, &params![athlete, VERSION, chunk.most], |row| {
        Ok(Due {
            id: row.get(0)?,
            sport: row.get(1)?,
            local_date: optional_date(row, 2)?,
            version: row.get(3)?,
            changed: row.get(4)?,
            blocks: Vec::new(),
        })
    })?;
    let mut with_samples = 0;
    for index in 0..due.len() {
        due[index].blocks = activity_stream::all(tx, &due[index].id)?;
        with_samples += u32::from(!due[index].blocks.is_empty());
        if with_samples == chunk.with_samples {
            due.truncate(index + 1);
            break;
        }
    }
    Ok(due)
}

/// How many they are.
pub fn count_due(tx: &mut Tx<'_>, athlete: &str) -> Result<u64> {
    let count: Option<i64> = tx.optional(&COUNT_DUE, &params![athlete, VERSION], |row| row.get(0))?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// Keeps numbers under a change number, and answers the first day whose predictions they may change.
pub fn put(tx: &mut Tx<'_>, computed: &[Computed], changed: i64) -> Result<Option<Date>> {
    let mut current = Vec::with_capacity(computed.len());
    for one in computed {
        let (id, seen) = (&one.id, one.seen);
        if tx.execute(&DONE, &params![id, VERSION, changed, seen.changed, seen.version])? > 0 {
            current.push(one);
        }
    }
    let computed = current;
    let of_samples: Vec<&Computed> = computed.iter().copied().filter(|computed| computed.is_put).collect();
    let texts: Vec<[Option<String>; 5]> =
        of_samples.iter().map(|computed| texts(&computed.numbers)).collect();
    let rows: Vec<Vec<Value<'_>>> = of_samples
        .iter()
        .zip(&texts)
        .map(|(Computed { id, numbers, .. }, [power, hr, pace, watts, speeds])| {
            params![
                id,
                numbers.xpower,
                numbers.gap_minetti_mps,
                numbers.gap_hr_mps,
                numbers.ngp_mps,
                numbers.decoupling_pct,
                numbers.efficiency_factor,
                numbers.vdot,
                power,
                hr,
                pace,
                watts,
                speeds,
                numbers.lnp_w_per_kg
            ]
            .into()
        })
        .collect();
    tx.batch(&PUT, &rows)?;
    let mut first_day = None;
    for Computed { id, local_date, again, .. } in computed {
        let Some(again) = again else { continue };
        let hr_seconds = again.hr_seconds.as_ref().map(ToString::to_string);
        tx.execute(&AGAIN, &params![id, again.np, again.best_20min_power, &hr_seconds])?;
        if best_effort::replace(tx, id, &again.best_efforts)? {
            first_day = first_day.into_iter().chain(*local_date).min();
        }
    }
    Ok(first_day)
}

/// Lets the numbers of an activity be computed anew, because its samples or its sport are others.
pub fn forget(tx: &mut Tx<'_>, activity_id: &str) -> Result<()> {
    tx.execute(&FORGET, &params![activity_id]).map(drop)
}

/// The same, and what the import summed up of its samples as well, because another sport is told in another way.
pub fn forget_all(tx: &mut Tx<'_>, activity_id: &str) -> Result<()> {
    tx.execute(&FORGET_ALL, &params![activity_id]).map(drop)
}

/// The numbers of an activity; nothing where they were not computed yet.
pub fn get(tx: &mut Tx<'_>, activity_id: &str) -> Result<Option<Numbers>> {
    tx.optional(&GET, &params![activity_id], |row| {
        Ok(Numbers {
            xpower: row.get(0)?,
            gap_minetti_mps: row.get(1)?,
            gap_hr_mps: row.get(2)?,
            ngp_mps: row.get(3)?,
            decoupling_pct: row.get(4)?,
            efficiency_factor: row.get(5)?,
            vdot: row.get(6)?,
            power_curve: optional_json(row, 7)?,
            hr_curve: optional_json(row, 8)?,
            pace_curve: optional_json(row, 9)?,
            power_seconds: held(row, 10)?,
            speed_seconds: held(row, 11)?,
            lnp_w_per_kg: row.get(12)?,
        })
    })
}

impl Due {
    /// Unpacks the samples and computes; a block that cannot be read counts as not recorded.
    pub fn compute(self) -> Computed {
        let samples = Samples::unpack(&self.blocks);
        let recorded = Recorded { sport: &self.sport, samples: &samples };
        let (numbers, again) = recorded.numbers();
        let has_samples = !samples.time_ms.is_empty();
        let is_summed_up_anew = self.version != 0 && has_samples;
        Computed {
            id: self.id,
            seen: Seen { version: self.version, changed: self.changed },
            local_date: self.local_date,
            numbers,
            again: is_summed_up_anew.then_some(again),
            is_put: self.version == 0 || has_samples,
        }
    }
}

fn texts(numbers: &Numbers) -> [Option<String>; 5] {
    // A map of numbers can always be written.
    let curve = |curve: &Option<Curve>| curve.as_ref().and_then(|curve| serde_json::to_string(curve).ok());
    let held = |held: &Option<Held>| held.as_ref().map(ToString::to_string);
    [
        curve(&numbers.power_curve),
        curve(&numbers.hr_curve),
        curve(&numbers.pace_curve),
        held(&numbers.power_seconds),
        held(&numbers.speed_seconds),
    ]
}

/// A column of held values, which may be empty.
pub(super) fn held(row: &Row<'_>, index: usize) -> Result<Option<Held>> {
    let text: Option<String> = row.get(index)?;
    text.map(|text| stored(&text, |text| text.parse().ok())).transpose()
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[DUE, COUNT_DUE, PUT, DONE, AGAIN, FORGET, FORGET_ALL, GET];
