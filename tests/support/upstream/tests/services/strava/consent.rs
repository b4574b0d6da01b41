//! Consent, codes, tokens, and their end.

use std::time::Duration;

use serde_json::Value;
use upstream::Fault;
use upstream::strava::{ALL_SCOPES, ATHLETE, Athlete, CLIENT_ID, CLIENT_SECRET, Misuse, Rotation};

use super::client::{Client, Got, refusal, with_form};
use crate::trial::NOW_MS;

const BACK: &str = "http://127.0.0.1:8080/api/v1/strava/callback?tab=1";
const ASKED: &str = "read,activity:read_all,profile:read_all";

async fn authorize(client: &Client, changes: &[(&str, &str)]) -> reqwest::Response {
    let mut query = vec![
        ("client_id", CLIENT_ID),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("approval_prompt", "auto"),
        ("scope", ASKED),
        ("state", "a b&c=1"),
    ];
    for (name, value) in changes {
        query.retain(|(other, _)| other != name);
        query.push((name, value));
    }
    let mut url = reqwest::Url::parse(&client.trial.upstream.strava_auth_url()).unwrap();
    url.path_segments_mut().unwrap().push("authorize");
    url.query_pairs_mut().extend_pairs(query);
    client.trial.http.get(url).send().await.unwrap()
}

/// The query with which the athlete comes back.
async fn back(client: &Client, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let answer = authorize(client, changes).await;
    assert_eq!(answer.status(), 302);
    let target = reqwest::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    target.query_pairs().into_owned().collect()
}

fn param<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

async fn check_refused(changes: &[(&str, &str)], field: &str) {
    let client = Client::start().await;
    let got = Got::from(authorize(&client, changes).await).await;
    assert_eq!(got.error(), refusal(400, &format!("Application/{field}/invalid")), "{changes:?}");
}

#[tokio::test]
async fn an_athlete_who_consents_comes_back_with_a_code_that_works_once() {
    let client = Client::start().await;
    let query = back(&client, &[]).await;
    assert_eq!((param(&query, "tab"), param(&query, "state")), (Some("1"), Some("a b&c=1")));
    assert_eq!(param(&query, "scope"), Some(ASKED));
    let code = param(&query, "code").unwrap();
    let got = client.tokens("authorization_code", "code", code).await;
    assert_eq!((got.status, &got.body["token_type"]), (200, &Value::from("Bearer")));
    assert_eq!(got.body["expires_at"], NOW_MS / 1000 + 21_600);
    assert_eq!((&got.body["expires_in"], &got.body["athlete"]["id"]), (&21_600.into(), &ATHLETE.into()));
    let client = Client { token: got.body["access_token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(client.get("/athlete").await.body["id"], ATHLETE);
    let again = client.tokens("authorization_code", "code", code).await;
    assert_eq!(again.error(), refusal(400, "AuthorizationCode/code/invalid"));
}

#[tokio::test]
async fn what_is_unticked_is_not_granted_and_the_callback_says_so() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.unticked = vec!["activity:read_all".to_owned()]);
    let query = back(&client, &[]).await;
    assert_eq!(param(&query, "scope"), Some("read,profile:read_all"));
    let got = client.tokens("authorization_code", "code", param(&query, "code").unwrap()).await;
    let client = Client { token: got.body["access_token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(
        client.get("/athlete/activities").await.error(),
        refusal(401, "AccessToken/activity:read_permission/missing")
    );
    client.strava().switch(|switches| switches.scope_status = 403);
    assert_eq!(client.get("/athlete/activities").await.status, 403);
    assert_eq!(client.get("/athlete/zones").await.status, 200);
}

#[tokio::test]
async fn an_athlete_who_says_no_comes_back_without_a_code() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.is_denied = true);
    let query = back(&client, &[]).await;
    assert_eq!((param(&query, "error"), param(&query, "code")), (Some("access_denied"), None));
}

#[tokio::test]
async fn only_this_machine_and_the_callback_domain_are_redirected_to() {
    for good in ["http://localhost:9/x", "https://paceline.example/x", "https://app.paceline.example/x"] {
        let client = Client::start().await;
        assert_eq!(authorize(&client, &[("redirect_uri", good)]).await.status(), 302, "{good}");
    }
    for bad in ["https://evil.example/x", "https://evilpaceline.example/", "javascript:alert(1)", "x"] {
        check_refused(&[("redirect_uri", bad)], "redirect_uri").await;
    }
    check_refused(&[("client_id", "1")], "client_id").await;
    check_refused(&[("response_type", "token")], "response_type").await;
    check_refused(&[("scope", "")], "scope").await;
}

