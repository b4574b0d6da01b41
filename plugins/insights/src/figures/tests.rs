use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::history::History;

/// A Wednesday.
const TODAY: Date = date(2024, 5, 1);

/// The figures of a history whose last load is today's.
fn day(loads: &[f64]) -> Value {
    serde_json::to_value(Figures::of(&History::of_loads(TODAY, loads).now())).unwrap()
}

fn check(loads: &[f64], path: &str, wanted: impl Into<Value>) {
    assert_eq!(at(&day(loads), path), Some(&wanted.into()), "{path}");
}

fn check_unknown(loads: &[f64], path: &str) {
    assert_eq!(at(&day(loads), path), None, "{path}");
}

fn joined(parts: &[&[f64]]) -> Vec<f64> {
    parts.concat()
}

#[test]
fn nothing_known_leaves_only_the_date() {
    let nothing = History::nothing(TODAY);
    let day = serde_json::to_value(Figures::of(&nothing.now())).unwrap();
    assert_eq!(day, json!({"date": "2024-05-01", "weekday": "wednesday"}));
}

#[test]
fn the_ratio_of_three_weeks_at_100_and_one_at_150_is_1_33() {
    check(&joined(&[&[100.0; 21], &[150.0; 7]]), "load.ratio", 1.33);
}

#[test]
fn the_ratio_is_unknown_before_the_28th_day() {
    check_unknown(&[100.0; 27], "load.ratio");
}

#[test]
fn today_counts_only_once_there_was_training_on_it() {
    check(&joined(&[&[100.0; 7], &[0.0]]), "load.week", 700.0);
    check(&joined(&[&[100.0; 7], &[50.0]]), "load.week", 650.0);
}

#[test]
fn monotony_takes_the_spread_of_all_seven_days() {
    check(&[50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 10.0], "load.monotony", 1.46);
    check(&[50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 0.0, 0.0], "load.monotony", 1.37);
}

#[test]
fn equal_days_are_the_most_monotonous_not_the_least() {
    check(&[60.0; 7], "load.monotony", 10.0);
}

#[test]
fn a_week_off_has_no_monotony() {
    check_unknown(&joined(&[&[60.0], &[0.0; 8]]), "load.monotony");
}

#[test]
fn six_weeks_end_the_warming_up() {
    check(&[50.0; 41], "history.warming_up", true);
    check(&[50.0; 42], "history.warming_up", false);
}

#[test]
fn fitness_after_42_days_of_100_shows_with_one_decimal() {
    check(&[100.0; 42], "form.ctl", 63.2);
    check(&[100.0; 42], "form.atl", 99.8);
}

#[test]
fn yesterday_is_hard_when_it_stood_out() {
    check(&joined(&[&[60.0; 20], &[80.0, 0.0]]), "yesterday.hard", true);
    check(&joined(&[&[60.0; 20], &[70.0, 0.0]]), "yesterday.hard", false);
}

#[test]
fn a_small_day_is_not_hard_whatever_it_stands_out_from() {
    check(&joined(&[&[10.0; 20], &[40.0, 0.0]]), "yesterday.hard", false);
}

#[test]
fn the_day_before_the_first_is_unknown() {
    check_unknown(&[80.0], "yesterday.hard");
    check_unknown(&[80.0], "load.yesterday");
}

#[test]
fn days_since_the_last_activity_count_from_today() {
    check(&[50.0, 0.0, 0.0], "rest.days_since", 2);
    check(&[50.0, 0.0, 60.0], "rest.days_since", 0);
}

#[test]
fn a_break_that_reached_into_the_last_two_weeks_has_its_whole_length() {
    let back = joined(&[&[50.0], &[0.0; 30], &[50.0; 10]]);
    check(&back, "rest.longest_break_days", 30);
}

#[test]
fn a_break_is_forgotten_after_two_weeks() {
    let back = joined(&[&[50.0], &[0.0; 30], &[50.0; 14]]);
    check(&back, "rest.longest_break_days", 0);
}

