//! Every route, and what each request passes on its way to one.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::schema::Schema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::error::Error;
use crate::routes::{
    activities, backfills, balance, curves, daily_metrics, dashboard, data, days, dead_letters, explain,
    gear, health, insights, jobs, metrics, openapi, own_metrics, pipelines, places, pools, predictions,
    privacy_zones, rules, runs, segments, settings, steps, strava, sync, uploads, ways, weather, webhooks,
    weeks, workers,
};
use crate::state::{Shared, State};
use crate::{conditional, guard, request};

/// Where the routes stand, and the addresses that programs of the former system know.
pub(crate) const PREFIX: &str = "/api/v1";
pub(crate) const PREFIX_KEPT: &str = "/api";
pub(crate) const WEBHOOKS: &str = "/webhooks/";
const RUNS: &str = "/runs";
const RUNS_KEPT: &str = "/job_runs";

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

/// The routes, and what describes the bodies that they take and tell.
#[derive(Default)]
struct Resources {
    routes: OpenApiRouter<Arc<Shared>>,
    /// By name, once for each route: in the document the last of a name takes the place of the others.
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Resources {
    fn routes(mut self, part: UtoipaMethodRouter<Arc<Shared>>) -> Self {
        self.schemas.extend(part.0.iter().cloned());
        Self { routes: self.routes.routes(part), schemas: self.schemas }
    }

    fn merge(mut self, others: Self) -> Self {
        self.schemas.extend(others.schemas);
        Self { routes: self.routes.merge(others.routes), schemas: self.schemas }
    }
}

/// The whole API, ready to be served.
pub fn router(state: State) -> Router {
    router_until(state, watch::Sender::new(false))
}

/// The same for a server that says when it is about to stop.
pub(crate) fn router_until(state: State, stopping: watch::Sender<bool>) -> Router {
    let (routes, document) = all();
    let clock = state.engine.clock().clone();
    let upload_bytes = state.limits.upload_bytes;
    let shared = Arc::new(Shared::new(state, Bytes::from(document), stopping));
    Router::new()
        .nest(PREFIX, routes.clone())
        .nest(PREFIX_KEPT, routes)
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(upload_bytes))
        .layer(from_fn_with_state(conditional::Packed::default(), conditional::answer))
        .layer(from_fn(guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(clock, request::follow))
        .with_state(shared)
}

/// The routes, and the document that describes them under the address where they stand.
fn all() -> (Router<Arc<Shared>>, String) {
    let (routes, mut document) = resources().routes.split_for_parts();
    let routes = routes.nest(RUNS_KEPT, runs_kept());
    describe_runs_kept(&mut document.paths);
    let described = OpenApiRouter::<()>::with_openapi(Document::openapi());
    let described = described.nest(PREFIX, OpenApiRouter::with_openapi(document)).into_openapi();
    (routes, described.to_pretty_json().unwrap_or_default())
}

fn resources() -> Resources {
    Resources::default()
        .routes(routes!(health::show))
        .routes(routes!(metrics::show))
        .routes(routes!(openapi::show))
        .routes(routes!(workers::list))
        .routes(routes!(pipelines::list))
        .routes(routes!(pipelines::check))
        .routes(routes!(pipelines::run))
        .routes(routes!(pipelines::metrics::show))
        .routes(routes!(pipelines::schedule::pause))
        .routes(routes!(pipelines::schedule::resume))
        .routes(routes!(webhooks::verify, webhooks::deliver))
        .routes(routes!(webhooks::verify_secret, webhooks::deliver_secret))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::steps))
        .routes(routes!(runs::log::list))
        .routes(routes!(runs::events::follow))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::follow::retry))
        .routes(routes!(runs::follow::resume))
        .routes(routes!(runs::follow::rerun))
        .routes(routes!(jobs::list))
        .routes(routes!(pools::list))
        .routes(routes!(pools::open))
        .routes(routes!(backfills::list))
        .routes(routes!(backfills::start))
        .routes(routes!(backfills::show))
        .routes(routes!(backfills::cancel))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::replay_all))
        .routes(routes!(dead_letters::show))
        .routes(routes!(dead_letters::replay))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(steps::list))
        .routes(routes!(strava::show))
        .routes(routes!(strava::connect))
        .routes(routes!(strava::callback))
        .routes(routes!(strava::disconnect))
        .routes(routes!(dashboard::show))
        .routes(routes!(data::report))
        .routes(routes!(settings::show, settings::change))
        .routes(routes!(insights::daily))
        .routes(routes!(insights::evaluate))
        .routes(routes!(rules::list))
        .routes(routes!(rules::versions))
        .routes(routes!(rules::backtest))
        .routes(routes!(own_metrics::list))
        .routes(routes!(own_metrics::attempt))
        .routes(routes!(own_metrics::values))
        .routes(routes!(own_metrics::backfill))
        .routes(routes!(predictions::list))
        .routes(routes!(predictions::kept))
        .merge(activities())
        .routes(routes!(balance::show))
        .routes(routes!(explain::show))
        .routes(routes!(days::list))
        .routes(routes!(weeks::list))
        .routes(routes!(curves::list))
        .routes(routes!(curves::records))
        .routes(routes!(ways::list))
        .routes(routes!(ways::show))
        .routes(routes!(places::tiles))
        .routes(routes!(places::heat))
        .routes(routes!(privacy_zones::list, privacy_zones::add))
        .routes(routes!(privacy_zones::remove))
        .routes(routes!(segments::list, segments::define))
        .routes(routes!(segments::show, segments::rename, segments::remove))
        .routes(routes!(segments::efforts::list))
        .merge(gear())
        .routes(routes!(daily_metrics::list))
        .routes(routes!(daily_metrics::keep))
        .routes(routes!(weather::show))
        .routes(routes!(weather::home, weather::settle, weather::forget))
        .routes(routes!(uploads::create))
        .routes(routes!(sync::show, sync::start))
}

