//! What the steps leave in the store, and what they ask the service, on both databases.

use std::time::Duration;

use engine::step::StepError;
use serde_json::json;
use upstream::open_meteo::{Host, Limits};

use super::house::{House, LUCERNE, Outing, ms, run};

const NOW: &str = "2024-05-20T10:30:00Z";
const LATELY: &str = "2024-05-18T06:20:00Z";
const BEFORE: &str = "2024-05-02T06:20:00Z";

fn code(error: &StepError) -> &'static str {
    match error {
        StepError::Later { source: cause, .. } | StepError::Failed(cause) | StepError::Hopeless(cause) => {
            cause.code
        }
        StepError::Cancelled => "cancelled",
    }
}

#[tokio::test]
async fn a_run_of_long_ago_has_the_weather_of_the_archive_for_good() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        house.advised("2024-05-03").await;
        let changes = house.look().await.unwrap();
        assert_eq!(changes.days.as_deref(), Some("2024-05-02"));
        assert_eq!(house.state(&id).await, ("final", Some(house.truth(Host::Archive, BEFORE))));
        assert!(!house.has_advice("2024-05-03").await, "advice of later days rests on it");
        let shown = house.shown(&id).await;
        assert_eq!(
            (shown.attribution, shown.source),
            (Some("Weather data by Open-Meteo.com"), Some("open_meteo"))
        );
        assert_eq!(shown.spells.len(), 2, "the start and the end");
        let call = &house.upstream.calls()[0];
        let asked = ["latitude", "longitude", "start_date", "end_date", "timezone"]
            .map(|name| call.param(name).unwrap().to_owned());
        assert_eq!(asked, ["47.05", "8.31", "2024-05-02", "2024-05-02", "GMT"]);
        assert_eq!((call.service.as_str(), call.cost), ("open_meteo.archive", 1.0));
    })
    .await;
}

#[tokio::test]
async fn a_second_look_asks_nothing_and_changes_nothing() {
    House::each(NOW, |house| async move {
        house.went(&run(BEFORE)).await;
        house.look().await.unwrap();
        house.advised("2024-05-03").await;
        let again = house.look().await.unwrap();
        assert!(again.is_empty(), "{again:?}");
        assert_eq!(house.calls(), 1);
        assert!(house.has_advice("2024-05-03").await);
    })
    .await;
}

#[tokio::test]
async fn neighbours_share_a_cell_and_its_hours() {
    House::each(NOW, |house| async move {
        house.went(&run(BEFORE)).await;
        house.look().await.unwrap();
        let neighbour = Outing { place: Some((47.0521, 8.3088)), minutes: 30, ..run("2024-05-02T16:40:00Z") };
        let id = house.went(&neighbour).await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (1, "final"));
    })
    .await;
}

#[tokio::test]
async fn young_weather_is_provisional_and_becomes_final_exactly_once() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(LATELY)).await;
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("provisional", Some(house.truth(Host::Forecast, LATELY))));
        house.at("2024-05-23T23:59:00Z");
        house.look().await.unwrap();
        assert_eq!(house.calls(), 1, "the archive does not have it before the sixth day is over");
        house.at("2024-05-24T00:01:00Z");
        house.advised("2024-05-24").await;
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("final", Some(house.truth(Host::Archive, LATELY))));
        assert!(!house.has_advice("2024-05-24").await);
        house.at("2024-06-10T00:01:00Z");
        house.look().await.unwrap();
        let services: Vec<String> = house.upstream.calls().into_iter().map(|call| call.service).collect();
        assert_eq!(services, ["open_meteo.forecast", "open_meteo.archive"]);
    })
    .await;
}

#[tokio::test]
async fn an_hour_that_nobody_knows_is_asked_for_again() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        let (latitude, longitude) = LUCERNE;
        for hour in ["2024-05-02T06:00:00Z", "2024-05-02T07:00:00Z"] {
            house.upstream.open_meteo().set_null(latitude, longitude, ms(hour));
        }
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("due", None));
        house.upstream.open_meteo().fill();
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await.0, "due", "not before a day is over");
        house.wait(Duration::from_secs(24 * 3600));
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("final", Some(house.truth(Host::Archive, BEFORE))));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_ever_knows_is_let_go_of() {
    let house = House::new(&support::sqlite_url(), NOW).await;
    let id = house.went(&run(BEFORE)).await;
    house.upstream.open_meteo().set_null_from(Host::Archive, Some(0));
    house.upstream.open_meteo().set_null_from(Host::Historical, Some(0));
    for _ in 0..12 {
        house.look_with(json!({ "lookback_days": 0 }), json!({})).await.unwrap();
        house.wait(Duration::from_secs(25 * 3600));
    }
    assert_eq!(house.state(&id).await, ("final", None));
    assert_eq!(house.calls(), 16, "eight tries at the archive, and as many at what was forecast");
}

