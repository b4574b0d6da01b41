//! What loads, days and estimates read of activities.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::super::{activity_load, activity_number, date, export_row, optional_date, sortable, stored};
use crate::calendar::Contribution;
use crate::load::{Effort, Load, OwnLoad, is_cycling};
use crate::scope::{Counted, STRAVA_API};
use crate::settings::{ALWAYS, Name, Peak, SettingsHistory};
use crate::zone::Edges;

/// An activity whose load is to be computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub id: String,
    pub changed: i64,
    pub local_date: Option<Date>,
    pub effort: Effort,
}

impl Pending {
    /// Its load by what held on its day. What has no day is measured against the settings that always held.
    pub fn load(&self, history: &SettingsHistory) -> Load {
        load(&self.effort, self.local_date, history)
    }
}

/// An activity as a change of settings finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub local_date: Option<Date>,
    /// False where another record of the same activity is counted.
    pub is_counted: bool,
    pub effort: Effort,
}

impl Measured {
    /// Its load by what would hold on its day.
    pub fn load(&self, history: &SettingsHistory) -> Load {
        load(&self.effort, self.local_date, history)
    }
}

fn load(effort: &Effort, local_date: Option<Date>, history: &SettingsHistory) -> Load {
    let settings = history.at(local_date.unwrap_or(ALWAYS));
    Load::of(effort, &settings, &Edges::of(effort, &settings))
}

/// The columns of `activity a` and `activity_number n` that [`effort`] reads, in its order.
macro_rules! columns {
    () => {
        "a.sport, a.sub_sport, a.elapsed_s, a.timer_s, a.moving_s, a.np, a.best_20min_power, a.hr_seconds, \
         a.distance_m, n.ngp_mps, n.power_seconds, n.speed_seconds, n.lnp_w_per_kg"
    };
}
/// The first of them.
const EFFORT: usize = 3;
/// The first column of a load behind them.
const LOAD: usize = EFFORT + 13;

/// Efforts with the loads that are kept of them.
macro_rules! measured {
    ($rest:literal) => {
        concat!(
            "SELECT a.duplicate_of, a.id, a.local_date, ",
            columns!(),
            ", ",
            activity_load::columns!(),
            " FROM activity a LEFT JOIN activity_number n ON n.activity_id = a.id \
             LEFT JOIN activity_load l ON l.activity_id = a.id ",
            $rest
        )
    };
}

const PENDING: Sql = Sql::Both(concat!(
    "SELECT a.id, a.changed, a.local_date, ",
    columns!(),
    " FROM activity a LEFT JOIN activity_number n ON n.activity_id = a.id \
     WHERE a.athlete = $1 AND (a.changed > $2 OR (a.changed = $2 AND a.id > $3)) \
     ORDER BY a.changed, a.id LIMIT $4"
));
const COUNT_PENDING: Sql = Sql::Both(
    "SELECT COUNT(*) FROM activity WHERE athlete = $1 AND (changed > $2 OR (changed = $2 AND id > $3))",
);
const WITH_HEART_RATE: Sql = Sql::Both(
    "SELECT id, local_date, sport, sub_sport FROM activity WHERE athlete = $1 AND local_date >= $2 \
     AND local_date <= $3 AND provenance <> $4 AND shareable_of IS NULL AND max_hr = $5 ORDER BY local_date, id",
);
const WITH_POWER: Sql = Sql::Both(
    "SELECT id, local_date, sport, sub_sport FROM activity WHERE athlete = $1 AND local_date >= $2 \
     AND local_date <= $3 AND provenance <> $4 AND shareable_of IS NULL AND best_20min_power = $5 \
     ORDER BY local_date, id",
);
const MEASURED: Sql = Sql::Both(measured!(
    "WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date < $3 ORDER BY a.local_date, a.id"
));
const MEASURED_UNDATED: Sql =
    Sql::Both(measured!("WHERE a.athlete = $1 AND a.local_date IS NULL ORDER BY a.id"));
