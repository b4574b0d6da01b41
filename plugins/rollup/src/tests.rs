//! The two steps on both databases, from activities to days.

mod house;
mod whose;

use fitness::Scope;
use fitness::load::LoadOf;
use fitness::settings::{Name, Source};
use house::House;

/// Each scenario is a test of its own on SQLite, and on PostgreSQL one test has an athlete for each of them.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let store = house::store(&support::sqlite_url()).await;
                scenario::$name(House::new(&store, stringify!($name)).await).await;
            }
        )*

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let store = house::store(&support::postgres_url()).await;
            $( scenario::$name(House::new(&store, stringify!($name)).await).await; )*
        }
    };
}

scenarios![
    days_reach_up_to_today,
    six_weeks_of_100_make_a_fitness_of_63_2121,
    a_new_day_extends_the_days_without_any_change,
    a_year_in_pieces_is_the_year_at_once,
    an_edited_day_is_computed_from_there_on,
    an_activity_that_went_leaves_no_trace,
    the_first_activity_that_went_takes_its_days_with_it,
    strava_rows_stay_out_of_the_shareable_days,
    only_strava_rows_leave_the_shareable_days_empty,
    a_second_run_writes_nothing,
    a_cut_run_goes_on_where_it_stopped,
    a_setting_changes_loads_from_its_date_on,
    what_has_no_day_follows_the_settings_of_always,
    a_preview_says_what_the_run_then_touches,
    a_setting_that_is_taken_back_leaves_the_numbers_of_before,
    progress_is_told_up_to_the_last_activity,
    a_weight_changes_no_load,
    a_load_says_what_it_was_computed_from,
    a_threshold_pace_makes_the_load_of_a_run_that_of_its_pace,
    a_threshold_pace_gives_a_run_its_govss_and_none_is_needed_for_the_index,
    an_exertion_that_was_felt_stands_before_the_duration,
    an_order_of_methods_is_kept_for_its_sport,
    the_numbers_of_an_activity_come_from_its_samples,
    a_new_version_of_the_numbers_computes_the_history_anew,
    a_new_version_leaves_the_numbers_of_samples_that_are_kept_no_longer,
    what_is_up_to_date_is_not_computed_again,
    other_samples_have_other_numbers,
    estimates_never_reach_backwards,
    strava_rows_estimate_nothing,
    what_rests_on_settings_by_day_follows_an_estimate,
    another_pipeline_finds_nothing_left_to_do,
    the_day_is_the_athletes_own,
    without_an_athlete_there_is_nothing_to_do,
    an_edited_day_takes_the_advice_from_there_on_with_it,
    the_first_activity_that_went_takes_the_advice_since_with_it,
    a_second_run_keeps_the_advice,
    days_that_come_out_as_they_were_keep_the_advice,
    a_strava_row_keeps_the_shareable_advice,
];

mod scenario {
    use super::*;

    pub(super) async fn days_reach_up_to_today(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        let loads: Vec<f64> = house.days(Scope::All).await.iter().map(|day| day.load.round()).collect();
        assert_eq!(loads, [64.0, 0.0, 0.0, 0.0]);
    }

    pub(super) async fn six_weeks_of_100_make_a_fitness_of_63_2121(house: House) {
        // The rides are as hard as the threshold, so an hour is 100.
        house.set(Name::Ftp, "2024-01-01", 200.0).await;
        let rides: Vec<(String, u32)> = house::days_from("2024-03-01", 42).map(|day| (day, 60)).collect();
        house.rides(&rides).await;
        house.work("2024-04-11").await;
        let last = house.days(Scope::All).await.pop().unwrap();
        assert_eq!([last.ctl, last.atl].map(|number| format!("{number:.4}")), ["63.2121", "99.7521"]);
    }

    pub(super) async fn a_new_day_extends_the_days_without_any_change(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-02").await;
        let changes = house.work("2024-03-03").await;
        assert_eq!(changes.days.as_deref(), Some("2024-03-03"));
        assert_eq!(house.days(Scope::Shareable).await.len(), 3);
    }

