//! Hours that have no values yet, and those that never had.

use serde_json::Value;
use upstream::open_meteo::Host;

use crate::trial::{HOUR_MS, NOW_MS, Trial, day};

/// How many hours of a day have a temperature.
async fn known_hours(trial: &Trial, host: Host, date: &str) -> usize {
    let answer = trial.ask(host, &day(date, "temperature_2m,weather_code")).await;
    let temperatures = answer.hourly("temperature_2m");
    let known = temperatures.iter().filter(|value| !value.is_null()).count();
    assert!(temperatures[known..].iter().all(Value::is_null), "the nulls are a tail");
    assert_eq!(answer.hourly("weather_code").iter().filter(|value| !value.is_null()).count(), known);
    known
}

#[tokio::test]
async fn the_archive_has_nothing_for_hours_to_come() {
    let trial = Trial::start().await;
    assert_eq!(known_hours(&trial, Host::Archive, "2026-06-20").await, 11);
    trial.upstream.clock().advance(std::time::Duration::from_secs(2 * 3600));
    assert_eq!(known_hours(&trial, Host::Archive, "2026-06-20").await, 13);
    assert_eq!(known_hours(&trial, Host::Forecast, "2026-06-20").await, 24);
}

#[tokio::test]
async fn a_tail_of_nulls_can_be_set_for_each_host() {
    let trial = Trial::start().await;
    let midnight = NOW_MS - NOW_MS.rem_euclid(24 * HOUR_MS);
    trial.open_meteo().set_null_from(Host::Archive, Some(midnight - 20 * HOUR_MS));
    trial.open_meteo().set_null_from(Host::Forecast, Some(midnight + 5 * HOUR_MS));
    assert_eq!(known_hours(&trial, Host::Archive, "2026-06-19").await, 4);
    assert_eq!(known_hours(&trial, Host::Forecast, "2026-06-20").await, 5);
    trial.open_meteo().set_null_from(Host::Archive, None);
    assert_eq!(known_hours(&trial, Host::Archive, "2026-06-19").await, 24);
}

#[tokio::test]
async fn forecasts_were_not_kept_before_2022() {
    let trial = Trial::start().await;
    assert_eq!(known_hours(&trial, Host::Historical, "2021-12-31").await, 0);
    assert_eq!(known_hours(&trial, Host::Historical, "2022-01-01").await, 24);
}

#[tokio::test]
async fn an_hour_of_a_cell_is_null_until_it_is_filled() {
    let trial = Trial::start().await;
    let midnight = NOW_MS - NOW_MS.rem_euclid(24 * HOUR_MS);
    trial.open_meteo().set_null(48.14, 11.58, midnight - 3 * HOUR_MS);
    let before = trial.ask(Host::Archive, &day("2026-06-19", "cloud_cover")).await;
    let nulls = |values: &[Value]| values.iter().map(Value::is_null).collect::<Vec<_>>();
    assert!(nulls(before.hourly("cloud_cover")).iter().enumerate().all(|(hour, null)| *null == (hour == 21)));
    assert_eq!(
        trial.open_meteo().value(Host::Archive, 48.14, 11.58, midnight - 3 * HOUR_MS, "cloud_cover"),
        None
    );
    trial.open_meteo().fill();
    let after = trial.ask(Host::Archive, &day("2026-06-19", "cloud_cover")).await;
    assert!(!nulls(after.hourly("cloud_cover")).contains(&true));
}