const CONTRIBUTIONS: Sql = Sql::Both(
    "SELECT a.local_date, a.duplicate_of IS NULL, a.elapsed_s, a.timer_s, a.moving_s, a.distance_m, l.load, \
     a.shareable_of IS NULL AND a.provenance <> 'strava_api' \
     FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 \
     AND (a.duplicate_of IS NULL OR (a.shareable_of IS NULL AND a.provenance <> 'strava_api')) \
     ORDER BY a.local_date, a.id",
);
const OF_API: Sql = Sql::Per {
    sqlite: "SELECT id FROM activity WHERE id IN (SELECT value FROM json_each($1)) \
             AND provenance = 'strava_api' ORDER BY id",
    postgres: "SELECT id FROM activity WHERE id = ANY($1) AND provenance = 'strava_api' ORDER BY id",
};
// By the ids, and not through all that the athlete has: a `+` keeps the planner off that index.
const PENDING_OF: Sql = Sql::Per {
    sqlite: concat!(
        "SELECT a.id, a.changed, a.local_date, ",
        columns!(),
        " FROM activity a LEFT JOIN activity_number n ON n.activity_id = a.id \
         WHERE a.id IN (SELECT value FROM json_each($2)) AND +a.athlete = $1 ORDER BY a.id"
    ),
    postgres: concat!(
        "SELECT a.id, a.changed, a.local_date, ",
        columns!(),
        " FROM activity a LEFT JOIN activity_number n ON n.activity_id = a.id \
         WHERE a.id = ANY($2) AND a.athlete = $1 ORDER BY a.id"
    ),
};
// Where two metrics would stand in place of one load, the first by name does.
const OWN: Sql = Sql::Per {
    sqlite: "SELECT n.activity_id, n.name, n.value FROM own_activity_number n \
             JOIN own_metric m ON m.athlete = n.athlete AND m.name = n.name \
             WHERE n.activity_id IN (SELECT value FROM json_each($1)) AND m.replaces_load \
             AND n.value IS NOT NULL ORDER BY n.activity_id, n.name, n.scope",
    postgres: "SELECT n.activity_id, n.name, n.value FROM own_activity_number n \
               JOIN own_metric m ON m.athlete = n.athlete AND m.name = n.name \
               WHERE n.activity_id = ANY($1) AND m.replaces_load \
               AND n.value IS NOT NULL ORDER BY n.activity_id, n.name, n.scope",
};
const BEST_POWER: Sql = Sql::Both("SELECT best_20min_power FROM activity WHERE id = $1");
const PEAKS: Sql = Sql::Both(
    "SELECT local_date, sport, sub_sport, max_hr, best_20min_power FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND provenance <> $3 AND shareable_of IS NULL ORDER BY local_date",
);

/// Activities that changed after a change number (and, among those of that number, after an id), in that order.
pub fn pending(
    tx: &mut Tx<'_>,
    athlete: &str,
    (changed, id): (i64, &str),
    limit: u32,
) -> Result<Vec<Pending>> {
    let mut pending = tx.query(&PENDING, &params![athlete, changed, id, limit], read_pending)?;
    let ids: Vec<String> = pending.iter().map(|activity| activity.id.clone()).collect();
    felt(tx, athlete, &ids, pending.iter_mut().map(|activity| &mut activity.effort))?;
    Ok(pending)
}

/// Activities of these ids, by id.
pub fn pending_of(tx: &mut Tx<'_>, athlete: &str, ids: &[String]) -> Result<Vec<Pending>> {
    let mut pending = tx.query(&PENDING_OF, &params![athlete, ids], read_pending)?;
    let ids: Vec<String> = pending.iter().map(|activity| activity.id.clone()).collect();
    felt(tx, athlete, &ids, pending.iter_mut().map(|activity| &mut activity.effort))?;
    Ok(pending)
}

