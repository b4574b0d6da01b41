//! Activities as a person or a program sees them: facts and loads in one row.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Result, Row, Sql, Tx, params};

use super::super::{
    activity_load, activity_weather, best_effort, count, export_row, from_json, gear, optional_date,
    optional_json,
};
use super::{duplicate, lent};
use crate::export::Figures;
use crate::load::LoadMethod;
use crate::mean_max::{Curve, DURATIONS, Duration};
use crate::recording::Warning;
use crate::scope::Scope;
use crate::weather::Air;

/// An activity with its loads; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRow {
    pub id: String,
    pub file: String,
    pub sha256: String,
    /// Place among the activities of its file, from 0.
    pub index: u32,
    pub provenance: String,
    pub sport: String,
    /// As the athlete named it where it was published, else as the file has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Name of the shoes or the bicycle, as the athlete says, else as a source does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gear: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub commute: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub competition: bool,
    /// Who sees it where it was published, in that source's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ascent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_cadence: Option<f64>,
    pub samples: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trimp: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trimp_edwards: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trimp_lucia: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrtss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub np: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xpower: Option<f64>,
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub intensity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tss: Option<f64>,
    /// Grade-adjusted speed by Minetti's model, in m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_minetti_mps: Option<f64>,
    /// Grade-adjusted speed by the model fitted to heart rates, in m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_hr_mps: Option<f64>,
    /// Normalized graded speed, by the model fitted to heart rates, in m/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ngp_mps: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtss: Option<f64>,
    /// Lactate-normalized power in W/kg, by Skiba's model of running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lnp_w_per_kg: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub govss: Option<f64>,
    /// Swim TSS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stss: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_rpe: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoupling_pct: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency_factor: Option<f64>,
    /// Seconds in each heart-rate zone, from the easiest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones_hr_s: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones_power_s: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones_pace_s: Option<Vec<f64>>,
    /// Seconds over each distance that was covered, such as `5km` or `half`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub best_efforts: BTreeMap<String, f64>,
    /// Highest mean power in watts over each duration, such as `20min`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub power_curve_w: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vdot: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_index: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_method: Option<LoadMethod>,
    /// Present and true where the load rests on a setting that the athlete never gave.
    #[serde(default, skip_serializing_if = "is_false")]
    pub estimated: bool,
    /// Activities of the same file around this one, as the legs of a race; those of other days are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<String>,
    /// Other records of the same activity, which are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Fields that this record lacks, and the records of the same activity that told them, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lent: BTreeMap<String, String>,
    /// The record of the same activity that is counted instead of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    /// At the start, as its source or else the weather service tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    /// Ten metres above the ground, at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// What the licence of the weather's data asks to be shown beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
}

impl ActivityRow {
    /// Shows what the athlete says of it in an export, in place of what another one said.
    fn tell(&mut self, told: Figures) {
        self.name = told.name.or(self.name.take());
        self.description = told.description.or(self.description.take());
        self.gear = told.gear.or(self.gear.take());
        self.commute = told.commute.unwrap_or(self.commute);
        self.competition = told.competition.unwrap_or(self.competition);
        self.visibility = told.visibility.or(self.visibility.take());
    }

    fn rain_or_shine(&mut self, (start, attribution): (Air, Option<&str>)) {
        (self.temperature_c, self.wind_mps) = (start.temperature_c, start.wind_mps);
        self.attribution = attribution.map(str::to_owned);
    }
}

/// One activity with what only its own page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    #[serde(flatten)]
    pub row: ActivityRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_sport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The athlete's local day, as YYYY-MM-DD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_date: Option<jiff::civil::Date>,
    pub warnings: Vec<Warning>,
}

/// Where a page ends; the next one begins after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    pub start_ms: i64,
    pub id: String,
}

impl PageKey {
    /// The key before every activity.
    pub fn newest() -> Self {
        Self { start_ms: i64::MAX, id: String::new() }
    }

