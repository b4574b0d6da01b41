//! The numbers of one activity that follow from its recording alone, whoever the athlete is.

use crate::heart_rate::HrSeconds;
use crate::moving::{self, PAUSE_MS};
use crate::recording::{Channel, Lap, Recording, Samples, Totals};
use crate::{ascent, distance, power};

/// Length of the best effort that threshold power is estimated from.
const BEST_POWER_S: u32 = 20 * 60;
/// Laps that cover less of the recorded time than this are not all there.
const LAPS_COVER: f64 = 0.9;
/// Laps whose way differs from that of the points by more than this share are wrong.
const LAPS_DIFFER: f64 = 0.25;

/// What a recording amounts to; absent where nothing tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    pub elapsed_s: Option<f64>,
    pub timer_s: Option<f64>,
    pub moving_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub ascent_m: Option<f64>,
    pub avg_hr: Option<f64>,
    pub max_hr: Option<f64>,
    pub avg_power: Option<f64>,
    pub max_power: Option<f64>,
    pub avg_cadence: Option<f64>,
    pub samples: u32,
    /// Normalized power in watts.
    pub np: Option<f64>,
    pub best_20min_power: Option<f64>,
    pub hr_seconds: Option<HrSeconds>,
}

impl Summary {
    /// Sums up a recording whose samples are clean (see [`crate::samples::clean`]).
    ///
    /// Elapsed time, timer time, distance and ascent are the device's own totals where the file has them, then the
    /// sum of the laps, then what the samples say. Averages are plain means of the samples (zeros count for power,
    /// not for cadence, as on bicycle computers) and the device's where there are no samples.
    pub fn of(recording: &Recording) -> Self {
        let (samples, totals) = (&recording.samples, &finite(&recording.totals));
        let along = distance::along(samples);
        let laps = LapSums::of(&recording.laps, samples);
        let heart_rate = Column::of(samples.channel(Channel::HeartRate).unwrap_or(&[]), |_| true);
        // A device without a meter writes zeros all the way.
        let metered = samples.channel(Channel::Power).filter(|watts| watts.iter().any(|watts| *watts > 0.0));
        let watts = metered.map(|watts| Column::of(watts, |_| true)).unwrap_or_default();
        let elapsed_s = totals.elapsed_s.or(laps.elapsed_s).or_else(|| span_s(samples));
        let moving_s = moving::seconds_along(samples, along.as_deref());
        let cadence = Column::of(samples.channel(Channel::Cadence).unwrap_or(&[]), |rate| rate > 0.0);
        Self {
            elapsed_s,
            timer_s: totals.timer_s.or(laps.timer_s),
            // Laps or totals may end before the samples do.
            moving_s: moving_s
                .map(|moving_s| elapsed_s.map_or(moving_s, |elapsed_s| moving_s.min(elapsed_s))),
            distance_m: totals.distance_m.or_else(|| laps.distance_m(along.as_deref())),
            ascent_m: totals.ascent_m.or_else(|| ascent::meters(samples)),
            avg_hr: heart_rate.mean.or(totals.avg_hr),
            max_hr: heart_rate.max.or(totals.max_hr),
            avg_power: watts.mean.or(totals.avg_power),
            max_power: watts.max.or(totals.max_power),
            avg_cadence: cadence.mean.or(totals.avg_cadence),
            samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
            np: metered.and_then(|watts| power::normalized(&samples.time_ms, watts)),
            best_20min_power: metered
                .and_then(|watts| power::best_mean(&samples.time_ms, watts, BEST_POWER_S)),
            hr_seconds: samples
                .channel(Channel::HeartRate)
                .and_then(|rates| HrSeconds::count(&samples.time_ms, rates)),
        }
    }
}

/// The device's totals without what is no number.
fn finite(totals: &Totals) -> Totals {
    let known = |figure: Option<f64>| figure.filter(|figure| figure.is_finite() && *figure >= 0.0);
    Totals {
        elapsed_s: known(totals.elapsed_s),
        timer_s: known(totals.timer_s),
        distance_m: known(totals.distance_m),
        ascent_m: known(totals.ascent_m),
        avg_hr: known(totals.avg_hr),
        max_hr: known(totals.max_hr),
        avg_power: known(totals.avg_power),
        max_power: known(totals.max_power),
        avg_cadence: known(totals.avg_cadence),
    }
}