fn read_pending(row: &Row<'_>) -> Result<Pending> {
    Ok(Pending {
        id: row.get(0)?,
        changed: row.get(1)?,
        local_date: optional_date(row, 2)?,
        effort: effort(row)?,
    })
}

/// The activity of a month that has a reading as its highest, with its day: the first of them.
pub fn with_reading(
    tx: &mut Tx<'_>,
    athlete: &str,
    (name, month): (Name, Date),
    reading: f64,
) -> Result<Option<(String, Date)>> {
    let sql = if name == Name::Ftp { &WITH_POWER } else { &WITH_HEART_RATE };
    let (first, last) = (month.to_string(), month.last_of_month().to_string());
    let found = tx.query(sql, &params![athlete, &first, &last, STRAVA_API, reading], |row| {
        let sub_sport: Option<String> = row.get(3)?;
        let counts = name != Name::Ftp || is_cycling(row.text(2)?, sub_sport.as_deref());
        Ok((counts, (row.get(0)?, date(row, 1)?)))
    })?;
    Ok(found.into_iter().find_map(|(counts, activity)| counts.then_some(activity)))
}

/// How many there are of these.
pub fn count_pending(tx: &mut Tx<'_>, athlete: &str, (changed, id): (i64, &str)) -> Result<u64> {
    let count: i64 =
        tx.optional(&COUNT_PENDING, &params![athlete, changed, id], |row| row.get(0))?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Adds how hard the athlete felt them, which stands in the export, to the efforts of activities, and what a metric of
/// the athlete's own puts in place of their loads.
fn felt<'a>(
    tx: &mut Tx<'_>,
    athlete: &str,
    ids: &[String],
    efforts: impl Iterator<Item = &'a mut Effort>,
) -> Result<()> {
    let told = export_row::told(tx, athlete, ids)?;
    // What the API told serves the athlete alone, and so may rest on what was told of a file too.
    let of_api: Vec<String> = tx.query(&OF_API, &params![ids], |row| row.get(0))?;
    let elsewhere = if of_api.is_empty() { HashMap::new() } else { export_row::told_elsewhere(tx, &of_api)? };
    let mut replaced = own_loads(tx, ids)?;
    for (id, effort) in ids.iter().zip(efforts) {
        let own = told.get(id).and_then(|figures| figures.perceived_exertion);
        let others = || elsewhere.get(id)?.iter().find_map(|figures| figures.perceived_exertion);
        effort.perceived_exertion = own.or_else(others);
        effort.own = replaced.remove(id);
    }
    Ok(())
}

fn own_loads(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, OwnLoad>> {
    let mut loads = HashMap::new();
    tx.query(&OWN, &params![ids], |row| {
        let own = OwnLoad { metric: row.get(1)?, load: row.get(2)? };
        loads.entry(row.get::<String>(0)?).or_insert(own);
        Ok(())
    })?;
    Ok(loads)
}

fn effort(row: &Row<'_>) -> Result<Effort> {
    let hr_seconds: Option<String> = row.get(10)?;
    Ok(Effort {
        sport: row.get(3)?,
        sub_sport: row.get(4)?,
        elapsed_s: row.get(5)?,
        timer_s: row.get(6)?,
        moving_s: row.get(7)?,
        distance_m: row.get(11)?,
        np: row.get(8)?,
        best_20min_power: row.get(9)?,
        hr_seconds: hr_seconds.map(|text| stored(&text, |text| text.parse().ok())).transpose()?,
        ngp_mps: row.get(12)?,
        power_seconds: activity_number::held(row, 13)?,
        speed_seconds: activity_number::held(row, 14)?,
        lnp_w_per_kg: row.get(15)?,
        perceived_exertion: None,
        own: None,
    })
}

/// The activities from one day up to, but without, another, each with the load that is kept of it. Where the range is open
/// to the past, those without a day are among them.
pub fn measured(
    tx: &mut Tx<'_>,
    athlete: &str,
    (from, until): (Date, Date),
) -> Result<Vec<(Measured, Load)>> {
    let read = |row: &Row<'_>| {
        let is_counted = row.get::<Option<String>>(0)?.is_none();
        let measured = Measured { local_date: optional_date(row, 2)?, is_counted, effort: effort(row)? };
        Ok((row.get::<String>(1)?, (measured, activity_load::read(row, LOAD)?)))
    };
    let (first, end) = (sortable(from), until.to_string());
    let mut rows = tx.query(&MEASURED, &params![athlete, &first, &end], read)?;
    if from <= ALWAYS {
        rows.extend(tx.query(&MEASURED_UNDATED, &params![athlete], read)?);
    }
    let (ids, mut rows): (Vec<String>, Vec<(Measured, Load)>) = rows.into_iter().unzip();
    felt(tx, athlete, &ids, rows.iter_mut().map(|(measured, _)| &mut measured.effort))?;
    Ok(rows)
}

