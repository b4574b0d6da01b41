//! The long form of an activity: laps, splits, best efforts, time in zones.

use serde_json::{Map, Value, json};

use super::activity::{Activity, fields};
use super::athlete::{Athlete, ranges};
use super::history;
use super::track::{self, Streams, Track};
use super::truth::Truth;
use super::zone;

const METERS_PER_MILE: f64 = 1609.344;
const BEST_EFFORTS: &[(&str, f64)] =
    &[("400m", 400.0), ("1k", 1000.0), ("1 mile", METERS_PER_MILE), ("5k", 5000.0), ("10k", 10_000.0)];
/// Ids of laps stand behind those of best efforts.
const LAPS_AHEAD: i64 = 20;

impl Truth {
    /// As `/activities/{id}` tells it; hidden efforts only where all are asked for.
    pub(super) fn detail(&self, activity: &Activity, is_all_efforts: bool) -> Value {
        let track = Track::of(activity);
        let streams = track.streams();
        let mut detail = fields(activity.summary());
        detail.insert("resource_state".to_owned(), json!(3));
        detail.extend(told(activity));
        detail.insert("segment_efforts".to_owned(), self.efforts_in(activity, is_all_efforts));
        if let (Some(streams), Some(way)) = (&streams, streams.as_ref().and_then(|s| s.distance.as_ref())) {
            let split = |meters| splits(activity, streams, way, meters);
            detail.insert("splits_metric".to_owned(), split(1000.0));
            detail.insert("splits_standard".to_owned(), split(METERS_PER_MILE));
            if activity.kind() == "Run" {
                detail.insert("best_efforts".to_owned(), best_efforts(activity, streams, way));
            }
        }
        detail.insert("laps".to_owned(), laps(activity));
        let athlete = self.athlete(activity.athlete_id);
        let gear = activity.gear_id.as_deref().and_then(|id| athlete?.gear(id));
        if let Some(gear) = gear {
            detail.insert("gear".to_owned(), gear.summary());
        }
        detail.insert("map".to_owned(), map(activity, &track));
        activity.dressed(detail)
    }

    fn efforts_in(&self, activity: &Activity, is_all: bool) -> Value {
        let efforts = self.efforts.iter().filter(|effort| effort.activity_id == activity.id);
        efforts
            .filter(|effort| is_all || !effort.is_hidden)
            .filter_map(|effort| self.effort(effort))
            .collect()
    }
}

fn told(activity: &Activity) -> Map<String, Value> {
    let has_heartrate = activity.sensors.heartrate.is_some();
    let visible = ["heart_rate", "pace", "power", "speed", "calories"];
    let visible = visible.map(|kind| json!({ "type": kind, "visibility": "everyone" }));
    fields(json!({
        "description": activity.description,
        "calories": activity.calories.unwrap_or(0.0),
        "perceived_exertion": null,
        "prefer_perceived_exertion": null,
        "photos": { "primary": null, "count": 0 },
        "stats_visibility": visible,
        "hide_from_home": activity.hide_from_home,
        "device_name": activity.device_name,
        "embed_token": format!("{:016x}", history::mix(activity.id.cast_unsigned())),
        "available_zones": if has_heartrate { json!(["heartrate"]) } else { json!([]) },
    }))
}

fn map(activity: &Activity, track: &Track<'_>) -> Value {
    json!({
        "id": format!("a{}", activity.id),
        "polyline": track.line(200),
        "resource_state": 3,
        "summary_polyline": track.line(24),
    })
}

/// Parts of the same time in motion.
pub(super) fn laps(activity: &Activity) -> Value {
    if activity.is_manual {
        return json!([]);
    }
    let track = Track::of(activity);
    let streams = track.streams();
    let count = activity.laps.max(1);
    let bounds = |lap: i64| lap * activity.moving_s / count;
    (0..count)
        .map(|lap| {
            let (begin_s, end_s) = (bounds(lap), bounds(lap + 1));
            let index = |part_s: i64| {
                let part = part_s as f64 / activity.moving_s.max(1) as f64;
                streams.as_ref().map_or(0, |streams| track.index_at(streams, part))
            };
            let meters = track.meters(end_s as f64) - track.meters(begin_s as f64);
            lap_told(activity, lap, [begin_s, end_s], meters, [index(begin_s), index(end_s)])
        })
        .collect()
}

fn lap_told(activity: &Activity, lap: i64, [begin_s, end_s]: [i64; 2], meters: f64, at: [usize; 2]) -> Value {
    let seconds = end_s - begin_s;
    let start_ms = activity.start_ms + 1000 * begin_s;
    let mut told = fields(json!({
        "id": activity.id.saturating_mul(100) + LAPS_AHEAD + lap,
        "resource_state": 2,
        "name": format!("Lap {}", lap + 1),
        "activity": { "id": activity.id, "visibility": activity.visibility, "resource_state": 1 },
        "athlete": { "id": activity.athlete_id, "resource_state": 1 },
        "elapsed_time": seconds,
        "moving_time": seconds,
        "start_date": zone::utc(start_ms),
        "start_date_local": zone::local(&activity.timezone, start_ms),
        "distance": (meters * 100.0).round() / 100.0,
        "average_speed": track::thousandth(meters / seconds.max(1) as f64),
        "max_speed": track::thousandth(Track::of(activity).max_speed()),
        "lap_index": lap + 1,
        "split": lap + 1,
        "start_index": at[0],
        "end_index": at[1],
        "total_elevation_gain": track::tenth(activity.climb_meters / activity.laps.max(1) as f64),
        "device_watts": activity.sensors.has_power_meter,
    }));
    if let Some(cadence) = activity.sensors.cadence {
        told.insert("average_cadence".to_owned(), json!(cadence));
    }
    if let Some(watts) = activity.sensors.watts {
        told.insert("average_watts".to_owned(), json!(watts));
    }
    if let Some(heartrate) = activity.sensors.heartrate {
        told.insert("average_heartrate".to_owned(), json!(heartrate));
        told.insert("max_heartrate".to_owned(), json!(heartrate + 12.0));
    }
    Value::Object(told)
}