/// Activities, and what is told of one of them.
fn gear() -> Resources {
    Resources::default()
        .routes(routes!(gear::list, gear::add))
        .routes(routes!(gear::change, gear::forget))
        .routes(routes!(gear::service))
        .routes(routes!(gear::take_back))
        .routes(routes!(gear::components::mount))
        .routes(routes!(gear::components::change, gear::components::forget))
}

fn activities() -> Resources {
    Resources::default()
        .routes(routes!(activities::list))
        .routes(routes!(activities::show))
        .routes(routes!(activities::detail::streams))
        .routes(routes!(activities::detail::laps))
        .routes(routes!(activities::detail::splits))
        .routes(routes!(activities::detail::best_efforts))
        .routes(routes!(activities::detail::curves))
        .routes(routes!(activities::records::list))
        .routes(routes!(activities::records::split))
        .routes(routes!(activities::records::join))
        .routes(routes!(activities::records::forget))
        .routes(routes!(segments::efforts::of_activity))
        .routes(routes!(gear::worn::choose, gear::worn::forget))
}

/// Runs under the name that programs of the former system know.
fn runs_kept() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(runs::list))
        .route("/{id}", get(runs::show))
        .route("/{id}/steps", get(runs::steps))
        .route("/{id}/log", get(runs::log::list))
        .route("/{id}/events", get(runs::events::follow))
        .route("/{id}/cancel", post(runs::cancel))
        .route("/{id}/retry", post(runs::follow::retry))
        .route("/{id}/resume", post(runs::follow::resume))
        .route("/{id}/rerun", post(runs::follow::rerun))
}

fn describe_runs_kept(paths: &mut Paths) {
    let kept = |(path, item): (&String, &PathItem)| {
        let rest = path.strip_prefix(RUNS)?;
        let mut item = item.clone();
        let rename = |operation: &mut Operation| {
            operation.operation_id = operation.operation_id.take().map(|id| format!("{id}_kept"));
        };
        item.get.iter_mut().chain(&mut item.post).for_each(rename);
        Some((format!("{RUNS_KEPT}{rest}"), item))
    };
    let kept: Vec<_> = paths.paths.iter().filter_map(kept).collect();
    paths.paths.extend(kept);
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
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_document_is_reviewed_when_it_changes() {
        insta::assert_snapshot!("openapi", super::all().1);
    }

    #[test]
    fn no_two_bodies_are_described_under_one_name() {
        let mut described = BTreeMap::new();
        let mut twice = BTreeSet::new();
        for (name, schema) in super::resources().schemas {
            if *described.entry(name.clone()).or_insert_with(|| schema.clone()) != schema {
                twice.insert(name);
            }
        }
        assert!(!described.is_empty());
        assert!(twice.is_empty(), "`#[schema(as = ...)]` gives one of each another name: {twice:?}");
    }
}
