//! Counters and gauges for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use tokio::time::timeout;
use tracing::warn;

use crate::error::ErrorBody;
use crate::query::Params;
use crate::state::Shared;

/// Answers what this process counted, and what the database holds now, as Prometheus text.
#[utoipa::path(
    get, path = "/metrics", tag = "server", operation_id = "show_metrics",
    responses(
        (status = 200, description = "Prometheus text, version 0.0.4", body = String, content_type = "text/plain"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> impl IntoResponse {
    // While the database is away the last numbers of the pools stand.
    match timeout(shared.state.limits.health_wait, shared.state.engine.measure_pools()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(code = error.code(), error = %error, "cannot measure the pools"),
        Err(_) => warn!("the database did not answer in time, so the pools are not measured"),
    }
    let metrics = [(shared.state.metrics)(), shared.state.engine.gauges().await].concat();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics)
}
