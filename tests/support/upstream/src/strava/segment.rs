//! Segments and the efforts on them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::activity::{Activity, fields};
use super::truth::Truth;
use super::zone;

/// A stretch of a way that everybody's time is taken on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its number.
    pub id: i64,
    /// Anything somebody wrote.
    pub name: String,
    /// `Run` or `Ride`.
    pub activity_type: String,
    /// How long.
    pub meters: f64,
    /// Metres above the sea at its lowest.
    pub low_meters: f64,
    /// Metres above the sea at its highest.
    pub high_meters: f64,
    /// Where it begins.
    pub start: [f64; 2],
    /// Where it ends.
    pub end: [f64; 2],
    /// The athletes who starred it.
    pub starred_by: Vec<i64>,
}

/// A time that an athlete took on a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Far beyond what a double can hold.
    pub id: i64,
    /// On which segment.
    pub segment_id: i64,
    /// In which activity.
    pub activity_id: i64,
    /// Seconds after the activity's start.
    pub after_s: i64,
    /// How long it took.
    pub elapsed_s: i64,
    /// Whether it is told only where all efforts are asked for.
    pub is_hidden: bool,
}

impl Segment {
    /// A short climb near Munich.
    #[must_use]
    pub fn new(id: i64, name: &str, activity_type: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            activity_type: activity_type.to_owned(),
            meters: 419.5,
            low_meters: 520.0,
            high_meters: 541.0,
            start: [48.141, 11.582],
            end: [48.144, 11.586],
            starred_by: Vec::new(),
        }
    }

    fn grade(&self) -> f64 {
        ((self.high_meters - self.low_meters) / self.meters * 1000.0).round() / 10.0
    }

    /// As it stands in an effort, and in the list of starred ones.
    pub(super) fn summary(&self, athlete_id: i64) -> Value {
        json!({
            "id": self.id,
            "resource_state": 2,
            "name": self.name,
            "activity_type": self.activity_type,
            "distance": self.meters,
            "average_grade": self.grade(),
            "maximum_grade": self.grade() + 2.5,
            "elevation_high": self.high_meters,
            "elevation_low": self.low_meters,
            "start_latlng": self.start,
            "end_latlng": self.end,
            "elevation_profile": null,
            "elevation_profiles": null,
            "climb_category": 0,
            "city": "Munich",
            "state": "Bavaria",
            "country": "Germany",
            "private": false,
            "hazardous": false,
            "starred": self.starred_by.contains(&athlete_id),
        })
    }
}

impl Truth {
    /// The efforts of an athlete on a segment, the fastest first.
    fn efforts_on(&self, segment_id: i64, athlete_id: i64) -> Vec<(&Effort, &Activity)> {
        let efforts = self.efforts.iter().filter(|effort| effort.segment_id == segment_id);
        let mut efforts = efforts
            .filter_map(|effort| Some((effort, self.activity(effort.activity_id)?)))
            .filter(|(_, activity)| activity.athlete_id == athlete_id)
            .collect::<Vec<_>>();
        efforts.sort_by_key(|(effort, _)| (effort.elapsed_s, effort.id));
        efforts
    }

    /// As `/segments/starred` tells it, with the athlete's best time.
    pub(super) fn starred(&self, segment: &Segment, athlete_id: i64) -> Value {
        let mut told = fields(segment.summary(athlete_id));
        if let Some((best, activity)) = self.efforts_on(segment.id, athlete_id).first() {
            let [start, local] = starts(best, activity);
            told.extend(fields(json!({
                "pr_time": best.elapsed_s,
                "athlete_pr_effort": {
                    "id": best.id,
                    "activity_id": best.activity_id,
                    "elapsed_time": best.elapsed_s,
                    "distance": segment.meters,
                    "start_date": start,
                    "start_date_local": local,
                    "is_kom": false,
                },
            })));
        }
        told.insert("starred_date".to_owned(), json!("2018-12-02T19:23:20Z"));
        Value::Object(told)
    }

