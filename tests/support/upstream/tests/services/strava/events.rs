//! The subscription, and what the callback is told.

use serde_json::{Value, json};
use upstream::strava::{ATHLETE, CLIENT_ID, CLIENT_SECRET, Visibility};

use super::callback::{Callback, Manner};
use super::client::{Client, Got, refusal, with_form};
use crate::trial::NOW_MS;

const DAY_MS: i64 = 86_400_000;

async fn subscribe(client: &Client, callback_url: &str, verify_token: &str) -> Got {
    let url = format!("{}/push_subscriptions", client.trial.upstream.strava_api_url());
    let fields = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("callback_url", callback_url),
        ("verify_token", verify_token),
    ];
    Got::from(with_form(client.trial.http.post(url), &fields).send().await.unwrap()).await
}

/// A client who is told of changes.
async fn subscribed() -> (Client, Callback) {
    subscribed_with(&upstream::strava::ALL_SCOPES).await
}

async fn subscribed_with(scopes: &[&str]) -> (Client, Callback) {
    let (client, callback) = (Client::start_with(scopes).await, Callback::default());
    let url = callback.listen().await;
    assert_eq!(subscribe(&client, &url, "mine").await.status, 201);
    (client, callback)
}

fn told(events: &[Value]) -> Vec<(&str, i64, &Value)> {
    events
        .iter()
        .map(|event| {
            let aspect = event["aspect_type"].as_str().unwrap();
            (aspect, event["object_id"].as_i64().unwrap(), &event["updates"])
        })
        .collect()
}

#[tokio::test]
async fn a_subscription_is_made_once_listed_and_ended() {
    let (client, callback) = (Client::start().await, Callback::default());
    let url = callback.listen().await;
    let made = subscribe(&client, &url, "mine").await;
    assert_eq!((made.status, &made.body["callback_url"]), (201, &json!(url)));
    let again = subscribe(&client, &url, "mine").await;
    assert_eq!(again.error(), refusal(400, "PushSubscription//already exists"));
    let keys = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}");
    let listed = client.get(&format!("/push_subscriptions?{keys}")).await;
    assert_eq!(listed.body, json!([made.body]));
    assert!(listed.header("x-ratelimit-limit").is_some());
    let end = async |id: i64, keys: &str| {
        let url = format!("{}/push_subscriptions/{id}?{keys}", client.trial.upstream.strava_api_url());
        client.trial.http.delete(url).send().await.unwrap().status().as_u16()
    };
    let id = made.body["id"].as_i64().unwrap();
    assert_eq!(end(id, "client_id=24523&client_secret=x").await, 401);
    assert_eq!(end(id + 1, &keys).await, 404);
    assert_eq!(end(id, &keys).await, 204);
    assert_eq!(client.get(&format!("/push_subscriptions?{keys}")).await.body, json!([]));
    assert_eq!(client.strava().used().overall.quarter, 0, "these are the application's own");
}

async fn check_not_verified(manner: Manner, verify_token: &str, code: &str) {
    let (client, callback) = (Client::start().await, Callback::default());
    client.strava().switch(|switches| switches.callback_timeout_ms = 100);
    let url = callback.listen().await;
    callback.behave(manner);
    let got = subscribe(&client, &url, verify_token).await;
    assert_eq!(got.error(), refusal(400, &format!("PushSubscription/callback url/{code}")));
}

#[tokio::test]
async fn a_callback_must_answer_the_challenge_in_time() {
    check_not_verified(Manner::default(), "x", "GET to callback URL does not return 200").await;
    check_not_verified(Manner { is_silent: true, ..Manner::default() }, "mine", "not verifiable").await;
    check_not_verified(Manner { is_confused: true, ..Manner::default() }, "mine", "not verifiable").await;
    let client = Client::start().await;
    let got = subscribe(&client, "http://127.0.0.1:1/nobody", "mine").await;
    assert_eq!(got.error(), refusal(400, "PushSubscription/callback url/not verifiable"));
}