#[test]
fn a_day_that_is_not_over_makes_no_break() {
    check(&[50.0, 0.0], "rest.longest_break_days", 0);
}

#[test]
fn a_usual_session_is_the_median_to_five_minutes() {
    // A load of 1 lasts a minute here.
    check(&joined(&[&[42.0; 20], &[0.0; 5], &[300.0; 3]]), "usual.minutes", 40);
}

#[test]
fn what_is_unknown_is_named() {
    let unknown = unknown(&day(&[80.0; 7]));
    let wanted = [
        "form.ctl_four_weeks_ago",
        "load.four_weeks",
        "load.ramp_percent",
        "load.ratio",
        "load.week_before",
        "long_run.minutes",
        "usual.minutes",
        "zones.easy_percent",
    ];
    assert_eq!(unknown, wanted);
}

#[test]
fn strain_is_the_week_times_its_monotony() {
    check(&[50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 0.0, 0.0], "load.strain", 560.0);
}

#[test]
fn the_ramp_holds_a_week_against_the_one_before() {
    check(&joined(&[&[50.0; 7], &[60.0; 7]]), "load.ramp_percent", 20);
    check_unknown(&joined(&[&[0.0; 7], &[60.0; 7]]), "load.ramp_percent");
}

#[test]
fn a_streak_ends_with_a_day_off_and_an_easy_day_interrupts_its_work() {
    check(&joined(&[&[60.0; 5], &[0.0], &[60.0; 8], &[0.0]]), "streak.days", 8);
    check(&joined(&[&[60.0; 10], &[20.0], &[60.0; 4]]), "streak.days", 15);
    check(&joined(&[&[60.0; 10], &[20.0], &[60.0; 4]]), "streak.since_easy_days", 4);
}

mod of_outings {
    use fitness::settings::{Dated, Name, SettingsHistory, Source, Value as Given};
    use fitness::weather::Outlook;

    use super::*;
    use crate::best::Best;
    use crate::outing::{Outing, Weather, Wind, number};

    /// A run of these minutes so many days before today.
    fn run(days_ago: i64, minutes: f64) -> Outing {
        Outing {
            day: number(TODAY) - days_ago,
            date: TODAY.saturating_sub(jiff::ToSpan::days(days_ago)),
            sport: "running".to_owned(),
            seconds: minutes * 60.0,
            distance_m: minutes * 200.0,
            zones_s: None,
            load: Some(minutes),
            method: None,
            estimated: false,
            is_race: false,
            weather: None,
        }
    }

    fn history(outings: Vec<Outing>) -> History {
        History { outings, ..History::of_loads(TODAY, &[50.0; 100]) }
    }

    fn figures(history: &History) -> Value {
        serde_json::to_value(Figures::of(&history.now())).unwrap()
    }

    fn check(history: &History, path: &str, wanted: impl Into<Value>) {
        assert_eq!(at(&figures(history), path), Some(&wanted.into()), "{path}");
    }

    #[test]
    fn the_long_run_has_its_length_its_age_and_its_weekday() {
        // Today is a Wednesday, three days after a Sunday.
        let sundays = (0..8).rev().map(|week| run(3 + 7 * week, 100.0));
        let outings = sundays.flat_map(|long| [run(number(TODAY) - long.day + 2, 40.0), long]).collect();
        let history = history(outings);
        check(&history, "long_run.minutes", 100);
        check(&history, "long_run.km", 20.0);
        check(&history, "long_run.days_since", 3);
        check(&history, "long_run.weekday", "sunday");
    }

    #[test]
    fn three_runs_have_no_long_one() {
        let history = history(vec![run(9, 50.0), run(5, 50.0), run(2, 90.0)]);
        assert_eq!(at(&figures(&history), "long_run.minutes"), None);
    }

