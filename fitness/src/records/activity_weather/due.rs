//! Activities whose weather is to be asked for, and what the hours that came make of them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Result, Row, Sql, Tx, params};

use super::{Reason, State};
use crate::records::weather_hour::Kept;
use crate::records::{change_number, from_json, insight, optional_date, to_json, weather_hour};
use crate::scope::Scope;
use crate::weather::{Air, Conditions, Endpoint, FINAL_AFTER_DAYS, Hour, Spot, Track};

/// How often the archive is asked for an hour that nobody knows; then it stays unknown.
const TRIES_MOST: i64 = 8;
/// How long after that it is asked for again, where the day is not in the archive yet.
const SOON_MS: i64 = 6 * 3_600_000;
/// The same where it is.
const LATER_MS: i64 = 24 * 3_600_000;

/// An activity whose weather is to be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub id: String,
    pub local_date: Option<Date>,
    pub track: Track,
    pub speed_mps: Option<f64>,
    tries: i64,
    conditions: Option<String>,
}

/// From when until when activities began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from_ms: i64,
    pub until_ms: i64,
    /// True where somebody asked for these days: what was refused is asked for again. Otherwise they bound only what was
    /// never known: what is provisional becomes final however long ago it was.
    pub is_asked: bool,
}

impl Window {
    /// What began from one UTC day through another; without them, however long ago or late.
    pub fn of_days(from: Option<Date>, to: Option<Date>) -> Self {
        let midnight = |day: Date| Hour(Hour::of_day(day).start).start_ms();
        let until_ms = to.map_or(i64::MAX, |to| to.tomorrow().map_or(i64::MAX, midnight));
        Self { from_ms: from.map_or(i64::MIN, midnight), until_ms, is_asked: from.is_some() || to.is_some() }
    }
}

impl From<(i64, i64)> for Window {
    fn from((from_ms, until_ms): (i64, i64)) -> Self {
        Self { from_ms, until_ms, is_asked: false }
    }
}

/// What settling came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Activities whose weather is another than before.
    pub changed: u64,
    /// The first local day of these.
    pub first_day: Option<Date>,
}

// Through the index by start, so that what lies before the window is never touched.
const HAS_DUE: Sql = Sql::Both(
    "SELECT 1 FROM activity_weather WHERE athlete = $1 AND start_ms >= $2 AND start_ms < $3 \
     AND (due_ms <= $4 OR ($5 AND reason = 'refused')) LIMIT 1",
);
const HAS_OPEN: Sql = Sql::Both(
    "SELECT 1 FROM activity_weather WHERE athlete = $1 AND start_ms < $2 AND due_ms <= $3 \
     AND state = 'provisional' LIMIT 1",
);
// Where one was is told as it was looked at last: one that changed since is asked for once it was looked at again.
const DUE: Sql = Sql::Both(
    "SELECT w.activity_id, a.local_date, w.track, w.speed_mps, w.tries, w.conditions \
     FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
     WHERE w.athlete = $1 AND w.start_ms >= $2 AND w.start_ms < $3 AND w.track IS NOT NULL \
     AND (w.due_ms <= $4 OR ($6 AND w.reason = 'refused')) \
     AND (a.changed, a.id) <= \
     (SELECT changed, activity_id FROM weather_position WHERE athlete = $1) \
     ORDER BY w.start_ms DESC, w.activity_id LIMIT $5",
);
const OPEN: Sql = Sql::Both(
    "SELECT w.activity_id, a.local_date, w.track, w.speed_mps, w.tries, w.conditions \
     FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
     WHERE w.athlete = $1 AND w.start_ms < $2 AND w.due_ms <= $3 AND w.state = 'provisional' \
     AND w.track IS NOT NULL AND (a.changed, a.id) <= \
     (SELECT changed, activity_id FROM weather_position WHERE athlete = $1) \
     ORDER BY w.start_ms DESC, w.activity_id LIMIT $4",
);
const ONE: Sql = Sql::Both(
    "SELECT w.activity_id, a.local_date, w.track, w.speed_mps, w.tries, w.conditions \
     FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
     WHERE w.activity_id = $1 AND w.track IS NOT NULL",
);
const SETTLE: Sql = Sql::Both(
    "UPDATE activity_weather SET state = $2, reason = NULL, conditions = $3, tries = $4, due_ms = $5 \
     WHERE activity_id = $1 AND track = $6",
);
const REFUSE: Sql = Sql::Both(
    "UPDATE activity_weather SET state = 'none', reason = $2, conditions = NULL, due_ms = NULL WHERE activity_id = $1",
);

