//! Each fault as a client meets it.

use std::io;
use std::time::Duration;

use tokio::time::timeout;
use upstream::Fault;
use upstream::open_meteo::Host;

use crate::trial::{TEN, Trial, day};

/// Long enough for what is on its way.
const A_WHILE: Duration = Duration::from_millis(300);

/// Months of hours, so that a body is more than one piece.
const QUARTER: &str = "latitude=48.14&longitude=11.58&start_date=2025-01-01&end_date=2025-03-31&hourly=";

/// The answer's head, what came of its body, and how that ended.
struct Met {
    status: u16,
    kind: Option<String>,
    promised: Option<u64>,
    body: Vec<u8>,
    end: Result<(), reqwest::Error>,
}

fn request(trial: &Trial) -> reqwest::RequestBuilder {
    trial.http.get(trial.url(Host::Archive, &format!("{QUARTER}{TEN}")))
}

async fn meet(trial: &Trial) -> Result<Met, reqwest::Error> {
    let mut answer = request(trial).send().await?;
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let mut met = Met {
        status: answer.status().as_u16(),
        kind,
        promised: answer.content_length(),
        body: Vec::new(),
        end: Ok(()),
    };
    loop {
        match answer.chunk().await {
            Ok(Some(piece)) => met.body.extend(piece),
            Ok(None) => return Ok(met),
            Err(error) => return Ok(Met { end: Err(error), ..met }),
        }
    }
}

/// What a fault makes of an answer, and that the next answer is whole.
async fn with(fault: Fault) -> Result<Met, reqwest::Error> {
    let trial = failing_once(&fault).await;
    let met = meet(&trial).await;
    check_next(&trial, fault).await;
    met
}

/// That a fault has no more to give after so many bytes and a while, and that the next answer is whole.
async fn check_waiting(fault: Fault, bytes: impl FnOnce(usize) -> usize) {
    let trial = failing_once(&fault).await;
    let mut answer = request(&trial).send().await.unwrap();
    let bytes = bytes(usize::try_from(answer.content_length().unwrap()).unwrap());
    let mut came = 0;
    while came < bytes {
        came += answer.chunk().await.unwrap().unwrap().len();
    }
    assert!(timeout(A_WHILE, answer.chunk()).await.is_err(), "{fault:?}");
    assert_eq!(came, bytes);
    check_next(&trial, fault).await;
}

async fn check_unanswered(fault: Fault) {
    let trial = failing_once(&fault).await;
    assert!(timeout(A_WHILE, request(&trial).send()).await.is_err(), "{fault:?}");
    check_next(&trial, fault).await;
}

async fn failing_once(fault: &Fault) -> Trial {
    let trial = Trial::start().await;
    trial.upstream.fail_times("open_meteo.archive", fault.clone(), 1);
    trial
}

async fn check_next(trial: &Trial, fault: Fault) {
    let after = meet(trial).await.unwrap();
    assert_eq!((after.status, after.body.len()), (200, whole(&after)), "{fault:?}");
    let calls = trial.upstream.calls();
    assert_eq!(calls.iter().map(|call| call.fault.clone()).collect::<Vec<_>>(), [Some(fault), None]);
}

fn whole(met: &Met) -> usize {
    usize::try_from(met.promised.unwrap()).unwrap()
}

fn is_json(met: &Met) -> bool {
    serde_json::from_slice::<serde_json::Value>(&met.body).is_ok()
}

fn is_reset(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
        {
            return true;
        }
        cause = error.source();
    }
    false
}

#[tokio::test]
async fn a_reset_ends_the_connection_before_the_answer() {
    let error = with(Fault::Reset).await.err().unwrap();
    assert!(is_reset(&error), "{error:?}");
}

