mod house;
mod leaving;
mod renewal;
mod takeover;

use std::time::Duration;

use engine::registry::Connection as _;
use fitness::records::strava::connection::State;
use fitness::records::strava::progress;
use upstream::strava::{ALL_SCOPES, ATHLETE, Athlete, Calls, Windows};

use crate::token::Wanted;
use house::House;

fn scopes(connected: &engine::registry::Connected) -> (Vec<&str>, Vec<&str>) {
    let granted = connected.granted.iter().map(String::as_str).collect();
    (granted, connected.missing.iter().map(|missing| missing.scope).collect())
}

#[tokio::test]
async fn the_way_through_the_browser_leaves_a_connection() {
    for house in House::each().await {
        assert_eq!(house.strava.status(&house.means, "me").await.unwrap().state, "not_connected");
        let connected = house.connect().await;
        assert_eq!(scopes(&connected).1, Vec::<&str>::new());
        assert_eq!(
            (connected.account.as_str(), connected.then),
            (ATHLETE.to_string().as_str(), Some("sweep"))
        );
        let status = house.strava.status(&house.means, "me").await.unwrap();
        assert_eq!((status.state, status.reason), ("connected", None));
        let access = house.find(Wanted::Lasting).await.unwrap();
        assert_eq!(*access.token, house.upstream.strava().tokens(ATHLETE).unwrap().access_token);
        assert_eq!(house.upstream.calls().len(), 0, "a token that lasts is used as it is");
    }
}

#[tokio::test]
async fn a_box_that_was_not_ticked_is_named() {
    let house = House::one().await;
    house.upstream.strava().switch(|switches| switches.unticked = vec!["profile:read_all".to_owned()]);
    let connected = house.connect().await;
    assert_eq!(scopes(&connected), (vec!["activity:read_all", "read"], vec!["profile:read_all"]));
    assert_eq!(house.kept().await.unwrap().state, State::Connected);
}

#[tokio::test]
async fn without_the_box_for_activities_nothing_is_synced() {
    let house = House::one().await;
    house.upstream.strava().switch(|switches| switches.unticked = vec!["activity:read_all".to_owned()]);
    let connected = house.connect().await;
    assert_eq!((scopes(&connected).1, connected.then), (vec!["activity:read_all"], None));
    assert_eq!(house.kept().await.unwrap().state, State::ScopeMissing);
    let error = house.find(Wanted::Lasting).await.unwrap_err().to_string();
    assert!(error.contains("tick the box"), "{error}");
    assert_eq!(house.upstream.calls().len(), 0);
    house.upstream.strava().switch(|switches| switches.unticked.clear());
    assert_eq!(house.connect().await.then, Some("sweep"), "connected anew");
    assert!(house.find(Wanted::Lasting).await.is_ok());
}

#[tokio::test]
async fn a_code_that_is_not_known_yet_is_tried_once_more_and_not_twice() {
    for (races, is_connected) in [(1, true), (2, false)] {
        let house = House::one().await;
        let query = house.returned().await;
        house.upstream.strava().switch(|switches| switches.code_races = races);
        let finished = house.finish(&query).await;
        assert_eq!(finished.as_ref().is_ok(), is_connected, "{finished:?}");
        assert_eq!(house.token_calls(), 2);
        assert_eq!(finished.err().map(|cause| cause.code), (!is_connected).then_some("strava_code_refused"));
    }
}

#[tokio::test]
async fn who_says_no_is_believed() {
    let house = House::one().await;
    house.upstream.strava().switch(|switches| switches.is_denied = true);
    let query = house.returned().await;
    assert_eq!(house.finish(&query).await.unwrap_err().code, "strava_denied");
    assert_eq!((house.token_calls(), house.kept().await), (0, None));
}

#[tokio::test]
async fn an_answer_is_good_once_for_a_while_and_for_one_athlete() {
    let house = House::one().await;
    let mismatch = |cause: engine::step::Cause| assert_eq!(cause.code, "oauth_state_mismatch");
    let mut query = house.returned().await;
    mismatch(house.strava.finish(&house.means, "you", &query).await.unwrap_err());
    mismatch(house.finish(&query).await.unwrap_err());

    query = house.returned().await;
    house.finish(&query).await.unwrap();
    mismatch(house.finish(&query).await.unwrap_err());

    query = house.returned().await;
    house.upstream.clock().advance(Duration::from_secs(600));
    mismatch(house.finish(&query).await.unwrap_err());

    query.insert("state".to_owned(), "0".repeat(64));
    mismatch(house.finish(&query).await.unwrap_err());
    query.remove("state");
    mismatch(house.finish(&query).await.unwrap_err());
    assert_eq!(house.token_calls(), 1);
}

