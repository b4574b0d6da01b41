//! An activity as Strava knows it, and its short form in lists.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::track::{self, Track};
use super::zone;

/// Who sees an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Everyone,
    /// Followers.
    FollowersOnly,
    /// The athlete, and an application with `activity:read_all`.
    OnlyMe,
}

/// What is known of an activity; its streams are made of it by a formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Greater for what was uploaded later, whatever it started.
    pub id: i64,
    /// Whose it is.
    pub athlete_id: i64,
    /// Anything the athlete wrote.
    pub name: String,
    /// Anything the athlete wrote.
    pub description: Option<String>,
    /// Such as `Run`; Strava invents new ones.
    pub sport_type: String,
    /// When it began, in epoch milliseconds.
    pub start_ms: i64,
    /// The name of a zone, such as `Europe/Berlin`.
    pub timezone: String,
    /// How far.
    pub meters: f64,
    /// Without the pause.
    pub moving_s: i64,
    /// With the pause, which lies in the middle.
    pub elapsed_s: i64,
    /// How much uphill.
    pub climb_meters: f64,
    /// Latitude and longitude of the start, which is the end too; nothing where no satellite was seen.
    pub place: Option<[f64; 2]>,
    /// What was measured besides time and place.
    pub sensors: Sensors,
    /// Whether the device's records are there.
    pub has_streams: bool,
    /// Seconds between two points of the streams.
    pub sample_s: i64,
    /// How many laps of the same length.
    pub laps: i64,
    /// Such as `g12` for shoes or `b12` for a bike.
    pub gear_id: Option<String>,
    /// What recorded it.
    pub device_name: Option<String>,
    /// The upload it came by.
    pub upload_id: Option<i64>,
    /// The name of the file that was uploaded.
    pub external_id: Option<String>,
    /// Whether it was typed in.
    pub is_manual: bool,
    /// Whether it was done on a machine.
    pub is_trainer: bool,
    /// Whether it was a way to somewhere.
    pub is_commute: bool,
    /// Whether the athlete hides when it began.
    pub hides_start: bool,
    /// Whether it is kept out of feeds.
    pub hide_from_home: bool,
    /// A race, a long run, a workout; sports number these on their own.
    pub workout_type: Option<i64>,
    /// Kilocalories.
    pub calories: Option<f64>,
    /// Who sees it.
    pub visibility: Visibility,
    /// Whether answers hold hardly more than its id and its start.
    pub is_bare: bool,
    /// Fields of its answers that are written like this, whatever else is known.
    pub written: Map<String, Value>,
    /// Fields that its answers do not have.
    pub absent: Vec<String>,
}

/// What was measured besides time and place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sensors {
    /// Metres above the sea at the start, which is the lowest point.
    pub altitude_meters: Option<f64>,
    /// Beats a minute on average.
    pub heartrate: Option<f64>,
    /// Turns or steps of one leg a minute on average.
    pub cadence: Option<f64>,
    /// Watts on average.
    pub watts: Option<f64>,
    /// Whether the watts were measured, not estimated.
    pub has_power_meter: bool,
    /// Degrees Celsius.
    pub celsius: Option<i64>,
}

