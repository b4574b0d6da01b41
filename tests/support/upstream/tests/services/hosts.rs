//! What is answered, for which dates, in which form, at which cost.

use serde_json::{Value, json};
use upstream::open_meteo::{Host, Limits};

use crate::trial::{HOUR_MS, NOW_MS, TEN, Trial, day};

async fn check_refused(host: Host, query: &str, reason: &str) {
    let trial = Trial::start().await;
    let answer = trial.ask(host, query).await;
    assert_eq!((answer.status, answer.reason()), (400, reason), "{query}");
    assert_eq!(trial.upstream.calls()[0].cost, 1.0, "an error costs one");
}

async fn check_dates(host: Host, first: &str, last: &str, before: &str, after: &str) {
    let trial = Trial::start().await;
    for date in [first, last] {
        let answer = trial.ask(host, &day(date, "temperature_2m")).await;
        assert_eq!((answer.status, answer.hourly("time").len()), (200, 24), "{date}");
    }
    for date in [before, after] {
        let answer = trial.ask(host, &day(date, "temperature_2m")).await;
        let reason = format!("Parameter 'start_date' is out of allowed range from {first} to {last}");
        assert_eq!((answer.status, answer.reason()), (400, reason.as_str()), "{date}");
    }
}

async fn check_cost(query: &str, cost: f64) {
    let trial = Trial::start().await;
    let answer = trial.ask(Host::Archive, query).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        (trial.upstream.calls()[0].cost - cost).abs() < 1e-9,
        "{query}: {}",
        trial.upstream.calls()[0].cost
    );
    assert!((trial.open_meteo().used().day - cost).abs() < 1e-9);
}

#[tokio::test]
async fn each_host_answers_its_own_dates() {
    check_dates(Host::Forecast, "2026-03-19", "2026-07-06", "2026-03-18", "2026-07-07").await;
    check_dates(Host::Historical, "2016-01-01", "2026-07-06", "2015-12-31", "2026-07-07").await;
    check_dates(Host::Archive, "1940-01-01", "2026-06-20", "1939-12-31", "2026-06-21").await;
}

#[tokio::test]
async fn a_cost_is_by_variables_days_and_locations() {
    check_cost(&day("2026-06-01", "temperature_2m"), 1.0).await;
    check_cost(&day("2026-06-01", TEN), 1.0).await;
    check_cost(&day("2026-06-01", &format!("{TEN},pressure_msl")), 1.1).await;
    check_cost(&format!("{}&models=best_match,gfs_seamless", day("2026-06-01", TEN)), 2.0).await;
    let query = "latitude=48&longitude=11&start_date=2026-05-01&end_date=2026-05-14&hourly=";
    check_cost(&format!("{query}{TEN}"), 1.0).await;
    let query = "latitude=48,50&longitude=11,8&start_date=2026-05-01,2026-05-03&end_date=2026-05-28,2026-05-03&hourly=";
    check_cost(&format!("{query}{TEN}"), 3.0).await;
}

#[tokio::test]
async fn one_location_is_an_object_and_several_are_an_array_in_their_order() {
    let trial = Trial::start().await;
    let one = trial.ask(Host::Archive, &day("2026-06-01", "temperature_2m")).await;
    assert!(one.body.is_object());
    let query = "latitude=48.14,-33.86&longitude=11.58,151.21&start_date=2026-06-01,2026-06-03\
        &end_date=2026-06-01,2026-06-04&hourly=temperature_2m&timezone=GMT&timeformat=unixtime";
    let two = trial.ask(Host::Archive, query).await;
    let [first, second] = two.body.as_array().unwrap().as_slice() else { panic!("{}", two.body) };
    assert_eq!((&first["location_id"], &second["location_id"]), (&Value::Null, &json!(1)));
    assert_eq!(first["hourly"], one.body["hourly"]);
    assert_eq!(
        (&second["latitude"], second["hourly"]["time"].as_array().unwrap().len()),
        (&json!(-33.86), 48)
    );
}

