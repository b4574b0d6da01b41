//! Collects activities, laps and track points from the elements of a TCX document.

use fitness::recording::{Channel, Lap};

use crate::decode::Limits;
use crate::decode::clock::{self, Stamp};
use crate::decode::columns::{Columns, Row};
use crate::decode::notes::Notes;
use crate::decode::plain;
use crate::decode::xml::{Attributes, Handler};

/// Metres and seconds beyond which no human activity goes: a quarter of the equator, a year.
const MOST_METERS: f64 = 1e7;
const MOST_SECONDS: f64 = 3.2e7;

/// A TCX document as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) activities: Vec<Activity>,
    /// Track points as counted, usable or not.
    pub(super) points: u64,
    pub(super) notes: Notes,
    most_points: usize,
    most_laps: usize,
    most_activities: usize,
    latest_ms: i64,
    laps: usize,
    kept: usize,
    at: Place,
    row: Row,
    holder: Holder,
    tracks_in_lap: usize,
}

/// One `Activity` element.
#[derive(Debug, Default)]
pub(super) struct Activity {
    pub(super) sport: String,
    pub(super) id: Option<Stamp>,
    pub(super) device: Option<String>,
    pub(super) laps: Vec<Lap>,
    pub(super) columns: Columns,
    pub(super) utc_offset_s: Option<i32>,
    /// Somewhere it has a time that cannot be true.
    pub(super) is_misdated: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Activity,
    Lap,
    Point,
    Creator,
}

/// The element whose `Value` comes next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Holder {
    #[default]
    None,
    Now,
    Average,
    Maximum,
}

impl Document {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most_points: limits.samples,
            most_laps: limits.laps,
            // One more shows that there were too many.
            most_activities: limits.recordings.saturating_add(1),
            latest_ms: limits.latest_ms,
            ..Self::default()
        }
    }

    /// Takes in the point that was being read when the text ended, if it has come far enough to be dated.
    pub(super) fn finish(&mut self) {
        if self.at == Place::Point && self.row.time_ms.is_some() && !self.row.is_empty() {
            self.end_point();
        }
    }

    fn activity(&mut self) -> Option<&mut Activity> {
        self.activities.last_mut()
    }

    /// The lap that is being read, unless it is one too many.
    fn lap(&mut self) -> Option<&mut Lap> {
        if self.laps > self.most_laps {
            return None;
        }
        self.activities.last_mut()?.laps.last_mut()
    }

    fn begin_lap(&mut self, attributes: &Attributes<'_>) {
        self.at = Place::Lap;
        self.tracks_in_lap = 0;
        let start_ms = attributes.get("StartTime").and_then(|text| self.stamp(&text)).map(|stamp| stamp.ms);
        self.laps += 1;
        if self.laps > self.most_laps {
            return;
        }
        if let Some(activity) = self.activity() {
            activity.laps.push(Lap { start_ms, ..Lap::default() });
        }
    }

    /// A further track in the same lap begins after a pause.
    fn begin_track(&mut self) {
        self.tracks_in_lap += 1;
        let paused = self.tracks_in_lap > 1;
        if let Some(activity) = self.activity().filter(|_| paused) {
            activity.columns.break_here();
        }
    }

    fn end_point(&mut self) {
        self.at = Place::Lap;
        self.check_position();
        let most = self.most_points;
        if self.kept >= most {
            self.notes.add("too_many_samples", || format!("only the first {most} points are kept"));
            return;
        }
        let row = self.row;
        if let Some(activity) = self.activity() {
            activity.columns.push(&row);
            self.kept += 1;
        }
    }

    fn check_position(&mut self) {
        let (latitude, longitude) = (self.row.get(Channel::Latitude), self.row.get(Channel::Longitude));
        let point = self.points;
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
            self.notes.add("coordinate_out_of_range", || {
                format!("point {point} is at latitude {latitude}, longitude {longitude}")
            });
        } else if latitude.is_nan() == longitude.is_nan() {
            return;
        }
        self.row.set(Channel::Latitude, f64::NAN);
        self.row.set(Channel::Longitude, f64::NAN);
    }

    fn point_value(&mut self, name: &str, text: &str) {
        let channel = match name {
            "Time" => return self.time(text),
            "LatitudeDegrees" => Channel::Latitude,
            "LongitudeDegrees" => Channel::Longitude,
            "AltitudeMeters" => Channel::Altitude,
            "DistanceMeters" => Channel::Distance,
            "Speed" => Channel::Speed,
            "Watts" => Channel::Power,
            "Cadence" | "RunCadence" => Channel::Cadence,
            "Value" if self.holder == Holder::Now => Channel::HeartRate,
            _ => return,
        };
        let what = (name, self.points);
        if let Some(value) = self.number(text, MOST_METERS, what) {
            self.row.set(channel, value);
        }
    }

    fn time(&mut self, text: &str) {
        let Some(stamp) = self.stamp(text) else { return };
        self.row.time_ms = Some(stamp.ms);
        if let Some(activity) = self.activity() {
            activity.utc_offset_s = activity.utc_offset_s.or(stamp.offset_s);
        }
    }

    /// A time that can be true; one that cannot is noted.
    fn stamp(&mut self, text: &str) -> Option<Stamp> {
        let point = self.points;
        let stamp = clock::parse(text)?;
        if clock::is_plausible(stamp.ms, self.latest_ms) {
            return Some(stamp);
        }
        self.notes.add("time_out_of_range", || format!("the time {} near point {point}", text.trim()));
        if let Some(activity) = self.activity() {
            activity.is_misdated = true;
        }
        None
    }

    fn lap_value(&mut self, name: &str, text: &str) {
        let most = if name == "TotalTimeSeconds" { MOST_SECONDS } else { MOST_METERS };
        let what = (name, self.points);
        let known = matches!(
            name,
            "TotalTimeSeconds"
                | "DistanceMeters"
                | "Value"
                | "Cadence"
                | "AvgRunCadence"
                | "AvgWatts"
                | "MaxWatts"
        );
        let Some(value) = known.then(|| self.number(text, most, what)).flatten() else { return };
        let holder = self.holder;
        let Some(lap) = self.lap() else { return };
        let totals = &mut lap.totals;
        let positive = (value > 0.0).then_some(value);
        match (name, holder) {
            ("TotalTimeSeconds", _) => (totals.elapsed_s, totals.timer_s) = (Some(value), Some(value)),
            ("DistanceMeters", _) => totals.distance_m = Some(value),
            ("Value", Holder::Average) => totals.avg_hr = positive,
            ("Value", Holder::Maximum) => totals.max_hr = positive,
            ("Cadence" | "AvgRunCadence", _) => totals.avg_cadence = positive,
            ("AvgWatts", _) => totals.avg_power = positive,
            ("MaxWatts", _) => totals.max_power = positive,
            _ => {}
        }
    }

    fn number(&mut self, text: &str, most: f64, (name, point): (&str, u64)) -> Option<f64> {
        let value: f64 = text.trim().parse().ok()?;
        if value.abs() <= most {
            return Some(value);
        }
        if !value.is_nan() {
            self.notes.add("value_out_of_range", || format!("{name} is {value:e} near point {point}"));
        }
        None
    }
}