#[tokio::test]
async fn a_gap_of_the_archive_is_filled_by_what_was_forecast_until_it_closes() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        house.upstream.open_meteo().set_null_from(Host::Archive, Some(0));
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("provisional", Some(house.truth(Host::Historical, BEFORE))));
        house.upstream.open_meteo().set_null_from(Host::Archive, None);
        house.wait(Duration::from_secs(25 * 3600));
        house.look().await.unwrap();
        assert_eq!(house.state(&id).await, ("final", Some(house.truth(Host::Archive, BEFORE))));
    })
    .await;
}

#[tokio::test]
async fn who_was_indoors_or_nowhere_or_keeps_the_start_has_no_weather() {
    House::each(NOW, |house| async move {
        let treadmill = Outing { sub_sport: Some("treadmill"), ..run("2024-05-02T05:00:00Z") };
        let pool = Outing { place: None, sport: "swimming", ..run("2024-05-02T06:00:00Z") };
        let ancient = run("1939-12-31T06:00:00Z");
        let mut ids = Vec::new();
        for outing in [&treadmill, &pool, &ancient] {
            ids.push(house.went(outing).await);
        }
        ids.push(house.went(&run("2024-05-02T07:00:00Z")).await);
        house.told(&ids[3], json!({ "start_hidden": true })).await;
        ids.push(house.went(&run("2024-05-02T08:00:00Z")).await);
        house.told(&ids[4], json!({ "weather": { "temperature_c": 21.5, "humidity": 0.5 } })).await;
        house.look_with(json!({ "lookback_days": 0 }), json!({})).await.unwrap();
        let mut reasons = Vec::new();
        for id in &ids {
            let shown = house.shown(id).await;
            reasons.push((shown.reason.unwrap(), shown.source));
        }
        assert_eq!(
            reasons,
            [
                ("indoors", None),
                ("no_position", None),
                ("out_of_range", None),
                ("hidden_start", None),
                ("told", Some("bulk_export"))
            ]
        );
        assert_eq!(house.state(&ids[4]).await, ("final", Some(21.5)));
        assert_eq!(house.calls(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_lies_before_the_last_days_waits_for_a_backfill() {
    House::each(NOW, |house| async move {
        let id = house.went(&run("2023-05-02T06:20:00Z")).await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (0, "due"));
        let window = |from: &str, to: &str| json!({ "from": from, "to": to });
        house.look_with(json!({}), window("2023-04-01", "2023-05-01")).await.unwrap();
        assert_eq!(house.state(&id).await.0, "due");
        house.look_with(json!({}), window("2023-05-02", "2023-05-02")).await.unwrap();
        assert_eq!(house.state(&id).await.0, "final");
        let error = house.look_with(json!({}), window("yesterday", "")).await.unwrap_err();
        assert_eq!(code(&error), "invalid_parameter");
    })
    .await;
}

#[tokio::test]
async fn a_thousand_activities_are_twenty_requests_one_at_a_time() {
    let house = House::new(&support::sqlite_url(), NOW).await;
    house.went_everywhere(1000).await;
    let quota = json!({ "per_minute": 0 });
    house.upstream.open_meteo().set_limits(Limits { minute: 2000.0, ..Limits::default() });
    let window = json!({ "from": "2024-03-01" });
    let (_, calls) = house.look_with(json!({ "quota": quota }), window).await.unwrap();
    let cost: f64 = house.upstream.calls().iter().map(|call| call.cost).sum();
    assert_eq!((calls, house.calls(), cost), (20, 20, 1000.0));
    assert_eq!(house.upstream.open_meteo().most_at_once(), 1);
}

/// Spends a window of the service, and says for how long the step waits then.
async fn check_spent(limits: Limits, wanted_s: u64) {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        house.upstream.open_meteo().set_limits(limits);
        house.upstream.open_meteo().spend(1.0);
        let error = house.look().await.unwrap_err();
        let StepError::Later { after, .. } = error else { panic!("{error}") };
        assert_eq!((code(&error), after.as_secs()), ("quota_spent", wanted_s));
        house.wait(after);
        house.look().await.unwrap();
        assert_eq!((house.state(&id).await.0, house.calls()), ("final", 2));
    })
    .await;
}

#[tokio::test]
async fn a_window_that_somebody_else_spent_is_waited_out() {
    // It is 10:30:00; a second is left for the service's clock.
    let free = Limits::default();
    check_spent(Limits { minute: 1.0, ..free }, 60 + 1).await;
    check_spent(Limits { hour: 1.0, ..free }, 30 * 60 + 1).await;
    check_spent(Limits { day: 1.0, ..free }, (13 * 60 + 30) * 60 + 1).await;
}

#[tokio::test]
async fn no_call_goes_out_while_a_window_is_spent_by_ourselves() {
    House::each(NOW, |house| async move {
        house.went_everywhere(120).await;
        let config = json!({ "quota": { "per_minute": 60 } });
        let window = json!({ "from": "2024-03-01" });
        let error = house.look_with(config.clone(), window.clone()).await.unwrap_err();
        assert_eq!(
            (code(&error), house.calls()),
            ("quota_spent", 1),
            "fifty places are paid, and no more fit"
        );
        let error = house.look_with(config.clone(), window.clone()).await.unwrap_err();
        assert_eq!((code(&error), house.calls()), ("quota_spent", 1), "it is known without a call");
        for wanted in [2, 3] {
            house.wait(Duration::from_secs(61));
            let _ = house.look_with(config.clone(), window.clone()).await;
            assert_eq!(house.calls(), wanted);
        }
        let overview = house.write(|tx| fitness::records::activity_weather::overview(tx, "me")).await;
        assert_eq!((overview.settled, overview.due), (120, 0));
        assert_eq!(house.upstream.open_meteo().used().day, 120.0);
    })
    .await;
}

#[tokio::test]
async fn a_place_that_is_refused_does_not_take_the_others_with_it() {
    House::each("2024-05-20T10:30:00Z", |house| async move {
        // By the service's clock the last of them has not come yet.
        let days = ["2024-05-01T06:20:00Z", "2024-05-02T06:20:00Z", "2024-05-03T06:20:00Z"];
        for (day, latitude) in days.into_iter().zip([46.0, 47.0, 48.0]) {
            house.went(&Outing { place: Some((latitude, 8.0)), ..run(day) }).await;
        }
        house.upstream.clock().set(ms("2024-05-02T23:00:00Z"));
        house.look().await.unwrap();
        let overview = house.write(|tx| fitness::records::activity_weather::overview(tx, "me")).await;
        assert_eq!((overview.settled, overview.none, overview.due), (2, 1, 0));
        house.look().await.unwrap();
        assert!(house.calls() <= 5, "{}", house.calls());
    })
    .await;
}

#[tokio::test]
async fn a_changed_track_is_looked_up_anew_and_a_changed_setting_is_not() {
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        house.look().await.unwrap();
        let touched = id.clone();
        house
            .write(move |tx| {
                let number = fitness::records::change_number::next(tx, "me")?;
                fitness::records::activity::touch_one(tx, &touched, number)
            })
            .await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (1, "final"));
        let elsewhere = Outing { place: Some((46.0, 7.0)), minutes: 41, ..run(BEFORE) };
        assert_eq!(house.went(&elsewhere).await, id);
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (2, "final"));
    })
    .await;
}

