//! How fast activities on foot covered the classic distances.

use std::collections::BTreeMap;

use jiff::civil::Date;
use store::{Result, Sql, Tx, Value, params};

use super::session::{self, Told};
use super::{athlete_setting, count, date, sortable, volume};
use crate::best_effort::{BestEffort, Distance, MARATHON_M, MILE_M};
use crate::prediction::{self, Cost, Effort, Evidence, Predictions, Race, SHORTEST_BASIS_S};
use crate::scope::Scope;
use crate::settings::SettingsHistory;

/// A race that was announced was run by what covers at least this much of it.
pub const COVERS_A_RACE: f64 = 0.9;

const LIST: Sql = Sql::Both(
    "SELECT distance_m, elapsed_s, start_s FROM best_effort WHERE activity_id = $1 ORDER BY distance_m",
);
const OF_EACH: Sql = Sql::Per {
    sqlite: "SELECT activity_id, distance_m, elapsed_s FROM best_effort \
             WHERE activity_id IN (SELECT value FROM json_each($1)) ORDER BY activity_id, distance_m",
    postgres: "SELECT activity_id, distance_m, elapsed_s FROM best_effort \
               WHERE activity_id = ANY($1) ORDER BY activity_id, distance_m",
};
const REMOVE: Sql = Sql::Both("DELETE FROM best_effort WHERE activity_id = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO best_effort (activity_id, distance_m, elapsed_s, start_s) VALUES ($1, $2, $3, $4)",
);
const BASIS: Sql = Sql::Both(
    "SELECT a.local_date, a.id, e.distance_m, e.elapsed_s, a.ascent_m, a.distance_m, a.sub_sport \
     FROM activity a JOIN best_effort e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.sport = 'running' \
     AND CASE WHEN $4 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL AND a.provenance <> $4 \
     AND e.distance_m >= $5 AND e.distance_m <= $6 AND e.elapsed_s >= $7 \
     ORDER BY a.local_date, a.id, e.distance_m",
);
const RUNS: Sql = Sql::Both(
    "SELECT COUNT(*) FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 AND sport = 'running' \
     AND CASE WHEN $4 = '' THEN duplicate_of ELSE shareable_of END IS NULL AND provenance <> $4",
);

/// Keeps the efforts of an activity in place of those before, and says whether they are others.
pub fn replace(tx: &mut Tx<'_>, activity_id: &str, efforts: &[BestEffort]) -> Result<bool> {
    let before = list(tx, activity_id)?;
    if before == efforts {
        return Ok(false);
    }
    if !before.is_empty() {
        tx.execute(&REMOVE, &params![activity_id])?;
    }
    let rows: Vec<Vec<Value<'_>>> = efforts
        .iter()
        .map(|effort| params![activity_id, effort.distance_m, effort.elapsed_s, effort.start_s].into())
        .collect();
    tx.batch(&PUT, &rows)?;
    Ok(true)
}

/// The efforts of an activity, from short to long.
pub fn list(tx: &mut Tx<'_>, activity_id: &str) -> Result<Vec<BestEffort>> {
    tx.query(&LIST, &params![activity_id], |row| {
        Ok(BestEffort { distance_m: row.get(0)?, elapsed_s: row.get(1)?, start_s: row.get(2)? })
    })
}

/// Seconds over each distance, by its name, of these activities by their ids.
pub fn of_each(tx: &mut Tx<'_>, ids: &[String]) -> Result<BTreeMap<String, BTreeMap<String, f64>>> {
    let mut efforts: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    tx.query(&OF_EACH, &params![ids], |row| {
        if let Some(distance) = Distance::of(row.get(1)?) {
            efforts.entry(row.get(0)?).or_default().insert(distance.key.to_owned(), row.get(2)?);
        }
        Ok(())
    })?;
    Ok(efforts)
}

/// What predictions rest on: efforts of runs from one day through another, by day, from mile to marathon and of
/// 210 s at least, with what heat, wind and hills cost them. An activity that is counted elsewhere, as a duplicate, is
/// not there.
pub fn basis(tx: &mut Tx<'_>, athlete: &str, scope: Scope, from: Date, to: Date) -> Result<Vec<Effort>> {
    let told = session::told(tx, athlete, scope, (from, to))?;
    let races = announced(tx, athlete)?;
    let (from, to) = (sortable(from), to.to_string());
    let params = params![athlete, &from, &to, scope.left_out(), MILE_M, MARATHON_M, SHORTEST_BASIS_S];
    tx.query(&BASIS, &params, |row| {
        let (date, id): (Date, String) = (date(row, 0)?, row.get(1)?);
        let (ascent_m, way_m): (Option<f64>, Option<f64>) = (row.get(4)?, row.get(5)?);
        let way = ascent_m.zip(way_m).filter(|(_, way_m)| *way_m > 0.0);
        let sub_sport: Option<String> = row.get(6)?;
        let said = told.get(&id);
        let outdoors = said.filter(|_| !session::is_indoors("running", sub_sport.as_deref()));
        let air = outdoors.and_then(Told::air);
        let cost = Cost::of(air, way).against(outdoors.and_then(Told::wind_cost_percent));
        let is_announced = races
            .iter()
            .any(|(day, meters)| *day == date && way_m.is_some_and(|way_m| way_m >= COVERS_A_RACE * meters));
        let is_race = is_announced || said.is_some_and(|said| said.competition == Some(true));
        Ok(Effort::new(date, id, (row.get(2)?, row.get(3)?)).at(cost).raced(is_race))
    })
}

/// Days and metres of the races that the athlete announced.
fn announced(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<(Date, f64)>> {
    Ok(SettingsHistory::new(&athlete_setting::list(tx, athlete)?, BTreeMap::new()).races())
}

/// How many runs there are from one day through another, with efforts or without.
pub fn runs(tx: &mut Tx<'_>, athlete: &str, scope: Scope, from: Date, to: Date) -> Result<u32> {
    let (from, to) = (sortable(from), to.to_string());
    let runs = tx.optional(&RUNS, &params![athlete, &from, &to, scope.left_out()], |row| count(row, 0))?;
    Ok(runs.unwrap_or(0))
}

/// Predicts for a day from what is kept.
pub fn predict(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    day: Date,
    races: &[Race],
) -> Result<Predictions> {
    let first = prediction::first_day(day);
    let run = volume::between(tx, athlete, scope, (first, day), Some("running"))?;
    let evidence = Evidence {
        efforts: basis(tx, athlete, scope, first, day)?,
        runs: runs(tx, athlete, scope, prediction::first_day_of_window(day), day)?,
        ways: run.into_iter().map(|run| (run.date, run.volume.distance_m)).collect(),
    };
    Ok(Predictions::of(day, scope, &evidence, races))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, OF_EACH, REMOVE, PUT, BASIS, RUNS];

#[cfg(test)]
mod tests;