#[tokio::test]
async fn one_date_serves_all_locations() {
    let trial = Trial::start().await;
    let query =
        "latitude=48,49,50&longitude=8,9,10&start_date=2026-06-01&end_date=2026-06-02&hourly=cloud_cover";
    let answer = trial.ask(Host::Archive, query).await;
    let places = answer.body.as_array().unwrap();
    assert!(
        places.len() == 3 && places.iter().all(|place| place["hourly"]["time"][47] == "2026-06-02T23:00")
    );
}

#[tokio::test]
async fn values_come_in_the_units_that_the_answer_names() {
    let trial = Trial::start().await;
    let names = "temperature_2m,wind_speed_10m,precipitation";
    let query =
        format!("latitude=48.14&longitude=11.58&start_date=2026-06-01&end_date=2026-06-01&hourly={names}");
    let usual = trial.ask(Host::Archive, &query).await;
    let units =
        json!({ "time": "iso8601", "temperature_2m": "°C", "wind_speed_10m": "km/h", "precipitation": "mm" });
    assert_eq!(usual.body["hourly_units"], units);
    let asked = "wind_speed_unit=ms&temperature_unit=fahrenheit&precipitation_unit=inch&timeformat=unixtime";
    let other = trial.ask(Host::Archive, &format!("{query}&{asked}")).await;
    let units = json!({ "time": "unixtime", "temperature_2m": "°F", "wind_speed_10m": "m/s", "precipitation": "inch" });
    assert_eq!(other.body["hourly_units"], units);
    let hour = |answer: &crate::trial::Answer, name: &str| answer.hourly(name)[6].as_f64().unwrap();
    assert!((hour(&usual, "wind_speed_10m") - 3.6 * hour(&other, "wind_speed_10m")).abs() < 0.051);
    assert!((hour(&usual, "temperature_2m") * 1.8 + 32.0 - hour(&other, "temperature_2m")).abs() < 0.051);
}

#[tokio::test]
async fn times_are_utc_hours_unless_another_zone_is_asked_for() {
    let trial = Trial::start().await;
    let answer = trial.ask(Host::Archive, &day("2026-06-01", "temperature_2m")).await;
    let times = answer.hourly("time");
    assert_eq!((times[0].as_i64(), times[23].as_i64()), (Some(1_780_272_000), Some(1_780_354_800)));
    // The offset of today is used in winter too, which is why nobody should ask for local hours.
    let query = "latitude=48.14&longitude=11.58&start_date=2026-01-10&end_date=2026-01-10&hourly=temperature_2m\
        &timeformat=unixtime&timezone=";
    let berlin = trial.ask(Host::Archive, &format!("{query}Europe/Berlin")).await;
    assert_eq!(berlin.body["utc_offset_seconds"], 7_200);
    assert_eq!(berlin.hourly("time")[0], 1_767_996_000);
    let utc = trial.ask(Host::Archive, &format!("{query}GMT")).await;
    assert_eq!(berlin.hourly("temperature_2m")[2..], utc.hourly("temperature_2m")[..22]);
}

