//! The application's limits, as a client meets them.

use std::time::Duration;

use serde_json::json;
use upstream::strava::{ALL_SCOPES, ATHLETE, Calls, LimitForm, Windows};

use super::client::{Client, refusal};

const NONE: Windows = Windows { quarter: 1_000, day: 10_000 };

fn windows(quarter: u32, day: u32) -> Windows {
    Windows { quarter, day }
}

/// Spends a limit of three, is refused until the last second of its window, and served in the next one.
async fn check_limit(limits: Calls, seconds_left: u64) {
    let mut client = Client::start().await;
    client.strava().set_limits(limits);
    for _ in 0..3 {
        assert_eq!(client.get("/athlete").await.status, 200);
    }
    assert_eq!(client.strava().calls_while_spent(), 0);
    assert_eq!(client.get("/athlete").await.status, 429);
    client.trial.upstream.clock().advance(Duration::from_secs(seconds_left - 1));
    client.token = client.strava().connect(ATHLETE, &ALL_SCOPES).access_token;
    assert_eq!(client.get("/athlete").await.status, 429, "{limits:?}");
    assert_eq!(client.strava().calls_while_spent(), 2);
    client.trial.upstream.clock().advance(Duration::from_secs(1));
    assert_eq!(client.get("/athlete").await.status, 200, "{limits:?}");
    assert_eq!(client.strava().calls_while_spent(), 2);
}

#[tokio::test]
async fn each_of_the_four_limits_ends_with_its_window() {
    // It is 10:20:30 UTC.
    let (quarter, day) = (9 * 60 + 30, 13 * 3600 + 39 * 60 + 30);
    check_limit(Calls { overall: windows(3, 100), read: NONE }, quarter).await;
    check_limit(Calls { overall: windows(100, 3), read: NONE }, day).await;
    check_limit(Calls { overall: NONE, read: windows(3, 100) }, quarter).await;
    check_limit(Calls { overall: NONE, read: windows(100, 3) }, day).await;
}

#[tokio::test]
async fn limits_and_use_are_in_the_headers_of_each_answer() {
    let client = Client::start().await;
    client.get("/athlete").await;
    client.strava().spend(Calls { overall: windows(4, 146), read: windows(3, 140) });
    for path in ["/athlete", "/activities/1", "/nowhere"] {
        let got = client.get(path).await;
        assert_eq!(got.header("x-ratelimit-limit"), Some("200,2000"), "{path}");
        assert_eq!(got.header("x-readratelimit-limit"), Some("100,1000"), "{path}");
        assert!(got.header("x-ratelimit-usage").is_some_and(|usage| usage != "0,0"), "{path}");
    }
    let got = client.get("/athlete").await;
    assert_eq!(got.header("x-ratelimit-usage"), Some("9,151"));
    assert_eq!(got.header("x-readratelimit-usage"), Some("8,145"));
}

#[tokio::test]
async fn calls_beyond_the_short_limit_still_count_for_the_day() {
    let client = Client::start().await;
    client.strava().set_limits(Calls { overall: windows(1, 3), read: NONE });
    for _ in 0..4 {
        client.get("/athlete").await;
    }
    client.trial.upstream.clock().advance(Duration::from_secs(900));
    let got = client.get("/athlete").await;
    assert_eq!((got.status, got.header("x-ratelimit-usage")), (429, Some("1,5")), "the day is spent too");
}

#[tokio::test]
async fn a_refusal_has_the_recorded_form_or_the_other_one() {
    let client = Client::start().await;
    client.strava().spend(Calls { overall: windows(0, 0), read: windows(100, 100) });
    let body = json!({ "errors": "Rate Limit Exceeded", "status": 429, "message": "Too Many Requests" });
    let got = client.get("/athlete").await;
    assert_eq!((got.status, &got.body), (429, &body));
    assert_eq!(got.header("x-readratelimit-usage"), Some("101,101"));
    client.strava().switch(|switches| switches.limit_form = LimitForm::List);
    assert_eq!(client.get("/athlete").await.error(), refusal(429, "Application/read rate limit/exceeded"));
    client.strava().spend(Calls { overall: windows(200, 0), read: windows(0, 0) });
    assert_eq!(client.get("/athlete").await.error(), refusal(429, "Application/overall rate limit/exceeded"));
}

#[tokio::test]
async fn a_refusal_may_come_without_headers() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.hides_limits = true);
    assert!(client.get("/athlete").await.header("x-ratelimit-limit").is_some());
    client.strava().spend(Calls { overall: windows(200, 200), read: windows(0, 0) });
    let got = client.get("/athlete").await;
    assert_eq!((got.status, got.header("x-ratelimit-limit")), (429, None));
}

#[tokio::test]
async fn tokens_are_given_outside_the_limits() {
    let client = Client::start().await;
    let tokens = client.strava().tokens(upstream::strava::ATHLETE).unwrap();
    client.strava().spend(Calls { overall: windows(200, 2_000), read: windows(100, 1_000) });
    assert_eq!(client.refresh(&tokens.refresh_token).await.status, 200);
    assert_eq!((client.strava().used().overall.quarter, client.strava().calls_while_spent()), (200, 0));
}

#[tokio::test]
async fn a_fault_in_front_of_the_service_counts_for_nothing() {
    let client = Client::start().await;
    client.trial.upstream.fail_times("strava.api", upstream::Fault::Status(503), 1);
    assert_eq!(client.get("/athlete").await.status, 503);
    assert_eq!(client.strava().used(), Calls::default());
    assert_eq!(client.get("/athlete").await.status, 200);
    let costs = client.trial.upstream.calls().iter().map(|call| call.cost).collect::<Vec<_>>();
    assert_eq!(costs, [0.0, 1.0]);
}