    pub(super) async fn a_year_in_pieces_is_the_year_at_once(house: House) {
        let other = house.second().await;
        let minutes = |index: usize| 30 + (index as u32 * 7) % 90;
        let rides: Vec<(String, u32)> =
            house::each_third_day_of_2023().enumerate().map(|(index, day)| (day, minutes(index))).collect();
        for piece in rides.chunks(25) {
            house.rides(piece).await;
            house.work(&piece[0].0).await;
        }
        other.rides(&rides).await;
        house.work("2024-01-01").await;
        other.work("2024-01-01").await;
        assert_eq!(house.days(Scope::All).await, other.days(Scope::All).await);
    }

    pub(super) async fn an_edited_day_is_computed_from_there_on(house: House) {
        for day in ["2024-03-01", "2024-03-02", "2024-03-05"] {
            house.ride(day, 60).await;
        }
        house.work("2024-03-10").await;
        let before = house.days(Scope::All).await;
        house.ride("2024-03-05", 120).await;
        let (changes, written) = house.count("2024-03-10").await;
        let after = house.days(Scope::All).await;
        // One load, and six days in two scopes.
        assert_eq!((changes.days.as_deref(), written), (Some("2024-03-05"), 13));
        assert_eq!(before[..4], after[..4]);
        assert!(after[4].load > before[4].load && after[9].ctl > before[9].ctl);
    }

    pub(super) async fn an_activity_that_went_leaves_no_trace(house: House) {
        let other = house.second().await;
        for day in ["2024-03-01", "2024-03-05"] {
            house.ride(day, 60).await;
            other.ride(day, 60).await;
        }
        house.ride("2024-03-03", 60).await;
        house.work("2024-03-10").await;
        other.work("2024-03-10").await;
        house.remove("2024-03-03").await;
        house.work("2024-03-10").await;
        assert_eq!(house.days(Scope::All).await, other.days(Scope::All).await);
    }

    pub(super) async fn the_first_activity_that_went_takes_its_days_with_it(house: House) {
        house.ride("2024-03-01", 60).await;
        house.ride("2024-03-05", 60).await;
        house.work("2024-03-06").await;
        house.remove("2024-03-01").await;
        house.work("2024-03-06").await;
        assert_eq!(house.days(Scope::All).await.len(), 2);
        house.remove("2024-03-05").await;
        house.work("2024-03-06").await;
        assert_eq!(house.days(Scope::All).await, []);
    }

    pub(super) async fn strava_rows_stay_out_of_the_shareable_days(house: House) {
        house.ride("2024-03-01", 60).await;
        house.ride_from("strava_api", "2024-03-02", 60).await;
        house.work("2024-03-03").await;
        let loads = async |scope| {
            let days = house.days(scope).await;
            days.iter().map(|day| day.load.round()).collect::<Vec<f64>>()
        };
        assert_eq!(loads(Scope::All).await, [64.0, 64.0, 0.0]);
        assert_eq!(loads(Scope::Shareable).await, [64.0, 0.0, 0.0]);
    }

    pub(super) async fn only_strava_rows_leave_the_shareable_days_empty(house: House) {
        house.ride_from("strava_api", "2024-03-02", 60).await;
        house.work("2024-03-03").await;
        assert_eq!(house.days(Scope::Shareable).await, []);
    }

    pub(super) async fn a_second_run_writes_nothing(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        let (changes, written) = house.count("2024-03-04").await;
        assert_eq!((changes.is_empty(), written), (true, 0));
    }

    pub(super) async fn a_cut_run_goes_on_where_it_stopped(house: House) {
        let other = house.second().await;
        let rides: Vec<(String, u32)> = house::each_third_day_of_2023().map(|day| (day, 60)).collect();
        house.rides(&rides).await;
        other.rides(&rides).await;
        house.loads("import", "2024-01-01").await;
        house.ride("2023-06-01", 90).await;
        other.ride("2023-06-01", 90).await;
        house.work("2024-01-01").await;
        other.work("2024-01-01").await;
        assert_eq!(house.days(Scope::All).await, other.days(Scope::All).await);
    }