#[tokio::test]
async fn a_reset_in_the_body_ends_the_connection_after_a_part_of_it() {
    let met = with(Fault::ResetMidBody).await.unwrap();
    assert_eq!(met.status, 200);
    assert!(met.body.len() < whole(&met) && is_reset(met.end.as_ref().unwrap_err()), "{:?}", met.end);
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_it_was_promised() {
    let met = with(Fault::Truncated).await.unwrap();
    assert!(met.body.len() < whole(&met) && met.end.is_err());
}

#[tokio::test]
async fn a_stalled_body_stops_half_way() {
    check_waiting(Fault::Stall, |whole| whole / 2).await;
}

#[tokio::test]
async fn a_silent_service_never_answers() {
    check_unanswered(Fault::Silent).await;
}

#[tokio::test]
async fn a_slow_service_answers_whole_in_the_end() {
    check_unanswered(Fault::Slow(60_000)).await;
    let met = with(Fault::Slow(20)).await.unwrap();
    assert!(is_json(&met) && met.end.is_ok());
}

#[tokio::test]
async fn a_dripping_body_comes_whole_in_the_end() {
    check_waiting(Fault::Drip(60_000), |_| 0).await;
    let met = with(Fault::Drip(2)).await.unwrap();
    assert!(is_json(&met) && met.end.is_ok());
}

#[tokio::test]
async fn a_wrong_type_is_on_a_right_body() {
    let met = with(Fault::WrongType).await.unwrap();
    assert_eq!(met.kind.as_deref(), Some("text/plain"));
    assert!(is_json(&met));
}

#[tokio::test]
async fn a_page_of_a_proxy_comes_with_any_status() {
    for status in [200, 502] {
        let met = with(Fault::HtmlPage(status)).await.unwrap();
        assert_eq!((met.status, met.kind.as_deref()), (status, Some("text/html")));
        assert!(met.body.starts_with(b"<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn a_huge_body_is_as_large_as_asked_and_not_announced() {
    let met = with(Fault::Huge(24 << 20)).await.unwrap();
    assert_eq!((met.promised, met.body.len()), (None, (24 << 20) + 2));
    assert!(is_json(&met));
}

#[tokio::test]
async fn broken_json_is_complete_by_its_length() {
    let met = with(Fault::BrokenJson).await.unwrap();
    assert!(met.body.len() == whole(&met) && met.end.is_ok() && !is_json(&met));
}

#[tokio::test]
async fn other_bodies_are_not_what_was_asked_for() {
    let deep = with(Fault::DeepJson(100_000)).await.unwrap();
    assert!(deep.body.len() == 100_000 && !is_json(&deep));
    let shape = with(Fault::WrongShape).await.unwrap();
    assert!(is_json(&shape) && shape.body.len() < 100);
    let garbage = with(Fault::Garbage).await.unwrap();
    assert!(String::from_utf8(garbage.body).is_err());
    assert!(with(Fault::Empty).await.unwrap().body.is_empty());
}

#[tokio::test]
async fn a_status_comes_in_the_services_own_form() {
    for (status, reason) in [(500, "Internal server error"), (503, "The service is overloaded")] {
        let met = with(Fault::Status(status)).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&met.body).unwrap();
        assert_eq!((met.status, body["reason"].as_str()), (status, Some(reason)));
    }
}

#[tokio::test]
async fn a_redirect_names_another_place() {
    let trial = Trial::start().await;
    let target = "http://127.0.0.1:9/elsewhere";
    trial.upstream.fail("open_meteo", Fault::Redirect(target.to_owned()));
    let answer = trial.http.get(trial.url(Host::Archive, "")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (302, target));
}

#[tokio::test]
async fn a_shut_door_refuses_new_connections_and_resets_old_ones_until_it_is_mended() {
    let trial = Trial::start().await;
    assert_eq!(trial.ask_for_a_day().await.status, 200);
    for _ in 0..3 {
        trial.upstream.refuse();
        // The connection that was kept open may still have to be told.
        let error = loop {
            let error = trial.http.get(trial.url(Host::Archive, "")).send().await.err();
            match error {
                Some(error) if error.is_connect() => break error,
                _ => tokio::task::yield_now().await,
            }
        };
        assert!(format!("{error:?}").contains("ConnectionRefused"), "{error:?}");
        let control = format!("{}/_control/calls", trial.upstream.control_url());
        assert_eq!(trial.http.get(control).send().await.unwrap().status(), 200);
        trial.upstream.mend();
        while trial.http.get(trial.url(Host::Archive, "")).send().await.is_err() {
            tokio::task::yield_now().await;
        }
        assert_eq!(trial.ask_for_a_day().await.status, 200);
    }
}

#[tokio::test]
async fn a_switch_meets_its_service_alone_and_as_often_as_asked() {
    let trial = Trial::start().await;
    trial.upstream.fail_times("open_meteo.archive", Fault::Status(500), 2);
    trial.upstream.fail("open_meteo.arch", Fault::Status(418));
    let archive = async || trial.ask(Host::Archive, &day("2026-06-01", TEN)).await.status;
    assert_eq!(trial.ask_for_a_day().await.status, 200);
    assert_eq!([archive().await, archive().await, archive().await], [500, 500, 200]);
    trial.upstream.fail("open_meteo", Fault::Status(503));
    assert_eq!([archive().await, trial.ask_for_a_day().await.status], [503, 503]);
    trial.upstream.mend();
    assert_eq!([archive().await, trial.ask_for_a_day().await.status], [200, 200]);
}