/// Mean and maximum of the values of a column that count.
#[derive(Default)]
struct Column {
    mean: Option<f64>,
    max: Option<f64>,
}

impl Column {
    fn of(column: &[f64], counts: impl Fn(f64) -> bool) -> Self {
        let (mut sum, mut count, mut max) = (0.0, 0_u32, f64::NEG_INFINITY);
        for &value in column.iter().filter(|value| !value.is_nan() && counts(**value)) {
            sum += value;
            count += 1;
            max = max.max(value);
        }
        let any = count > 0;
        Self { mean: any.then(|| sum / f64::from(count)), max: any.then_some(max) }
    }
}

fn span_s(samples: &Samples) -> Option<f64> {
    let (first, last) = (samples.time_ms.first()?, samples.time_ms.last()?);
    Some((last - first) as f64 / 1000.0)
}

/// Sums of the laps, absent where a lap lacks the figure or the laps do not cover the recording.
struct LapSums {
    elapsed_s: Option<f64>,
    timer_s: Option<f64>,
    distance_m: Option<f64>,
    /// True where the points cover the laps too, so that the two can be compared.
    points_cover: bool,
}

impl LapSums {
    fn of(laps: &[Lap], samples: &Samples) -> Self {
        let sum = |figure: fn(&Totals) -> Option<f64>| {
            let figures = laps.iter().map(|lap| figure(&finite(&lap.totals)));
            figures.sum::<Option<f64>>().filter(|_| !laps.is_empty())
        };
        let elapsed_s = sum(|totals| totals.elapsed_s.or(totals.timer_s));
        let recorded_s = recorded_s(samples);
        // A file that was cut before its last lap must not shrink to the laps before.
        if elapsed_s.is_some_and(|elapsed_s| elapsed_s < LAPS_COVER * recorded_s) {
            return Self { elapsed_s: None, timer_s: None, distance_m: None, points_cover: false };
        }
        Self {
            elapsed_s,
            timer_s: sum(|totals| totals.timer_s),
            distance_m: sum(|totals| totals.distance_m),
            points_cover: span_s(samples) >= elapsed_s.map(|elapsed_s| LAPS_COVER * elapsed_s),
        }
    }

    /// The laps' way, unless the points tell of another; else the points'.
    fn distance_m(&self, along: Option<&[f64]>) -> Option<f64> {
        let points_m = along.and_then(|along| along.last().copied());
        match (self.distance_m, points_m) {
            // One real file has laps twice the way.
            (Some(laps_m), Some(points_m))
                if self.points_cover && (laps_m - points_m).abs() > LAPS_DIFFER * points_m =>
            {
                Some(points_m)
            }
            (laps_m, points_m) => laps_m.or(points_m),
        }
    }
}