    pub(super) async fn a_setting_changes_loads_from_its_date_on(house: House) {
        for day in ["2024-03-01", "2024-03-11", "2024-03-21"] {
            house.ride(day, 60).await;
        }
        house.work("2024-03-31").await;
        house.set(Name::Ftp, "2024-03-10", 200.0).await;
        let changes = house.work("2024-03-31").await;
        let loads = house.loads_of_days(&["2024-03-01", "2024-03-11", "2024-03-21"]).await;
        assert_eq!((changes.days.as_deref(), loads), (Some("2024-03-11"), vec![64.0, 100.0, 100.0]));
    }

    pub(super) async fn what_has_no_day_follows_the_settings_of_always(house: House) {
        house.ride_without_a_day(60).await;
        house.work("2024-03-31").await;
        house.set(Name::Ftp, "2024-03-01", 400.0).await;
        house.work("2024-03-31").await;
        assert_eq!(house.loads_by_day().await, [64.0]);
        house.set(Name::Ftp, "0001-01-01", 200.0).await;
        house.work("2024-03-31").await;
        assert_eq!(house.loads_by_day().await, [100.0]);
    }

    pub(super) async fn a_preview_says_what_the_run_then_touches(house: House) {
        for on in ["2024-03-01", "2024-03-11", "2024-03-21"] {
            house.ride(on, 60).await;
        }
        house.run("2024-03-12", 60).await;
        house.work("2024-03-31").await;
        let wish = house::wish(Name::Ftp, "2024-03-10", Some(200.0));
        let touched = house.preview(&wish, "2024-03-31").await;
        // Two rides and a run are looked at; the run has a heart rate, and its load stays.
        assert_eq!((touched.activities, touched.loads, touched.days), (3, 2, 21));
        assert_eq!(touched.first_day.map(|day| day.to_string()).as_deref(), Some("2024-03-11"));
        assert_eq!(house.make(&wish).await, [Name::Ftp]);
        assert_eq!(house.readings("2024-03-31").await, [(3, 2), (0, 2 * 21)]);
        assert_eq!(house.preview(&wish, "2024-03-31").await, Default::default());
    }

    pub(super) async fn a_setting_that_is_taken_back_leaves_the_numbers_of_before(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-31").await;
        let before = house.days(Scope::All).await;
        house.make(&house::wish(Name::Ftp, "2024-02-01", Some(200.0))).await;
        house.work("2024-03-31").await;
        assert_ne!(house.days(Scope::All).await, before);
        let back = house::wish(Name::Ftp, "2024-02-01", None);
        assert_eq!(house.preview(&back, "2024-03-31").await.days, 31);
        assert_eq!(house.make(&back).await, [Name::Ftp]);
        house.work("2024-03-31").await;
        assert_eq!(house.days(Scope::All).await, before);
        assert_eq!(house.make(&back).await, []);
    }

    pub(super) async fn progress_is_told_up_to_the_last_activity(house: House) {
        let rides: Vec<(String, u32)> = house::days_from("2020-01-01", 600).map(|day| (day, 60)).collect();
        house.rides(&rides).await;
        house.work("2022-01-01").await;
        house.set(Name::Ftp, "0001-01-01", 200.0).await;
        let told = house.watched("2022-01-01").await;
        assert_eq!(told, [(250, 600), (500, 600), (600, 600)]);
    }

    pub(super) async fn a_weight_changes_no_load(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        house.set(Name::Weight, "2024-01-01", 70.0).await;
        let (_, written) = house.count("2024-03-04").await;
        assert_eq!(written, 0);
    }

    pub(super) async fn a_load_says_what_it_was_computed_from(house: House) {
        house.ride("2024-03-01", 60).await;
        house.run("2024-03-02", 60).await;
        house.walk("2024-03-03", 60).await;
        house.work("2024-03-04").await;
        let methods = house.methods().await;
        assert_eq!(methods, [("power", false), ("heart_rate", true), ("duration", false)]);
    }

    pub(super) async fn a_threshold_pace_makes_the_load_of_a_run_that_of_its_pace(house: House) {
        house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        assert_eq!(house.methods().await, [("heart_rate", true)]);
        house.set(Name::ThresholdPace, "0001-01-01", 1000.0 / 3.0).await;
        house.work("2024-03-04").await;
        assert_eq!(
            (house.methods().await, house.loads_by_day().await),
            (vec![("graded_pace", false)], vec![100.0])
        );
    }

