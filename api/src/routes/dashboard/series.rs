//! The daily numbers, a column for each.

use fitness::calendar::DayRow;
use serde::Serialize;
use utoipa::ToSchema;

/// What a number is multiplied by before it is rounded.
const SCALE: f64 = 10.0;

/// Days in their order, without a hole. Each column has `count` whole numbers: tenths, as `scale` says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Series {
    /// The first day; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    count: usize,
    /// Divide by it.
    scale: i64,
    load: Vec<i64>,
    /// Fitness after the day.
    ctl: Vec<i64>,
    /// Fatigue after the day.
    atl: Vec<i64>,
    /// Form on the morning of the day.
    tsb: Vec<i64>,
}

impl Series {
    pub(super) fn of(days: &[DayRow]) -> Self {
        let column = |figure: fn(&DayRow) -> f64| days.iter().map(|day| scaled(figure(day))).collect();
        Self {
            base: days.first().map(|day| day.date.to_string()),
            count: days.len(),
            scale: SCALE as i64,
            load: column(|day| day.load),
            ctl: column(|day| day.ctl),
            atl: column(|day| day.atl),
            tsb: column(|day| day.tsb),
        }
    }
}

fn scaled(figure: f64) -> i64 {
    (figure * SCALE).round() as i64
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn columns_are_tenths_of_as_many_days() {
        let day = |day, tsb| DayRow {
            date: date(2026, 7, day),
            load: 50.0,
            ctl: 1.55,
            atl: 7.24,
            tsb,
            activities: 1,
            timer_s: 60.0,
            elapsed_s: 60.0,
            distance_m: 0.0,
        };
        let series = serde_json::to_value(Series::of(&[day(24, -0.04), day(25, -5.69)])).unwrap();
        let wanted = serde_json::json!({
            "base": "2026-07-24", "count": 2, "scale": 10,
            "load": [500, 500], "ctl": [16, 16], "atl": [72, 72], "tsb": [0, -57],
        });
        assert_eq!(series, wanted);
        assert_eq!(serde_json::to_value(Series::of(&[])).unwrap()["count"], 0);
    }
}
