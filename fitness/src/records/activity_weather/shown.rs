//! The weather of activities as people and programs see it.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::{Result, Row, Sql, Tx, params};

use super::{Reason, State};
use crate::export::Figures;
use crate::records::{count, export_row, from_json, optional_json, stored, weather_hour};
use crate::scope::Scope;
use crate::weather::{ATTRIBUTION, Air, Conditions, Spell, Track, told as told_air};

/// The weather of one activity; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shown {
    /// `due`, `provisional`, `final`, or `none`.
    pub state: &'static str,
    /// Who told it: `open_meteo`, or the source's own export.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// Why there is none of the service's: `duplicate`, `told`, `hidden_start`, `indoors`, `no_time`, `no_position`,
    /// `out_of_range`, `refused` or `strava_api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Conditions>,
    /// At the start, at each whole hour on the way and at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spells: Vec<Spell>,
    /// What the licence of the data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<&'static str>,
}

/// How many activities of an athlete have which weather.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overview {
    pub due: u32,
    pub provisional: u32,
    #[serde(rename = "final")]
    pub settled: u32,
    pub none: u32,
}

const OF: Sql = Sql::Both(
    "SELECT state, reason, track, conditions FROM activity_weather WHERE athlete = $1 AND activity_id = $2",
);
const BETWEEN: Sql = Sql::Both(
    "SELECT COALESCE(CASE WHEN $4 = '' THEN a.duplicate_of ELSE a.shareable_of END, a.id), w.conditions \
     FROM activity a JOIN activity_weather w ON w.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND w.conditions IS NOT NULL \
     AND a.provenance <> $4 \
     ORDER BY a.local_date, a.id",
);
const SHORT: Sql = Sql::Per {
    sqlite: "SELECT activity_id, reason, conditions FROM activity_weather \
             WHERE activity_id IN (SELECT value FROM json_each($1)) ORDER BY activity_id",
    postgres: "SELECT activity_id, reason, conditions FROM activity_weather \
               WHERE activity_id = ANY($1) ORDER BY activity_id",
};
// Of what the Strava API tells no weather is asked for; that of a file of the same activity is its own too.
const LENT: Sql = Sql::Per {
    sqlite: "SELECT a.duplicate_of, a.id, w.conditions FROM activity a JOIN activity_weather w ON w.activity_id = a.id \
             WHERE a.duplicate_of IN (SELECT value FROM json_each($1)) AND w.conditions IS NOT NULL \
             ORDER BY a.duplicate_of, a.id",
    postgres: "SELECT a.duplicate_of, a.id, w.conditions FROM activity a \
               JOIN activity_weather w ON w.activity_id = a.id \
               WHERE a.duplicate_of = ANY($1) AND w.conditions IS NOT NULL ORDER BY a.duplicate_of, a.id",
};
const OVERVIEW: Sql = Sql::Both(
    "SELECT state, COUNT(*) FROM activity_weather WHERE athlete = $1 GROUP BY state ORDER BY state",
);

