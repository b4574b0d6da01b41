//! An activity as lists and details tell it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Fields, WireError};

/// What a list says of an activity that this program reads: a change of another field, such as of its kudos, is none.
const READ: [&str; 35] = [
    "name",
    "sport_type",
    "type",
    "start_date",
    "start_date_local",
    "timezone",
    "utc_offset",
    "elapsed_time",
    "moving_time",
    "distance",
    "total_elevation_gain",
    "elev_high",
    "elev_low",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
    "average_watts",
    "max_watts",
    "weighted_average_watts",
    "device_watts",
    "kilojoules",
    "average_cadence",
    "average_temp",
    "suffer_score",
    "workout_type",
    "gear_id",
    "commute",
    "manual",
    "trainer",
    "private",
    "visibility",
    "start_latlng",
    "external_id",
    "upload_id",
];
/// What of a list is kept beside it.
const LISTED: [&str; 2] = ["id", "athlete"];
/// What a start is shown as whose time of day the athlete hides: the first second of its day.
const HIDDEN: (i8, i8, i8) = (0, 0, 1);

/// An activity of a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    pub(crate) id: i64,
    /// Epoch milliseconds; where it is hidden, of the first second of its day.
    pub(crate) start_ms: i64,
    pub(crate) is_start_hidden: bool,
    /// Of local time from UTC; nothing where it cannot be told.
    pub(crate) utc_offset_s: Option<i32>,
    /// Such as `Europe/Berlin`.
    pub(crate) time_zone: Option<String>,
    pub(crate) name: Option<String>,
    /// The source's own word.
    pub(crate) sport: Option<String>,
    pub(crate) elapsed_s: Option<f64>,
    pub(crate) moving_s: Option<f64>,
    pub(crate) distance_m: Option<f64>,
    pub(crate) ascent_m: Option<f64>,
    pub(crate) max_altitude_m: Option<f64>,
    pub(crate) min_altitude_m: Option<f64>,
    pub(crate) avg_speed: Option<f64>,
    pub(crate) max_speed: Option<f64>,
    pub(crate) avg_hr: Option<f64>,
    pub(crate) max_hr: Option<f64>,
    pub(crate) avg_power: Option<f64>,
    pub(crate) max_power: Option<f64>,
    pub(crate) weighted_power: Option<f64>,
    /// False where power was estimated and not measured.
    pub(crate) has_power_meter: bool,
    pub(crate) work_kj: Option<f64>,
    pub(crate) avg_cadence: Option<f64>,
    pub(crate) avg_temperature_c: Option<f64>,
    pub(crate) relative_effort: Option<f64>,
    pub(crate) workout_type: Option<i64>,
    /// Strava's id of the shoes or the bicycle.
    pub(crate) gear_id: Option<String>,
    pub(crate) is_commute: Option<bool>,
    pub(crate) is_manual: bool,
    pub(crate) is_on_trainer: bool,
    /// `everyone`, `followers_only` or `only_me`.
    pub(crate) visibility: Option<String>,
    pub(crate) device: Option<String>,
}

/// What the details of an activity say beyond its summary.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Detail {
    pub(crate) id: i64,
    pub(crate) description: Option<String>,
    pub(crate) private_note: Option<String>,
    pub(crate) calories: Option<f64>,
    pub(crate) perceived_exertion: Option<f64>,
    pub(crate) gear: Option<String>,
    pub(crate) is_hidden_from_home: Option<bool>,
    /// What recorded it: some lists do not say it.
    pub(crate) device: Option<String>,
    pub(crate) laps: Vec<Lap>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lap {
    pub(crate) start_ms: Option<i64>,
    pub(crate) elapsed_s: Option<f64>,
    pub(crate) moving_s: Option<f64>,
    pub(crate) distance_m: Option<f64>,
    pub(crate) ascent_m: Option<f64>,
    pub(crate) avg_hr: Option<f64>,
    pub(crate) max_hr: Option<f64>,
    pub(crate) avg_power: Option<f64>,
    pub(crate) avg_cadence: Option<f64>,
}

impl Summary {
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let fields = Fields::of(value)?;
        let start_ms = fields.moment_ms("start_date").ok_or(WireError::Lacks("start_date"))?;
        let wall = fields.wall("start_date_local");
        let is_start_hidden = is_hidden(wall) && is_hidden(utc(start_ms));
        Ok(Self {
            id: fields.id("id").ok_or(WireError::Lacks("id"))?,
            start_ms,
            is_start_hidden,
            utc_offset_s: if is_start_hidden { Some(0) } else { offset_s(fields, start_ms, wall) },
            time_zone: fields.text("timezone").map(zone_name).map(str::to_owned),
            name: fields.text("name").map(str::to_owned),
            sport: fields.text("sport_type").or_else(|| fields.text("type")).map(str::to_owned),
            elapsed_s: fields.positive("elapsed_time"),
            moving_s: fields.positive("moving_time"),
            distance_m: fields.positive("distance"),
            ascent_m: fields.number("total_elevation_gain").filter(|ascent| *ascent >= 0.0),
            max_altitude_m: fields.number("elev_high"),
            min_altitude_m: fields.number("elev_low"),
            avg_speed: fields.positive("average_speed"),
            max_speed: fields.positive("max_speed"),
            avg_hr: fields.positive("average_heartrate"),
            max_hr: fields.positive("max_heartrate"),
            avg_power: fields.positive("average_watts"),
            max_power: fields.positive("max_watts"),
            weighted_power: fields.positive("weighted_average_watts"),
            has_power_meter: fields.flag("device_watts").unwrap_or(false),
            work_kj: fields.positive("kilojoules"),
            avg_cadence: fields.positive("average_cadence"),
            avg_temperature_c: fields.number("average_temp"),
            relative_effort: fields.number("suffer_score"),
            workout_type: fields.get("workout_type").and_then(Value::as_i64),
            gear_id: fields.text("gear_id").map(str::to_owned),
            is_commute: fields.flag("commute"),
            is_manual: fields.flag("manual").unwrap_or(false),
            is_on_trainer: fields.flag("trainer").unwrap_or(false),
            visibility: fields.text("visibility").map(str::to_owned),
            device: fields.text("device_name").map(str::to_owned),
        })
    }

    /// True where the athlete marked it as a race: 1 of a run, 11 of a ride.
    pub(crate) fn is_competition(&self) -> Option<bool> {
        self.workout_type.map(|kind| matches!(kind, 1 | 11))
    }

    pub(crate) fn is_long_run(&self) -> Option<bool> {
        self.workout_type.map(|kind| kind == 2)
    }
}

