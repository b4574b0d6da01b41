//! How a pipeline went over time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::trend::{self, Asked, Span, SpanFigures};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::routes::runs::Meters;
use crate::state::Shared;

const DAY_MS: i64 = 86_400_000;
const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i64 = 366;

/// How a pipeline went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PipelineMetrics {
    pipeline: String,
    /// `day`, or `week` from Monday on; both of UTC.
    by: &'static str,
    /// Runs that were asked for since, in epoch milliseconds.
    since_ms: i64,
    /// The oldest first; one without a run that ended is left out.
    spans: Vec<SpanMetrics>,
    /// True where there were more runs than 20,000; the oldest are left out.
    cut: bool,
}

/// How it went on a day or in a week.
#[derive(Debug, Serialize, ToSchema)]
struct SpanMetrics {
    /// When the span began, in epoch milliseconds.
    from_ms: i64,
    /// The plan of its last run; another one than in the span before means that the script changed.
    plan_hash: String,
    runs: RunMetrics,
    /// In the order of the plan.
    steps: Vec<StepMetrics>,
}

/// How the runs went.
#[derive(Debug, Serialize, ToSchema)]
struct RunMetrics {
    succeeded: u64,
    failed: u64,
    cancelled: u64,
    /// Half of those that succeeded or failed took no longer; absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ms: Option<i64>,
    /// Nineteen of twenty took no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_ms: Option<i64>,
}

/// How a step went, and what all of its runs counted together.
#[derive(Debug, Serialize, ToSchema)]
struct StepMetrics {
    step: String,
    kind: String,
    succeeded: u64,
    failed: u64,
    skipped: u64,
    cancelled: u64,
    /// How often a result of another run stood for it; the figures beside it tell nothing of these.
    reused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_ms: Option<i64>,
    /// Attempts that failed and were followed by another; who waited for a quota tried nothing again.
    retries: u64,
    meters: Meters,
}

/// How far to look back, and in which spans.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MetricsParams {
    /// How many days to look back, 30 if not given.
    #[param(required = false, default = 30, minimum = 1, maximum = 366)]
    days: i64,
    /// `day` or `week`, `day` if not given.
    #[param(value_type = Option<String>)]
    by: Span,
}

impl FromQuery for MetricsParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let days = query.number("days", 1..=MOST_DAYS)?.unwrap_or(USUAL_DAYS);
        let by = match query.text("by").as_deref() {
            None | Some("day") => Span::Day,
            Some("week") => Span::Week,
            Some(word) => {
                return Err(Error::parameter("by", format!("must be `day` or `week`, not `{word}`")));
            }
        };
        Ok(Self { days, by })
    }
}

/// Answers how long a pipeline and its steps took, what they counted and how often they were retried, by day or week.
#[utoipa::path(
    get, path = "/pipelines/{name}/metrics", tag = "pipelines", operation_id = "show_pipeline_metrics",
    params(("name" = String, Path, description = "Name of the pipeline"), MetricsParams),
    responses(
        (status = 200, description = "How the pipeline went", body = PipelineMetrics),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(pipeline): Segment,
    Params(MetricsParams { days, by }): Params<MetricsParams>,
) -> Result<Json<PipelineMetrics>, Error> {
    let engine = &shared.state.engine;
    engine.known(&pipeline)?;
    let since_ms = engine.clock().now_ms() - days * DAY_MS;
    let partition = shared.state.partition.clone();
    let asked = Asked { pipeline: pipeline.clone(), partition, since_ms, by };
    let _place = shared.trends.acquire().await.map_err(store::Error::abort)?;
    let trend = shared.store().read(move |tx| trend::read(tx, &asked)).await?;
    let by = if by == Span::Day { "day" } else { "week" };
    let spans = trend.spans.into_iter().map(SpanMetrics::from).collect();
    Ok(Json(PipelineMetrics { pipeline, by, since_ms, spans, cut: trend.is_cut }))
}

impl From<SpanFigures> for SpanMetrics {
    fn from(from: SpanFigures) -> Self {
        let SpanFigures { from_ms, plan_hash, runs, steps } = from;
        let trend::RunFigures { succeeded, failed, cancelled, p50_ms, p95_ms } = runs;
        let runs = RunMetrics { succeeded, failed, cancelled, p50_ms, p95_ms };
        Self { from_ms, plan_hash, runs, steps: steps.into_iter().map(StepMetrics::from).collect() }
    }
}

impl From<trend::StepFigures> for StepMetrics {
    fn from(from: trend::StepFigures) -> Self {
        Self {
            step: from.step,
            kind: from.kind,
            succeeded: from.succeeded,
            failed: from.failed,
            skipped: from.skipped,
            cancelled: from.cancelled,
            reused: from.reused,
            p50_ms: from.p50_ms,
            p95_ms: from.p95_ms,
            retries: from.retries,
            meters: from.meters.into(),
        }
    }
}
