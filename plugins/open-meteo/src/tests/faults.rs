//! An upstream in trouble: what is known stays, and all is well once it is back.

use std::time::Duration;

use engine::step::StepError;
use serde_json::json;
use upstream::Fault;
use upstream::open_meteo::Host;

use super::house::{House, run};

const NOW: &str = "2024-05-20T10:30:00Z";
const KNOWN: &str = "2024-05-02T06:20:00Z";
const NEW: &str = "2024-05-09T06:20:00Z";

/// A fault while a new activity waits beside one whose weather is known: the step says so, keeps what it has, and
/// needs one more run when the fault is over.
async fn check(fault: Fault, wanted: &str) {
    check_within(fault, None, wanted).await;
}

/// The same where an answer may take no longer than this while the trouble lasts.
async fn check_within(fault: Fault, patience: impl Into<Option<Duration>>, wanted: &str) {
    let mut house = House::new(&support::sqlite_url(), NOW).await;
    let known = house.went(&run(KNOWN)).await;
    house.look().await.unwrap();
    let new = house.went(&run(NEW)).await;
    house.upstream.fail("open_meteo", fault.clone());
    let usual = house.patience;
    house.patience = patience.into().unwrap_or(usual);
    let told = match house.look().await {
        Err(StepError::Failed(cause)) => format!("failed {}", cause.code),
        Err(StepError::Later { source, .. }) => format!("later {}", source.code),
        Err(StepError::Hopeless(cause)) => format!("hopeless {}", cause.code),
        other => format!("{other:?}"),
    };
    assert_eq!(told, wanted, "{fault:?}");
    assert_eq!(house.state(&known).await, ("final", Some(house.truth(Host::Archive, KNOWN))), "{fault:?}");
    assert_eq!(house.state(&new).await, ("due", None), "{fault:?}");
    house.upstream.mend();
    house.patience = usual;
    house.look().await.unwrap();
    assert_eq!(house.state(&new).await, ("final", Some(house.truth(Host::Archive, NEW))), "{fault:?}");
}

#[tokio::test]
async fn what_is_no_answer_fails_and_is_tried_again() {
    check(Fault::Reset, "failed upstream_broken_off").await;
    check(Fault::ResetMidBody, "failed upstream_broken_off").await;
    check(Fault::Truncated, "failed upstream_broken_off").await;
    check(Fault::Huge(9 << 20), "failed upstream_too_large").await;
}

#[tokio::test]
async fn what_cannot_be_read_fails_and_is_tried_again() {
    for fault in [
        Fault::HtmlPage(200),
        Fault::BrokenJson,
        Fault::DeepJson(100_000),
        Fault::WrongShape,
        Fault::Garbage,
        Fault::Empty,
        Fault::WrongType,
    ] {
        check(fault, "failed upstream_unreadable").await;
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    let patience = Duration::from_millis(200);
    for fault in [Fault::Silent, Fault::Stall, Fault::Slow(60_000), Fault::Drip(10_000)] {
        check_within(fault, patience, "failed upstream_slow").await;
    }
}

#[tokio::test]
async fn a_call_that_failed_counts_as_one() {
    for fault in [Fault::Reset, Fault::Silent, Fault::Status(503)] {
        let mut house = House::new(&support::sqlite_url(), NOW).await;
        house.went(&run(NEW)).await;
        house.upstream.fail("open_meteo", fault.clone());
        house.patience = Duration::from_millis(200);
        assert_eq!(house.calls_of_a_failure().await, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_service_in_trouble_is_tried_again() {
    for fault in [
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(503),
        Fault::HtmlPage(502),
        Fault::Redirect("http://127.0.0.1:9/".to_owned()),
    ] {
        check(fault, "failed upstream_unavailable").await;
    }
}

#[tokio::test]
async fn a_service_that_refuses_everything_is_asked_seven_times_and_costs_no_activity_its_weather() {
    House::each(NOW, |house| async move {
        house.went_everywhere(50).await;
        let overview =
            async || house.write(|tx| fitness::records::activity_weather::overview(tx, "me")).await;
        let window = || json!({ "from": "2024-03-01" });
        house.upstream.fail("open_meteo", Fault::Status(400));
        let error = house.look_with(json!({}), window()).await.unwrap_err();
        assert!(
            matches!(&error, StepError::Failed(cause) if cause.code == "upstream_refuses_all"),
            "{error:?}"
        );
        assert_eq!((house.calls(), overview().await.due, overview().await.none), (7, 50, 0));
        house.upstream.mend();
        house.look_with(json!({}), window()).await.unwrap();
        assert_eq!((house.calls(), overview().await.settled), (8, 50));
    })
    .await;
}

#[tokio::test]
async fn a_service_that_refuses_connections_is_tried_again() {
    let house = House::new(&support::sqlite_url(), NOW).await;
    let id = house.went(&run(NEW)).await;
    house.upstream.refuse();
    let Err(StepError::Failed(cause)) = house.look().await else { panic!("it is away") };
    assert_eq!(cause.code, "upstream_unreachable");
    assert!(!cause.report().contains("47.05"), "{}", cause.report());
    house.upstream.mend();
    house.look().await.unwrap();
    assert_eq!(house.state(&id).await.0, "final");
}

#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let house = House::new(&support::sqlite_url(), NOW).await;
    let id = house.went(&run(NEW)).await;
    house.upstream.fail_times("open_meteo", Fault::Drip(10), 1);
    house.look().await.unwrap();
    assert_eq!(house.state(&id).await.0, "final");
}