/// Seconds between the samples without the pauses.
fn recorded_s(samples: &Samples) -> f64 {
    let steps = samples.time_ms.windows(2).map(|pair| pair[1] - pair[0]);
    steps.filter(|step| *step <= PAUSE_MS).sum::<i64>() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(time_s: impl IntoIterator<Item = i64>, channels: &[(Channel, &[f64])]) -> Recording {
        let time_ms = time_s.into_iter().map(|second| second * 1000).collect();
        let channels = channels.iter().map(|(channel, column)| (*channel, column.to_vec())).collect();
        Recording {
            sport: "running".to_owned(),
            samples: Samples { time_ms, channels, breaks: Vec::new() },
            ..Recording::default()
        }
    }

    fn lap(elapsed_s: f64, distance_m: f64) -> Lap {
        let totals = Totals { elapsed_s: Some(elapsed_s), distance_m: Some(distance_m), ..Totals::default() };
        Lap { start_ms: None, totals }
    }

    #[test]
    fn the_device_own_totals_come_first() {
        let mut recording = recording(0..=10, &[(Channel::Distance, &[0.0; 11])]);
        recording.totals = Totals {
            elapsed_s: Some(12.0),
            timer_s: Some(9.0),
            distance_m: Some(33.0),
            ascent_m: Some(1.0),
            ..Totals::default()
        };
        let summary = Summary::of(&recording);
        assert_eq!(
            (summary.elapsed_s, summary.timer_s, summary.distance_m, summary.ascent_m),
            (Some(12.0), Some(9.0), Some(33.0), Some(1.0))
        );
    }

    #[test]
    fn nobody_moves_for_longer_than_it_lasted() {
        let way: Vec<f64> = (0..=100).map(|second| f64::from(second) * 3.0).collect();
        let mut recording = recording(0..=100, &[(Channel::Distance, &way)]);
        recording.laps = vec![lap(95.0, 285.0)];
        let summary = Summary::of(&recording);
        assert_eq!((summary.elapsed_s, summary.moving_s), (Some(95.0), Some(95.0)));
        recording.totals.elapsed_s = Some(90.0);
        assert_eq!(Summary::of(&recording).moving_s, Some(90.0));
    }

    #[test]
    fn averages_are_means_of_the_samples() {
        let mut recording = recording(
            0..=2,
            &[(Channel::HeartRate, &[100.0, f64::NAN, 120.0]), (Channel::Power, &[0.0, 100.0, 200.0])],
        );
        recording.totals.avg_hr = Some(90.0);
        let summary = Summary::of(&recording);
        assert_eq!((summary.avg_hr, summary.max_hr), (Some(110.0), Some(120.0)));
        assert_eq!((summary.avg_power, summary.max_power), (Some(100.0), Some(200.0)));
    }

    #[test]
    fn zero_watts_all_the_way_are_no_power_meter() {
        let summary = Summary::of(&recording(0..=59, &[(Channel::Power, &[0.0; 60])]));
        assert_eq!((summary.avg_power, summary.np), (None, None));
    }

    #[test]
    fn standing_feet_do_not_lower_the_cadence() {
        let summary = Summary::of(&recording(0..=2, &[(Channel::Cadence, &[0.0, 80.0, 90.0])]));
        assert_eq!(summary.avg_cadence, Some(85.0));
    }

    #[test]
    fn the_device_averages_serve_where_there_are_no_samples() {
        let mut recording = recording([], &[]);
        recording.totals = Totals { avg_hr: Some(140.0), max_hr: Some(170.0), ..Totals::default() };
        let summary = Summary::of(&recording);
        assert_eq!((summary.avg_hr, summary.max_hr, summary.hr_seconds), (Some(140.0), Some(170.0), None));
    }

    #[test]
    fn nothing_recorded_is_unknown_and_not_zero() {
        assert_eq!(Summary::of(&recording([], &[])), Summary::default());
    }

    #[test]
    fn laps_are_summed_where_there_is_no_session() {
        let mut recording = recording([0, 1], &[]);
        recording.laps = vec![lap(600.0, 2000.0), lap(300.0, 1000.0)];
        let summary = Summary::of(&recording);
        assert_eq!((summary.elapsed_s, summary.distance_m), (Some(900.0), Some(3000.0)));
    }

    #[test]
    fn laps_of_twice_the_way_give_place_to_the_points() {
        let along: Vec<f64> = (0..=100).map(|second| f64::from(second) * 3.0).collect();
        let mut recording = recording(0..=100, &[(Channel::Distance, &along)]);
        recording.laps = vec![lap(100.0, 600.0)];
        assert_eq!(Summary::of(&recording).distance_m, Some(300.0));
    }

    #[test]
    fn laps_of_a_file_that_was_cut_are_not_the_whole() {
        let along: Vec<f64> = (0..=100).map(|second| f64::from(second) * 3.0).collect();
        let mut recording = recording(0..=100, &[(Channel::Distance, &along)]);
        recording.laps = vec![lap(40.0, 120.0)];
        let summary = Summary::of(&recording);
        assert_eq!((summary.elapsed_s, summary.distance_m), (Some(100.0), Some(300.0)));
    }

    #[test]
    fn twenty_seven_days_between_two_records_break_nothing() {
        let month_s = 27 * 86_400;
        let recording = recording(
            [0, 1, month_s, month_s + 1],
            &[
                (Channel::Distance, &[0.0, 3.0, 6.0, 9.0]),
                (Channel::Power, &[200.0; 4]),
                (Channel::HeartRate, &[100.0; 4]),
            ],
        );
        let summary = Summary::of(&recording);
        assert_eq!((summary.elapsed_s, summary.moving_s), (Some((month_s + 1) as f64), Some(2.0)));
        assert_eq!((summary.np, summary.hr_seconds.map(|held| held.total_s())), (None, Some(2.0)));
    }
}