    /// The key of a row. Activities without a time come last.
    pub fn of(row: &ActivityRow) -> Self {
        Self { start_ms: row.start_ms.unwrap_or(0), id: row.id.clone() }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The columns that [`read`] reads, in its order, of `activity a`, `activity_number n` and `activity_load l`.
macro_rules! select {
    ($extra:literal, $rest:literal) => {
        concat!(
            "SELECT a.id, a.file, a.sha256, a.part, a.parts, a.provenance, a.sport, a.name, a.start_ms, ",
            "a.elapsed_s, a.timer_s, a.moving_s, a.distance_m, a.ascent_m, a.avg_hr, a.max_hr, a.avg_power, ",
            "a.max_power, a.avg_cadence, a.samples, a.np, ",
            "a.duplicate_of, n.xpower, n.gap_minetti_mps, n.gap_hr_mps, n.ngp_mps, n.decoupling_pct, ",
            "n.efficiency_factor, n.vdot, n.power_curve, n.lnp_w_per_kg, ",
            activity_load::columns!(),
            $extra,
            " FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id ",
            "LEFT JOIN activity_number n ON n.activity_id = a.id ",
            $rest
        )
    };
}

pub(super) use select;

// The keys' first half alone is what an index can serve on SQLite, so it stands by itself too.
const LIST: Sql = Sql::Both(select!(
    "",
    "WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) <= $2 \
     AND (COALESCE(a.start_ms, 0) < $2 OR a.id < $3) AND a.duplicate_of IS NULL \
     ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC LIMIT $4"
));
const BY_FILE: Sql = Sql::Both(select!("", "WHERE a.athlete = $1 AND a.sha256 = $2 ORDER BY a.part, a.id"));
// A zero is the character after a slash: the range is every source id that begins with the content's hash and a slash.
const IDS_BY_CONTENT: Sql = Sql::Per {
    sqlite: "SELECT activity.source_id, activity.id FROM json_each($2) AS content CROSS JOIN activity \
             WHERE athlete = $1 AND provenance = 'file' AND activity.source_id >= content.value || '/' \
             AND activity.source_id < content.value || '0' ORDER BY activity.source_id",
    postgres: "SELECT activity.source_id, activity.id FROM unnest(CAST($2 AS TEXT[])) AS content (value) CROSS JOIN activity \
               WHERE athlete = $1 AND provenance = 'file' AND activity.source_id >= content.value || '/' \
               AND activity.source_id < content.value || '0' ORDER BY activity.source_id",
};
const GET: Sql = Sql::Both(select!(
    ", a.sub_sport, a.device, a.local_date, a.warnings",
    "WHERE a.athlete = $1 AND a.id = $2"
));
const SHAREABLE: Sql = Sql::Both(select!(
    "",
    "WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) <= $2 \
     AND (COALESCE(a.start_ms, 0) < $2 OR a.id < $3) AND a.shareable_of IS NULL \
     AND a.provenance <> 'strava_api' ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC LIMIT $4"
));
const LINKED: Sql = Sql::Both(
    "SELECT id FROM activity WHERE athlete = $1 AND sha256 = $2 AND part BETWEEN $3 AND $4 \
     AND COALESCE(start_ms, 0) BETWEEN $5 AND $6 AND id <> $7 ORDER BY part, id",
);
/// How far apart two linked activities may stand in their file, which bounds what a page costs.
const LINKED_PARTS: i64 = 9;
/// How far apart they may start.
const LINKED_MS: i64 = 86_400_000;

/// A page of activities, the newest first, after a key; of several records of one activity the one that counts.
pub fn list(tx: &mut Tx<'_>, athlete: &str, after: &PageKey, limit: u32) -> Result<Vec<ActivityRow>> {
    let rows = tx.query(&LIST, &params![athlete, after.start_ms, &after.id, limit], read)?;
    link(tx, athlete, Scope::All, rows)
}

/// As [`list`], without what the Strava API told.
pub(in crate::records) fn list_shareable(
    tx: &mut Tx<'_>,
    athlete: &str,
    after: &PageKey,
    limit: u32,
) -> Result<Vec<ActivityRow>> {
    let rows = tx.query(&SHAREABLE, &params![athlete, after.start_ms, &after.id, limit], read)?;
    link(tx, athlete, Scope::Shareable, rows)
}

/// The activities of a file, in its order, counted or not.
pub fn by_file(tx: &mut Tx<'_>, athlete: &str, sha256: &str) -> Result<Vec<ActivityRow>> {
    let rows = tx.query(&BY_FILE, &params![athlete, sha256], read)?;
    link(tx, athlete, Scope::All, rows)
}

/// Ids of the activities whose source id begins with one of these and a slash, each with its source id.
pub fn ids_by_content(tx: &mut Tx<'_>, athlete: &str, contents: &[String]) -> Result<Vec<(String, String)>> {
    tx.query(&IDS_BY_CONTENT, &params![athlete, contents], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The athlete's activity of an id, counted or not.
pub fn get(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Shown>> {
    find(tx, athlete, Scope::All, id)
}

/// The same, without what the Strava API told.
pub(in crate::records) fn shareable(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<ActivityRow>> {
    Ok(find(tx, athlete, Scope::Shareable, id)?.map(|shown| shown.row))
}

fn find(tx: &mut Tx<'_>, athlete: &str, scope: Scope, id: &str) -> Result<Option<Shown>> {
    let shown = tx.optional(&GET, &params![athlete, id], |row| {
        let next = LOAD + activity_load::COLUMNS;
        let (sub_sport, device) = (row.get(next)?, row.get(next + 1)?);
        Ok((read(row)?, sub_sport, device, optional_date(row, next + 2)?, from_json(row, next + 3)?))
    })?;
    let Some((row, sub_sport, device, local_date, warnings)) =
        shown.filter(|(row, ..): &(Part, _, _, _, _)| scope.includes(&row.0.provenance))
    else {
        return Ok(None);
    };
    let row = link(tx, athlete, scope, vec![row])?.pop();
    Ok(row.map(|row| Shown { row, sub_sport, device, local_date, warnings }))
}

/// A row, and how many activities its file has.
pub(super) type Part = (ActivityRow, u32);

/// Adds what stands in other tables; for the athlete also what is told of other records of the same activity.
pub(super) fn link(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    parts: Vec<Part>,
) -> Result<Vec<ActivityRow>> {
    let mut rows = parts.into_iter().map(|part| with_legs(tx, athlete, part)).collect::<Result<Vec<_>>>()?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut also = duplicate::also(tx, scope, &ids)?;
    let mut told = export_row::told(tx, athlete, &ids)?;
    let mut elsewhere =
        if scope == Scope::All { export_row::told_elsewhere(tx, &ids)? } else { HashMap::new() };
    let mut efforts = best_effort::of_each(tx, &ids)?;
    let mut airs = activity_weather::at_start(tx, &ids, &told)?;
    let mut worn: HashMap<String, String> = HashMap::new();
    for row in &mut rows {
        if let Some(air) = airs.remove(&row.id) {
            row.rain_or_shine(air);
        }
        row.best_efforts = efforts.remove(&row.id).unwrap_or_default();
        row.also = also.remove(&row.id).unwrap_or_default();
        let own = told.remove(&row.id);
        let elsewhere = elsewhere.remove(&row.id).unwrap_or_default();
        // The last one to speak is heard.
        for figures in elsewhere.into_iter().rev().chain(own) {
            worn.extend(figures.gear_id.clone().map(|gear| (row.id.clone(), gear)));
            row.tell(figures);
        }
    }
    if scope == Scope::All {
        name_gear(tx, athlete, &worn, &mut rows)?;
    }
    wear(tx, athlete, scope, &mut rows)?;
    lent::fill(tx, scope, &mut rows)?;
    if scope == Scope::Shareable {
        // It may be of the Strava API.
        rows.iter_mut().for_each(|row| row.duplicate_of = None);
    }
    Ok(rows)
}

/// Names what they were done with where a source tells no more of it than its own id.
fn name_gear(
    tx: &mut Tx<'_>,
    athlete: &str,
    worn: &HashMap<String, String>,
    rows: &mut [ActivityRow],
) -> Result<()> {
    let mut nameless =
        rows.iter_mut().filter(|row| row.gear.is_none() && worn.contains_key(&row.id)).peekable();
    if nameless.peek().is_none() {
        return Ok(());
    }
    let called = gear::called(tx, athlete)?;
    for row in nameless {
        row.gear = worn.get(&row.id).and_then(|gear| called.get(gear)).cloned();
    }
    Ok(())
}

/// Names what they were done with where the athlete says otherwise than the sources, of whichever record.
fn wear(tx: &mut Tx<'_>, athlete: &str, scope: Scope, rows: &mut [ActivityRow]) -> Result<()> {
    let ids = rows.iter().flat_map(|row| iter::once(&row.id).chain(&row.also)).cloned();
    let chosen = gear::chosen(tx, athlete, scope, &ids.collect::<Vec<String>>())?;
    for row in rows {
        let said = iter::once(&row.id).chain(&row.also).find_map(|id| chosen.get(id));
        if let Some(name) = said {
            row.gear.clone_from(name);
        }
    }
    Ok(())
}

fn with_legs(tx: &mut Tx<'_>, athlete: &str, (mut row, parts): Part) -> Result<ActivityRow> {
    if parts > 1 {
        let (part, start_ms) = (i64::from(row.index), row.start_ms.unwrap_or(0));
        let (first, last) = (part - LINKED_PARTS, part + LINKED_PARTS);
        let (from, to) = (start_ms.saturating_sub(LINKED_MS), start_ms.saturating_add(LINKED_MS));
        let params = params![athlete, &row.sha256, first, last, from, to, &row.id];
        row.linked = tx.query(&LINKED, &params, |row| row.get(0))?;
    }
    Ok(row)
}

/// The first column of the load.
const LOAD: usize = 31;

/// What programs are told of the power curve, in seconds; all of it is a page of its own.
const POWER_CURVE_S: [u32; 10] = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

fn told_of(curve: &Curve) -> BTreeMap<String, f64> {
    let is_told = |duration: &&Duration| POWER_CURVE_S.contains(&duration.seconds);
    let told = DURATIONS.iter().filter(is_told);
    told.filter_map(|duration| Some((duration.name.to_owned(), curve.at(duration.seconds)?))).collect()
}

pub(super) fn read(row: &Row<'_>) -> Result<Part> {
    let load = activity_load::read(row, LOAD)?;
    let power_curve: Option<Curve> = optional_json(row, 29)?;
    let activity = ActivityRow {
        id: row.get(0)?,
        file: row.get(1)?,
        sha256: row.get(2)?,
        index: count(row, 3)?,
        provenance: row.get(5)?,
        sport: row.get(6)?,
        name: row.get(7)?,
        description: None,
        gear: None,
        commute: false,
        competition: false,
        visibility: None,
        start_ms: row.get(8)?,
        elapsed_s: row.get(9)?,
        timer_s: row.get(10)?,
        moving_s: row.get(11)?,
        distance_m: row.get(12)?,
        ascent_m: row.get(13)?,
        avg_hr: row.get(14)?,
        max_hr: row.get(15)?,
        avg_power: row.get(16)?,
        max_power: row.get(17)?,
        avg_cadence: row.get(18)?,
        samples: count(row, 19)?,
        np: row.get(20)?,
        trimp: load.trimp,
        trimp_edwards: load.trimp_edwards,
        trimp_lucia: load.trimp_lucia,
        hrtss: load.hrtss,
        xpower: row.get(22)?,
        intensity: load.intensity,
        tss: load.tss,
        gap_minetti_mps: row.get(23)?,
        gap_hr_mps: row.get(24)?,
        ngp_mps: row.get(25)?,
        rtss: load.rtss,
        lnp_w_per_kg: row.get(30)?,
        govss: load.govss,
        stss: load.stss,
        session_rpe: load.session_rpe,
        decoupling_pct: row.get(26)?,
        efficiency_factor: row.get(27)?,
        zones_hr_s: load.zones_hr_s,
        zones_power_s: load.zones_power_s,
        zones_pace_s: load.zones_pace_s,
        best_efforts: BTreeMap::new(),
        power_curve_w: power_curve.as_ref().map(told_of).unwrap_or_default(),
        vdot: row.get(28)?,
        running_index: load.running_index,
        load: load.load,
        load_method: load.method,
        estimated: load.estimated,
        linked: Vec::new(),
        also: Vec::new(),
        lent: BTreeMap::new(),
        duplicate_of: row.get(21)?,
        temperature_c: None,
        wind_mps: None,
        attribution: None,
    };
    Ok((activity, count(row, 4)?))
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[LIST, SHAREABLE, BY_FILE, IDS_BY_CONTENT, GET, LINKED];