    /// As `/segments/{id}` tells it.
    pub(super) fn segment_detail(&self, segment: &Segment, athlete_id: i64) -> Value {
        let mut told = fields(segment.summary(athlete_id));
        let line = super::polyline::encode([segment.start, segment.end].into_iter());
        told.extend(fields(json!({
            "resource_state": 3,
            "created_at": "2012-03-19T22:00:20Z",
            "updated_at": "2021-05-15T08:02:38Z",
            "total_elevation_gain": segment.high_meters - segment.low_meters,
            "map": { "id": format!("s{}", segment.id), "polyline": line, "resource_state": 3 },
            "effort_count": 3964,
            "athlete_count": 1144,
            "star_count": segment.starred_by.len(),
            "athlete_segment_stats": self.segment_stats(segment.id, athlete_id),
        })));
        Value::Object(told)
    }

    fn segment_stats(&self, segment_id: i64, athlete_id: i64) -> Value {
        let efforts = self.efforts_on(segment_id, athlete_id);
        let Some((best, activity)) = efforts.first() else { return json!({ "effort_count": 0 }) };
        let [start, _] = starts(best, activity);
        json!({
            "pr_elapsed_time": best.elapsed_s,
            "pr_date": start.split('T').next(),
            "pr_visibility": "everyone",
            "pr_activity_id": best.activity_id,
            "pr_activity_visibility": activity.visibility,
            "effort_count": efforts.len(),
        })
    }

    /// As it stands in an activity, and as `/segment_efforts` lists it.
    pub(super) fn effort(&self, effort: &Effort) -> Option<Value> {
        let activity = self.activity(effort.activity_id)?;
        let segment = self.segments.iter().find(|segment| segment.id == effort.segment_id)?;
        let efforts = self.efforts_on(segment.id, activity.athlete_id);
        let rank = efforts.iter().position(|(other, _)| other.id == effort.id)? + 1;
        let is_best = rank == 1;
        let [start, local] = starts(effort, activity);
        let index = effort.after_s / activity.sample_s.max(1);
        let mut told = fields(json!({
            "id": effort.id,
            "resource_state": 2,
            "name": segment.name,
            "activity": { "id": activity.id, "visibility": activity.visibility, "resource_state": 1 },
            "athlete": { "id": activity.athlete_id, "resource_state": 1 },
            "elapsed_time": effort.elapsed_s,
            "moving_time": effort.elapsed_s,
            "start_date": start,
            "start_date_local": local,
            "distance": segment.meters,
            "start_index": index,
            "end_index": index + effort.elapsed_s / activity.sample_s.max(1),
            "device_watts": activity.sensors.has_power_meter,
        }));
        if let Some(heartrate) = activity.sensors.heartrate {
            told.insert("average_heartrate".to_owned(), json!(heartrate + 4.5));
            told.insert("max_heartrate".to_owned(), json!(heartrate + 9.0));
        }
        if let Some(cadence) = activity.sensors.cadence {
            told.insert("average_cadence".to_owned(), json!(cadence));
        }
        if let Some(watts) = activity.sensors.watts {
            told.insert("average_watts".to_owned(), json!(watts));
        }
        let achievement = json!({ "type_id": 3, "type": "pr", "rank": rank });
        told.extend(fields(json!({
            "segment": segment.summary(activity.athlete_id),
            "pr_rank": if rank <= 3 { json!(rank) } else { Value::Null },
            "achievements": if is_best { json!([achievement]) } else { json!([]) },
            "visibility": activity.visibility,
            "kom_rank": null,
            "hidden": effort.is_hidden,
        })));
        Some(Value::Object(told))
    }
}

/// When it began, in UTC and on the wall.
pub(super) fn starts(effort: &Effort, activity: &Activity) -> [String; 2] {
    let start_ms = activity.start_ms + 1000 * effort.after_s;
    [zone::utc(start_ms), zone::local(&activity.timezone, start_ms)]
}
