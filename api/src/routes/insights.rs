//! Advice, as a plugin gives it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::registry::QueryContext;
use jiff::civil::Date;
use serde_json::{Value, json};
use utoipa::IntoParams;

use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

const DAILY: &str = "insights.daily";

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

/// Asks a query of whichever plugin registered it.
pub(crate) async fn answer(shared: &Shared, name: &'static str, params: Value) -> Result<Value, Error> {
    let engine = &shared.state.engine;
    let context = QueryContext {
        partition: shared.state.partition.clone(),
        clock: engine.clock().clone(),
        scripts: engine.library().clone(),
    };
    match engine.registry().find_query(name) {
        Some(query) => Ok(query.ask(shared.store(), context, params).await?),
        None => Err(Error::NotFound(format!("query `{name}`"))),
    }
}
