//! Pipelines: which there are, whether a script is one, and their start.

pub(crate) mod metrics;
pub(crate) mod schedule;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use engine::queue::Enqueued;
use engine::run::Cause;
use engine::script::{self, Source};
use engine::{PipelineInfo, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::body;
use crate::diagnostic::{self, Diagnostic};
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

const PARTITION_LONGEST: usize = 64;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    name: String,
    /// The first line of its script.
    about: String,
    /// Its script.
    path: String,
    /// Those of the plan in force.
    steps: Vec<PlannedStep>,
    /// The JSON schema of what a run may be given; absent where no plan is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    params: Option<Value>,
    /// Absent where it waits to be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<schedule::Schedule>,
    /// The pipelines whose success starts it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    after: Vec<String>,
    /// The webhooks that start it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on_webhook: Vec<String>,
    /// The files that start it when they are put into the watched folder; `*` stands for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on_file: Vec<String>,
    /// Absent where it is not paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<schedule::Pause>,
    /// What is wrong with the script as it lies. Where `script_hash` is there, the last good one stays in force.
    errors: Vec<Diagnostic>,
    /// Of the script in force; absent where there is none, and nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    script_hash: Option<String>,
    /// Since when that script is in force, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    loaded_ms: Option<i64>,
}

/// A step of a pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlannedStep {
    name: String,
    kind: String,
    /// Names of the steps it waits for.
    after: Vec<String>,
}

impl From<PipelineInfo> for Pipeline {
    fn from(from: PipelineInfo) -> Self {
        let steps = from.steps.into_iter();
        Self {
            name: from.name,
            about: from.about,
            path: from.path,
            steps: steps
                .map(|step| PlannedStep { name: step.name, kind: step.kind, after: step.after })
                .collect(),
            params: from.params,
            schedule: from.schedule.map(Into::into),
            after: from.after,
            on_webhook: from.on_webhook,
            on_file: from.on_file.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            paused: from.paused.map(Into::into),
            errors: diagnostic::all(&from.errors),
            script_hash: from.script_hash,
            loaded_ms: from.loaded_ms,
        }
    }
}

/// Lists the pipelines, those with errors included.
#[utoipa::path(
    get, path = "/pipelines", tag = "pipelines", operation_id = "list_pipelines",
    responses(
        (status = 200, description = "All pipelines by name", body = Page<Pipeline>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Pipeline>>, Error> {
    let pipelines = shared.state.engine.scheduled_pipelines().await?;
    Ok(Json(Page::whole(pipelines.into_iter().map(Pipeline::from).collect())))
}

/// How a pipeline is started.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Force` reads")]
pub(crate) struct RunParams {
    /// `1` starts a run even where an unfinished one would stand for it, and runs steps whose result is kept.
    #[param(maximum = 1)]
    force: Option<u8>,
}

/// Whether to start a run beside an unfinished one.
pub(crate) struct Force(bool);

impl FromQuery for Force {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self(query.flag("force")?))
    }
}

/// What a run is given. All of it may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// Values for the pipeline's own params.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    params: Option<serde_json::Map<String, Value>>,
    /// Whose run it is; the athlete's, if not given.
    #[serde(default)]
    partition: Option<String>,
    /// All requests with the same key get one run, also once it is over, as long as its history is kept; the header
    /// `Idempotency-Key` says the same.
    #[serde(default)]
    key: Option<String>,
}

/// The run that stands for a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    /// Its id.
    run: String,
    /// False where an unfinished run, or the one of the same key, stands for the new one.
    new: bool,
}

impl Started {
    /// The answer to a wish for a run, with its status.
    pub(crate) fn answer(enqueued: Enqueued) -> (StatusCode, Json<Self>) {
        let status = if enqueued.new { StatusCode::ACCEPTED } else { StatusCode::OK };
        (status, Json(Self { run: enqueued.run, new: enqueued.new }))
    }
}

