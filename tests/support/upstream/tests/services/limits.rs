//! The limits of the free service, as a client meets them.

use std::time::Duration;

use upstream::Fault;
use upstream::open_meteo::{Host, Limits};

use crate::trial::{NOW_MS, Trial};

const MINUTELY: &str = "Minutely API request limit exceeded. Please try again in one minute.";
const HOURLY: &str = "Hourly API request limit exceeded. Please try again in the next hour.";
const DAILY: &str = "Daily API request limit exceeded. Please try again tomorrow.";

const NONE: f64 = 1e9;

/// Spends the limit of three, is refused until the last second of the window, and served in the next one.
async fn check_limit(limits: Limits, reason: &str, seconds_left: u64) {
    let trial = Trial::start().await;
    trial.open_meteo().set_limits(limits);
    for _ in 0..3 {
        assert_eq!(trial.ask_for_a_day().await.status, 200);
    }
    let refused = trial.ask_for_a_day().await;
    assert_eq!((refused.status, refused.reason()), (429, reason));
    trial.upstream.clock().advance(Duration::from_secs(seconds_left - 1));
    assert_eq!(trial.ask_for_a_day().await.status, 429, "{reason}");
    trial.upstream.clock().advance(Duration::from_secs(1));
    assert_eq!(trial.ask_for_a_day().await.status, 200, "{reason}");
}

#[tokio::test]
async fn each_limit_ends_with_its_utc_window_and_says_which_it_is() {
    check_limit(Limits { minute: 3.0, hour: NONE, day: NONE }, MINUTELY, 30).await;
    check_limit(Limits { minute: NONE, hour: 3.0, day: NONE }, HOURLY, 39 * 60 + 30).await;
    check_limit(Limits { minute: NONE, hour: NONE, day: 3.0 }, DAILY, 13 * 3600 + 39 * 60 + 30).await;
}

#[tokio::test]
async fn the_shortest_limit_that_is_spent_is_the_one_that_is_named() {
    let trial = Trial::start().await;
    trial.open_meteo().set_limits(Limits { minute: 2.0, hour: 2.0, day: 2.0 });
    trial.open_meteo().spend(2.0);
    assert_eq!(trial.ask_for_a_day().await.reason(), MINUTELY);
    trial.upstream.clock().advance(Duration::from_secs(60));
    assert_eq!(trial.ask_for_a_day().await.reason(), HOURLY);
    trial.upstream.clock().advance(Duration::from_secs(3600));
    assert_eq!(trial.ask_for_a_day().await.reason(), DAILY);
}

#[tokio::test]
async fn the_usual_limits_are_those_of_the_free_service() {
    for (spent, status) in [(599.0, 200), (600.0, 429)] {
        let trial = Trial::start().await;
        trial.open_meteo().spend(spent);
        assert_eq!(trial.ask_for_a_day().await.status, status, "{spent}");
    }
}

#[tokio::test]
async fn a_call_is_paid_for_afterwards_and_may_overshoot() {
    let trial = Trial::start().await;
    trial.open_meteo().set_limits(Limits { minute: 2.0, hour: NONE, day: NONE });
    let degrees = ["10"; 50].join(",");
    let query = format!("latitude={degrees}&longitude={degrees}&start_date=2026-06-01&end_date=2026-06-01");
    assert_eq!(trial.ask(Host::Archive, &query).await.status, 200);
    assert_eq!(trial.open_meteo().used().minute, 50.0);
    assert_eq!(trial.ask(Host::Archive, &query).await.status, 429);
}

#[tokio::test]
async fn the_hosts_share_one_limit() {
    let trial = Trial::start().await;
    trial.open_meteo().set_limits(Limits { minute: 2.0, hour: NONE, day: NONE });
    let query = "latitude=1&longitude=1&start_date=2026-06-01&end_date=2026-06-01";
    assert_eq!(trial.ask(Host::Archive, query).await.status, 200);
    assert_eq!(trial.ask(Host::Historical, query).await.status, 200);
    assert_eq!(trial.ask(Host::Forecast, query).await.status, 429);
}

#[tokio::test]
async fn one_is_worked_on_five_wait_and_the_next_is_turned_away() {
    let trial = Trial::start().await;
    trial.open_meteo().hold();
    let six = futures_util::future::join_all((0..6).map(|_| trial.ask_for_a_day()));
    let seventh = async {
        while trial.open_meteo().most_at_once() < 6 {
            tokio::task::yield_now().await;
        }
        let refused = trial.ask_for_a_day().await;
        trial.open_meteo().go_on();
        refused
    };
    let (served, refused) = tokio::join!(six, seventh);
    assert_eq!((refused.status, refused.reason()), (429, "Too many concurrent requests"));
    assert!(served.iter().all(|answer| answer.status == 200));
    assert_eq!(trial.open_meteo().most_at_once(), 7);
}

#[tokio::test]
async fn a_client_that_goes_away_gives_its_turn_back() {
    let trial = Trial::start().await;
    trial.open_meteo().hold();
    let impatient = trial.http.get(trial.url(Host::Forecast, "latitude=1&longitude=1"));
    assert!(impatient.timeout(Duration::from_millis(50)).send().await.unwrap_err().is_timeout());
    trial.open_meteo().go_on();
    assert_eq!(trial.ask_for_a_day().await.status, 200);
}

#[tokio::test]
async fn a_fault_in_front_of_the_service_costs_nothing_there() {
    let trial = Trial::start().await;
    trial.upstream.fail_times("open_meteo", Fault::Status(503), 1);
    let refused = trial.ask_for_a_day().await;
    assert_eq!((refused.status, refused.reason()), (503, "The service is overloaded"));
    assert_eq!(trial.open_meteo().used().day, 0.0);
    assert_eq!(trial.ask_for_a_day().await.status, 200);
}

#[tokio::test]
async fn the_journal_tells_what_was_asked_and_what_it_cost() {
    let trial = Trial::start().await;
    trial.ask_for_a_day().await;
    trial.upstream.clock().advance(Duration::from_secs(5));
    trial.ask(Host::Archive, "latitude=1000&longitude=1").await;
    let calls = trial.upstream.calls();
    let told = calls.iter().map(|call| (call.service.as_str(), call.at_ms, call.status, call.cost));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("open_meteo.forecast", NOW_MS, Some(200), 1.0),
            ("open_meteo.archive", NOW_MS + 5_000, Some(400), 1.0)
        ]
    );
    assert_eq!(
        (calls[0].path.as_str(), calls[0].param("latitude")),
        ("/open-meteo/forecast/v1/forecast", Some("48.14"))
    );
    trial.upstream.forget_calls();
    assert!(trial.upstream.calls().is_empty());
}
