//! What is kept of the athlete.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::insights::answer;
use crate::error::{Error, ErrorBody};
use crate::state::Shared;

const REPORT: &str = "data.report";

/// Counts what is kept by where it came from, says how old it is, and what of it goes when.
#[utoipa::path(
    get, path = "/data/report", tag = "athlete", operation_id = "data_report",
    responses(
        (status = 200, description = "Rows by origin and table, with their age", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn report(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Error> {
    answer(&shared, REPORT, json!({})).await.map(Json)
}
