//! What advice reads of activities: each that is counted, with what the source said of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use store::{Result, Row, Sql, Tx, params};

use super::{activity_weather, count, date, from_json, sortable, stored};
use crate::heart_rate::HrSeconds;
use crate::heat;
use crate::load::{Effort, LoadMethod};
use crate::scope::Scope;
use crate::weather::{Air, Conditions};

/// A counted activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub id: String,
    pub date: Date,
    pub sport: String,
    pub sub_sport: Option<String>,
    pub duration_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub hr_seconds: Option<HrSeconds>,
    pub load: Option<f64>,
    pub method: Option<LoadMethod>,
    /// True where the load rests on a setting that the athlete never gave.
    pub estimated: bool,
    pub told: Told,
}

/// What the source's export and the weather service say of an activity, as far as advice looks at it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Told {
    /// True where the athlete marked it as a race.
    pub competition: Option<bool>,
    pub weather: Option<Weather>,
}

/// The weather as the source notes it, or else as the weather service does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Weather {
    pub temperature_c: Option<f64>,
    pub dew_point_c: Option<f64>,
    /// Share, 0 to 1.
    pub humidity: Option<f64>,
    /// Metres per second.
    pub wind_speed: Option<f64>,
    pub wind_gust: Option<f64>,
    /// By how many percent the wind made the way dearer than still air; the service's alone, since no export tells
    /// which way somebody went.
    #[serde(skip)]
    pub wind_cost_percent: Option<f64>,
}

/// How fast a distance was covered on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fastest {
    pub date: Date,
    pub distance_m: f64,
    pub elapsed_s: f64,
}

const BETWEEN: Sql = Sql::Both(
    "SELECT a.id, a.local_date, a.sport, a.sub_sport, a.elapsed_s, a.timer_s, a.moving_s, a.distance_m, \
     a.hr_seconds, l.load, l.load_method, l.estimated \
     FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.duplicate_of IS NULL \
     ORDER BY a.local_date, a.id",
);
// What is told of a record that is not counted is told of the one that is.
const TOLD: Sql = Sql::Both(
    "SELECT COALESCE(CASE WHEN $4 = '' THEN a.duplicate_of ELSE a.shareable_of END, a.id), e.figures \
     FROM activity a JOIN export_row e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 \
     AND a.provenance <> $4 AND e.provenance <> $4 \
     ORDER BY a.local_date, a.id, e.provenance, e.source_id",
);
const DOUBLES: Sql = Sql::Both(
    "SELECT local_date, COUNT(*) FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 AND duplicate_of IS NOT NULL \
     GROUP BY local_date ORDER BY local_date",
);
const FASTEST: Sql = Sql::Both(
    "SELECT a.local_date, b.distance_m, MIN(b.elapsed_s) \
     FROM activity a JOIN best_effort b ON b.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.duplicate_of IS NULL \
     AND a.sport = 'running' GROUP BY a.local_date, b.distance_m ORDER BY a.local_date, b.distance_m",
);

/// The counted activities between two days, both included, by day, as the athlete sees them.
pub fn between(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> Result<Vec<Session>> {
    let mut told = told(tx, athlete, Scope::All, days)?;
    let (first, last) = (sortable(days.0), sortable(days.1));
    let mut sessions = tx.query(&BETWEEN, &params![athlete, &first, &last], read)?;
    for session in &mut sessions {
        session.told = told.remove(&session.id).unwrap_or_default();
    }
    Ok(sessions)
}

/// What exports say of the counted activities between two days, both included, by their ids, and their weather where
/// no export tells it.
pub(super) fn told(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    days: (Date, Date),
) -> Result<BTreeMap<String, Told>> {
    let (first, last) = (sortable(days.0), sortable(days.1));
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    tx.query(&TOLD, &params![athlete, &first, &last, scope.left_out()], |row| {
        told.entry(row.get(0)?).or_default().add(from_json(row, 1)?);
        Ok(())
    })?;
    for (id, conditions) in activity_weather::between(tx, athlete, scope, days)? {
        told.entry(id).or_default().learn(&conditions);
    }
    Ok(told)
}

/// How many records of each day are not counted, because another of the same activity is.
pub fn doubles(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> Result<Vec<(Date, u32)>> {
    let (first, last) = (sortable(days.0), sortable(days.1));
    tx.query(&DOUBLES, &params![athlete, &first, &last], |row| Ok((date(row, 0)?, count(row, 1)?)))
}

/// The fastest run of each day over each distance, by day.
pub fn fastest(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> Result<Vec<Fastest>> {
    let (first, last) = (sortable(days.0), sortable(days.1));
    tx.query(&FASTEST, &params![athlete, &first, &last], |row| {
        Ok(Fastest { date: date(row, 0)?, distance_m: row.get(1)?, elapsed_s: row.get(2)? })
    })
}

/// True where the air outside says nothing of an activity.
pub fn is_indoors(sport: &str, sub_sport: Option<&str>) -> bool {
    let indoors = |word: &str| ["indoor", "virtual", "treadmill"].iter().any(|inside| word.contains(inside));
    indoors(sport) || sub_sport.is_some_and(indoors)
}

impl Told {
    /// Temperature and dew point in °C, where the source tells both or enough for both.
    pub fn air(&self) -> Option<(f64, f64)> {
        let weather = self.weather.as_ref()?;
        let temperature_c = weather.temperature_c?;
        let dew_point_c =
            weather.dew_point_c.or_else(|| Some(heat::dew_point_c(temperature_c, weather.humidity?)))?;
        dew_point_c.is_finite().then_some((temperature_c, dew_point_c))
    }

    /// By how many percent the wind made the way dearer, where that is known.
    pub fn wind_cost_percent(&self) -> Option<f64> {
        self.weather.as_ref()?.wind_cost_percent
    }

    /// Takes the service's weather where the source tells none.
    fn learn(&mut self, conditions: &Conditions) {
        if self.air().is_none() {
            let Air { temperature_c, dew_point_c, humidity, wind_mps, gust_mps, .. } = conditions.start;
            self.weather = Some(Weather {
                temperature_c,
                dew_point_c,
                humidity,
                wind_speed: wind_mps,
                wind_gust: gust_mps,
                wind_cost_percent: conditions.wind_cost_percent,
            });
        }
    }

    fn add(&mut self, other: Self) {
        self.competition = self.competition.or(other.competition);
        self.weather = self.weather.take().or(other.weather);
    }
}

fn read(row: &Row<'_>) -> Result<Session> {
    let effort =
        Effort { elapsed_s: row.get(4)?, timer_s: row.get(5)?, moving_s: row.get(6)?, ..Effort::default() };
    let hr_seconds: Option<String> = row.get(8)?;
    let method: Option<String> = row.get(10)?;
    Ok(Session {
        id: row.get(0)?,
        date: date(row, 1)?,
        sport: row.get(2)?,
        sub_sport: row.get(3)?,
        duration_s: effort.duration_s(),
        distance_m: row.get(7)?,
        hr_seconds: hr_seconds.map(|text| stored(&text, |text| text.parse().ok())).transpose()?,
        load: row.get(9)?,
        method: method.map(|word| stored(&word, LoadMethod::parse)).transpose()?,
        estimated: row.get::<Option<bool>>(11)?.unwrap_or(false),
        told: Told::default(),
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[BETWEEN, TOLD, DOUBLES, FASTEST];
