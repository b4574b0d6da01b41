//! What the last days say of a day: how fast fitness grows, how alike the days are, how far the week stands out.

use serde::Serialize;

use crate::calendar::DayRow;

/// The days of a week.
const WEEK: usize = 7;
/// The days of a month.
const MONTH: usize = 28;
/// The highest monotony that is told: equal days have no spread, and the quotient no bound.
pub const MONOTONY_LIMIT: f64 = 10.0;
/// So many rows before a day decide its figures.
pub const LOOK_BACK_DAYS: i64 = 27;

/// A day with what the days before it make of it. What is not known is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayFigures {
    #[serde(flatten)]
    pub row: DayRow,
    /// Form after the day: its fitness less its fatigue.
    pub tsb_today: f64,
    /// Fitness gained in the seven days up to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp: Option<f64>,
    /// Foster's monotony of the seven days up to this one, at most 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monotony: Option<f64>,
    /// Foster's strain: the load of these seven days times their monotony.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strain: Option<f64>,
    /// Mean load of these seven days over that of the three weeks before them; says nothing of injuries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spike: Option<f64>,
    pub activities: u32,
    pub timer_s: f64,
    pub elapsed_s: f64,
    pub distance_m: f64,
}

/// The figures of each row; rows are days without a hole, in their order, and the first ones only look ahead to
/// the others: begin [`LOOK_BACK_DAYS`] before the first day that is wanted.
pub fn figures(rows: &[DayRow]) -> Vec<DayFigures> {
    (0..rows.len()).map(|place| of(&rows[..=place])).collect()
}

/// The figures of the last of these days, of which there is at least one.
fn of(days: &[DayRow]) -> DayFigures {
    let row = days[days.len() - 1].clone();
    let week = last(days, WEEK);
    let monotony = week.and_then(monotony);
    DayFigures {
        tsb_today: row.ctl - row.atl,
        ramp: days.len().checked_sub(WEEK + 1).map(|place| row.ctl - days[place].ctl),
        monotony,
        strain: week.zip(monotony).map(|(week, monotony)| sum(week) * monotony),
        spike: last(days, MONTH).and_then(spike),
        activities: row.activities,
        timer_s: row.timer_s,
        elapsed_s: row.elapsed_s,
        distance_m: row.distance_m,
        row,
    }
}

/// Foster's monotony of a week: mean load over its spread, at most [`MONOTONY_LIMIT`]; `None` for a week off.
///
/// Foster 1998, Med Sci Sports Exerc 30:1164; the spread is the population's standard deviation, since the
/// seven days are all there are. Evidence: a useful description.
pub fn monotony(week: &[DayRow]) -> Option<f64> {
    let count = week.len() as f64;
    let mean = sum(week) / count;
    let variance = week.iter().map(|day| (day.load - mean).powi(2)).sum::<f64>() / count;
    // Equal days have a spread of nothing, but for the last bit of their mean.
    (mean > 0.0).then(|| (mean / variance.sqrt()).min(MONOTONY_LIMIT))
}

/// How far the last week stands out from the usual: the mean load of its days over that of the days before them.
///
/// The week is left out of the usual, since a week that is part of both is compared with itself
/// (Windt and Gabbett 2019, BJSM 53:988). Evidence: a description; it does not foretell injuries
/// (Impellizzeri et al. 2020, Sports Med 50:1645).
fn spike(month: &[DayRow]) -> Option<f64> {
    let (before, week) = month.split_at(month.len() - WEEK);
    let usual = sum(before) / before.len() as f64;
    (usual > 0.0).then(|| sum(week) / WEEK as f64 / usual)
}

/// Mean load of the last week over that of the last four, which hold the week: what rules see as `load.ratio`.
pub fn ratio(month: &[DayRow]) -> Option<f64> {
    let week = last(month, WEEK)?;
    let usual = sum(month) / month.len() as f64;
    (usual > 0.0).then(|| sum(week) / WEEK as f64 / usual)
}

/// The load of these days.
pub fn sum(days: &[DayRow]) -> f64 {
    days.iter().map(|day| day.load).sum()
}

