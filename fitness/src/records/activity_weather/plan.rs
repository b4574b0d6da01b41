//! Looks at activities that are new or others than before: which weather each of them needs, if any.

use std::sync::Arc;

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::{Reason, Settled, State, settle_known, tell};
use crate::best_effort::is_on_foot;
use crate::export::Figures;
use crate::ground::zone::Zones;
use crate::recording::Channel;
use crate::recording::Samples;
use crate::records::session::is_indoors;
use crate::records::{activity_stream, export_row, privacy_zone, to_json};
use crate::scope::Scope;
use crate::stream::Column;
use crate::weather::{Track, told};

/// The archive begins on this day.
const FIRST_DAY: Date = Date::constant(1940, 1, 2);

/// An activity that was not looked at since it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    pub id: String,
    /// The change that it was read after.
    pub changed: i64,
    sport: String,
    sub_sport: Option<String>,
    start_ms: Option<i64>,
    elapsed_s: Option<f64>,
    speed_mps: Option<f64>,
    is_duplicate: bool,
    may_be_told: bool,
    told: Option<Figures>,
    zones: Arc<Zones>,
    /// Compressed columns, as they are stored.
    blocks: Vec<(Column, Vec<u8>)>,
}

/// What looking at it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    id: String,
    changed: i64,
    start_ms: Option<i64>,
    speed_mps: Option<f64>,
    track: std::result::Result<Track, Reason>,
    due_ms: Option<i64>,
    /// The privacy zones that it was looked at with.
    zones: Arc<Zones>,
}

const POSITION: Sql = Sql::Both("SELECT changed, activity_id FROM weather_position WHERE athlete = $1");
const MOVE_ON: Sql = Sql::Both(
    "INSERT INTO weather_position (athlete, changed, activity_id) VALUES ($1, $2, $3) \
     ON CONFLICT (athlete) DO UPDATE SET changed = excluded.changed, activity_id = excluded.activity_id",
);
const PENDING: Sql = Sql::Both(
    "SELECT id, changed, sport, sub_sport, start_ms, elapsed_s, distance_m, moving_s, \
     CASE WHEN provenance = 'strava_api' THEN duplicate_of ELSE shareable_of END, provenance \
     FROM activity WHERE athlete = $1 AND (changed, id) > ($2, $3) ORDER BY changed, id LIMIT $4",
);
// The same track needs the same weather, so that what came of it stays; and of another one what was known is asked for
// again, however long ago it was. An activity that was removed meanwhile is left out.
const KEEP: Sql = Sql::Both(
    "INSERT INTO activity_weather (activity_id, athlete, state, reason, start_ms, speed_mps, track, tries, due_ms) \
     SELECT a.id, $2, $3, $4, $5, $6, $7, 0, $8 FROM activity a WHERE a.id = $1 \
     ON CONFLICT (activity_id) DO UPDATE SET start_ms = excluded.start_ms, speed_mps = excluded.speed_mps, \
     state = CASE WHEN activity_weather.track = excluded.track THEN activity_weather.state \
     WHEN activity_weather.conditions IS NOT NULL AND excluded.track IS NOT NULL THEN 'provisional' \
     ELSE excluded.state END, \
     reason = CASE WHEN activity_weather.track = excluded.track THEN activity_weather.reason \
     ELSE excluded.reason END, \
     conditions = CASE WHEN activity_weather.track = excluded.track THEN activity_weather.conditions END, \
     tries = CASE WHEN activity_weather.track = excluded.track THEN activity_weather.tries ELSE 0 END, \
     due_ms = CASE WHEN activity_weather.track = excluded.track THEN activity_weather.due_ms \
     ELSE excluded.due_ms END, track = excluded.track \
     WHERE (activity_weather.track, activity_weather.speed_mps) \
     IS DISTINCT FROM (excluded.track, excluded.speed_mps) \
     OR (excluded.track IS NULL AND activity_weather.reason IS DISTINCT FROM excluded.reason)",
);

// Written and not deleted: where there is no row, whoever writes down at the same time what was looked at before would
// pass over this, because PostgreSQL knows of no row that both changed.
const LOOK_AGAIN: Sql = Sql::Both(
    "INSERT INTO weather_position (athlete, changed, activity_id) VALUES ($1, 0, '') \
     ON CONFLICT (athlete) DO UPDATE SET changed = 0, activity_id = ''",
);

/// True where there is something to look at.
pub fn has_pending(tx: &mut Tx<'_>, athlete: &str) -> Result<bool> {
    Ok(!rows(tx, athlete, 1)?.is_empty())
}

/// The next activities to look at, with what of their samples that takes.
pub fn pending(tx: &mut Tx<'_>, athlete: &str, limit: u32) -> Result<Vec<Pending>> {
    let mut pending = rows(tx, athlete, limit)?;
    let ids: Vec<String> = pending.iter().map(|activity| activity.id.clone()).collect();
    let mut told = export_row::told(tx, athlete, &ids)?;
    let zones = Arc::new(privacy_zone::zones(tx, athlete)?);
    for activity in &mut pending {
        activity.zones = zones.clone();
        activity.told = told.remove(&activity.id);
        if activity.reason().is_none() {
            for column in
                [Column::Time, Column::Channel(Channel::Latitude), Column::Channel(Channel::Longitude)]
            {
                let block = activity_stream::get(tx, &activity.id, column)?;
                activity.blocks.extend(block.map(|block| (column, block)));
            }
        }
    }
    Ok(pending)
}