#[tokio::test]
async fn another_athlete_consents_where_this_is_switched() {
    let client = Client::start().await;
    client.strava().set_athlete(Athlete::new(7));
    client.strava().switch(|switches| switches.consents_as = Some(7));
    let query = back(&client, &[]).await;
    let got = client.tokens("authorization_code", "code", param(&query, "code").unwrap()).await;
    assert_eq!(got.body["athlete"]["id"], 7);
    assert!(client.strava().tokens(ATHLETE).is_some(), "the first one stays connected");
}

#[tokio::test]
async fn a_good_code_may_fail_right_after_the_redirect_and_works_afterwards() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.code_races = 1);
    let code = client.strava().code(ATHLETE, &ALL_SCOPES);
    let first = client.tokens("authorization_code", "code", &code).await;
    assert_eq!(first.error(), refusal(400, "AuthorizationCode/code/invalid"));
    assert_eq!(client.tokens("authorization_code", "code", &code).await.status, 200);
}

#[tokio::test]
async fn an_application_that_is_not_known_gets_no_tokens() {
    let client = Client::start().await;
    let fields = [("client_id", "1"), ("client_secret", CLIENT_SECRET), ("grant_type", "refresh_token")];
    assert_eq!(client.form("/token", &fields).await.error(), refusal(400, "Application/client_id/invalid"));
    let fields = [("client_id", CLIENT_ID), ("client_secret", "x"), ("grant_type", "refresh_token")];
    assert_eq!(client.form("/token", &fields).await.error(), refusal(401, "Application//invalid"));
    let got = client.tokens("password", "password", "x").await;
    assert_eq!(got.error(), refusal(400, "Application/grant_type/invalid"));
}

#[tokio::test]
async fn a_full_application_connects_nobody() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.is_full = true);
    let answer = Got::from(authorize(&client, &[]).await).await;
    assert_eq!(
        (answer.status, &answer.body["message"]),
        (403, &"Limit of connected athletes exceeded".into())
    );
    let code = client.strava().code(ATHLETE, &ALL_SCOPES);
    assert_eq!(client.tokens("authorization_code", "code", &code).await.status, 403);
}