impl Activity {
    /// Whether only an application with `activity:read_all` learns of it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.visibility == Visibility::OnlyMe
    }

    /// The deprecated kind that a sport is counted among.
    pub(super) fn kind(&self) -> &'static str {
        const KINDS: &[(&str, &[&str])] = &[
            ("Run", &["Run", "TrailRun"]),
            ("Ride", &["Ride", "MountainBikeRide", "GravelRide"]),
            ("VirtualRide", &["VirtualRide"]),
            ("VirtualRun", &["VirtualRun"]),
            ("EBikeRide", &["EBikeRide", "EMountainBikeRide"]),
            ("Walk", &["Walk"]),
            ("Hike", &["Hike"]),
            ("Swim", &["Swim"]),
            ("WeightTraining", &["WeightTraining"]),
            ("Yoga", &["Yoga"]),
            ("Rowing", &["Rowing", "VirtualRow"]),
        ];
        KINDS.iter().find(|(_, sports)| sports.contains(&self.sport_type.as_str())).map_or("Workout", |k| k.0)
    }

    /// Metres a second while it moved.
    pub(super) fn speed(&self) -> f64 {
        if self.moving_s > 0 { self.meters / self.moving_s as f64 } else { 0.0 }
    }

    /// When it began, in UTC and on the wall, as it is told: a hidden time is one second past midnight in both.
    pub(super) fn starts(&self) -> [String; 2] {
        let starts = [zone::utc(self.start_ms), zone::local(&self.timezone, self.start_ms)];
        if !self.hides_start {
            return starts;
        }
        starts.map(|start| format!("{}T00:00:01Z", start.split('T').next().unwrap_or_default()))
    }

    /// As it stands in lists.
    pub(super) fn summary(&self) -> Value {
        let mut fields = self.what();
        fields.extend(self.told());
        fields.extend(self.places());
        fields.extend(self.measured());
        fields.extend(self.uploaded());
        self.dressed(fields)
    }

    /// The fields with what this one has written otherwise or not at all.
    pub(super) fn dressed(&self, mut fields: Map<String, Value>) -> Value {
        if self.is_bare {
            fields.retain(|name, _| ["id", "start_date", "resource_state"].contains(&name.as_str()));
        }
        fields.extend(self.written.clone());
        for name in &self.absent {
            fields.shift_remove(name);
        }
        Value::Object(fields)
    }

    fn what(&self) -> Map<String, Value> {
        let [start, local] = self.starts();
        fields(json!({
            "resource_state": 2,
            "athlete": { "id": self.athlete_id, "resource_state": 1 },
            "name": self.name,
            "distance": track::tenth(self.meters),
            "moving_time": self.moving_s,
            "elapsed_time": self.elapsed_s,
            "total_elevation_gain": track::tenth(self.climb_meters),
            "type": self.kind(),
            "sport_type": self.sport_type,
            "workout_type": self.workout_type,
            "id": self.id,
            "start_date": start,
            "start_date_local": local,
            "timezone": zone::label(&self.timezone),
            "utc_offset": zone::offset_s(&self.timezone, self.start_ms) as f64,
        }))
    }

    fn told(&self) -> Map<String, Value> {
        fields(json!({
            "location_city": null,
            "location_state": null,
            "location_country": null,
            "achievement_count": 0,
            "kudos_count": self.id % 9,
            "comment_count": 0,
            "athlete_count": 1,
            "photo_count": 0,
        }))
    }

    fn places(&self) -> Map<String, Value> {
        let line = Track::of(self).line(24);
        fields(json!({
            "map": { "id": format!("a{}", self.id), "summary_polyline": line, "resource_state": 2 },
            "trainer": self.is_trainer,
            "commute": self.is_commute,
            "manual": self.is_manual,
            "private": self.is_private(),
            "visibility": self.visibility,
            "flagged": false,
            "gear_id": self.gear_id,
            "start_latlng": self.place.map_or_else(|| json!([]), |place| json!(place)),
            "end_latlng": self.place.map_or_else(|| json!([]), |place| json!(place)),
        }))
    }

    fn measured(&self) -> Map<String, Value> {
        let (sensors, track) = (self.sensors, Track::of(self));
        let mut measured = fields(json!({
            "average_speed": track::thousandth(self.speed()),
            "max_speed": if self.is_manual { 0.0 } else { track::thousandth(track.max_speed()) },
        }));
        let mut add = |name: &str, value: Value| drop(measured.insert(name.to_owned(), value));
        if let Some(cadence) = sensors.cadence {
            add("average_cadence", json!(cadence));
        }
        if let Some(celsius) = sensors.celsius {
            add("average_temp", json!(celsius));
        }
        if let Some(watts) = sensors.watts {
            add("average_watts", json!(watts));
            add("kilojoules", json!(track::tenth(watts * self.moving_s as f64 / 1000.0)));
            add("device_watts", json!(sensors.has_power_meter));
        }
        if let (Some(watts), true) = (sensors.watts, sensors.has_power_meter) {
            add("weighted_average_watts", json!((watts * 1.03).round() as i64));
            add("max_watts", json!(track.max_watts()));
        }
        add("has_heartrate", json!(sensors.heartrate.is_some()));
        if let Some(heartrate) = sensors.heartrate {
            add("average_heartrate", json!(heartrate));
            add("max_heartrate", json!(track.max_heartrate() as f64));
            add("suffer_score", json!((heartrate * self.moving_s as f64 / 3_600.0).round()));
        }
        add("heartrate_opt_out", json!(false));
        add("display_hide_heartrate_option", json!(sensors.heartrate.is_some()));
        if let (Some(low), false) = (sensors.altitude_meters, self.meters == 0.0) {
            add("elev_high", json!(track::tenth(track.highest_meters().unwrap_or(low))));
            add("elev_low", json!(track::tenth(low)));
        }
        measured
    }

    fn uploaded(&self) -> Map<String, Value> {
        fields(json!({
            "upload_id": self.upload_id,
            "upload_id_str": self.upload_id.map(|id| id.to_string()),
            "external_id": self.external_id,
            "from_accepted_tag": false,
            "pr_count": 0,
            "total_photo_count": 0,
            "has_kudoed": false,
        }))
    }
}

/// The fields of an object that was written as JSON.
pub(super) fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
