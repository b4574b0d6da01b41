//! The way to Strava and back, as browsers and programs see it; the account itself is made up.

use std::collections::BTreeMap;

use engine::registry::{Connected, Connection, Means, Missing, Receipt, Status};
use engine::step::{BoxFuture, Cause};
use serde_json::json;
use store::Tx;

use crate::house::{ATHLETE, House};

/// What is wrong with the key under which tokens are sealed, or with what it sealed.
const SECRETS: [&str; 3] = ["secret_key_missing", "secret_key_invalid", "secret_unreadable"];

/// Takes `right` for its state, once begun by whoever asks, and fails as it is told to in the place of a code.
pub(crate) struct Account;

impl Connection for Account {
    fn name(&self) -> &'static str {
        "strava"
    }

    fn begin<'a>(
        &'a self,
        _: &'a Means,
        partition: &'a str,
        redirect: &'a str,
    ) -> BoxFuture<'a, Result<String, Cause>> {
        Box::pin(async move { Ok(format!("https://strava.example/{partition}?to={redirect}")) })
    }

    fn finish<'a>(
        &'a self,
        _: &'a Means,
        partition: &'a str,
        query: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(async move {
            if query.get("state").is_none_or(|state| state != "right") {
                return Err(Cause::new("oauth_state_mismatch", "not <ours>"));
            }
            let told = query.get("code").map(String::as_str);
            if let Some(secret) = SECRETS.into_iter().find(|secret| told == Some(*secret)) {
                return Err(Cause::new(secret, "set FITNESS_SECRET_KEY"));
            }
            Ok(Connected {
                account: partition.to_owned(),
                granted: query.get("scope").cloned().into_iter().collect(),
                missing: vec![Missing { scope: "profile", without: "your zones" }],
                then: Some("daily"),
            })
        })
    }

    fn take_over<'a>(
        &'a self,
        _: &'a Means,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(async { Err(Cause::new("strava_not_configured", "no application")) })
    }

    fn status<'a>(&'a self, _: &'a Means, _: &'a str) -> BoxFuture<'a, Result<Status, Cause>> {
        Box::pin(async {
            Ok(Status {
                state: "needs_reauth",
                reason: Some("connect again".to_owned()),
                account: Some("17".to_owned()),
                granted: Vec::new(),
                missing: Vec::new(),
                connected_ms: Some(5),
                receipt: None,
            })
        })
    }

    fn is_connected(&self, _: &mut Tx<'_>, _: &str) -> store::Result<bool> {
        Ok(false)
    }

    fn disconnect<'a>(&'a self, _: &'a Means, _: &'a str) -> BoxFuture<'a, Result<Receipt, Cause>> {
        Box::pin(async {
            Ok(Receipt {
                asked_ms: 1,
                done_ms: 2,
                revoked: false,
                not_revoked: Some("away".to_owned()),
                deleted: [("row".to_owned(), 3)].into(),
                then: Some("unknown"),
            })
        })
    }
}

const HTML: &[&str] = &["accept: text/html,application/xhtml+xml"];

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_sent_there_and_a_program_is_told_where() {
    let house = House::new().await;
    let client = house.client;
    let url = format!("https://strava.example/{ATHLETE}?to=http://{}/api/v1/strava/callback", client.0);
    let told = client.get("/api/v1/strava/connect").await;
    assert_eq!((told.status, told.json()), (200, json!({ "url": url })));
    let sent = client.send("GET", "/api/v1/strava/connect", HTML, b"").await;
    assert_eq!((sent.status, sent.header("location")), (303, Some(url.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_shown_and_starts_what_has_something_to_do() {
    let house = House::new().await;
    let path = "/api/v1/strava/callback?state=right&code=c&scope=%3Cb%3Eread";
    let told = house.client.get(path).await.json();
    assert_eq!(
        told,
        json!({
            "account": ATHLETE,
            "granted": ["<b>read"],
            "missing": [{ "scope": "profile", "without": "your zones" }],
            "syncs": true,
        })
    );
    let runs = house.client.get("/api/v1/runs").await.json();
    assert_eq!(
        (&runs["items"][0]["pipeline"], &runs["items"][0]["cause"]),
        (&json!("daily"), &json!("http"))
    );
    let page = house.client.send("GET", path, HTML, b"").await;
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(text.contains("&lt;b&gt;read") && text.contains("your zones"), "{text}");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_state_is_refused_to_both() {
    let house = House::new().await;
    let client = house.client;
    for path in ["/api/v1/strava/callback", "/api/v1/strava/callback?state=wrong&code=c"] {
        assert_eq!(client.get(path).await.said(), "400 oauth_state_mismatch");
        let page = client.send("GET", path, HTML, b"").await;
        let text = String::from_utf8(page.body).unwrap();
        assert!(page.status == 400 && text.contains("not &lt;ours&gt;"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_is_the_servers_trouble_and_told_by_its_code() {
    let house = House::new().await;
    for code in SECRETS {
        let path = format!("/api/v1/strava/callback?state=right&code={code}");
        let told = house.client.get(&path).await;
        assert_eq!(told.said(), format!("503 {code}"));
        assert_eq!(told.json()["error"]["message"], "set FITNESS_SECRET_KEY");
        let page = house.client.send("GET", &path, HTML, b"").await;
        let text = String::from_utf8(page.body).unwrap();
        assert!(page.status == 503 && text.contains("set FITNESS_SECRET_KEY"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_is_a_post_and_answers_its_receipt() {
    let house = House::new().await;
    let client = house.client;
    assert_eq!(client.get("/api/v1/strava/disconnect").await.status, 405);
    let receipt = client.post("/api/v1/strava/disconnect", &json!({})).await;
    let wanted = json!({
        "asked_ms": 1, "done_ms": 2, "revoked": false, "not_revoked": "away", "deleted": { "row": 3 },
    });
    assert_eq!((receipt.status, receipt.json()), (200, wanted));
    let status = client.get("/api/v1/strava").await.json();
    assert_eq!((&status["state"], &status["reason"]), (&json!("needs_reauth"), &json!("connect again")));
}
