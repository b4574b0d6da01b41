//! The subscription of the application, and the events that are sent to its callback.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::activity::Activity;
use super::list::param;
use super::refusal::Refusal;
use super::{CLIENT_ID, Strava, oauth, zone};
use crate::frame;

const TRIES: usize = 3;
const FIRST_ID: i64 = 131_300;

type Pairs = Vec<(String, String)>;

/// What the callback is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `create`, `update` or `delete`.
    pub aspect_type: String,
    /// Epoch seconds.
    pub event_time: i64,
    /// The activity or the athlete.
    pub object_id: i64,
    /// `activity` or `athlete`.
    pub object_type: String,
    /// The athlete.
    pub owner_id: i64,
    /// The subscription.
    pub subscription_id: i64,
    /// What changed: texts, even where they are numbers or say yes or no.
    pub updates: Map<String, Value>,
}

/// What became of an event.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// What was told.
    pub event: Event,
    /// The status of each try, or nothing where no answer came in time.
    pub answers: Vec<Option<u16>>,
}

impl Delivery {
    /// Whether nobody took it, so that it is not sent again.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.answers.last() != Some(&Some(200))
    }
}

#[derive(Clone)]
struct Subscription {
    id: i64,
    callback: Url,
    created: String,
}

#[derive(Default)]
pub(super) struct Hooks {
    subscription: Option<Subscription>,
    made: i64,
    pending: Vec<Event>,
    deliveries: Vec<Delivery>,
}

impl Hooks {
    /// Remembers to tell of a change; nobody is told while nobody has subscribed.
    pub(super) fn note(&mut self, now_s: i64, owner_id: i64, change: Change) {
        let Some(subscription) = &self.subscription else { return };
        self.pending.push(Event {
            aspect_type: change.aspect.to_owned(),
            event_time: now_s,
            object_id: change.object_id,
            object_type: change.object.to_owned(),
            owner_id,
            subscription_id: subscription.id,
            updates: change.updates,
        });
    }

    pub(super) fn pending(&self) -> Vec<Event> {
        self.pending.clone()
    }

    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.clone()
    }

    /// Events that are sent twice or out of order are put back like this.
    pub(super) fn push(&mut self, events: impl IntoIterator<Item = Event>) {
        self.pending.extend(events);
    }

    fn told(&self) -> Value {
        let subscription = self.subscription.iter().map(Subscription::told);
        subscription.collect()
    }
}

/// What happened to an object.
pub(super) struct Change {
    aspect: &'static str,
    object: &'static str,
    object_id: i64,
    updates: Map<String, Value>,
}

impl Change {
    pub(super) fn deauthorized(athlete_id: i64) -> Self {
        let updates = Map::from_iter([("authorized".to_owned(), json!("false"))]);
        Self { aspect: "update", object: "athlete", object_id: athlete_id, updates }
    }

    /// What an application is told of an activity before and after, by what it sees of it.
    pub(super) fn between(before: Option<&Activity>, after: Option<&Activity>, all: bool) -> Option<Self> {
        let is_seen = |activity: &&Activity| all || !activity.is_private();
        let change = |aspect, object_id, updates| Self { aspect, object: "activity", object_id, updates };
        match (before.filter(is_seen), after.filter(is_seen)) {
            (None, None) => None,
            (None, Some(after)) => Some(change("create", after.id, Map::new())),
            (Some(before), None) => Some(change("delete", before.id, Map::new())),
            (Some(before), Some(after)) => {
                let updates = updates(before, after);
                (!updates.is_empty()).then(|| change("update", after.id, updates))
            }
        }
    }
}

fn updates(before: &Activity, after: &Activity) -> Map<String, Value> {
    let mut updates = Map::new();
    if before.name != after.name {
        updates.insert("title".to_owned(), json!(after.name));
    }
    if before.kind() != after.kind() {
        updates.insert("type".to_owned(), json!(after.kind()));
    }
    if before.is_private() != after.is_private() {
        updates.insert("private".to_owned(), json!(after.is_private().to_string()));
    }
    updates
}

impl Subscription {
    fn told(&self) -> Value {
        json!({
            "id": self.id,
            "resource_state": 2,
            "application_id": CLIENT_ID.parse::<i64>().unwrap_or_default(),
            "callback_url": self.callback.as_str(),
            "created_at": self.created,
            "updated_at": self.created,
        })
    }
}