/// The records between the marks of so many metres, and what is left at the end.
fn splits(activity: &Activity, streams: &Streams, way: &[f64], length_meters: f64) -> Value {
    let mut splits = Vec::new();
    let mut begin = 0;
    for end in 1..way.len() {
        let number = splits.len() + 1;
        if way[end] < number as f64 * length_meters && end + 1 < way.len() {
            continue;
        }
        let (meters, seconds) = (way[end] - way[begin], streams.time[end] - streams.time[begin]);
        let moving = (begin..end).filter(|&i| streams.moving[i + 1]);
        let moving_s = moving.map(|i| streams.time[i + 1] - streams.time[i]).sum::<i64>();
        let height = streams.altitude.as_ref().map_or(0.0, |altitude| altitude[end] - altitude[begin]);
        let speed = track::thousandth(meters / moving_s.max(1) as f64);
        let mut split = json!({
            "distance": track::tenth(meters),
            "elapsed_time": seconds,
            "elevation_difference": track::tenth(height),
            "moving_time": moving_s,
            "split": number,
            "average_speed": speed,
            "average_grade_adjusted_speed": speed,
        });
        if let Some(heartrate) = activity.sensors.heartrate {
            split["average_heartrate"] = json!(heartrate);
        }
        split["pace_zone"] = json!(2);
        splits.push(split);
        begin = end;
    }
    Value::Array(splits)
}

/// The least time over so many metres, from record to record.
fn best_efforts(activity: &Activity, streams: &Streams, way: &[f64]) -> Value {
    let efforts = BEST_EFFORTS.iter().enumerate().filter_map(|(index, (name, meters))| {
        let (begin, end) = fastest(streams, way, *meters)?;
        let seconds = streams.time[end] - streams.time[begin];
        let start_ms = activity.start_ms + 1000 * streams.time[begin];
        Some(json!({
            "id": activity.id.saturating_mul(100) + i64::try_from(index).unwrap_or(0),
            "resource_state": 2,
            "name": name,
            "activity": { "id": activity.id, "visibility": activity.visibility, "resource_state": 1 },
            "athlete": { "id": activity.athlete_id, "resource_state": 1 },
            "elapsed_time": seconds,
            "moving_time": seconds,
            "start_date": zone::utc(start_ms),
            "start_date_local": zone::local(&activity.timezone, start_ms),
            "distance": meters.floor() as i64,
            "pr_rank": null,
            "achievements": [],
            "start_index": begin,
            "end_index": end,
        }))
    });
    efforts.collect()
}

fn fastest(streams: &Streams, way: &[f64], meters: f64) -> Option<(usize, usize)> {
    let mut best = None::<(usize, usize)>;
    let mut begin = 0;
    for end in 0..way.len() {
        while begin + 1 < end && way[end] - way[begin + 1] >= meters {
            begin += 1;
        }
        let took = |(begin, end): (usize, usize)| streams.time[end] - streams.time[begin];
        let is_long = way[end] - way[begin] >= meters;
        if is_long && best.is_none_or(|best| took((begin, end)) < took(best)) {
            best = Some((begin, end));
        }
    }
    best
}

/// How long the heart beat how fast, and for measured watts how long they were how many.
pub(super) fn zones(activity: &Activity, athlete: &Athlete) -> Value {
    let Some(streams) = Track::of(activity).streams() else { return json!([]) };
    let mut zones = Vec::new();
    if let Some(heartrate) = &streams.heartrate {
        let score = activity.sensors.heartrate.unwrap_or_default().round() as i64;
        zones.push(json!({
            "score": score,
            "distribution_buckets": buckets(&athlete.heart_zones, heartrate, &streams.time),
            "type": "heartrate",
            "resource_state": 3,
            "sensor_based": true,
            "points": score,
            "custom_zones": false,
        }));
    }
    if let (Some(watts), true) = (&streams.watts, activity.sensors.has_power_meter) {
        let bounds = [50, 100, 150, 200, 250, 300, 350, 400, 450];
        zones.push(json!({
            "distribution_buckets": buckets(&bounds, watts, &streams.time),
            "type": "power",
            "resource_state": 3,
            "sensor_based": true,
        }));
    }
    Value::Array(zones)
}

fn buckets(bounds: &[i64], values: &[i64], time: &[i64]) -> Value {
    let mut seconds = vec![0; bounds.len() + 1];
    for (step, value) in time.windows(2).zip(values) {
        seconds[bounds.partition_point(|bound| bound <= value)] += step[1] - step[0];
    }
    let mut buckets = ranges(bounds);
    for (index, seconds) in seconds.into_iter().enumerate() {
        buckets[index]["time"] = json!(seconds);
    }
    buckets
}
