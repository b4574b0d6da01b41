//! Advice, as a plugin gives it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::registry::QueryContext;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

pub(crate) const DAILY: &str = "insights.daily";
const EVALUATE: &str = "insights.evaluate";

/// Which day to advise on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DailyParams {
    /// As `2026-07-31`; today, if not given.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Date>,
}

impl FromQuery for DailyParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { date: query.date("date")? })
    }
}

/// Advises on a day: what to do, why, which rules spoke and on what ground.
#[utoipa::path(
    get, path = "/insights/daily", tag = "athlete", operation_id = "daily_insight",
    params(DailyParams),
    responses(
        (status = 200, description = "The advice", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn daily(
    State(shared): State<Arc<Shared>>,
    Params(DailyParams { date }): Params<DailyParams>,
) -> Result<Json<Value>, Error> {
    let params = date.map_or_else(|| json!({}), |date| json!({ "date": date.to_string() }));
    answer(&shared, DAILY, params).await.map(Json)
}

/// What to evaluate. All of it may be left out.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluate {
    /// As `2026-07-31`; today, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    date: Option<String>,
    /// A rule that is not kept: it stands in place of the one of its name, else beside all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<DraftRule>,
    /// True to ask no other rule.
    #[serde(default)]
    only: bool,
}

/// A rule as it is being written.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftRule {
    /// The name of its file without ending.
    name: String,
    /// The whole text of the file.
    text: String,
}

/// Works out the advice of a day anew, with a draft rule where one is given. Nothing is kept.
#[utoipa::path(
    post, path = "/insights/evaluate", tag = "athlete", operation_id = "evaluate_insight",
    request_body(content = Option<Evaluate>),
    responses(
        (status = 200, description = "The advice, as of the other route", body = Object),
        (status = 422, description = "The draft has mistakes: the first as code and message, all as details", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn evaluate(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(asked): body::Json<Evaluate>,
) -> Result<Json<Value>, Error> {
    let params = serde_json::to_value(asked).map_err(|error| Error::Internal(error.to_string()))?;
    // A draft may use its whole share of memory and a core.
    let permit = Arc::clone(&shared.checks).acquire_owned().await;
    let permit = permit.map_err(|closed| Error::Internal(closed.to_string()))?;
    // It goes on where the one who asked has gone, and so does its permit.
    let asked = tokio::spawn(async move {
        let _permit = permit;
        answer(&shared, EVALUATE, params).await
    });
    asked.await.map_err(|error| Error::Internal(error.to_string()))?.map(Json)
}

/// Asks a query of whichever plugin registered it.
pub(crate) async fn answer(shared: &Shared, name: &'static str, params: Value) -> Result<Value, Error> {
    let engine = &shared.state.engine;
    let context = QueryContext {
        partition: shared.state.partition.clone(),
        clock: engine.clock().clone(),
        scripts: engine.library(),
        mistakes: engine.script_errors(),
    };
    match engine.registry().find_query(name) {
        Some(query) => Ok(query.ask(shared.store(), context, params).await?),
        None => Err(Error::NotFound(format!("query `{name}`"))),
    }
}