#[tokio::test]
async fn changes_are_told_in_order_with_nothing_but_what_changed() {
    let (client, callback) = subscribed().await;
    let strava = client.strava();
    let id = strava.upload_late(ATHLETE, NOW_MS - 3 * DAY_MS);
    strava.edit(id, |activity| activity.name = "Messy".to_owned());
    strava.edit(id, |activity| activity.sport_type = "Ride".to_owned());
    strava.edit(id, |activity| activity.meters += 10.0);
    strava.set_visibility(id, Visibility::OnlyMe);
    strava.delete(id);
    assert!(callback.events().is_empty(), "nothing is sent before it is said");
    let deliveries = strava.send_events().await;
    assert!(deliveries.iter().all(|delivery| !delivery.is_lost() && delivery.answers == [Some(200)]));
    let events = callback.events();
    assert_eq!(
        told(&events),
        [
            ("create", id, &json!({})),
            ("update", id, &json!({ "title": "Messy" })),
            ("update", id, &json!({ "type": "Ride" })),
            ("update", id, &json!({ "private": "true" })),
            ("delete", id, &json!({})),
        ]
    );
    let first = &events[0];
    assert_eq!((&first["owner_id"], &first["object_type"]), (&json!(ATHLETE), &json!("activity")));
    assert_eq!((&first["event_time"], &first["subscription_id"]), (&json!(NOW_MS / 1000), &json!(131_300)));
    assert!(strava.send_events().await.is_empty(), "each is sent once");
}

#[tokio::test]
async fn who_may_not_read_all_is_told_that_what_becomes_private_is_deleted() {
    let (client, callback) = subscribed_with(&["read", "activity:read"]).await;
    let id = client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    client.strava().set_visibility(id, Visibility::OnlyMe);
    client.strava().edit(id, |activity| activity.name = "Unseen".to_owned());
    client.strava().set_visibility(id, Visibility::FollowersOnly);
    client.strava().send_events().await;
    let nothing = json!({});
    assert_eq!(
        told(&callback.events()),
        [("create", id, &nothing), ("delete", id, &nothing), ("create", id, &nothing)]
    );
}

#[tokio::test]
async fn an_event_is_sent_three_times_and_then_lost() {
    let (client, callback) = subscribed().await;
    let id = client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    callback.behave(Manner { statuses: vec![500, 302], ..Manner::default() });
    let deliveries = client.strava().send_events().await;
    assert_eq!(
        (&deliveries[0].answers, deliveries[0].is_lost()),
        (&vec![Some(500), Some(302), Some(200)], false)
    );
    client.strava().delete(id);
    callback.behave(Manner { statuses: vec![503; 3], ..Manner::default() });
    let deliveries = client.strava().send_events().await;
    assert_eq!((&deliveries[0].answers, deliveries[0].is_lost()), (&vec![Some(503); 3], true));
    assert!(client.strava().send_events().await.is_empty());
    assert_eq!(callback.events().len(), 6);
    client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    client.strava().switch(|switches| switches.callback_timeout_ms = 50);
    callback.behave(Manner { is_silent: true, ..Manner::default() });
    assert_eq!(client.strava().send_events().await[0].answers, [None, None, None]);
    assert_eq!(client.strava().deliveries().len(), 3);
}

#[tokio::test]
async fn an_athlete_who_takes_the_consent_back_is_told_of_and_not_heard_of_again() {
    let (client, callback) = subscribed().await;
    client.strava().deauthorize(ATHLETE);
    client.strava().deauthorize(ATHLETE);
    client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    client.strava().send_events().await;
    let events = callback.events();
    assert_eq!(told(&events), [("update", ATHLETE, &json!({ "authorized": "false" }))]);
    assert_eq!(events[0]["object_type"], "athlete");
    assert_eq!(client.get("/athlete").await.status, 401);
}

#[tokio::test]
async fn changes_are_told_at_once_where_this_is_switched() {
    let (client, callback) = subscribed().await;
    client.strava().switch(|switches| switches.sends_events = true);
    client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    while client.strava().deliveries().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(callback.events().len(), 1);
}

#[tokio::test]
async fn events_may_come_twice() {
    let (client, callback) = subscribed().await;
    client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    let again = client.strava().pending_events();
    client.strava().push_events(again);
    client.strava().send_events().await;
    let events = callback.events();
    assert_eq!((events.len(), &events[0]), (2, &events[1]));
}

#[tokio::test]
async fn nobody_is_told_of_a_history_or_without_a_subscription() {
    let client = Client::start().await;
    client.strava().upload_late(ATHLETE, NOW_MS - DAY_MS);
    assert!(client.strava().pending_events().is_empty());
    let (client, _) = subscribed().await;
    client.strava().grow(ATHLETE, 5, NOW_MS);
    assert!(client.strava().pending_events().is_empty());
}
