//! Every route, and what each request passes on its way to one.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::Error;
use crate::routes::{
    activities, days, health, insights, metrics, openapi, pipelines, predictions, runs, steps, uploads,
    workers,
};
use crate::state::{Shared, State};
use crate::{guard, request};

/// Where the routes stand, and the addresses that programs of the former system know.
const PREFIX: &str = "/api/v1";
const PREFIX_KEPT: &str = "/api";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Paceline",
        version = "1",
        description = "Pipelines, their runs, and what they made of an athlete's activities.",
    ),
    tags(
        (name = "pipelines", description = "What runs, and what it did"),
        (name = "athlete", description = "Activities, days, and advice"),
        (name = "server", description = "How the server is"),
    )
)]
struct Document;

/// The whole API, ready to be served.
pub fn router(state: State) -> Router {
    let (routes, document) = all();
    let clock = state.engine.clock().clone();
    let upload_bytes = state.limits.upload_bytes;
    let shared = Arc::new(Shared::new(state, Bytes::from(document)));
    Router::new()
        .nest(PREFIX, routes.clone())
        .nest(PREFIX_KEPT, routes)
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(upload_bytes))
        .layer(from_fn(guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(clock, request::follow))
        .with_state(shared)
}

/// The routes, and the document that describes them under the address where they stand.
fn all() -> (Router<Arc<Shared>>, String) {
    let (routes, document) = resources().split_for_parts();
    let described = OpenApiRouter::<()>::with_openapi(Document::openapi());
    let described = described.nest(PREFIX, OpenApiRouter::with_openapi(document)).into_openapi();
    (routes, described.to_pretty_json().unwrap_or_default())
}

fn resources() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::default()
        .routes(routes!(health::show))
        .routes(routes!(metrics::show))
        .routes(routes!(openapi::show))
        .routes(routes!(workers::list))
        .routes(routes!(pipelines::list))
        .routes(routes!(pipelines::check))
        .routes(routes!(pipelines::run))
        .routes(routes!(pipelines::schedule::pause))
        .routes(routes!(pipelines::schedule::resume))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::steps))
        .routes(routes!(runs::cancel))
        .routes(routes!(steps::list))
        .routes(routes!(insights::daily))
        .routes(routes!(insights::evaluate))
        .routes(routes!(predictions::list))
        .routes(routes!(activities::list))
        .routes(routes!(activities::show))
        .routes(routes!(days::list))
        .routes(routes!(uploads::create))
}

async fn nothing_here(uri: Uri) -> Error {
    Error::NotFound(format!("address `{}`", uri.path()))
}

async fn other_method(method: Method) -> Error {
    Error::MethodNotAllowed(method.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the box")]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error::Internal(format!("a handler panicked: {}", text.unwrap_or("no message"))).into_response()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_reviewed_when_it_changes() {
        insta::assert_snapshot!("openapi", super::all().1);
    }
}
