//! What a device records, made of the activity by a formula, so that nothing is stored.
//!
//! The way is a circle; speed, heart rate, cadence and watts swing around their averages in whole periods, so that
//! the averages of the streams are those of the summary. The pause, if there is one, lies in the middle.

use std::f64::consts::{PI, TAU};

use serde_json::{Map, Value, json};

use super::activity::Activity;
use super::polyline;

const EARTH_METERS_PER_DEGREE: f64 = 111_320.0;
const SPEED_SWING: f64 = 0.15;
const SPEED_PERIODS: f64 = 3.0;
const HEART_SWING: f64 = 12.0;
const HEART_PERIODS: f64 = 5.0;
const WATTS_SWING: f64 = 0.3;
const WATTS_PERIODS: f64 = 7.0;
/// How much uphill a wave of the ground has.
const WAVE_METERS: f64 = 40.0;

/// The columns of the records; those of sensors that were not there are missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streams {
    /// Seconds since the start.
    pub time: Vec<i64>,
    /// Metres since the start.
    pub distance: Option<Vec<f64>>,
    /// Latitude and longitude.
    pub latlng: Option<Vec<[f64; 2]>>,
    /// Metres above the sea.
    pub altitude: Option<Vec<f64>>,
    /// Metres a second.
    pub velocity_smooth: Option<Vec<f64>>,
    /// Beats a minute.
    pub heartrate: Option<Vec<i64>>,
    /// Turns or steps of one leg a minute.
    pub cadence: Option<Vec<i64>>,
    /// Watts.
    pub watts: Option<Vec<i64>>,
    /// Degrees Celsius.
    pub temp: Option<Vec<i64>>,
    /// Whether it is no pause.
    pub moving: Vec<bool>,
    /// Per cent.
    pub grade_smooth: Option<Vec<f64>>,
}

impl Streams {
    /// The columns as they are answered, by name and in the order in which they are answered.
    pub(super) fn columns(&self) -> Map<String, Value> {
        let length = self.time.len();
        let series = if self.distance.is_some() { "distance" } else { "time" };
        let column = |data: Value| json!({ "data": data, "series_type": series, "original_size": length, "resolution": "high" });
        let mut columns = Map::new();
        let mut add = |name: &str, data: Option<Value>| {
            if let Some(data) = data {
                columns.insert(name.to_owned(), column(data));
            }
        };
        add("moving", Some(json!(self.moving)));
        add("latlng", self.latlng.as_ref().map(|data| json!(data)));
        add("velocity_smooth", self.velocity_smooth.as_ref().map(|data| json!(data)));
        add("grade_smooth", self.grade_smooth.as_ref().map(|data| json!(data)));
        add("cadence", self.cadence.as_ref().map(|data| json!(data)));
        add("distance", self.distance.as_ref().map(|data| json!(data)));
        add("altitude", self.altitude.as_ref().map(|data| json!(data)));
        add("heartrate", self.heartrate.as_ref().map(|data| json!(data)));
        add("watts", self.watts.as_ref().map(|data| json!(data)));
        add("temp", self.temp.as_ref().map(|data| json!(data)));
        add("time", Some(json!(self.time)));
        columns
    }
}

pub(super) struct Track<'a> {
    activity: &'a Activity,
    moving_s: f64,
    waves: f64,
}

impl<'a> Track<'a> {
    pub(super) fn of(activity: &'a Activity) -> Self {
        let waves = (activity.climb_meters / WAVE_METERS).round().max(1.0);
        Self { activity, moving_s: activity.moving_s.max(1) as f64, waves }
    }

    /// Nothing for what was typed in.
    pub(super) fn streams(&self) -> Option<Streams> {
        let activity = self.activity;
        if !activity.has_streams || activity.is_manual {
            return None;
        }
        let time = self.times();
        let moved = time.iter().map(|&t| self.moved_s(t)).collect::<Vec<_>>();
        let moving = time.iter().map(|&t| !self.is_pause(t)).collect::<Vec<_>>();
        let way = (activity.meters > 0.0)
            .then(|| moved.iter().map(|&moved| self.meters(moved)).collect::<Vec<_>>());
        let on_way = |value: &dyn Fn(f64) -> f64| {
            way.as_ref().map(|way| way.iter().map(|&meters| value(meters)).collect::<Vec<_>>())
        };
        let while_moving = |value: &dyn Fn(f64) -> i64| {
            let points = moved.iter().zip(&moving);
            points.map(|(&moved, &is_moving)| if is_moving { value(moved) } else { 0 }).collect::<Vec<_>>()
        };
        let sensors = activity.sensors;
        Some(Streams {
            distance: on_way(&tenth),
            latlng: way
                .as_ref()
                .zip(activity.place)
                .map(|(way, _)| way.iter().filter_map(|&meters| self.place(meters)).collect()),
            altitude: sensors
                .altitude_meters
                .and_then(|base| on_way(&|meters| tenth(base + self.height(meters)))),
            grade_smooth: sensors.altitude_meters.and_then(|_| on_way(&|meters| tenth(self.grade(meters)))),
            velocity_smooth: way.as_ref().map(|_| {
                let points = moved.iter().zip(&moving);
                let speed = |(&moved, &is_moving): (&f64, &bool)| {
                    if is_moving { thousandth(self.speed(moved)) } else { 0.0 }
                };
                points.map(speed).collect()
            }),
            heartrate: sensors.heartrate.map(|_| moved.iter().map(|&moved| self.heartrate(moved)).collect()),
            cadence: sensors.cadence.map(|mean| while_moving(&|_| mean.round() as i64)),
            watts: sensors.watts.map(|_| while_moving(&|moved| self.watts(moved))),
            temp: sensors.celsius.map(|celsius| vec![celsius; time.len()]),
            moving,
            time,
        })
    }