#[tokio::test]
async fn a_token_ends_by_the_clock_and_old_and_new_work_side_by_side_until_then() {
    let client = Client::start().await;
    let tokens = client.strava().tokens(ATHLETE).unwrap();
    client.trial.upstream.clock().advance(Duration::from_secs(18_000));
    let got = client.refresh(&tokens.refresh_token).await;
    assert_ne!(got.body["access_token"], tokens.access_token.as_str());
    assert_eq!(client.get("/athlete").await.status, 200, "the old one lives on");
    client.trial.upstream.clock().advance(Duration::from_secs(3_600));
    assert_eq!(client.get("/athlete").await.error(), refusal(401, "Athlete/access_token/invalid"));
    let client = Client { token: got.body["access_token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(client.get("/athlete").await.status, 200);
}

/// Refreshes with so many seconds left, and says whether access and refresh token changed.
async fn check_rotation(rotation: Rotation, seconds_left: u64, changed: (bool, bool)) {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.rotation = rotation);
    let before = client.strava().tokens(ATHLETE).unwrap();
    client.trial.upstream.clock().advance(Duration::from_secs(21_600 - seconds_left));
    let got = client.refresh(&before.refresh_token).await;
    let is_new = |name: &str, old: &str| got.body[name].as_str().unwrap() != old;
    let found =
        (is_new("access_token", &before.access_token), is_new("refresh_token", &before.refresh_token));
    assert_eq!(found, changed, "{rotation:?} with {seconds_left} s left");
    let expires_in = if changed.0 { 21_600 } else { seconds_left };
    assert_eq!(got.body["expires_in"], expires_in);
    let again = client.refresh(&before.refresh_token).await;
    let stale = u32::from(changed.1);
    assert_eq!((again.status == 400, client.strava().stale_refreshes()), (changed.1, stale));
}

#[tokio::test]
async fn tokens_change_as_the_rotation_is_switched() {
    check_rotation(Rotation::WhenNew, 3_601, (false, false)).await;
    check_rotation(Rotation::WhenNew, 3_600, (true, true)).await;
    check_rotation(Rotation::Always, 3_601, (false, true)).await;
    check_rotation(Rotation::Always, 3_600, (true, true)).await;
    check_rotation(Rotation::Never, 3_601, (false, false)).await;
    check_rotation(Rotation::Never, 3_600, (true, false)).await;
}

#[tokio::test]
async fn of_two_refreshes_at_once_the_second_has_a_dead_token() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.rotation = Rotation::Always);
    let old = client.strava().tokens(ATHLETE).unwrap().refresh_token;
    let (one, other) = tokio::join!(client.refresh(&old), client.refresh(&old));
    let (good, bad) = if one.status == 200 { (one, other) } else { (other, one) };
    assert_eq!(bad.error(), refusal(400, "RefreshToken/refresh_token/invalid"));
    assert_eq!(client.refresh(good.body["refresh_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(client.strava().misuse(), Misuse { stale_refreshes: 1, unknown_refreshes: 0 });
}

#[tokio::test]
async fn a_lost_answer_leaves_the_client_with_a_dead_token() {
    let client = Client::start().await;
    client.strava().switch(|switches| switches.rotation = Rotation::Always);
    let old = client.strava().tokens(ATHLETE).unwrap().refresh_token;
    client.trial.upstream.fail_times("strava.oauth", Fault::Lost, 1);
    let url = format!("{}/token", client.trial.upstream.strava_auth_url());
    let fields = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("grant_type", "refresh_token"),
        ("refresh_token", old.as_str()),
    ];
    assert!(with_form(client.trial.http.post(url), &fields).send().await.is_err());
    assert_eq!(client.refresh(&old).await.error(), refusal(400, "RefreshToken/refresh_token/invalid"));
    assert_eq!(client.trial.upstream.calls()[0].status, None);
}

#[tokio::test]
async fn a_revoked_token_takes_the_other_with_it() {
    let client = Client::start().await;
    let tokens = client.strava().tokens(ATHLETE).unwrap();
    let url = format!("{}/revoke", client.trial.upstream.strava_auth_url());
    let revoke = |secret: &'static str| {
        let request = client.trial.http.post(&url).basic_auth(CLIENT_ID, Some(secret));
        with_form(request, &[("token", tokens.refresh_token.as_str())]).send()
    };
    assert_eq!(revoke("x").await.unwrap().status(), 401);
    assert_eq!(client.get("/athlete").await.status, 200);
    for _ in 0..2 {
        assert_eq!(revoke(CLIENT_SECRET).await.unwrap().status(), 200, "twice is as good as once");
    }
    assert_eq!(client.get("/athlete").await.status, 401);
    assert_eq!(client.refresh(&tokens.refresh_token).await.status, 400);
    assert_eq!(client.strava().misuse(), Misuse { stale_refreshes: 0, unknown_refreshes: 1 });
}

#[tokio::test]
async fn the_old_way_to_end_it_works_too() {
    let client = Client::start().await;
    let got = client.form("/deauthorize", &[("access_token", &client.token)]).await;
    assert_eq!((got.status, got.body["access_token"].as_str()), (200, Some(client.token.as_str())));
    assert_eq!(client.get("/athlete").await.status, 401);
    assert_eq!(client.form("/deauthorize", &[("access_token", &client.token)]).await.status, 401);
}

#[tokio::test]
async fn an_access_token_that_ended_early_is_made_good_by_a_refresh() {
    let client = Client::start().await;
    client.strava().end_access(ATHLETE);
    assert_eq!(client.get("/athlete").await.status, 401);
    let got = client.refresh(&client.strava().tokens(ATHLETE).unwrap().refresh_token).await;
    let client = Client { token: got.body["access_token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(client.get("/athlete").await.status, 200);
}

#[tokio::test]
async fn only_the_bearer_header_carries_a_token() {
    let client = Client::start().await;
    let url = format!("{}/athlete?access_token={}", client.trial.upstream.strava_api_url(), client.token);
    assert_eq!(client.trial.http.get(url).send().await.unwrap().status(), 401);
}