/// The weather of an activity, as its source's export tells it or else as the service does; nothing where it was not
/// looked at yet.
pub fn of(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Shown>> {
    let rows = export_row::told(tx, athlete, &[id.to_owned()])?;
    let kept = tx.optional(&OF, &params![athlete, id], Kept::read)?;
    let is_indoors = kept.as_ref().is_some_and(|kept| kept.reason == Some(Reason::Indoors));
    let told = rows.get(id).filter(|figures| !figures.start_hidden && !is_indoors);
    if let Some(start) = told.and_then(|figures| figures.weather.as_ref()).and_then(told_air) {
        return Ok(Some(Shown::told(start)));
    }
    let Some(kept) = kept else { return Ok(None) };
    if kept.reason == Some(Reason::StravaApi) {
        let bound = [id.to_owned()];
        if let Some(start) = told_elsewhere(tx, &bound)?.remove(id) {
            return Ok(Some(Shown::told(start)));
        }
        if let Some((_, lender, _)) = lent(tx, &bound)?.into_iter().next() {
            return of(tx, athlete, &lender);
        }
    }
    let spells = match &kept.track {
        Some(track) => spells(tx, track)?,
        None => Vec::new(),
    };
    let is_ours = kept.conditions.is_some();
    Ok(Some(Shown {
        state: kept.state.as_str(),
        source: is_ours.then_some("open_meteo"),
        reason: kept.reason.map(Reason::as_str),
        conditions: kept.conditions,
        spells,
        attribution: is_ours.then_some(ATTRIBUTION),
    }))
}

/// The air at the start of each of these activities, by the same rule, with what is to be shown beside it.
pub fn at_start(
    tx: &mut Tx<'_>,
    ids: &[String],
    told: &HashMap<String, Figures>,
) -> Result<HashMap<String, (Air, Option<&'static str>)>> {
    let outdoors = told.iter().filter(|(_, figures)| !figures.start_hidden);
    let by_source =
        outdoors.filter_map(|(id, figures)| Some((id.clone(), told_air(figures.weather.as_ref()?)?)));
    let mut airs: HashMap<_, _> = by_source.map(|(id, air)| (id, (air, None))).collect();
    let mut bound = Vec::new();
    tx.query(&SHORT, &params![ids], |row| {
        let (id, reason): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let conditions: Option<Conditions> = optional_json(row, 2)?;
        if reason.as_deref() == Some(Reason::Indoors.as_str()) {
            airs.remove(&id);
        } else if let Some(conditions) = conditions {
            airs.entry(id).or_insert((conditions.start, Some(ATTRIBUTION)));
        } else if reason.as_deref() == Some(Reason::StravaApi.as_str()) {
            bound.push(id);
        }
        Ok(())
    })?;
    for (id, air) in told_elsewhere(tx, &bound)? {
        airs.entry(id).or_insert((air, None));
    }
    for (id, _, conditions) in lent(tx, &bound)? {
        airs.entry(id).or_insert((conditions.start, Some(ATTRIBUTION)));
    }
    Ok(airs)
}

/// By how many percent the wind made the ways of these activities dearer, by what the service told.
pub fn wind_costs(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, f64>> {
    let mut costs = HashMap::new();
    let mut bound = Vec::new();
    tx.query(&SHORT, &params![ids], |row| {
        let (id, reason): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let conditions: Option<Conditions> = optional_json(row, 2)?;
        if let Some(cost) = conditions.and_then(|conditions| conditions.wind_cost_percent) {
            costs.insert(id, cost);
        } else if reason.as_deref() == Some(Reason::StravaApi.as_str()) {
            bound.push(id);
        }
        Ok(())
    })?;
    for (id, _, conditions) in lent(tx, &bound)? {
        if let Some(cost) = conditions.wind_cost_percent {
            costs.entry(id).or_insert(cost);
        }
    }
    Ok(costs)
}

/// What exports say of the air at the start of other records of these activities.
fn told_elsewhere(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, Air>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let told = export_row::told_elsewhere(tx, ids)?.into_iter().filter_map(|(id, all)| {
        let outdoors = all.iter().filter(|figures| !figures.start_hidden);
        let air = outdoors.filter_map(|figures| told_air(figures.weather.as_ref()?)).next()?;
        Some((id, air))
    });
    Ok(told.collect())
}

/// What is known of other records of these activities: the activity, the record, and its weather.
fn lent(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<(String, String, Conditions)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(&LENT, &params![ids], |row| Ok((row.get(0)?, row.get(1)?, from_json(row, 2)?)))
}

/// What the service told of the counted activities between two days, both included, by their ids.
pub fn between(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<BTreeMap<String, Conditions>> {
    let (first, last) = (first.max(Date::ZERO).to_string(), last.max(Date::ZERO).to_string());
    let params = params![athlete, &first, &last, scope.left_out()];
    let rows = tx.query(&BETWEEN, &params, |row| Ok((row.get(0)?, from_json(row, 1)?)))?;
    Ok(rows.into_iter().collect())
}

/// How far the weather of an athlete's activities is.
pub fn overview(tx: &mut Tx<'_>, athlete: &str) -> Result<Overview> {
    let mut overview = Overview::default();
    tx.query(&OVERVIEW, &params![athlete], |row| {
        let of = match stored(row.text(0)?, State::parse)? {
            State::Due => &mut overview.due,
            State::Provisional => &mut overview.provisional,
            State::Final => &mut overview.settled,
            State::None => &mut overview.none,
        };
        *of = count(row, 1)?;
        Ok(())
    })?;
    Ok(overview)
}

fn spells(tx: &mut Tx<'_>, track: &Track) -> Result<Vec<Spell>> {
    let kept = weather_hour::of_spots(tx, &track.spots)?;
    let hours: Vec<Option<Air>> = kept.iter().map(|kept| kept.map(|kept| kept.air)).collect();
    Ok(Conditions::spells(track, &hours))
}

impl Shown {
    fn told(start: Air) -> Self {
        Self {
            state: State::Final.as_str(),
            source: Some("bulk_export"),
            reason: Some(Reason::Told.as_str()),
            conditions: Some(Conditions { start, ..Conditions::default() }),
            spells: Vec::new(),
            attribution: None,
        }
    }
}

struct Kept {
    state: State,
    reason: Option<Reason>,
    track: Option<Track>,
    conditions: Option<Conditions>,
}

impl Kept {
    fn read(row: &Row<'_>) -> Result<Self> {
        let reason: Option<String> = row.get(1)?;
        Ok(Self {
            state: stored(row.text(0)?, State::parse)?,
            reason: reason.map(|word| stored(&word, Reason::parse)).transpose()?,
            track: optional_json(row, 2)?,
            conditions: optional_json(row, 3)?,
        })
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[OF, BETWEEN, SHORT, LENT, OVERVIEW];
