//! What outings on one route tell when they are compared: how fast each would have been in still, cool air and at one
//! heart rate, and where that leads over the years.

use super::trend::{self, Slope};
use crate::heat;

/// What is known of an outing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outing {
    /// Days since 1970, with their parts.
    pub day: f64,
    /// In motion.
    pub speed_mps: f64,
    pub avg_hr: Option<f64>,
    /// What warm air and wind cost is known of those on foot alone.
    pub is_on_foot: bool,
    /// Temperature and dew point in °C.
    pub heat_c: Option<(f64, f64)>,
    pub wind_cost_percent: Option<f64>,
}

/// Outings beside each other, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The median of their mean heart rates.
    pub reference_bpm: Option<f64>,
    pub paces: Vec<Pace>,
    pub trend: Trend,
}

/// How fast an outing was, as far as it can be compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// In still and cool air, where `is_corrected`.
    pub speed_mps: f64,
    /// True where the cost of the heat is known, and taken off with that of the wind, if known.
    pub is_corrected: bool,
    /// Seconds a kilometre at the reference heart rate.
    pub at_hr_s_per_km: Option<f64>,
}

/// Where the outings lead; each is absent with fewer than 5 outings or within 28 days.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Trend {
    /// Of the pace at the reference heart rate, in seconds a kilometre; negative where it becomes faster.
    pub pace_at_hr: Option<Slope>,
    /// Of the same in percent of its median.
    pub pace_at_hr_percent: Option<f64>,
    /// Of the speed in metres per second; positive where it becomes faster.
    pub speed: Option<Slope>,
    pub speed_percent: Option<f64>,
}

impl Comparison {
    /// Compares outings that are in the order of their days.
    pub fn of(outings: &[Outing]) -> Self {
        let reference_bpm = median(outings.iter().filter_map(Outing::bpm).collect());
        let paces: Vec<Pace> = outings.iter().map(|outing| outing.pace(reference_bpm)).collect();
        let beside = || outings.iter().zip(&paces);
        let at_hr = beside().filter_map(|(outing, pace)| Some((outing.day, pace.at_hr_s_per_km?)));
        let speeds = beside().map(|(outing, pace)| (outing.day, pace.speed_mps));
        let (pace_at_hr, pace_at_hr_percent) = led(&at_hr.collect::<Vec<_>>());
        let (speed, speed_percent) = led(&speeds.filter(|(_, speed)| *speed > 0.0).collect::<Vec<_>>());
        let trend = Trend { pace_at_hr, pace_at_hr_percent, speed, speed_percent };
        Self { reference_bpm, paces, trend }
    }
}

impl Outing {
    fn bpm(&self) -> Option<f64> {
        self.avg_hr.filter(|bpm| *bpm > 0.0)
    }

    /// Multiplies the speed by what the heat cost (Hadley's chart) and what the wind did.
    fn pace(&self, reference_bpm: Option<f64>) -> Pace {
        let heat_c = self.heat_c.filter(|_| self.is_on_foot);
        let cost = heat_c.and_then(|(temperature_c, dew_point_c)| {
            heat::cost_percent(heat::hadley_f(temperature_c, dew_point_c))
        });
        let wind = self.wind_cost_percent.unwrap_or(0.0);
        let dearer = cost.map_or(1.0, |cost| (1.0 + cost / 100.0) * (1.0 + wind / 100.0));
        let speed_mps = self.speed_mps * dearer;
        let at_hr_s_per_km = self
            .bpm()
            .zip(reference_bpm)
            .filter(|_| speed_mps > 0.0)
            .map(|(bpm, reference_bpm)| 1000.0 * bpm / (speed_mps * reference_bpm));
        Pace { speed_mps, is_corrected: cost.is_some(), at_hr_s_per_km }
    }
}

