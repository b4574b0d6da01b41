//! An own effort on a segment.

use fitness::records::strava::effort::Effort as Record;
use serde_json::Value;

use super::{Fields, WireError};

/// An effort, of the details of an activity or of a segment's list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effort {
    pub(crate) id: i64,
    pub(crate) segment_id: i64,
    /// Of the activity, by Strava's own id.
    pub(crate) strava_id: Option<i64>,
    pub(crate) start_ms: i64,
    pub(crate) elapsed_s: Option<f64>,
    pub(crate) moving_s: Option<f64>,
    pub(crate) distance_m: Option<f64>,
    pub(crate) avg_hr: Option<f64>,
    pub(crate) avg_power: Option<f64>,
    /// Its place among the athlete's own best, from 1 to 3.
    pub(crate) pr_rank: Option<i64>,
}

impl Effort {
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let segment = Fields::of(value)?.within("segment").and_then(|segment| segment.id("id"));
        Self::of_segment(value, segment.ok_or(WireError::Lacks("segment"))?)
    }

    /// Reads an effort that does not name its segment.
    pub(super) fn of_segment(value: &Value, segment_id: i64) -> Result<Self, WireError> {
        let fields = Fields::of(value)?;
        let activity = fields.within("activity").and_then(|activity| activity.id("id"));
        Ok(Self {
            id: fields.id("id").ok_or(WireError::Lacks("id"))?,
            segment_id,
            strava_id: activity.or_else(|| fields.id("activity_id")),
            start_ms: fields.moment_ms("start_date").ok_or(WireError::Lacks("start_date"))?,
            elapsed_s: fields.positive("elapsed_time"),
            moving_s: fields.positive("moving_time"),
            distance_m: fields.positive("distance"),
            avg_hr: fields.positive("average_heartrate"),
            avg_power: fields.positive("average_watts").filter(|_| fields.flag("device_watts") == Some(true)),
            pr_rank: fields.get("pr_rank").and_then(Value::as_i64),
        })
    }

    /// The same as it is kept.
    pub(crate) fn into_record(self) -> Record {
        let Self { id, segment_id, strava_id, start_ms, elapsed_s, moving_s, distance_m, .. } = self;
        let Self { avg_hr, avg_power, pr_rank, .. } = self;
        Record {
            effort_id: id,
            segment_id,
            strava_id,
            start_ms,
            elapsed_s,
            moving_s,
            distance_m,
            avg_hr,
            avg_power,
            pr_rank,
        }
    }
}