    pub(super) async fn a_threshold_pace_gives_a_run_its_govss_and_none_is_needed_for_the_index(
        house: House,
    ) {
        let id = house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        let before = house.shown(&id).await;
        assert_eq!(before.get("govss"), None);
        let power = house.numbers(&id).await.unwrap().lnp_w_per_kg;
        assert!(power.is_some() && before["lnp_w_per_kg"].as_f64() == power, "{before}");
        assert!(
            before["running_index"].as_f64().is_some_and(|index| (40.0..80.0).contains(&index)),
            "{before}"
        );
        house.set(Name::ThresholdPace, "0001-01-01", 1000.0 / 3.0).await;
        house.work("2024-03-04").await;
        let govss = house.shown(&id).await["govss"].as_f64().unwrap();
        assert!((govss - 100.0).abs() < 0.1, "{govss}");
    }

    pub(super) async fn an_exertion_that_was_felt_stands_before_the_duration(house: House) {
        house.walk("2024-03-01", 60).await;
        house.felt("2024-03-01", 4.0).await;
        house.work("2024-03-04").await;
        assert_eq!((house.methods().await, house.loads_by_day().await), (vec![("rpe", false)], vec![50.0]));
    }

    pub(super) async fn an_order_of_methods_is_kept_for_its_sport(house: House) {
        house.ride("2024-03-01", 60).await;
        house.walk("2024-03-02", 60).await;
        house.order(LoadOf::Cycling, "heart_rate,duration").await;
        house.work("2024-03-04").await;
        assert_eq!(house.methods().await, [("duration", false), ("duration", false)]);
        house.order(LoadOf::Cycling, "power").await;
        house.work("2024-03-04").await;
        assert_eq!(house.methods().await, [("power", false), ("duration", false)]);
    }

    pub(super) async fn the_numbers_of_an_activity_come_from_its_samples(house: House) {
        let id = house.recorded("running", "2024-03-01", 3.0).await;
        assert_eq!(house.numbers(&id).await, None);
        house.work("2024-03-04").await;
        let numbers = house.numbers(&id).await.unwrap();
        assert_eq!(numbers.ngp_mps.map(f64::round), Some(3.0));
        assert_eq!(numbers.hr_curve.unwrap().at(3600), Some(150.0));
        assert_eq!(house.shown(&id).await["zones_hr_s"], serde_json::json!([0.0, 0.0, 3600.0, 0.0, 0.0]));
    }

    pub(super) async fn a_new_version_of_the_numbers_computes_the_history_anew(house: House) {
        let id = house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        let before = (house.numbers(&id).await, house.shown(&id).await);
        house.forged(&id).await;
        assert_ne!((house.numbers(&id).await, house.shown(&id).await), before);
        house.work("2024-03-04").await;
        assert_eq!((house.numbers(&id).await, house.shown(&id).await), before);
    }

    pub(super) async fn a_new_version_leaves_the_numbers_of_samples_that_are_kept_no_longer(house: House) {
        let id = house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        let before = (house.numbers(&id).await, house.shown(&id).await);
        house.expired(&id).await;
        house.work("2024-03-04").await;
        assert_eq!((house.numbers(&id).await, house.shown(&id).await), before);
        let last = house.last_change().await;
        house.work("2024-03-04").await;
        assert_eq!(house.last_change().await, last, "they are not due again");
    }

    pub(super) async fn what_is_up_to_date_is_not_computed_again(house: House) {
        house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        let last = house.last_change().await;
        let (_, written) = house.count("2024-03-04").await;
        assert_eq!((written, house.last_change().await), (0, last));
    }

    pub(super) async fn other_samples_have_other_numbers(house: House) {
        let id = house.recorded("running", "2024-03-01", 3.0).await;
        house.work("2024-03-04").await;
        house.recorded("running", "2024-03-01", 4.0).await;
        house.work("2024-03-04").await;
        assert_eq!(house.numbers(&id).await.unwrap().ngp_mps.map(f64::round), Some(4.0));
    }