const POSTPONE: Sql = Sql::Both("UPDATE activity_weather SET due_ms = $2 WHERE activity_id = $1");

/// True where some activity that started within a window is due, or waits for its last word from before it.
pub fn has_due(tx: &mut Tx<'_>, athlete: &str, window: Window, now_ms: i64) -> Result<bool> {
    let params = params![athlete, window.from_ms, window.until_ms, now_ms, window.is_asked];
    if tx.optional(&HAS_DUE, &params, |row| row.get::<i64>(0))?.is_some() {
        return Ok(true);
    }
    let open = params![athlete, window.from_ms, now_ms];
    Ok(!window.is_asked && tx.optional(&HAS_OPEN, &open, |row| row.get::<i64>(0))?.is_some())
}

/// Those that started within a window and are due, the latest first, and then those before it that wait for their last
/// word.
pub fn due(
    tx: &mut Tx<'_>,
    athlete: &str,
    window: impl Into<Window>,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Due>> {
    let window = window.into();
    let params = params![athlete, window.from_ms, window.until_ms, now_ms, limit, window.is_asked];
    let mut due = tx.query(&DUE, &params, read)?;
    let left = i64::from(limit) - due.len() as i64;
    if left > 0 && !window.is_asked {
        due.extend(tx.query(&OPEN, &params![athlete, window.from_ms, now_ms, left], read)?);
    }
    Ok(due)
}

/// Settles those of these activities whose hours are all kept already, because neighbours or they themselves asked for
/// them before.
pub fn settle_known(tx: &mut Tx<'_>, ids: &[String], now_ms: i64) -> Result<Settled> {
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(tx.optional(&ONE, &params![id], read)?);
    }
    let known = known(tx, all, now_ms)?;
    settle(tx, &known, now_ms)
}

fn read(row: &Row<'_>) -> Result<Due> {
    Ok(Due {
        id: row.get(0)?,
        local_date: optional_date(row, 1)?,
        track: from_json(row, 2)?,
        speed_mps: row.get(3)?,
        tries: row.get(4)?,
        conditions: row.get(5)?,
    })
}

/// The spots of each that nobody told of yet as well as they can be told today, each with who is asked.
pub(crate) fn missing(tx: &mut Tx<'_>, tracks: &[&Track], now_ms: i64) -> Result<Vec<Vec<(Endpoint, Spot)>>> {
    let today = utc_day(now_ms);
    let spots: Vec<&[Spot]> = tracks.iter().map(|track| track.spots.as_slice()).collect();
    let kept = weather_hour::of_tracks(tx, &spots)?;
    let missing = |(spots, kept): (&&[Spot], Vec<Option<Kept>>)| {
        let missing = spots.iter().zip(kept).filter_map(|(spot, kept)| {
            let endpoint = Endpoint::of(spot.hour.date(), today);
            let is_known = kept.is_some_and(|kept| is_as_good(&kept, endpoint));
            (!is_known).then_some((endpoint, *spot))
        });
        missing.collect()
    };
    Ok(spots.iter().zip(kept).map(missing).collect())
}

/// Those of which nothing is missing.
pub fn known(tx: &mut Tx<'_>, due: Vec<Due>, now_ms: i64) -> Result<Vec<Due>> {
    let tracks: Vec<&Track> = due.iter().map(|activity| &activity.track).collect();
    let missing = missing(tx, &tracks, now_ms)?;
    let known = due.into_iter().zip(missing).filter(|(_, missing)| missing.is_empty());
    Ok(known.map(|(activity, _)| activity).collect())
}

/// What is kept of the spots of each.
fn kept(tx: &mut Tx<'_>, due: &[Due]) -> Result<Vec<Vec<Option<Kept>>>> {
    let tracks: Vec<&[Spot]> = due.iter().map(|activity| activity.track.spots.as_slice()).collect();
    weather_hour::of_tracks(tx, &tracks)
}

/// True where asking again would tell nothing better.
fn is_as_good(kept: &Kept, endpoint: Endpoint) -> bool {
    // What was told before the hour came was a forecast of it.
    let was_over = kept.fetched_ms >= kept.hour.start_ms();
    kept.is_final || (endpoint != Endpoint::Archive && kept.air.is_whole() && was_over)
}