/// What the activities from a day on add to their days, always in the same order; one that counts in no scope adds
/// nothing.
pub fn contributions(tx: &mut Tx<'_>, athlete: &str, from: Date) -> Result<Vec<Contribution>> {
    let from = sortable(from);
    tx.query(&CONTRIBUTIONS, &params![athlete, &from], |row| {
        let effort = Effort {
            elapsed_s: row.get(2)?,
            timer_s: row.get(3)?,
            moving_s: row.get(4)?,
            ..Effort::default()
        };
        Ok(Contribution {
            date: date(row, 0)?,
            counted: Counted { all: row.get(1)?, shareable: row.get(7)? },
            duration_s: effort.duration_s(),
            elapsed_s: effort.elapsed_s,
            distance_m: row.get(5)?,
            load: row.get(6)?,
        })
    })
}

/// The highest figures of every month with activities, by the first day of the month.
///
/// Activities of the Strava API do not count, so that one estimate serves both scopes; neither do duplicates.
pub fn peaks(tx: &mut Tx<'_>, athlete: &str) -> Result<BTreeMap<Date, Peak>> {
    let mut peaks: BTreeMap<Date, Peak> = BTreeMap::new();
    let mut month = Month::default();
    tx.query(&PEAKS, &params![athlete, "", STRAVA_API], |row| {
        let first = month.first_of(row.text(0)?)?;
        let sub_sport: Option<String> = row.get(2)?;
        let is_cycling = is_cycling(row.text(1)?, sub_sport.as_deref());
        let watts: Option<f64> = row.get(4)?;
        peaks.entry(first).or_default().include(row.get(3)?, watts.filter(|_| is_cycling));
        Ok(())
    })?;
    Ok(peaks)
}

/// Highest mean power of an activity over 20 min, which may prove an estimated threshold wrong.
pub fn best_20min_power(tx: &mut Tx<'_>, id: &str) -> Result<Option<f64>> {
    Ok(tx.optional(&BEST_POWER, &params![id], |row| row.get(0))?.flatten())
}

/// The month of the last row, since thousands of rows share a few months.
#[derive(Default)]
struct Month {
    text: String,
    first: Date,
}

impl Month {
    fn first_of(&mut self, day: &str) -> Result<Date> {
        let month = day.get(..7).unwrap_or(day);
        if self.text != month {
            let date: Date = stored(day, |text| text.parse().ok())?;
            (self.first, self.text) = (date.first_of_month(), month.to_owned());
        }
        Ok(self.first)
    }
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[
    PENDING,
    COUNT_PENDING,
    WITH_HEART_RATE,
    WITH_POWER,
    MEASURED,
    MEASURED_UNDATED,
    CONTRIBUTIONS,
    OF_API,
    PENDING_OF,
    OWN,
    BEST_POWER,
    PEAKS,
];