impl Detail {
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let fields = Fields::of(value)?;
        let id = fields.id("id").ok_or(WireError::Lacks("id"))?;
        let lap = |value| Fields::of(value).ok().map(Lap::of);
        Ok(Self {
            id,
            description: fields.text("description").map(str::to_owned),
            private_note: fields.text("private_note").map(str::to_owned),
            calories: fields.positive("calories"),
            perceived_exertion: fields
                .number("perceived_exertion")
                .filter(|felt| (1.0..=10.0).contains(felt)),
            gear: fields.within("gear").and_then(|gear| gear.text("name")).map(str::to_owned),
            is_hidden_from_home: fields.flag("hide_from_home"),
            device: fields.text("device_name").map(str::to_owned),
            laps: fields.list("laps").filter_map(lap).collect(),
        })
    }
}

impl Lap {
    fn of(fields: Fields<'_>) -> Self {
        Self {
            start_ms: fields.moment_ms("start_date"),
            elapsed_s: fields.positive("elapsed_time"),
            moving_s: fields.positive("moving_time"),
            distance_m: fields.positive("distance"),
            ascent_m: fields.number("total_elevation_gain").filter(|ascent| *ascent >= 0.0),
            avg_hr: fields.positive("average_heartrate"),
            max_hr: fields.positive("max_heartrate"),
            avg_power: fields.positive("average_watts").filter(|_| fields.flag("device_watts") == Some(true)),
            avg_cadence: fields.positive("average_cadence"),
        }
    }
}

/// What a list says of the activity whose details these are.
pub(crate) fn as_listed(detail: &Value) -> Value {
    let fields = detail.as_object().into_iter().flatten();
    let is_listed = |name: &str| READ.contains(&name) || LISTED.contains(&name);
    fields.filter(|(name, _)| is_listed(name)).map(|(name, said)| (name.clone(), said.clone())).collect()
}

/// What changes where a list says something else of an activity, in hexadecimal.
pub(crate) fn fingerprint(value: &Value) -> String {
    let mut hash = Sha256::new();
    for name in READ {
        hash.update(said(value, name));
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the samples of an activity hang on: they are asked for again only where it changes.
pub(crate) fn streams_of(value: &Value) -> String {
    ["distance", "elapsed_time", "upload_id"].map(|name| said(value, name)).join(" ")
}

/// What a field says: one that is absent and one that is null say the same.
fn said(value: &Value, name: &str) -> String {
    value.get(name).filter(|said| !said.is_null()).map(plain).unwrap_or_default()
}

/// A value as text; 5000 and 5000.0 are one number, and numbers too large for a float are told apart.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) if !number.is_f64() => number.to_string(),
        // A float that is whole is displayed without a fraction.
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A zone's name without the offset before it, which is that of winter all year.
fn zone_name(timezone: &str) -> &str {
    timezone.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(timezone, |(_, name)| name)
}

fn utc(epoch_ms: i64) -> Option<DateTime> {
    let moment = Timestamp::from_millisecond(epoch_ms).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(moment))
}

fn is_hidden(at: Option<DateTime>) -> bool {
    at.is_some_and(|at| (at.hour(), at.minute(), at.second()) == HIDDEN)
}

/// The offset that both starts tell; else the one that is told, which some records have for winter all year.
fn offset_s(fields: Fields<'_>, start_ms: i64, wall: Option<DateTime>) -> Option<i32> {
    let of_wall = wall.and_then(|wall| {
        let wall_ms = jiff::tz::Offset::UTC.to_timestamp(wall).ok()?.as_millisecond();
        i32::try_from((wall_ms - start_ms) / 1000).ok()
    });
    let told = || fields.number("utc_offset").and_then(|seconds| format!("{seconds:.0}").parse().ok());
    let is_offset = |seconds: &i32| seconds.abs() <= 18 * 3600;
    of_wall.filter(is_offset).or_else(told).filter(is_offset)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(one: &Value, other: &Value, is_same: bool) {
        assert_eq!(fingerprint(one) == fingerprint(other), is_same, "{one} {other}");
        assert_eq!(streams_of(one) == streams_of(other), is_same, "{one} {other}");
    }

    #[test]
    fn the_same_in_another_spelling_is_the_same() {
        check(&json!({ "distance": 5000 }), &json!({ "distance": 5000.0 }), true);
        check(&json!({ "upload_id": null }), &json!({}), true);
        check(&json!({ "distance": 5000 }), &json!({ "distance": 5000.1 }), false);
        check(
            &json!({ "upload_id": 9_007_199_254_740_993_i64 }),
            &json!({ "upload_id": 9_007_199_254_740_992_i64 }),
            false,
        );
        let places = [json!({ "start_latlng": [52, 13.5] }), json!({ "start_latlng": [52.0, 13.5] })];
        assert_eq!(fingerprint(&places[0]), fingerprint(&places[1]));
    }
}