impl Handler for Document {
    fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        match (self.at, name) {
            (Place::Lap, "Trackpoint") => {
                self.at = Place::Point;
                self.points += 1;
                self.row = Row::default();
            }
            (Place::Lap, "Track") => self.begin_track(),
            (_, "HeartRateBpm") => self.holder = Holder::Now,
            (_, "AverageHeartRateBpm") => self.holder = Holder::Average,
            (_, "MaximumHeartRateBpm") => self.holder = Holder::Maximum,
            (Place::Activity, "Lap") => self.begin_lap(attributes),
            (Place::Activity, "Creator") => self.at = Place::Creator,
            (Place::Outside, "Activity") if self.activities.len() < self.most_activities => {
                self.at = Place::Activity;
                let sport = attributes.get("Sport").unwrap_or_default();
                self.activities.push(Activity { sport, ..Activity::default() });
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match (self.at, name) {
            (Place::Point, "Trackpoint") => self.end_point(),
            (_, "HeartRateBpm" | "AverageHeartRateBpm" | "MaximumHeartRateBpm") => self.holder = Holder::None,
            (Place::Point, _) => self.point_value(name, text),
            (Place::Lap, "Lap") => self.at = Place::Activity,
            (Place::Lap, _) => self.lap_value(name, text),
            (Place::Creator, "Creator") => self.at = Place::Activity,
            (Place::Creator, "Name") => {
                let device = plain::line(text);
                if let Some(activity) = self.activity() {
                    activity.device = device;
                }
            }
            (Place::Activity, "Activity") => self.at = Place::Outside,
            (Place::Activity, "Id") => {
                let id = self.stamp(text);
                if let Some(activity) = self.activity() {
                    activity.id = id;
                }
            }
            _ => {}
        }
    }
}