    pub(super) async fn estimates_never_reach_backwards(house: House) {
        house.run("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        let before = house.loads_of_days(&["2024-03-01"]).await;
        house.sprint("2024-03-20", 200.0).await;
        house.run("2024-04-01", 60).await;
        house.work("2024-04-02").await;
        let after = house.loads_of_days(&["2024-03-01", "2024-04-01"]).await;
        assert_eq!(before[0], after[0]);
        assert!(after[1] < after[0], "{after:?}");
        let estimates = house.settings(Name::HrMax, Source::Estimated).await;
        assert_eq!(estimates, [("2024-03-01", "190"), ("2024-04-01", "200")].map(house::owned));
    }

    pub(super) async fn strava_rows_estimate_nothing(house: House) {
        house.run("2024-03-01", 60).await;
        house.sprint_from("strava_api", "2024-03-20", 200.0).await;
        house.work("2024-04-02").await;
        let estimates = house.settings(Name::HrMax, Source::Estimated).await;
        assert_eq!(estimates, [("2024-03-01", "190"), ("2024-04-01", "170")].map(house::owned));
    }

    pub(super) async fn what_rests_on_settings_by_day_follows_an_estimate(house: House) {
        house.run("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        house.keep_metric().await;
        house.loads("daily", "2024-03-05").await;
        assert_eq!(house.metric_due_from().await, None, "nothing is estimated otherwise");
        house.sprint("2024-03-20", 200.0).await;
        house.loads("daily", "2024-04-02").await;
        assert_eq!(house.metric_due_from().await, Some(jiff::civil::date(2024, 4, 1)));
    }

    pub(super) async fn another_pipeline_finds_nothing_left_to_do(house: House) {
        house.ride("2024-03-01", 60).await;
        house.set(Name::Ftp, "2024-01-01", 220.0).await;
        house.work("2024-03-04").await;
        assert_eq!(house.loads("daily", "2024-03-04").await, (0, 0));
    }

    pub(super) async fn the_day_is_the_athletes_own(house: House) {
        house.ride("2024-03-01", 60).await;
        house.lives_in("Pacific/Auckland").await;
        // Noon of the second in UTC is the third there.
        house.work("2024-03-02").await;
        assert_eq!(house.days(Scope::All).await.len(), 3);
    }

    pub(super) async fn without_an_athlete_there_is_nothing_to_do(house: House) {
        let stranger = House { athlete: "stranger".to_owned(), ..house };
        assert!(stranger.work("2024-03-04").await.is_empty());
    }

    pub(super) async fn an_edited_day_takes_the_advice_from_there_on_with_it(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-10").await;
        house.advised(&["2024-03-04", "2024-03-05", "2024-03-10"]).await;
        house.ride("2024-03-05", 120).await;
        house.work("2024-03-10").await;
        assert_eq!(house.advice(Scope::All).await, ["2024-03-04"]);
        assert_eq!(house.advice(Scope::Shareable).await, ["2024-03-04"]);
    }

    pub(super) async fn the_first_activity_that_went_takes_the_advice_since_with_it(house: House) {
        house.ride("2024-03-01", 60).await;
        house.ride("2024-03-05", 60).await;
        house.work("2024-03-06").await;
        // Before the first activity that is left.
        house.advised(&["2024-03-03"]).await;
        house.remove("2024-03-01").await;
        house.work("2024-03-06").await;
        assert_eq!(house.advice(Scope::All).await, Vec::<String>::new());
    }

    pub(super) async fn a_second_run_keeps_the_advice(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        house.advised(&["2024-03-04"]).await;
        house.work("2024-03-04").await;
        assert_eq!(house.advice(Scope::All).await, ["2024-03-04"]);
    }

    pub(super) async fn days_that_come_out_as_they_were_keep_the_advice(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        house.advised(&["2024-03-04"]).await;
        house.make_stale("2024-03-01").await;
        house.work("2024-03-04").await;
        assert_eq!(house.advice(Scope::All).await, ["2024-03-04"]);
    }

    pub(super) async fn a_strava_row_keeps_the_shareable_advice(house: House) {
        house.ride("2024-03-01", 60).await;
        house.work("2024-03-04").await;
        house.advised(&["2024-03-04"]).await;
        house.ride_from("strava_api", "2024-03-02", 60).await;
        house.work("2024-03-04").await;
        assert_eq!(house.advice(Scope::All).await, Vec::<String>::new());
        assert_eq!(house.advice(Scope::Shareable).await, ["2024-03-04"]);
    }
}