#[tokio::test]
async fn without_dates_the_forecast_host_answers_the_days_around_today() {
    let trial = Trial::start().await;
    for (days, first, hours) in [
        ("", "2026-06-20T00:00", 7 * 24),
        ("&forecast_days=2", "2026-06-20T00:00", 48),
        ("&forecast_days=1&past_days=3", "2026-06-17T00:00", 96),
    ] {
        let query = format!("latitude=48.14&longitude=11.58&hourly=temperature_2m{days}");
        let answer = trial.ask(Host::Forecast, &query).await;
        assert_eq!(
            (&answer.hourly("time")[0], answer.hourly("time").len()),
            (&json!(first), hours),
            "{days}"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_the_servers_words() {
    let place = "latitude=48&longitude=11";
    for (query, reason) in [
        ("latitude=999&longitude=1".to_owned(), "Latitude must be in range of -90 to 90°. Given: 999.0."),
        (
            "latitude=1&longitude=-180.5".to_owned(),
            "Longitude must be in range of -180 to 180°. Given: -180.5.",
        ),
        (
            "latitude=1,2&longitude=1".to_owned(),
            "Parameter 'latitude' and 'longitude' must have the same number of elements",
        ),
        (
            format!("{place}&start_date=2026-06-02&end_date=2026-06-01"),
            "End-date must be larger or equals than start-date",
        ),
        (
            format!("{place}&start_date=02.06.2026&end_date=2026-06-01"),
            "Invalid date format. Make sure to use 'YYYY-MM-DD'",
        ),
        (
            format!("{place}&start_date=2026-06-01,2026-06-02&end_date=2026-06-01"),
            "Parameter 'start_date' and 'end_date' must have the same number of elements",
        ),
        (place.to_owned(), "Parameter 'start_date' and 'end_date' are required"),
        (format!("{place}&timezone=Mars/Olympus"), "Invalid timezone"),
    ] {
        check_refused(Host::Archive, &query, reason).await;
    }
}

#[tokio::test]
async fn at_most_a_thousand_locations_fit_into_a_call() {
    let trial = Trial::start().await;
    trial.open_meteo().set_limits(Limits { minute: 1e4, hour: 1e4, day: 1e4 });
    for (count, status) in [(1_000, 200), (1_001, 400)] {
        let degrees = vec!["10"; count].join(",");
        let query =
            format!("latitude={degrees}&longitude={degrees}&start_date=2026-06-01&end_date=2026-06-01");
        assert_eq!(trial.ask(Host::Archive, &query).await.status, status, "{count}");
    }
    assert_eq!(trial.open_meteo().used().day, 1_001.0);
}

#[tokio::test]
async fn weather_is_the_same_whenever_it_is_asked_for_and_possible_all_over_the_earth() {
    let trial = Trial::start().await;
    let service = trial.open_meteo();
    for (latitude, longitude) in [(90.0, 0.0), (-90.0, 12.0), (0.0, 180.0), (71.2, -180.0), (48.14, 11.58)] {
        for hour in 0..2_000 {
            let at = |name| {
                service.value(Host::Archive, latitude, longitude, NOW_MS - hour * HOUR_MS, name).unwrap()
            };
            let context = format!("{latitude} {longitude} {hour}");
            assert!(at("dew_point_2m") <= at("temperature_2m") + 0.1, "{context}");
            assert!(at("wind_gusts_10m") >= at("wind_speed_10m"), "{context}");
            assert!((0.0..=100.0).contains(&at("relative_humidity_2m")), "{context}");
            assert!((-60.0..=50.0).contains(&at("temperature_2m")), "{context}");
            assert_eq!(at("precipitation") > 0.0, at("weather_code") > 3.0, "{context}");
        }
    }
    let served = trial.ask(Host::Archive, &day("2026-06-01", TEN)).await;
    for name in TEN.split(',') {
        let hours = served.hourly("time").iter().zip(served.hourly(name));
        for (seconds, value) in hours {
            let known = service.value(Host::Archive, 48.14, 11.58, seconds.as_i64().unwrap() * 1000, name);
            assert_eq!(value.as_f64(), known, "{name}");
        }
    }
}

#[tokio::test]
async fn the_archive_does_not_say_quite_what_the_forecast_said() {
    let trial = Trial::start().await;
    let forecast = trial.ask(Host::Forecast, &day("2026-06-01", "temperature_2m")).await;
    let archive = trial.ask(Host::Archive, &day("2026-06-01", "temperature_2m")).await;
    assert_ne!(forecast.hourly("temperature_2m"), archive.hourly("temperature_2m"));
}

#[tokio::test]
async fn a_key_must_be_known_and_lifts_the_limits() {
    let trial = Trial::start().await;
    trial.open_meteo().set_keys(&["club"]);
    trial.open_meteo().spend(10_000.0);
    let wrong = trial.ask(Host::Archive, &format!("{}&apikey=pub", day("2026-06-01", TEN))).await;
    assert_eq!((wrong.status, wrong.reason()), (400, "The supplied API key is invalid."));
    let right = trial.ask(Host::Archive, &format!("{}&apikey=club", day("2026-06-01", TEN))).await;
    assert_eq!((right.status, trial.open_meteo().used().day), (200, 10_000.0));
}