/// Takes the hours that are kept now for the weather of activities, and says when to look again.
pub fn settle(tx: &mut Tx<'_>, due: &[Due], now_ms: i64) -> Result<Settled> {
    let today = utc_day(now_ms);
    let mut settled = Settled::default();
    let all_kept = kept(tx, due)?;
    for (activity, kept) in due.iter().zip(all_kept) {
        let hours: Vec<Option<Air>> = kept.iter().map(|kept| kept.map(|kept| kept.air)).collect();
        let conditions = Conditions::of(&activity.track, &hours, activity.speed_mps);
        let conditions = conditions.as_ref().map(to_json).transpose()?;
        let next = Next::of(activity, &kept, today, now_ms);
        let track = to_json(&activity.track)?;
        let params = params![&activity.id, next.state.as_str(), &conditions, next.tries, next.due_ms, &track];
        if tx.execute(&SETTLE, &params)? > 0 && conditions != activity.conditions {
            settled.changed += 1;
            settled.first_day = settled.first_day.into_iter().chain(activity.local_date).min();
        }
    }
    Ok(settled)
}

/// Numbers a change of weather, and removes the advice that rests on the weather before.
pub fn tell(tx: &mut Tx<'_>, athlete: &str, settled: Settled) -> Result<()> {
    if settled.changed > 0 {
        change_number::next(tx, athlete)?;
    }
    let Some(day) = settled.first_day else { return Ok(()) };
    Scope::BOTH.into_iter().try_for_each(|scope| insight::remove_from(tx, athlete, scope, day))
}

/// Leaves an activity until the archive has its days, because nobody told of them before.
pub fn postpone(tx: &mut Tx<'_>, due: &Due, now_ms: i64) -> Result<()> {
    let until_ms = due.track.spots.last().map_or(now_ms, |spot| final_from_ms(spot.hour));
    tx.execute(&POSTPONE, &params![&due.id, until_ms]).map(drop)
}

/// Takes an activity off the list, because the archive refused it: only who asks for its days asks for it again.
pub fn refuse(tx: &mut Tx<'_>, id: &str) -> Result<()> {
    tx.execute(&REFUSE, &params![id, Reason::Refused.as_str()]).map(drop)
}

/// How it goes on with an activity.
struct Next {
    state: State,
    tries: i64,
    due_ms: Option<i64>,
}

impl Next {
    fn of(activity: &Due, kept: &[Option<Kept>], today: Date, now_ms: i64) -> Self {
        if kept.iter().all(|kept| kept.is_some_and(|kept| kept.is_final)) {
            return Self { state: State::Final, tries: activity.tries, due_ms: None };
        }
        let endpoint = |spot: &Spot| Endpoint::of(spot.hour.date(), today);
        let spots = || activity.track.spots.iter().zip(kept);
        let is_told =
            |(spot, kept): (&Spot, &Option<Kept>)| kept.is_some_and(|kept| is_as_good(&kept, endpoint(spot)));
        if spots().all(is_told) {
            // Once, when the last of its days is in the archive.
            let last = activity.track.spots.last().map_or(now_ms, |spot| final_from_ms(spot.hour));
            return Self { state: State::Provisional, tries: activity.tries, due_ms: Some(last) };
        }
        let is_old = activity.track.spots.iter().all(|spot| endpoint(spot) == Endpoint::Archive);
        // While a day is young its hours are late, not lost.
        let tries = activity.tries + i64::from(is_old);
        let known = if kept.iter().flatten().any(|kept| !kept.air.is_unknown()) {
            State::Provisional
        } else {
            State::Due
        };
        if tries >= TRIES_MOST && is_old {
            return Self { state: State::Final, tries, due_ms: None };
        }
        let pause = if is_old { LATER_MS } else { SOON_MS };
        Self { state: known, tries, due_ms: Some(now_ms + pause) }
    }
}

/// When the archive has the day of an hour.
fn final_from_ms(hour: Hour) -> i64 {
    let day = Hour(hour.0.div_euclid(24) * 24 + 24 * FINAL_AFTER_DAYS);
    day.start_ms()
}

fn utc_day(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    now.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[HAS_DUE, HAS_OPEN, DUE, OPEN, ONE, SETTLE, POSTPONE, REFUSE];
