//! Open-Meteo: three hosts with their dates, their cost of a request and their limits.
//!
//! The hosts lie under `/open-meteo/forecast`, `/open-meteo/historical` and `/open-meteo/archive`.
//! As at the real one a call that meets no free limit pays its cost afterwards, so that the last one may overshoot.

mod answer;
mod ask;
mod control;
mod gate;
mod limits;
mod nulls;
mod recorded;
mod weather;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Clock;
use crate::frame::{self, Cost};

pub use limits::{Limits, Used};

pub(crate) use control::router as control;
pub(crate) use recorded::{is_answer_to, path_of};

use ask::Ask;
use gate::Gate;
use limits::Counters;
use nulls::Nulls;

/// Which of Open-Meteo's servers is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// `api.open-meteo.com`: from 93 days ago to 16 days ahead.
    Forecast,
    /// `historical-forecast-api.open-meteo.com`: from 2016 to 16 days ahead, with values since 2022.
    Historical,
    /// `archive-api.open-meteo.com`: from 1940 to today.
    Archive,
}

impl Host {
    /// Its name in paths, and after `open_meteo.` where a fault is switched on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forecast => "forecast",
            Self::Historical => "historical",
            Self::Archive => "archive",
        }
    }
}

/// The state of the service; clones share it.
#[derive(Clone)]
pub struct OpenMeteo(Arc<Inner>);

struct Inner {
    clock: Clock,
    gate: Gate,
    state: Mutex<Mutable>,
}

#[derive(Default)]
struct Mutable {
    limits: Limits,
    used: Counters,
    nulls: Nulls,
    /// A key lifts the limits; others than these are refused.
    keys: Vec<String>,
}

impl OpenMeteo {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner { clock, gate: Gate::default(), state: Mutex::default() }))
    }

    /// Sets the free limits per UTC minute, hour and day.
    pub fn set_limits(&self, limits: Limits) {
        self.with(|state| state.limits = limits);
    }

    /// What counts against the limits in the minute, hour and day of the clock.
    #[must_use]
    pub fn used(&self) -> Used {
        let now_ms = self.0.clock.now_ms();
        self.with(|state| state.used.at(now_ms))
    }

    /// Counts so much as used, as if somebody else at this address had asked.
    pub fn spend(&self, cost: f64) {
        let now_ms = self.0.clock.now_ms();
        self.with(|state| state.used.add(now_ms, cost));
    }

    /// Takes these keys of customers, whom no limit meets.
    pub fn set_keys(&self, keys: &[&str]) {
        self.with(|state| state.keys = keys.iter().map(|&key| key.to_owned()).collect());
    }

    /// Has no values for the hours of a host from this one on; without a time, none for hours to come
    /// at the archive, and all of them at the others.
    pub fn set_null_from(&self, host: Host, epoch_ms: Option<i64>) {
        self.with(|state| state.nulls.set_from(host, epoch_ms));
    }

    /// Has no value at any host for an hour of the cell around a place, until [`OpenMeteo::fill`].
    pub fn set_null(&self, latitude: f64, longitude: f64, epoch_ms: i64) {
        self.with(|state| state.nulls.add(weather::cell(latitude, longitude), epoch_ms));
    }

    /// Has values again for all that [`OpenMeteo::set_null`] took away.
    pub fn fill(&self) {
        self.with(|state| state.nulls.fill());
    }

    /// Keeps the requests that are worked on from ending until [`OpenMeteo::go_on`].
    pub fn hold(&self) {
        self.0.gate.hold();
    }

    /// Lets the requests that were held end.
    pub fn go_on(&self) {
        self.0.gate.go_on();
    }

    /// How many requests were there at once at most, those that waited included.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.0.gate.most_at_once()
    }

    /// What a host says about an hour at a place in degrees Celsius, metres a second and millimetres, or nothing
    /// where it has no value or does not know the variable.
    #[must_use]
    pub fn value(
        &self,
        host: Host,
        latitude: f64,
        longitude: f64,
        epoch_ms: i64,
        variable: &str,
    ) -> Option<f64> {
        let (cell, hour) = (weather::cell(latitude, longitude), epoch_ms.div_euclid(3_600_000));
        let is_null = self.is_null(host, cell, hour);
        let variable = weather::Variable::from_name(variable)?;
        (!is_null).then(|| weather::at(host, cell, hour).value(variable))
    }

    fn is_null(&self, host: Host, cell: weather::Cell, hour: i64) -> bool {
        let now_ms = self.0.clock.now_ms();
        self.with(|state| state.nulls.has(host, cell, hour, now_ms))
    }

    fn with<T>(&self, action: impl FnOnce(&mut Mutable) -> T) -> T {
        action(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn serve(&self, host: Host, query: &[(String, String)]) -> Response {
        let served = self.admitted(host, query).await;
        let cost = served.as_ref().map_or(1.0, |(cost, _)| *cost);
        if ask::key(query).is_none() {
            self.spend(cost);
        }
        let mut answer = match served {
            Ok((_, body)) => frame::json(StatusCode::OK, body.to_string()),
            Err(Refusal { status, reason }) => {
                frame::json(status, json!({ "error": true, "reason": reason }).to_string())
            }
        };
        answer.extensions_mut().insert(Cost(cost));
        answer
    }

    async fn admitted(
        &self,
        host: Host,
        query: &[(String, String)],
    ) -> Result<(f64, serde_json::Value), Refusal> {
        let now_ms = self.0.clock.now_ms();
        match ask::key(query) {
            Some(key) if self.with(|state| state.keys.iter().any(|known| known == key)) => {}
            Some(_) => return Err(Refusal::bad("The supplied API key is invalid.")),
            None => self.with(|state| state.used.check(now_ms, &state.limits))?,
        }
        let _turn = self.0.gate.enter().await?;
        let ask = Ask::read(host, query, now_ms)?;
        Ok((ask.cost(), answer::body(&ask, host, |cell, hour| self.is_null(host, cell, hour))))
    }
}

/// An answer other than the one hoped for.
struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    fn bad(reason: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, reason: reason.into() }
    }

    fn too_many(reason: &str) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, reason: reason.to_owned() }
    }
}

pub(crate) fn router(service: OpenMeteo) -> Router {
    type Pairs = Query<Vec<(String, String)>>;
    async fn forecast(State(service): State<OpenMeteo>, Query(query): Pairs) -> Response {
        service.serve(Host::Forecast, &query).await
    }
    async fn historical(State(service): State<OpenMeteo>, Query(query): Pairs) -> Response {
        service.serve(Host::Historical, &query).await
    }
    async fn archive(State(service): State<OpenMeteo>, Query(query): Pairs) -> Response {
        service.serve(Host::Archive, &query).await
    }
    Router::new()
        .route("/forecast/v1/forecast", get(forecast))
        .route("/historical/v1/forecast", get(historical))
        .route("/archive/v1/archive", get(archive))
        .with_state(service)
}