/// The last so many days, where there are as many.
pub fn last(days: &[DayRow], count: usize) -> Option<&[DayRow]> {
    days.len().checked_sub(count).map(|start| &days[start..])
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::{self, Contribution};
    use crate::pmc::State;
    use crate::scope::{Counted, Scope};

    fn rows(loads: &[f64]) -> Vec<DayRow> {
        let first = date(2024, 1, 1);
        let trained = |(day, load): (i64, &f64)| Contribution {
            date: first + day.days(),
            counted: Counted::EVERYWHERE,
            duration_s: None,
            elapsed_s: None,
            distance_m: None,
            load: Some(*load),
        };
        let trained: Vec<_> = (0..).zip(loads).map(trained).collect();
        let last = first + (loads.len() as i64 - 1).days();
        calendar::days(State::default(), (first, last), Scope::All, &trained)
    }

    fn last_of(loads: &[f64]) -> DayFigures {
        figures(&rows(loads)).pop().unwrap()
    }

    fn near(value: Option<f64>, wanted: f64) {
        assert!(value.is_some_and(|value| (value - wanted).abs() < 0.005), "{value:?} is not {wanted}");
    }

    fn in_four_digits(value: f64) -> String {
        format!("{value:.4}")
    }

    const WEEK_OF_410: [f64; 7] = [50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 0.0];

    #[test]
    fn monotony_and_strain_are_those_of_the_population() {
        let day = last_of(&WEEK_OF_410);
        assert_eq!(day.monotony.map(in_four_digits).as_deref(), Some("1.3652"));
        near(day.strain, 559.71);
    }

    #[test]
    fn the_spread_of_a_sample_would_be_another_quantity() {
        let of_a_sample = last_of(&WEEK_OF_410).monotony.unwrap() * (6.0_f64 / 7.0).sqrt();
        assert_eq!(in_four_digits(of_a_sample), "1.2639");
        near(Some(of_a_sample * 410.0), 518.19);
    }

    #[test]
    fn seven_equal_days_are_the_most_monotonous_and_not_the_least() {
        for load in [50.0, 0.1, 33.3] {
            let day = last_of(&[load; 7]);
            assert_eq!(day.monotony, Some(MONOTONY_LIMIT), "{load}");
            near(day.strain, 7.0 * load * MONOTONY_LIMIT);
        }
    }

    #[test]
    fn a_week_off_has_no_monotony_and_a_short_history_none_either() {
        assert_eq!((last_of(&[0.0; 7]).monotony, last_of(&[0.0; 7]).strain), (None, None));
        assert_eq!(last_of(&[50.0; 6]).monotony, None);
    }

    #[test]
    fn a_week_of_half_more_stands_out_by_half() {
        let mut loads = vec![100.0; 21];
        loads.extend([150.0; 7]);
        assert_eq!(last_of(&loads).spike, Some(1.5));
        assert_eq!(last_of(&loads[1..]).spike, None, "27 days are no month");
        assert_eq!(ratio(&rows(&loads)).map(in_four_digits).as_deref(), Some("1.3333"));
    }

    #[test]
    fn a_week_after_three_weeks_off_has_nothing_to_be_compared_with() {
        let mut loads = vec![0.0; 21];
        loads.extend([50.0; 7]);
        assert_eq!(last_of(&loads).spike, None);
    }

    #[test]
    fn form_is_told_of_the_morning_and_of_the_evening() {
        let two = figures(&rows(&[100.0, 50.0]));
        assert_eq!(two[1].row.tsb, two[0].tsb_today);
        assert_eq!(two[1].tsb_today, two[1].row.ctl - two[1].row.atl);
        assert!(two[1].tsb_today < two[1].row.tsb);
    }

    #[test]
    fn the_ramp_is_what_fitness_gained_in_seven_days() {
        let loads = [100.0; 8];
        let days = figures(&rows(&loads));
        assert_eq!(days[7].ramp, Some(days[7].row.ctl - days[0].row.ctl));
        assert_eq!(days[6].ramp, None);
    }

    #[test]
    fn figures_do_not_depend_on_where_the_rows_begin() {
        let loads: Vec<f64> = (0..60).map(|day| f64::from(day % 5) * 20.0).collect();
        let rows = rows(&loads);
        let begun_later = figures(&rows[60 - 1 - LOOK_BACK_DAYS as usize..]);
        assert_eq!(begun_later.last(), figures(&rows).last());
    }

    #[test]
    fn a_day_shows_the_names_that_programs_know() {
        let shown = serde_json::to_value(last_of(&[50.0; 28])).unwrap();
        let names: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = [
            "date",
            "load",
            "ctl",
            "atl",
            "tsb",
            "tsb_today",
            "ramp",
            "monotony",
            "strain",
            "spike",
            "activities",
            "timer_s",
            "elapsed_s",
            "distance_m",
        ];
        assert_eq!(names, wanted);
    }

    proptest! {
        #[test]
        fn figures_are_numbers_and_never_below_nothing(loads in prop::collection::vec(0.0..500.0_f64, 1..60)) {
            for day in figures(&rows(&loads)) {
                prop_assert!(day.row.ctl >= 0.0 && day.row.atl >= 0.0, "{day:?}");
                let all = [Some(day.tsb_today), day.ramp, day.monotony, day.strain, day.spike];
                prop_assert!(all.iter().flatten().all(|value| value.is_finite()), "{day:?}");
                let never_negative = [day.monotony, day.strain, day.spike];
                prop_assert!(never_negative.iter().flatten().all(|value| *value >= 0.0), "{day:?}");
                prop_assert!(day.monotony.is_none_or(|value| value <= MONOTONY_LIMIT));
            }
        }

        #[test]
        fn a_day_of_rest_never_raises_fitness(loads in prop::collection::vec(0.0..500.0_f64, 1..60)) {
            let mut rested = loads.clone();
            rested.push(0.0);
            let days = rows(&rested);
            let [.., before, rest] = days.as_slice() else { unreachable!() };
            prop_assert!(rest.ctl <= before.ctl && rest.atl <= before.atl);
        }
    }
}
