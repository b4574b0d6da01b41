//! What an application does with Strava.

use serde_json::Value;
use upstream::Strava;
use upstream::strava::{ALL_SCOPES, ATHLETE, CLIENT_ID, CLIENT_SECRET};

use crate::trial::Trial;

/// What a client got.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Value,
}

impl Got {
    pub(super) async fn from(answer: reqwest::Response) -> Got {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Got { status, headers, body }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.body.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    }

    /// Status, and what is wrong with which field of what.
    pub(super) fn error(&self) -> (u16, String) {
        let error = &self.body["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (self.status, [text("resource"), text("field"), text("code")].join("/"))
    }
}

/// A request with a form as its body.
pub(super) fn with_form(
    request: reqwest::RequestBuilder,
    fields: &[(&str, &str)],
) -> reqwest::RequestBuilder {
    let kind = "application/x-www-form-urlencoded";
    request.header("content-type", kind).body(serde_urlencoded::to_string(fields).unwrap())
}

/// A status and an error in the form of [`Got::error`].
pub(super) fn refusal(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// An application with the token of an athlete.
pub(super) struct Client {
    pub(super) trial: Trial,
    pub(super) token: String,
}

impl Client {
    /// Connected to the athlete who is there from the start, with all scopes.
    pub(super) async fn start() -> Client {
        Self::start_with(&ALL_SCOPES).await
    }

    pub(super) async fn start_with(scopes: &[&str]) -> Client {
        let trial = Trial::start().await;
        let token = trial.upstream.strava().connect(ATHLETE, scopes).access_token;
        Client { trial, token }
    }

    pub(super) fn strava(&self) -> &Strava {
        self.trial.upstream.strava()
    }

    pub(super) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.trial.upstream.strava_api_url());
        self.trial.http.get(url).bearer_auth(&self.token)
    }

    pub(super) async fn get(&self, path: &str) -> Got {
        Got::from(self.request(path).send().await.unwrap()).await
    }

    pub(super) async fn get_ok(&self, path: &str) -> Value {
        let got = self.get(path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.body);
        got.body
    }

    pub(super) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        let url = format!("{}{path}", self.trial.upstream.strava_auth_url());
        Got::from(with_form(self.trial.http.post(url), fields).send().await.unwrap()).await
    }

    /// Asks for tokens as the application.
    pub(super) async fn tokens(&self, grant: &str, field: &str, value: &str) -> Got {
        let fields = [
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("grant_type", grant),
            (field, value),
        ];
        self.form("/token", &fields).await
    }

    pub(super) async fn refresh(&self, refresh_token: &str) -> Got {
        self.tokens("refresh_token", "refresh_token", refresh_token).await
    }
}