/// Starts a pipeline, or answers the run that is under way already.
#[utoipa::path(
    post, path = "/pipelines/{name}/runs", tag = "pipelines", operation_id = "run_pipeline",
    params(
        ("name" = String, Path, description = "Name of the pipeline"),
        RunParams,
        ("Idempotency-Key" = Option<String>, Header, description = "As `key` of the body"),
    ),
    request_body(content = Option<Start>, description = "Params of the run"),
    responses(
        (status = 202, description = "A new run was enqueued", body = Started),
        (status = 200, description = "An unfinished run stands for it, or the one of the same key", body = Started),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn run(
    State(shared): State<Arc<Shared>>,
    Segment(pipeline): Segment,
    Params(Force(force)): Params<Force>,
    id: RequestId,
    headers: HeaderMap,
    body::Json(start): body::Json<Start>,
) -> Result<(StatusCode, Json<Started>), Error> {
    let request = Request {
        pipeline,
        partition: partition(&shared, start.partition)?,
        params: start.params.map_or(Value::Null, Value::Object),
        cause: Cause::Http,
        force,
        fresh: force,
        key: key(&headers, start.key)?,
        request_id: Some(id.as_str().to_owned()),
    };
    Ok(Started::answer(shared.state.engine.enqueue(request).await?))
}

/// The key of the request, as its header or its body says it.
fn key(headers: &HeaderMap, named: Option<String>) -> Result<Option<String>, Error> {
    let refused = |reason: &str| Error::parameter("key", reason);
    let Some(header) = headers.get(IDEMPOTENCY_KEY) else { return Ok(named) };
    let header = header.to_str().map_err(|_| refused("must be visible ASCII where the header says it"))?;
    if named.is_some_and(|named| named != header) {
        return Err(refused("is not the one of the header `Idempotency-Key`"));
    }
    Ok(Some(header.to_owned()))
}

/// Whose run it shall be.
pub(crate) fn partition(shared: &Shared, given: Option<String>) -> Result<String, Error> {
    let Some(given) = given else { return Ok(shared.state.partition.clone()) };
    let fits = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if fits && (1..=PARTITION_LONGEST).contains(&given.len()) {
        return Ok(given);
    }
    Err(Error::parameter("partition", "must be 1 to 64 letters, digits, `-`, `_` or `.`"))
}

/// A script to check.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Where it would lie, as `pipelines/daily.rhai`; diagnostics name it.
    #[serde(default = "unnamed")]
    path: String,
    text: String,
}

fn unnamed() -> String {
    "unnamed.rhai".to_owned()
}

/// A script without mistakes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// Always true: a script with mistakes answers 422.
    ok: bool,
    /// Always empty: a script with mistakes answers 422 with them as the error's details.
    diagnostics: Vec<Diagnostic>,
}

/// Checks the script of a pipeline without keeping or running anything.
#[utoipa::path(
    post, path = "/pipelines/check", tag = "pipelines", operation_id = "check_pipeline",
    request_body(content = Script),
    responses(
        (status = 200, description = "The script is in order", body = Checked),
        (status = 422, description = "The script has mistakes: the first as code and message, all as details", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn check(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(script): body::Json<Script>,
) -> Result<Json<Checked>, Error> {
    let source = Source::draft(&shared.state.engine.library(), script.path, script.text);
    let engine = shared.state.engine.clone();
    let permit =
        shared.checks.clone().acquire_owned().await.map_err(|closed| Error::Internal(closed.to_string()))?;
    let check = move || {
        // The permit stays with the work, which goes on where the caller goes away.
        let _permit = permit;
        let planned = script::plan(engine.registry(), &source)?;
        script::check_ties(engine.registry(), &engine.library(), &planned)?;
        script::check_children(engine.registry(), &engine.library(), &planned)
    };
    let planned = tokio::task::spawn_blocking(check).await;
    match planned {
        Ok(Ok(())) => Ok(Json(Checked { ok: true, diagnostics: Vec::new() })),
        Ok(Err(diagnostics)) => Err(Error::script(&diagnostics)),
        Err(panicked) => Err(Error::Internal(format!("the check of a script panicked: {panicked}"))),
    }
}