impl Strava {
    /// Sends what happened since the last time to the callback, in order, each up to three times.
    pub async fn send_events(&self) -> Vec<Delivery> {
        let (events, subscription) = self.with(|state| {
            let hooks = &mut state.hooks;
            (std::mem::take(&mut hooks.pending), hooks.subscription.clone())
        });
        let Some(subscription) = subscription else { return Vec::new() };
        let mut deliveries = Vec::new();
        for event in events {
            let answers = self.deliver(&subscription.callback, &event).await;
            deliveries.push(Delivery { event, answers });
        }
        self.with(|state| state.hooks.deliveries.extend(deliveries.iter().cloned()));
        deliveries
    }

    async fn deliver(&self, callback: &Url, event: &Event) -> Vec<Option<u16>> {
        let mut answers = Vec::new();
        while answers.len() < TRIES && answers.last() != Some(&Some(200)) {
            let request = self.0.http.post(callback.clone()).json(event);
            let answer = request.timeout(self.callback_timeout()).send().await;
            answers.push(answer.ok().map(|answer| answer.status().as_u16()));
        }
        answers
    }

    fn callback_timeout(&self) -> Duration {
        Duration::from_millis(self.with(|state| state.switches.callback_timeout_ms))
    }

    /// Asks the callback whether it wants to be told.
    async fn validate(&self, callback: &Url, verify_token: &str) -> Result<(), Refusal> {
        let challenge =
            self.with(|state| format!("{:016x}", super::history::mix(state.hooks.made.cast_unsigned())));
        let mut asked = callback.clone();
        asked
            .query_pairs_mut()
            .append_pair("hub.verify_token", verify_token)
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.mode", "subscribe");
        let failed = |code| Refusal::bad(["PushSubscription", "callback url", code]);
        let answer = self.0.http.get(asked).timeout(self.callback_timeout()).send().await;
        let answer = answer.map_err(|_| failed("not verifiable"))?;
        if answer.status() != StatusCode::OK {
            return Err(failed("GET to callback URL does not return 200"));
        }
        let body = answer.json::<Value>().await.map_err(|_| failed("not verifiable"))?;
        match body["hub.challenge"] == challenge.as_str() {
            true => Ok(()),
            false => Err(failed("not verifiable")),
        }
    }
}

pub(super) async fn list(State(strava): State<Strava>, Query(query): Query<Pairs>) -> Response {
    match oauth::check_client(&query) {
        Ok(()) => frame::json(StatusCode::OK, strava.with(|state| state.hooks.told()).to_string()),
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) async fn subscribe(
    State(strava): State<Strava>,
    Query(query): Query<Pairs>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let sent = oauth::sent(query, &body);
    oauth::check_client(&sent)?;
    let wrong = |field, code| Refusal::bad(["PushSubscription", field, code]);
    let callback = param(&sent, "callback_url").and_then(|url| Url::parse(url).ok());
    let callback = callback.ok_or_else(|| wrong("callback url", "not verifiable"))?;
    let verify_token = param(&sent, "verify_token").ok_or_else(|| wrong("verify token", "missing"))?;
    let exists = |strava: &Strava| strava.with(|state| state.hooks.subscription.is_some());
    if exists(&strava) {
        return Err(wrong("", "already exists"));
    }
    strava.validate(&callback, verify_token).await?;
    let created = zone::utc(strava.now_ms());
    let told = strava.with(|state| {
        let hooks = &mut state.hooks;
        let id = FIRST_ID + hooks.made;
        hooks.made += 1;
        let subscription = Subscription { id, callback, created };
        let told = subscription.told();
        hooks.subscription = Some(subscription);
        told
    });
    Ok(frame::json(StatusCode::CREATED, told.to_string()))
}

pub(super) async fn unsubscribe(
    State(strava): State<Strava>,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
    body: Bytes,
) -> Result<Response, Refusal> {
    oauth::check_client(&oauth::sent(query, &body))?;
    strava.with(|state| {
        let is_it = |subscription: &Subscription| subscription.id.to_string() == id;
        if !state.hooks.subscription.as_ref().is_some_and(is_it) {
            return Err(Refusal::not_found("PushSubscription"));
        }
        state.hooks.subscription = None;
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
