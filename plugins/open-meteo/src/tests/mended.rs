//! What goes wrong around weather loses none of it: refused days, late hours, other ways, removed activities.

use std::time::Duration;

use engine::step::StepError;
use fitness::records::weather_quota::{self, Span};
use fitness::records::{activity, activity_weather, weather_hour};
use fitness::weather::Air;
use serde_json::json;
use upstream::Fault;
use upstream::open_meteo::{Host, Limits};

use super::house::{House, LUCERNE, Outing, ms, run};

const NOW: &str = "2024-05-20T10:30:00Z";
const BEFORE: &str = "2024-05-02T06:20:00Z";
const LONG_AGO: &str = "2023-05-02T06:20:00Z";

#[tokio::test]
async fn a_refused_day_leaves_the_other_days_of_its_place() {
    House::each(NOW, |house| async move {
        let mut ids = Vec::new();
        for day in ["2024-05-01T06:20:00Z", "2024-05-02T06:20:00Z", "2024-05-03T06:20:00Z"] {
            ids.push(house.went(&run(day)).await);
        }
        // By the service's clock the last of them has not come yet.
        house.upstream.clock().set(ms("2024-05-02T23:00:00Z"));
        house.look().await.unwrap();
        let mut states = Vec::new();
        for id in &ids {
            states.push(house.shown(id).await.state);
        }
        assert_eq!(states, ["final", "final", "none"]);
        house.upstream.clock().set(ms(NOW));
        house.look().await.unwrap();
        assert_eq!(house.shown(&ids[2]).await.state, "none");
        house.look_with(json!({}), json!({ "from": "2024-05-01" })).await.unwrap();
        let shown = house.shown(&ids[2]).await;
        assert_eq!((shown.state, shown.reason), ("final", None), "a backfill takes it up again");
    })
    .await;
}

#[tokio::test]
async fn a_day_that_the_forecast_refuses_waits_for_the_archive() {
    House::each(NOW, |house| async move {
        let id = house.went(&run("2024-05-18T06:20:00Z")).await;
        house.upstream.clock().set(ms("2024-04-01T00:00:00Z"));
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("due", None));
        house.at("2024-05-23T23:59:00Z");
        let calls = house.calls();
        house.look().await.unwrap();
        assert_eq!(house.calls(), calls);
        house.at("2024-05-24T00:01:00Z");
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await.0, "final");
    })
    .await;
}

#[tokio::test]
async fn tries_of_young_days_leave_those_of_the_archive() {
    House::each(NOW, |house| async move {
        let id = house.went(&run("2024-05-20T06:20:00Z")).await;
        for host in [Host::Forecast, Host::Archive, Host::Historical] {
            house.upstream.open_meteo().set_null_from(host, Some(0));
        }
        for _ in 0..26 {
            house.look().await.unwrap();
            house.wait(Duration::from_secs(6 * 3600 + 60));
        }
        assert_eq!(house.state(&id).await, ("due", None));
        for host in [Host::Forecast, Host::Archive, Host::Historical] {
            house.upstream.open_meteo().set_null_from(host, None);
        }
        house.wait(Duration::from_secs(25 * 3600));
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await.0, "final");
    })
    .await;
}

#[tokio::test]
async fn an_old_activity_keeps_its_weather_when_it_changes() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(LONG_AGO)).await;
        house.look_with(json!({}), json!({ "from": "2023-01-01" })).await.unwrap();
        let calls = house.calls();
        // Within the same hours and the same cell, but another way.
        let longer = Outing { minutes: 39, place: Some((47.0501, 8.31)), ..run(LONG_AGO) };
        assert_eq!(house.went(&longer).await, id);
        let changes = house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (calls, "final"));
        assert_eq!(changes.days.as_deref(), Some("2023-05-02"));
        let elsewhere = Outing { place: Some((46.0, 7.0)), ..run(LONG_AGO) };
        house.went(&elsewhere).await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (calls + 1, "final"));
    })
    .await;
}

#[tokio::test]
async fn provisional_weather_becomes_final_however_late_somebody_looks() {
    House::each(NOW, |house| async move {
        let id = house.went(&run("2024-05-18T06:20:00Z")).await;
        house.look().await.unwrap();
        house.at("2024-09-01T00:00:00Z");
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await.0, "final");
    })
    .await;
}

#[tokio::test]
async fn what_is_ahead_of_our_clock_has_weather_once_it_is_over() {
    House::each(NOW, |house| async move {
        let start = "2024-05-20T11:10:00Z";
        let id = house.went(&run(start)).await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await), (0, ("due", None)));
        house.at("2024-05-20T13:00:00Z");
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await.0, "provisional");
    })
    .await;
}

