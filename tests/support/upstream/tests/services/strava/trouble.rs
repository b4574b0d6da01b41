//! What goes wrong at Strava.

use serde_json::json;
use upstream::strava::ATHLETE;
use upstream::{Fault, Switch};

use super::client::{Client, Got, refusal};
use crate::trial::NOW_MS;

async fn check_status(status: u16, error: &str) {
    let client = Client::start().await;
    client.trial.upstream.fail_times("strava.api", Fault::Status(status), 1);
    assert_eq!(client.get("/athlete").await.error(), refusal(status, error));
    assert_eq!(client.get("/athlete").await.status, 200);
}

#[tokio::test]
async fn a_status_comes_in_stravas_own_form() {
    check_status(400, "Application//invalid").await;
    check_status(401, "Athlete/access_token/invalid").await;
    check_status(403, "Application/Status/Inactive").await;
    check_status(404, "Activity/id/invalid").await;
    let client = Client::start().await;
    let message = async |status| {
        client.trial.upstream.fail_times("strava", Fault::Status(status), 1);
        let got = client.get("/athlete").await;
        assert_eq!(got.status, status);
        got.body["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(402).await, "Payment Required");
    assert_eq!(message(429).await, "Too Many Requests");
    assert_eq!(message(500).await, "error");
    assert_eq!(message(503).await, "Service Unavailable");
}

#[tokio::test]
async fn a_fault_meets_one_service_or_the_paths_that_begin_alike() {
    let client = Client::start().await;
    let tokens = client.strava().tokens(ATHLETE).unwrap();
    client.trial.upstream.fail("strava.oauth", Fault::Status(503));
    assert_eq!(client.refresh(&tokens.refresh_token).await.status, 503);
    assert_eq!(client.get("/athlete").await.status, 200);
    client.trial.upstream.mend();
    let run = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    client.trial.upstream.fail_where(Switch {
        service: "strava.api".to_owned(),
        path: Some(format!("/strava/api/v3/activities/{run}/streams")),
        fault: Fault::HtmlPage(502),
        times: None,
    });
    assert_eq!(client.get(&format!("/activities/{run}/streams?keys=time")).await.status, 502);
    assert_eq!(client.get(&format!("/activities/{run}")).await.status, 200);
    client.trial.upstream.mend();
    assert_eq!(client.get(&format!("/activities/{run}/streams?keys=time")).await.status, 200);
}

/// Each fault that spoils an answer, and whether its head and its body come all the same.
#[tokio::test]
async fn each_fault_meets_strava_too() {
    for (fault, status, is_json) in [
        (Fault::Reset, None, false),
        (Fault::Lost, None, false),
        (Fault::ResetMidBody, Some(200), false),
        (Fault::Slow(5), Some(200), true),
        (Fault::Drip(1), Some(200), true),
        (Fault::Truncated, Some(200), false),
        (Fault::WrongType, Some(200), true),
        (Fault::HtmlPage(502), Some(502), false),
        (Fault::Huge(1 << 20), Some(200), true),
        (Fault::BrokenJson, Some(200), false),
        (Fault::DeepJson(10_000), Some(200), false),
        (Fault::WrongShape, Some(200), true),
        (Fault::Garbage, Some(200), false),
        (Fault::Empty, Some(200), false),
        (Fault::Status(500), Some(500), true),
        (Fault::Redirect("http://127.0.0.1:9/x".to_owned()), Some(302), false),
    ] {
        let client = Client::start().await;
        client.trial.upstream.fail_times("strava.api", fault.clone(), 1);
        let answer = client.request("/athlete").send().await;
        assert_eq!(answer.as_ref().ok().map(|answer| answer.status().as_u16()), status, "{fault:?}");
        if let Ok(answer) = answer {
            let bytes = answer.bytes().await.unwrap_or_default();
            let is_whole = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            assert_eq!(is_whole, is_json, "{fault:?}");
        }
        assert_eq!(client.get("/athlete").await.status, 200, "{fault:?}");
    }
}

#[tokio::test]
async fn what_is_lost_was_done_and_what_is_reset_was_not() {
    for (fault, calls) in [(Fault::Lost, 1), (Fault::Reset, 0)] {
        let client = Client::start().await;
        client.trial.upstream.fail_times("strava.api", fault.clone(), 1);
        assert!(client.request("/athlete").send().await.is_err(), "{fault:?}");
        assert_eq!(client.strava().used().overall.quarter, calls, "{fault:?}");
        let told = &client.trial.upstream.calls()[0];
        assert_eq!((told.status, told.fault.as_ref()), (None, Some(&fault)));
    }
}

#[tokio::test]
async fn one_activity_is_stumbled_over_and_one_is_listed_but_gone() {
    let client = Client::start().await;
    let ids = client.strava().grow(ATHLETE, 3, NOW_MS);
    client.strava().switch(|switches| {
        switches.poison = vec![ids[0]];
        switches.missing = vec![ids[1]];
    });
    for path in ["", "/streams?keys=time", "/laps"] {
        let got = client.get(&format!("/activities/{}{path}", ids[0])).await;
        assert_eq!((got.status, got.body), (500, json!({ "message": "error" })), "{path}");
        let got = client.get(&format!("/activities/{}{path}", ids[1])).await;
        assert_eq!(got.error(), refusal(404, "Activity/id/invalid"), "{path}");
        assert_eq!(client.get(&format!("/activities/{}{path}", ids[2])).await.status, 200, "{path}");
    }
    assert_eq!(client.get("/athlete/activities").await.ids().len(), 3);
}

#[tokio::test]
async fn an_application_that_is_switched_off_gets_nothing_but_tokens() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.is_inactive = true);
    for path in ["/athlete", "/athlete/activities", "/activities/1"] {
        assert_eq!(client.get(path).await.error(), refusal(403, "Application/Status/Inactive"), "{path}");
    }
    let tokens = client.strava().tokens(ATHLETE).unwrap();
    assert_eq!(client.refresh(&tokens.refresh_token).await.status, 200);
    client.strava().switch(|switches| switches.is_inactive = false);
    assert_eq!(client.get("/athlete").await.status, 200);
}

#[tokio::test]
async fn nobody_without_a_token_learns_anything() {
    let client = Client { token: "0".repeat(40), ..Client::start().await };
    client.strava().grow(ATHLETE, 1, NOW_MS);
    for path in [
        "/athlete",
        "/athlete/zones",
        "/athlete/activities",
        "/activities/1",
        "/segments/starred",
        "/gear/b1",
    ] {
        assert_eq!(client.get(path).await.error(), refusal(401, "Athlete/access_token/invalid"), "{path}");
        let url = format!("{}{path}", client.trial.upstream.strava_api_url());
        let got = Got::from(client.trial.http.get(url).send().await.unwrap()).await;
        assert_eq!(got.status, 401, "{path}");
    }
}
