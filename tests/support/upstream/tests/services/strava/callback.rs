//! The address to which events are sent, as an application has it.

use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// How it answers.
#[derive(Default)]
pub(super) struct Manner {
    /// The status of each of the next events; afterwards it is 200.
    pub(super) statuses: Vec<u16>,
    /// Whether it never answers.
    pub(super) is_silent: bool,
    /// Whether it gives back another challenge.
    pub(super) is_confused: bool,
}

/// A callback that knows what it was sent.
#[derive(Clone, Default)]
pub(super) struct Callback(Arc<Inner>);

#[derive(Default)]
struct Inner {
    manner: Mutex<Manner>,
    events: Mutex<Vec<Value>>,
}

impl Callback {
    /// Listens, and answers where.
    pub(super) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
        let router = Router::new().route("/hook/secret", get(validate).post(take)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    pub(super) fn behave(&self, manner: Manner) {
        *self.0.manner.lock().unwrap() = manner;
    }

    pub(super) fn events(&self) -> Vec<Value> {
        self.0.events.lock().unwrap().clone()
    }
}

async fn validate(State(callback): State<Callback>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let param = |name: &str| query.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let (is_silent, is_confused) = {
        let manner = callback.0.manner.lock().unwrap();
        (manner.is_silent, manner.is_confused)
    };
    if is_silent {
        return std::future::pending().await;
    }
    if param("hub.verify_token").as_deref() != Some("mine")
        || param("hub.mode").as_deref() != Some("subscribe")
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let challenge = if is_confused { Some("other".to_owned()) } else { param("hub.challenge") };
    Json(json!({ "hub.challenge": challenge })).into_response()
}

async fn take(State(callback): State<Callback>, Json(event): Json<Value>) -> StatusCode {
    callback.0.events.lock().unwrap().push(event);
    let (is_silent, status) = {
        let mut manner = callback.0.manner.lock().unwrap();
        let status = if manner.statuses.is_empty() { 200 } else { manner.statuses.remove(0) };
        (manner.is_silent, status)
    };
    if is_silent {
        return std::future::pending().await;
    }
    StatusCode::from_u16(status).unwrap()
}