#[tokio::test]
async fn an_activity_that_is_removed_meanwhile_is_left_out() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        house
            .write(move |tx| {
                let pending = activity_weather::pending(tx, "me", 9)?;
                let planned: Vec<_> = pending.into_iter().map(|one| one.plan(2, ms(NOW))).collect();
                activity::remove(tx, &id)?;
                activity_weather::keep(tx, "me", &planned, ms(NOW)).map(drop)
            })
            .await;
        let overview = house.write(|tx| activity_weather::overview(tx, "me")).await;
        assert_eq!(overview, activity_weather::Overview::default());
    })
    .await;
}

#[tokio::test]
async fn who_was_indoors_or_keeps_the_start_is_not_told_the_weather() {
    House::each(NOW, |house| async move {
        let weather = json!({ "temperature_c": 21.5, "humidity": 0.5 });
        let treadmill = Outing { sub_sport: Some("treadmill"), ..run(BEFORE) };
        let indoors = house.went(&treadmill).await;
        house.told(&indoors, json!({ "weather": weather })).await;
        let hidden = house.went(&run("2024-05-03T06:20:00Z")).await;
        house.told(&hidden, json!({ "weather": weather, "start_hidden": true })).await;
        house.look().await.unwrap();
        for (id, reason) in [(indoors, "indoors"), (hidden, "hidden_start")] {
            let shown = house.shown(&id).await;
            assert_eq!((shown.reason, shown.conditions), (Some(reason), None));
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_weather_makes_no_forecast_what_was_told_afterwards() {
    House::each(NOW, |house| async move {
        house
            .write(|tx| {
                let spot = fitness::weather::Spot {
                    hour: fitness::weather::Hour(475_000),
                    cell: fitness::weather::Cell::of(LUCERNE.0, LUCERNE.1, 2).unwrap(),
                };
                let told = Air { temperature_c: Some(8.0), ..Air::default() };
                for (air, at_ms) in [(told, 1), (Air::default(), 2)] {
                    let hour = weather_hour::WeatherHour { spot, air, is_final: false };
                    weather_hour::put(tx, &[hour], "forecast", at_ms)?;
                }
                let kept = weather_hour::of_spots(tx, &[spot])?[0].unwrap();
                assert_eq!((kept.air, kept.fetched_ms), (told, 1));
                assert!(!told.is_whole(), "nine are missing");
                Ok(())
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_counts_as_one_call() {
    House::each(NOW, |house| async move {
        house.went_everywhere(50).await;
        house.upstream.fail_times("open_meteo", Fault::Status(503), 1);
        let window = json!({ "from": "2024-03-01" });
        house.look_with(json!({}), window.clone()).await.unwrap_err();
        let spent = |house: &House| {
            let store = house.store();
            async move { store.read(|tx| weather_quota::spent(tx, Span::Day, ms(NOW))).await.unwrap() }
        };
        assert_eq!(spent(&house).await, 1);
        house.look_with(json!({}), window).await.unwrap();
        assert_eq!(spent(&house).await, 51);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_cut_tells_all_that_it_changed() {
    House::each(NOW, |house| async move {
        house.went(&run(BEFORE)).await;
        house.went(&run("2024-05-18T06:20:00Z")).await;
        // The latest is asked for first, and only that is given.
        house.upstream.open_meteo().set_limits(Limits { minute: 1.0, ..Limits::default() });
        let error = house.look().await.unwrap_err();
        assert!(matches!(error, StepError::Later { .. }), "{error}");
        house.wait(Duration::from_secs(61));
        house.upstream.open_meteo().set_limits(Limits::default());
        let changes = house.look_on().await.unwrap();
        assert_eq!((changes.from, changes.days.as_deref()), (2, Some("2024-05-02")));
    })
    .await;
}

#[tokio::test]
async fn a_preview_takes_a_part_at_a_time_and_leaves_out_nothing() {
    let house = House::new(&support::sqlite_url(), NOW).await;
    // More on one day than a part has as a rule.
    house.went_everywhere(2_003).await;
    for start in ["2024-03-01T23:30:00Z", "2024-03-01T06:20:00Z", "2024-02-01T06:20:00Z"] {
        house.went(&run(start)).await;
    }
    let preview = house
        .write(|tx| {
            loop {
                let pending = activity_weather::pending(tx, "me", 500)?;
                if pending.is_empty() {
                    break;
                }
                let planned: Vec<_> = pending.into_iter().map(|one| one.plan(2, ms(NOW))).collect();
                activity_weather::keep(tx, "me", &planned, ms(NOW))?;
            }
            let all =
                activity_weather::Window { is_asked: true, ..activity_weather::Window::of_days(None, None) };
            activity_weather::preview(tx, "me", all, ms(NOW))
        })
        .await;
    let parts: Vec<_> =
        preview.parts.iter().map(|part| (part.from.as_str(), part.to.as_str(), part.activities)).collect();
    assert_eq!(parts, [("2024-03-02", "2024-03-02", 2_003), ("2024-02-01", "2024-03-01", 3)]);
    assert_eq!((preview.activities, preview.requests), (2_006, 42));
}
