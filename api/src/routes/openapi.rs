//! The description of the API for programs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::error::ErrorBody;
use crate::query::Params;
use crate::state::Shared;

/// Answers this document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "server", operation_id = "show_openapi",
    responses(
        (status = 200, description = "An OpenAPI 3.1 document", content_type = "application/json"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], shared.document.clone())
}