fn rows(tx: &mut Tx<'_>, athlete: &str, limit: u32) -> Result<Vec<Pending>> {
    let position = tx.optional(&POSITION, &params![athlete], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (changed, id): (i64, String) = position.unwrap_or_default();
    tx.query(&PENDING, &params![athlete, changed, &id, limit], |row| {
        let sport: String = row.get(2)?;
        let (distance_m, moving_s): (Option<f64>, Option<f64>) = (row.get(6)?, row.get(7)?);
        let way = distance_m.zip(moving_s).filter(|(_, seconds)| *seconds > 0.0 && is_on_foot(&sport));
        Ok(Pending {
            id: row.get(0)?,
            changed: row.get(1)?,
            sub_sport: row.get(3)?,
            start_ms: row.get(4)?,
            elapsed_s: row.get(5)?,
            speed_mps: way.map(|(meters, seconds)| meters / seconds),
            is_duplicate: row.get::<Option<String>>(8)?.is_some(),
            may_be_told: Scope::Shareable.includes(row.text(9)?),
            told: None,
            zones: Arc::default(),
            blocks: Vec::new(),
            sport,
        })
    })
}

impl Pending {
    /// Why it has no weather of ours, as far as that shows without its samples.
    fn reason(&self) -> Option<Reason> {
        let told = self.told.as_ref();
        if self.is_duplicate {
            return Some(Reason::Duplicate);
        }
        if !self.may_be_told {
            return Some(Reason::StravaApi);
        }
        if told.is_some_and(|figures| figures.start_hidden) {
            return Some(Reason::HiddenStart);
        }
        if is_indoors(&self.sport, self.sub_sport.as_deref()) {
            return Some(Reason::Indoors);
        }
        if told.and_then(told_air).is_some() {
            return Some(Reason::Told);
        }
        self.start_ms.is_none().then_some(Reason::NoTime)
    }

    /// Unpacks the samples and finds the hours and cells; a block that cannot be read counts as not recorded.
    pub fn plan(self, decimals: u8, now_ms: i64) -> Planned {
        let track = self.track(decimals);
        // A clock may be ahead of ours: what is still to come has weather once it is over.
        let due_ms =
            track.as_ref().ok().map(|track| if track.start_ms > now_ms { track.end_ms } else { now_ms });
        let Self { id, changed, start_ms, speed_mps, zones, .. } = self;
        Planned { id, changed, start_ms, speed_mps, track, due_ms, zones }
    }

    fn track(&self, decimals: u8) -> std::result::Result<Track, Reason> {
        if let Some(reason) = self.reason() {
            return Err(reason);
        }
        let start_ms = self.start_ms.ok_or(Reason::NoTime)?;
        let samples = Samples::unpack(&self.blocks);
        let track = Track::of(&samples, start_ms, self.elapsed_s, decimals, &self.zones);
        let track = track.ok_or(Reason::NoPosition)?;
        let first = track.spots.first().ok_or(Reason::NoPosition)?;
        if first.hour.date() < FIRST_DAY {
            return Err(Reason::OutOfRange);
        }
        Ok(track)
    }
}

fn told_air(figures: &Figures) -> Option<crate::weather::Air> {
    figures.weather.as_ref().and_then(told)
}

/// Notes what looking at activities came to, and moves on behind them. Those whose hours are kept already are settled,
/// so that none loses weather that it has. Where a privacy zone came or went meanwhile, all are to be looked at again,
/// and nothing is noted.
pub fn keep(tx: &mut Tx<'_>, athlete: &str, planned: &[Planned], now_ms: i64) -> Result<Settled> {
    let zones = privacy_zone::zones(tx, athlete)?;
    if planned.iter().any(|planned| *planned.zones != zones) {
        return Ok(Settled::default());
    }
    let mut others = Vec::new();
    for Planned { id, start_ms, speed_mps, track, due_ms, .. } in planned {
        let (state, reason, track) = match track {
            Ok(track) => (State::Due, None, Some(to_json(track)?)),
            Err(reason) => (State::None, Some(reason.as_str()), None),
        };
        let params = params![id, athlete, state.as_str(), reason, *start_ms, *speed_mps, &track, *due_ms];
        if tx.execute(&KEEP, &params)? > 0 {
            others.push(id.clone());
        }
    }
    let settled = settle_known(tx, &others, now_ms)?;
    tell(tx, athlete, settled)?;
    if let Some(last) = planned.last() {
        tx.execute(&MOVE_ON, &params![athlete, last.changed, &last.id])?;
    }
    Ok(settled)
}

/// Has every activity looked at again, as after a change of privacy zones; until then none is asked for.
pub fn look_again(tx: &mut Tx<'_>, athlete: &str) -> Result<()> {
    tx.execute(&LOOK_AGAIN, &params![athlete]).map(drop)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[POSITION, MOVE_ON, PENDING, KEEP, LOOK_AGAIN];
