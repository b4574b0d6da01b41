//! This week and the one before, by sport.

use fitness::records::activity::{self, Volume};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use store::Tx;
use utoipa::ToSchema;

/// The week of today, from Monday on, and the whole week before it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Weeks {
    /// Its Monday.
    from: String,
    this: Week,
    before: Week,
}

/// A week's sums.
#[derive(Debug, Serialize, ToSchema)]
struct Week {
    total: Sum,
    /// By the name of the sport.
    sports: Vec<OfSport>,
}

/// The sum of a sport.
#[derive(Debug, Serialize, ToSchema)]
struct OfSport {
    sport: String,
    #[serde(flatten)]
    sum: Sum,
}

/// Activities, summed.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Sum {
    activities: u32,
    distance_m: f64,
    /// While the timer ran, else in motion, else in all.
    timer_s: f64,
    ascent_m: f64,
    load: f64,
}

impl Weeks {
    pub(super) fn read(tx: &mut Tx<'_>, athlete: &str, today: Date) -> store::Result<Self> {
        let monday = monday(today);
        let earlier = monday.saturating_sub(7.days());
        let sunday = |monday: Date| monday.saturating_add(6.days());
        Ok(Self {
            from: monday.to_string(),
            this: Week::of(activity::volumes(tx, athlete, (monday, sunday(monday)))?),
            before: Week::of(activity::volumes(tx, athlete, (earlier, sunday(earlier)))?),
        })
    }
}

impl Week {
    fn of(volumes: Vec<Volume>) -> Self {
        let total = volumes.iter().fold(Sum::default(), |sum, volume| Sum {
            activities: sum.activities + volume.activities,
            distance_m: sum.distance_m + volume.distance_m.round(),
            timer_s: sum.timer_s + volume.timer_s.round(),
            ascent_m: sum.ascent_m + volume.ascent_m.round(),
            load: tenth(sum.load + volume.load),
        });
        Self { total, sports: volumes.into_iter().map(OfSport::from).collect() }
    }
}

impl From<Volume> for OfSport {
    fn from(volume: Volume) -> Self {
        let sum = Sum {
            activities: volume.activities,
            distance_m: volume.distance_m.round(),
            timer_s: volume.timer_s.round(),
            ascent_m: volume.ascent_m.round(),
            load: tenth(volume.load),
        };
        Self { sport: volume.sport, sum }
    }
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn monday(day: Date) -> Date {
    day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        for day in 20..=26 {
            assert_eq!(monday(date(2026, 7, day)), date(2026, 7, 20));
        }
        assert_eq!(monday(date(2026, 7, 27)), date(2026, 7, 27));
    }
}
