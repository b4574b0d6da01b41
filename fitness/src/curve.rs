//! The best of all time and of each season, over every distance or duration.

use jiff::civil::Date;
use serde::Serialize;

use crate::best_effort::Distance;
use crate::critical::{self, Critical, WithPeak};
use crate::mean_max::DURATIONS;

/// What a curve is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The shortest time over a distance on foot.
    Pace,
    /// The highest mean power over a duration on a bicycle.
    Power,
    /// The highest mean heart rate over a duration, in any sport.
    HeartRate,
}

/// The best over one distance or duration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// As programs call it: `5km`, `half`, `20min`.
    pub name: String,
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watts: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpm: Option<f64>,
    pub date: Date,
    /// The id of the activity.
    pub activity: String,
}

/// A curve of all time, or of one season.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// The year; absent for all time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<i16>,
    pub points: Vec<Point>,
    /// Critical speed (m/s) and D' (m), or critical power (W) and W' (J), where the points show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<Critical>,
    /// The same with a third parameter, the highest power of a moment; of power alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_peak: Option<WithPeak>,
}

/// A record at the time it fell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fallen {
    #[serde(flatten)]
    pub point: Point,
    /// How much better it was than the one before, in seconds, watts or beats; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// True while it stands.
    pub stands: bool,
}

impl Kind {
    /// The kind of a word: `pace`, `power` or `heart_rate`.
    pub fn parse(word: &str) -> Option<Self> {
        [("pace", Self::Pace), ("power", Self::Power), ("heart_rate", Self::HeartRate)]
            .into_iter()
            .find_map(|(name, kind)| (name == word).then_some(kind))
    }
}

impl Point {
    /// A time over a distance.
    pub fn of_pace(distance_m: f64, seconds: f64, date: Date, activity: String) -> Self {
        let known = Distance::of(distance_m);
        let name = known.map_or_else(|| format!("{distance_m:.0}m"), |known| known.key.to_owned());
        Self { name, seconds, distance_m: Some(distance_m), watts: None, bpm: None, date, activity }
    }

    /// A mean power or heart rate over so many seconds.
    pub fn of_mean(kind: Kind, seconds: u32, mean: f64, date: Date, activity: String) -> Self {
        let known = DURATIONS.iter().find(|known| known.seconds == seconds);
        Self {
            name: known.map_or_else(|| format!("{seconds}s"), |known| known.name.to_owned()),
            seconds: f64::from(seconds),
            distance_m: None,
            watts: (kind == Kind::Power).then_some(mean),
            bpm: (kind == Kind::HeartRate).then_some(mean),
            date,
            activity,
        }
    }

    /// What the other lacks: less time, or more power or beats. Nothing where it is as good.
    fn better_by(&self, other: &Self) -> f64 {
        match (self.watts.or(self.bpm), other.watts.or(other.bpm)) {
            (Some(mean), Some(than)) => mean - than,
            _ => other.seconds - self.seconds,
        }
    }
}

impl Curve {
    /// A curve with what its points show.
    pub fn of(season: Option<i16>, kind: Kind, points: Vec<Point>) -> Self {
        let (critical, with_peak) = match kind {
            Kind::Pace => (critical_speed(&points), None),
            Kind::Power => (critical_power(&points), with_peak(&points)),
            Kind::HeartRate => (None, None),
        };
        Self { season, points, critical, with_peak }
    }
}

/// The records in the order in which they fell, from points of one distance or duration by date.
pub fn fallen(points: Vec<Point>) -> Vec<Fallen> {
    let mut fallen: Vec<Fallen> = Vec::new();
    for point in points {
        let gain = fallen.last().map(|best| point.better_by(&best.point));
        if gain.is_some_and(|gain| gain <= 0.0) {
            continue;
        }
        if let Some(before) = fallen.last_mut() {
            before.stands = false;
        }
        fallen.push(Fallen { point, gain, stands: true });
    }
    fallen
}

fn critical_speed(points: &[Point]) -> Option<Critical> {
    let marks: Vec<_> = points.iter().filter_map(|point| Some((point.seconds, point.distance_m?))).collect();
    Critical::of(&marks)
}

fn critical_power(points: &[Point]) -> Option<Critical> {
    let marks: Vec<_> =
        points.iter().filter_map(|point| Some((point.seconds, point.watts? * point.seconds))).collect();
    Critical::of(&marks)
}

fn with_peak(points: &[Point]) -> Option<WithPeak> {
    let up_to_twenty_minutes = points.iter().filter(|point| point.seconds <= critical::LONGEST_S);
    let marks: Vec<_> =
        up_to_twenty_minutes.filter_map(|point| Some((point.seconds, point.watts?))).collect();
    critical::three_parameters(&marks)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn run(day: i8, seconds: f64) -> Point {
        Point::of_pace(5000.0, seconds, date(2024, 5, day), format!("run{day}"))
    }

    #[test]
    fn a_record_falls_to_a_faster_time_alone() {
        let fallen = fallen(vec![run(1, 1300.0), run(2, 1310.0), run(3, 1300.0), run(4, 1290.0)]);
        let told: Vec<_> =
            fallen.iter().map(|record| (record.point.date.day(), record.gain, record.stands)).collect();
        assert_eq!(told, [(1, None, false), (4, Some(10.0), true)]);
    }

    #[test]
    fn a_record_of_power_falls_to_more_watts() {
        let ride = |day, watts| Point::of_mean(Kind::Power, 1200, watts, date(2024, 5, day), String::new());
        let fallen = fallen(vec![ride(1, 250.0), ride(2, 240.0), ride(3, 262.0)]);
        assert_eq!((fallen.len(), fallen[1].gain), (2, Some(12.0)));
    }

    #[test]
    fn points_are_named_as_programs_call_them() {
        let power =
            |seconds| Point::of_mean(Kind::Power, seconds, 250.0, date(2024, 5, 1), String::new()).name;
        assert_eq!([run(1, 1300.0).name, power(5), power(1200)], ["5km", "5s", "20min"]);
    }

    #[test]
    fn a_curve_shows_its_critical_speed() {
        let point = |meters, seconds| Point::of_pace(meters, seconds, date(2024, 5, 1), String::new());
        let points =
            vec![point(400.0, 60.0), point(1500.0, 285.0), point(5000.0, 1050.0), point(10_000.0, 2400.0)];
        let critical = Curve::of(None, Kind::Pace, points).critical.unwrap();
        assert!((critical.rate - 4.5752).abs() < 5e-5);
    }
}