#[tokio::test]
async fn an_account_is_connected_once_and_an_athlete_with_one() {
    let house = House::one().await;
    house.connect().await;
    let secret = house.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token;
    let taken = house.strava.take_over(&house.means, "you", &secret).await.unwrap_err();
    assert_eq!(taken.code, "strava_connected_elsewhere");
    house.upstream.strava().set_athlete(Athlete::new(4711));
    house.upstream.strava().switch(|switches| switches.consents_as = Some(4711));
    let query = house.returned().await;
    assert_eq!(house.finish(&query).await.unwrap_err().code, "strava_other_account");
    assert_eq!(house.upstream.strava().tokens(4711), None, "what is not kept is given back");
    assert!(house.find(Wanted::Lasting).await.is_ok());
    house.upstream.strava().switch(|switches| switches.consents_as = None);
    let sent = house.strava.begin(&house.means, "you", "http://127.0.0.1:1/callback").await.unwrap();
    let state = sent.rsplit_once("state=").unwrap().1.to_owned();
    let code = house.upstream.strava().code(ATHLETE, &ALL_SCOPES);
    let query = [("state".to_owned(), state), ("code".to_owned(), code)].into();
    let taken = house.strava.finish(&house.means, "you", &query).await.unwrap_err();
    assert_eq!(taken.code, "strava_connected_elsewhere");
    assert!(house.upstream.strava().tokens(ATHLETE).is_some(), "that grant is in use");
}

#[tokio::test]
async fn a_grant_of_another_program_goes_on_and_its_token_is_used_once() {
    for house in House::each().await {
        let strava = house.upstream.strava();
        strava.switch(|switches| switches.rotation = upstream::strava::Rotation::Always);
        let secret = strava.connect(ATHLETE, &["read", "activity:read_all"]).refresh_token;
        for _ in 0..2 {
            let connected = house.strava.take_over(&house.means, "me", &secret).await.unwrap();
            assert_eq!(connected.account, ATHLETE.to_string());
            assert_eq!(scopes(&connected), (vec!["activity:read_all", "read"], vec!["profile:read_all"]));
        }
        assert_eq!((house.token_calls(), strava.stale_refreshes()), (1, 0));
        assert_eq!(house.kept().await.unwrap().strava_id, Some(ATHLETE));
    }
}

#[tokio::test]
async fn no_secret_lies_open_in_the_database() {
    let house = House::one().await;
    let state = house.returned().await;
    let first = {
        house.connect().await;
        house.upstream.strava().tokens(ATHLETE).unwrap()
    };
    house.upstream.clock().advance(Duration::from_secs(21_500));
    house.find(Wanted::Lasting).await.unwrap();
    let second = house.upstream.strava().tokens(ATHLETE).unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    let path = house.url.trim_start_matches("sqlite:");
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("strava_connection"), "it is the database that is looked into");
    let secrets = [
        &first.access_token,
        &first.refresh_token,
        &second.access_token,
        &second.refresh_token,
        &state["state"],
        &state["code"],
    ];
    for secret in secrets {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_quota_that_is_spent_while_the_account_is_looked_up_is_seen_with_its_end() {
    for house in House::each().await {
        let secret = house.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token;
        house.upstream.clock().advance(Duration::from_secs(300));
        let read = Windows { quarter: 100, day: 100 };
        house.upstream.strava().spend(Calls { overall: read, read });
        let refused = house.strava.take_over(&house.means, "me", &secret).await.unwrap_err();
        assert_eq!(refused.code, "quota_spent");
        assert!(refused.message.contains("2026-11-22T10:15:"), "{}", refused.message);
        let now_ms = house.means.clock.now_ms();
        let progress = house.write(move |tx| progress::of(tx, "me", now_ms)).await;
        assert_eq!(progress.waits_until_ms, Some(now_ms + 600_000));
        // What was given goes on once the window is over, and is not asked about before.
        house.upstream.forget_calls();
        house.strava.take_over(&house.means, "me", &secret).await.unwrap_err();
        assert_eq!(house.upstream.calls().len(), 0);
        house.upstream.clock().advance(Duration::from_secs(620));
        house.strava.take_over(&house.means, "me", &secret).await.unwrap();
        assert_eq!(house.upstream.strava().stale_refreshes(), 0);
    }
}
