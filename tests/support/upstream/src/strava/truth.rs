//! All that Strava knows, which a client's store is compared with.

use std::collections::BTreeMap;

use serde::Serialize;

use super::activity::{Activity, Sensors, Visibility};
use super::athlete::Athlete;
use super::segment::{Effort, Segment};
use super::track::{Streams, Track};
use super::zone;

/// The athlete who is there from the start.
pub const ATHLETE: i64 = 26_000_001;

const FIRST_ID: i64 = 12_000_000_001;
const UPLOADS_AHEAD: i64 = 1_084_056_000;
/// Beyond what a double can hold.
const FIRST_EFFORT: i64 = 3_000_000_000_000_000_001;

/// All that Strava knows.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// Everybody with an account.
    pub athletes: Vec<Athlete>,
    /// By their ids.
    pub activities: BTreeMap<i64, Activity>,
    /// Stretches whose times are taken.
    pub segments: Vec<Segment>,
    /// The times that were taken.
    pub efforts: Vec<Effort>,
    #[serde(skip)]
    next_id: i64,
    #[serde(skip)]
    next_effort: i64,
}

impl Truth {
    /// One athlete, a climb to run and one to ride, which the athlete has starred.
    pub(super) fn standard() -> Self {
        let mut segments = vec![
            Segment::new(1_109_718, "Tower Climb", "Run"),
            Segment::new(1_436_274, "River Road", "Ride"),
        ];
        for segment in &mut segments {
            segment.starred_by.push(ATHLETE);
        }
        Self {
            athletes: vec![Athlete::new(ATHLETE)],
            activities: BTreeMap::new(),
            segments,
            efforts: Vec::new(),
            next_id: FIRST_ID,
            next_effort: FIRST_EFFORT,
        }
    }

    /// An athlete by the account's number.
    #[must_use]
    pub fn athlete(&self, id: i64) -> Option<&Athlete> {
        self.athletes.iter().find(|athlete| athlete.id == id)
    }

    /// An activity by its id.
    #[must_use]
    pub fn activity(&self, id: i64) -> Option<&Activity> {
        self.activities.get(&id)
    }

    /// An athlete's activities, the newest start first.
    #[must_use]
    pub fn activities_of(&self, athlete_id: i64) -> Vec<&Activity> {
        let mut activities =
            self.activities.values().filter(|activity| activity.athlete_id == athlete_id).collect::<Vec<_>>();
        activities.sort_unstable_by_key(|activity| std::cmp::Reverse((activity.start_ms, activity.id)));
        activities
    }

    /// The device's records of an activity, if there are any.
    #[must_use]
    pub fn streams(&self, id: i64) -> Option<Streams> {
        Track::of(self.activity(id)?).streams()
    }

    /// An hour's run at home that was uploaded just now.
    pub(super) fn new_activity(&mut self, athlete_id: i64, start_ms: i64) -> Activity {
        let id = self.next_id;
        self.next_id += 1;
        let standard = Athlete::new(athlete_id);
        let athlete = self.athlete(athlete_id).unwrap_or(&standard);
        Activity {
            id,
            athlete_id,
            name: run_name(zone::local_hour(&athlete.timezone, start_ms)),
            description: None,
            sport_type: "Run".to_owned(),
            start_ms: start_ms.div_euclid(1000) * 1000,
            timezone: athlete.timezone.clone(),
            meters: 10_812.4,
            moving_s: 3_600,
            elapsed_s: 3_660,
            climb_meters: 84.0,
            place: Some(athlete.home),
            sensors: Sensors {
                altitude_meters: Some(519.0),
                heartrate: Some(148.0),
                cadence: Some(84.0),
                celsius: Some(17),
                ..Sensors::default()
            },
            has_streams: true,
            sample_s: 5,
            laps: 1,
            gear_id: athlete.shoes.first().map(|gear| gear.id.clone()),
            device_name: Some("Garmin Forerunner 945".to_owned()),
            upload_id: Some(id + UPLOADS_AHEAD),
            external_id: Some(format!("garmin_ping_{}", id + 2 * UPLOADS_AHEAD)),
            is_manual: false,
            is_trainer: false,
            is_commute: false,
            hides_start: false,
            hide_from_home: false,
            workout_type: None,
            calories: Some(702.0),
            visibility: Visibility::Everyone,
            is_bare: false,
            written: serde_json::Map::new(),
            absent: Vec::new(),
        }
    }

    /// Adds an effort on the first segment of the activity's kind.
    pub(super) fn add_effort(&mut self, activity_id: i64, elapsed_s: i64, is_hidden: bool) {
        let Some(activity) = self.activities.get(&activity_id) else { return };
        let Some(segment) = self.segments.iter().find(|segment| segment.activity_type == activity.kind())
        else {
            return;
        };
        let (segment_id, after_s) = (segment.id, activity.moving_s / 4);
        self.add_effort_on(segment_id, activity_id, after_s, elapsed_s, is_hidden);
    }

    pub(super) fn add_effort_on(
        &mut self,
        segment_id: i64,
        activity_id: i64,
        after_s: i64,
        elapsed_s: i64,
        is_hidden: bool,
    ) {
        let id = self.next_effort;
        self.next_effort += 1;
        self.efforts.push(Effort { id, segment_id, activity_id, after_s, elapsed_s, is_hidden });
    }
}

fn run_name(hour: i8) -> String {
    super::history::name(hour, "Run")
}