    /// Evenly apart, and the end.
    fn times(&self) -> Vec<i64> {
        let (end, step) = (self.activity.elapsed_s.max(1), self.activity.sample_s.max(1));
        let step = usize::try_from(step).unwrap_or(1);
        (0..end).step_by(step).chain([end]).collect()
    }

    fn pause_s(&self) -> i64 {
        (self.activity.elapsed_s - self.activity.moving_s).max(0)
    }

    fn is_pause(&self, elapsed_s: i64) -> bool {
        let begin = self.activity.moving_s / 2;
        elapsed_s > begin && elapsed_s <= begin + self.pause_s()
    }

    /// Seconds of motion at so many seconds since the start.
    fn moved_s(&self, elapsed_s: i64) -> f64 {
        let begin = self.activity.moving_s / 2;
        let moved = if elapsed_s <= begin { elapsed_s } else { (elapsed_s - self.pause_s()).max(begin) };
        moved as f64
    }

    /// At which of the streams' points so much of the motion, from 0 to 1, was done.
    pub(super) fn index_at(&self, streams: &Streams, part: f64) -> usize {
        let moved_s = part * self.moving_s;
        streams.time.iter().position(|&t| self.moved_s(t) >= moved_s - 1e-6).unwrap_or(streams.time.len() - 1)
    }

    fn phase(&self) -> f64 {
        (self.activity.id % 628) as f64 / 100.0
    }

    pub(super) fn meters(&self, moved_s: f64) -> f64 {
        let (part, phase) = (moved_s / self.moving_s, self.phase());
        let swing = SPEED_SWING / (TAU * SPEED_PERIODS);
        let gained = swing * (phase.cos() - (TAU * SPEED_PERIODS * part + phase).cos());
        self.activity.meters * (part + gained)
    }

    fn speed(&self, moved_s: f64) -> f64 {
        let turn = TAU * SPEED_PERIODS * moved_s / self.moving_s + self.phase();
        self.activity.speed() * (1.0 + SPEED_SWING * turn.sin())
    }

    pub(super) fn max_speed(&self) -> f64 {
        self.activity.speed() * (1.0 + SPEED_SWING)
    }

    fn heartrate(&self, moved_s: f64) -> i64 {
        let mean = self.activity.sensors.heartrate.unwrap_or_default();
        (mean + HEART_SWING * (TAU * HEART_PERIODS * moved_s / self.moving_s).sin()).round() as i64
    }

    pub(super) fn max_heartrate(&self) -> i64 {
        (self.activity.sensors.heartrate.unwrap_or_default() + HEART_SWING).round() as i64
    }

    fn watts(&self, moved_s: f64) -> i64 {
        let mean = self.activity.sensors.watts.unwrap_or_default();
        (mean * (1.0 + WATTS_SWING * (TAU * WATTS_PERIODS * moved_s / self.moving_s).sin())).round() as i64
    }

    pub(super) fn max_watts(&self) -> i64 {
        (self.activity.sensors.watts.unwrap_or_default() * (1.0 + WATTS_SWING)).round() as i64
    }

    /// Metres above the start.
    fn height(&self, meters: f64) -> f64 {
        let turn = TAU * self.waves * meters / self.activity.meters;
        self.activity.climb_meters / (2.0 * self.waves) * (1.0 - turn.cos())
    }

    fn grade(&self, meters: f64) -> f64 {
        let turn = TAU * self.waves * meters / self.activity.meters;
        100.0 * PI * self.activity.climb_meters / self.activity.meters * turn.sin()
    }

    pub(super) fn highest_meters(&self) -> Option<f64> {
        let low = self.activity.sensors.altitude_meters?;
        Some(low + self.activity.climb_meters / self.waves)
    }

    fn place(&self, meters: f64) -> Option<[f64; 2]> {
        let [latitude, longitude] = self.activity.place?;
        let radius = self.activity.meters / TAU;
        let angle = meters / radius;
        let north = radius * (1.0 - angle.cos()) / EARTH_METERS_PER_DEGREE;
        let east = radius * angle.sin() / (EARTH_METERS_PER_DEGREE * latitude.to_radians().cos());
        Some([micro(latitude + north), micro(longitude + east)])
    }

    /// The way as a line on the map of so many parts, empty where there is none.
    pub(super) fn line(&self, parts: u32) -> String {
        if self.activity.place.is_none() || self.activity.meters <= 0.0 {
            return String::new();
        }
        let part = self.activity.meters / f64::from(parts);
        polyline::encode((0..=parts).filter_map(|index| self.place(part * f64::from(index))))
    }
}

pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

pub(super) fn thousandth(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn micro(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}