    #[test]
    fn a_marked_race_is_remembered() {
        let race = Outing { is_race: true, ..run(4, 50.0) };
        let history = history(vec![race, run(1, 30.0)]);
        check(&history, "race.last.days_since", 4);
        check(&history, "race.last.km", 10.0);
        assert_eq!(at(&figures(&history), "race.next.days_to"), None);
    }

    #[test]
    fn an_announced_race_is_counted_down_to() {
        let dated = Dated {
            name: Name::Race,
            from: date(2024, 5, 12),
            value: Given::Number(21_097.5),
            source: Source::Given,
        };
        let history = History { settings: SettingsHistory::new(&[dated], []), ..history(Vec::new()) };
        check(&history, "race.next.days_to", 11);
        check(&history, "race.next.km", 21.1);
    }

    #[test]
    fn zones_need_five_hours() {
        let with = |minutes: f64| Outing {
            zones_s: Some([48.0, 3.0, 9.0].map(|share| share * minutes)),
            ..run(3, minutes)
        };
        check(&history(vec![with(300.0)]), "zones.easy_percent", 80);
        check(&history(vec![with(300.0)]), "zones.polarization", 2.38);
        assert_eq!(at(&figures(&history(vec![with(290.0)])), "zones.easy_percent"), None);
    }

    #[test]
    fn heat_is_that_of_the_last_outing_that_knows_it() {
        let hot = Some(Weather { temperature_c: 29.0, dew_point_c: 21.0, wind: None });
        let history = history(vec![Outing { weather: hot, ..run(2, 40.0) }, run(1, 40.0)]);
        check(&history, "heat.hadley_f", 154.0);
        check(&history, "heat.slower_percent", 6.0);
        check(&history, "heat.days_since", 2);
    }

    #[test]
    fn wind_is_that_of_the_last_outing_that_knows_it() {
        let wind = Some(Wind { mean_mps: 6.04, gust_mps: Some(11.0), cost_percent: Some(1.26) });
        let windy = Some(Weather { wind, ..Weather::default() });
        let history = history(vec![Outing { weather: windy, ..run(2, 40.0) }, run(1, 40.0)]);
        check(&history, "wind.speed_mps", 6.0);
        check(&history, "wind.slower_percent", 1.3);
        check(&history, "wind.days_since", 2);
    }

    #[test]
    fn a_forecast_is_of_the_last_day_alone() {
        let outlook: Outlook = serde_json::from_value(json!({
            "low_c": 14.2, "high_c": 31.4, "dew_point_c": 20.6, "hadley_f": 157.6, "coolest": "06:00",
            "wind_mps": 4.04, "told_ms": 0, "attribution": ""
        }))
        .unwrap();
        let history = History { forecast: Some(outlook), ..history(vec![run(1, 40.0)]) };
        check(&history, "forecast.hadley_f", 158.0);
        check(&history, "forecast.slower_percent", 6.0);
        check(&history, "forecast.coolest", "06:00");
        let before = serde_json::to_value(Figures::of(&history.on(date(2024, 4, 26)))).unwrap();
        assert_eq!(at(&before, "forecast.high_c"), None);
    }

    #[test]
    fn of_several_bests_of_a_day_the_longest_is_told() {
        let best = |distance_m| Best { day: number(TODAY) - 1, distance_m, seconds: 1275.4, gain_s: 18.0 };
        let history = History { bests: vec![best(1000.0), best(5000.0)], ..history(Vec::new()) };
        check(&history, "best.distance", "5k");
        check(&history, "best.seconds", 1275);
        check(&history, "best.days_since", 1);
    }

    #[test]
    fn a_day_sees_nothing_of_later_outings() {
        let race = Outing { is_race: true, ..run(4, 50.0) };
        let history = history(vec![race]);
        let before = serde_json::to_value(Figures::of(&history.on(date(2024, 4, 26)))).unwrap();
        assert_eq!(at(&before, "race.last.days_since"), None);
    }
}
