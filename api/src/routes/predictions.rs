//! What the athlete would run, as a plugin predicts it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::insights::answer;
use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

const PREDICTIONS: &str = "insights.predictions";

/// Which day, and which distances.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PredictionParams {
    /// As `2026-07-31`; today, if not given.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    /// As `5k,10k,half,marathon`, which it is if not given; also `1500m`, `mile` and others from 1k to the half.
    distances: Option<String>,
}

impl FromQuery for PredictionParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { date: query.date("date")?, distances: query.text("distances") })
    }
}

/// The same under its former address.
#[utoipa::path(
    get, path = "/insights/predictions", tag = "athlete", operation_id = "predictions",
    params(PredictionParams),
    responses(
        (status = 200, description = "The predictions, or what is missing for them", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn kept(
    State(shared): State<Arc<Shared>>,
    Params(params): Params<PredictionParams>,
) -> Result<Json<Value>, Error> {
    predict(&shared, params).await
}

/// Predicts the times from 5 km to the marathon, with range, basis and its age, and how far off predictions were.
#[utoipa::path(
    get, path = "/predictions", tag = "athlete", operation_id = "list_predictions",
    params(PredictionParams),
    responses(
        (status = 200, description = "The predictions, or what is missing for them", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(params): Params<PredictionParams>,
) -> Result<Json<Value>, Error> {
    predict(&shared, params).await
}

async fn predict(
    shared: &Shared,
    PredictionParams { date, distances }: PredictionParams,
) -> Result<Json<Value>, Error> {
    let mut params = Map::new();
    params.extend(date.map(|date| ("date".to_owned(), date.to_string().into())));
    let words = distances.map(|text| text.split(',').map(|word| word.trim().into()).collect::<Vec<Value>>());
    params.extend(words.map(|words| ("distances".to_owned(), words.into())));
    answer(shared, PREDICTIONS, params.into()).await.map(Json)
}