#[tokio::test]
async fn a_forecast_is_for_those_who_set_a_home_and_is_fresh_for_an_hour() {
    House::each(NOW, |house| async move {
        assert!(house.forecast().await.unwrap().is_empty());
        assert_eq!(house.calls(), 0);
        house.lives_in((47.0537, 8.3062)).await;
        house.advised("2024-05-20").await;
        let changes = house.forecast().await.unwrap();
        assert_eq!(changes.days.as_deref(), Some("2024-05-20"));
        assert!(!house.has_advice("2024-05-20").await);
        let call = &house.upstream.calls()[0];
        assert_eq!((call.param("latitude"), call.param("end_date")), (Some("47.05"), Some("2024-05-22")));
        house.forecast().await.unwrap();
        assert_eq!(house.calls(), 1);
        house.wait(Duration::from_secs(3600));
        house.advised("2024-05-20").await;
        assert!(house.forecast().await.unwrap().is_empty());
        assert_eq!(house.calls(), 2);
        assert!(house.has_advice("2024-05-20").await, "the same forecast is no news");
    })
    .await;
}

#[tokio::test]
async fn hours_that_an_outing_at_home_asked_for_are_no_forecast() {
    House::each(NOW, |house| async move {
        house.lives_in(LUCERNE).await;
        house.went(&run("2024-05-20T06:20:00Z")).await;
        house.look().await.unwrap();
        assert_eq!(house.calls(), 1);
        house.forecast().await.unwrap();
        let ends: Vec<String> =
            house.upstream.calls().iter().map(|call| call.param("end_date").unwrap().to_owned()).collect();
        assert_eq!(ends, ["2024-05-20", "2024-05-22"]);
        // Within the hour, but on another day, whose day after tomorrow nobody asked for.
        house.at("2024-05-20T23:40:00Z");
        house.forecast().await.unwrap();
        house.at("2024-05-21T00:05:00Z");
        house.forecast().await.unwrap();
        assert_eq!(house.calls(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_forecast_that_rules_had_lost_sight_of_is_news_in_the_same_words() {
    House::each(NOW, |house| async move {
        house.lives_in(LUCERNE).await;
        house.forecast().await.unwrap();
        house.at("2024-05-21T11:00:00Z");
        house.advised("2024-05-21").await;
        assert_eq!(house.forecast().await.unwrap().days.as_deref(), Some("2024-05-21"));
        assert!(!house.has_advice("2024-05-21").await);
    })
    .await;
}

#[tokio::test]
async fn what_was_forecast_of_an_hour_is_not_its_weather() {
    House::each(NOW, |house| async move {
        house.lives_in(LUCERNE).await;
        house.forecast().await.unwrap();
        house.at("2024-05-20T20:00:00Z");
        let id = house.went(&run("2024-05-20T17:20:00Z")).await;
        house.look().await.unwrap();
        assert_eq!((house.calls(), house.state(&id).await.0), (2, "provisional"));
        house.look().await.unwrap();
        assert_eq!(house.calls(), 2);
    })
    .await;
}