/// The trend of points, and how many percent of their median that is a year.
fn led(points: &[(f64, f64)]) -> (Option<Slope>, Option<f64>) {
    let slope = trend::theil_sen(points);
    let middle = median(points.iter().map(|(_, value)| *value).collect());
    let percent = slope.zip(middle).map(|(slope, middle)| 100.0 * slope.per_year / middle);
    (slope, percent)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle)?;
    Some(if values.len() % 2 == 1 { *upper } else { (values[middle - 1] + upper) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outing(day: f64, speed_mps: f64, avg_hr: Option<f64>) -> Outing {
        Outing { day, speed_mps, avg_hr, is_on_foot: true, heat_c: None, wind_cost_percent: None }
    }

    #[test]
    fn a_warm_day_is_corrected() {
        let cool = outing(0.0, 3.0, Some(150.0));
        // 80 °F and a dew point of 65 °F cost 3.75 %.
        let warm = Outing { heat_c: Some(((80.0 - 32.0) / 1.8, (65.0 - 32.0) / 1.8)), ..cool };
        let windy = Outing { wind_cost_percent: Some(2.0), ..warm };
        let ridden = Outing { is_on_foot: false, ..windy };
        let breezy = Outing { wind_cost_percent: Some(2.0), ..cool };
        let paces = Comparison::of(&[cool, warm, windy, ridden, breezy]).paces;
        let told: Vec<(f64, bool)> =
            paces.iter().map(|pace| ((pace.speed_mps * 1e5).round() / 1e5, pace.is_corrected)).collect();
        assert_eq!(told, [(3.0, false), (3.1125, true), (3.17475, true), (3.0, false), (3.0, false)]);
    }

    #[test]
    fn beyond_the_chart_nothing_is_corrected() {
        let hot = Outing { heat_c: Some((40.0, 35.0)), ..outing(0.0, 3.0, None) };
        assert!(!Comparison::of(&[hot]).paces[0].is_corrected);
    }

    #[test]
    fn a_pace_is_told_at_the_median_heart_rate() {
        let outings =
            [(140.0, 2.5), (150.0, 2.5), (160.0, 2.5)].map(|(bpm, speed)| outing(bpm, speed, Some(bpm)));
        let compared = Comparison::of(&outings);
        assert_eq!(compared.reference_bpm, Some(150.0));
        let paces: Vec<f64> =
            compared.paces.iter().map(|pace| pace.at_hr_s_per_km.unwrap().round()).collect();
        assert_eq!(paces, [373.0, 400.0, 427.0]);
    }

    #[test]
    fn less_pulse_at_the_same_speed_is_a_trend() {
        // From 160 bpm to 152 within a year, one month without a heart rate.
        let outings: Vec<Outing> = (0..13)
            .map(|month| {
                let bpm = 160.0 - 8.0 * f64::from(month) / 12.0;
                outing(f64::from(month) * 365.25 / 12.0, 2.5, (month != 5).then_some(bpm))
            })
            .collect();
        let trend = Comparison::of(&outings).trend;
        let slope = trend.pace_at_hr.unwrap();
        assert_eq!((slope.count, trend.pace_at_hr_percent.unwrap().round()), (12, -5.0));
        assert!((slope.per_year + 20.5).abs() < 1.0, "{}", slope.per_year);
        assert_eq!(trend.speed_percent.map(f64::abs), Some(0.0));
    }

    #[test]
    fn without_a_heart_rate_the_speed_alone_has_a_trend() {
        let outings: Vec<Outing> = (0..6)
            .map(|index| outing(f64::from(index) * 73.05, 2.0 + 0.1 * f64::from(index), None))
            .collect();
        let trend = Comparison::of(&outings).trend;
        assert_eq!((trend.pace_at_hr, trend.pace_at_hr_percent), (None, None));
        assert_eq!(trend.speed.map(|slope| (slope.per_year * 100.0).round()), Some(50.0));
    }

    #[test]
    fn no_outing_has_nothing_to_compare() {
        assert_eq!(Comparison::of(&[]), Comparison::default());
    }
}
