//! Metrics of the athlete's own: which there are, what they say, and what a draft would say.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use engine::script::version;
use fitness::Scope;
use fitness::own::{self, By, Per};
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number::{self, Shows};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::insights::answer;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::Segment;
use crate::period::Period;
use crate::query::{self, FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

const LIST: &str = "metrics.list";
const TRY: &str = "metrics.try";
/// Computes what is due.
const PIPELINE: &str = "metrics";

/// Lists the metrics of the athlete's own, by name.
#[utoipa::path(
    get, path = "/own_metrics", tag = "athlete", operation_id = "list_own_metrics",
    responses(
        (status = 200, description = "The metrics, each with what it is, its version, of how much it says a number, and its mistakes", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Value>, Error> {
    let mut listed = permitted(shared, LIST, json!({})).await?;
    listed["next"] = Value::Null;
    Ok(Json(listed))
}

/// Which numbers.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct ValuesParams {
    /// `activity`, `day`, `week`, `month` or `year`; by what the metric is, if not given.
    by: Option<String>,
    /// The first day; that of the first number, if not given.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; that of the last number, if not given.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

/// The numbers that were asked for.
pub(crate) struct Which {
    by: Option<By>,
    days: (Date, Date),
    limit: i64,
    /// The date of the last number before, and its activity or nothing.
    cursor: Option<(String, String)>,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let by = query.text("by");
        let by = by.map(|word| {
            let words = By::ALL.map(By::as_str).join("`, `");
            By::parse(&word).ok_or_else(|| Error::parameter("by", format!("must be one of `{words}`")))
        });
        let cursor = query.text("cursor").map(|text| cursor(&text));
        Ok(Self {
            by: by.transpose()?,
            days: Period::read(query)?.days(),
            limit: page::limit(query)?,
            cursor: cursor.transpose()?,
        })
    }
}

/// A number of an activity, or of the span that begins on a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnValue {
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    value: f64,
    /// Which text said so; absent where several numbers became one.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
}

/// A page of a metric's numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnValues {
    unit: String,
    /// The text that computes.
    version: String,
    items: Vec<OwnValue>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// Tells the numbers of a metric, by activity or day or summed up to weeks, months or years.
#[utoipa::path(
    get, path = "/own_metrics/{name}/values", tag = "athlete", operation_id = "list_own_values",
    params(("name" = String, Path, description = "The name of its file without ending"), ValuesParams),
    responses(
        (status = 200, description = "The numbers, by day", body = OwnValues),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn values(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    Params(which): Params<Which>,
) -> Result<Json<OwnValues>, Error> {
    let (athlete, of) = (shared.state.partition.clone(), name.clone());
    let range = which.days;
    let read = shared.store().read(move |tx| {
        let Some(metric) = own_metric::list(tx, &athlete)?.into_iter().find(|metric| metric.name == of)
        else {
            return Ok(None);
        };
        let shown = match metric.about.per {
            Per::Activity => own_number::activities(tx, &athlete, &of, Scope::All, range)?,
            Per::Day => own_number::days(tx, &athlete, &of, Scope::All, range)?,
        };
        Ok(Some((metric, shown)))
    });
    let (metric, shown) = read.await?.ok_or_else(|| unknown(&name))?;
    let items = items(&metric, shown, which.by)?;
    let begin = which.cursor.map_or(0, |cursor| behind(&items, &cursor));
    let limit = usize::try_from(which.limit).unwrap_or(usize::MAX);
    let items: Vec<OwnValue> = items.into_iter().skip(begin).take(limit.saturating_add(1)).collect();
    let Page { items, next } = Page::cut(items, which.limit, OwnValue::cursor);
    Ok(Json(OwnValues { unit: metric.about.unit, version: short(&metric.hash), items, next }))
}

impl OwnValue {
    fn cursor(&self) -> String {
        self.activity.as_ref().map_or_else(|| self.date.clone(), |id| format!("{}:{id}", self.date))
    }
}

fn cursor(text: &str) -> Result<(String, String), Error> {
    let (date, id) = text.split_once(':').unwrap_or((text, ""));
    query::date("cursor", date).map_err(|_| page::bad_cursor())?;
    Ok((date.to_owned(), id.to_owned()))
}

/// Where the numbers behind one begin; with its day where it went meanwhile.
fn behind(items: &[OwnValue], (date, id): &(String, String)) -> usize {
    let is_it = |item: &OwnValue| item.date == *date && item.activity.as_deref().unwrap_or_default() == id;
    let place = items.iter().position(is_it).map(|place| place + 1);
    place.unwrap_or_else(|| items.partition_point(|item| item.date < *date))
}

fn items(metric: &OwnMetric, shown: Vec<Shows>, by: Option<By>) -> Result<Vec<OwnValue>, Error> {
    let usual = if metric.about.per == Per::Activity { By::Activity } else { By::Day };
    let by = by.unwrap_or(usual);
    if by == By::Activity && usual == By::Day {
        return Err(Error::parameter("by", "must not be `activity` for a metric of days"));
    }
    if by == usual {
        let one = |Shows { date, activity, value, hash }: Shows| OwnValue {
            date: date.to_string(),
            activity,
            value,
            version: Some(short(&hash)),
        };
        return Ok(shown.into_iter().map(one).collect());
    }
    let numbers: Vec<(Date, f64)> = shown.iter().map(|shown| (shown.date, shown.value)).collect();
    let spans = own::over(by, metric.about.aggregate, &numbers).into_iter();
    let one = |(date, value): (Date, f64)| OwnValue {
        date: date.to_string(),
        activity: None,
        value,
        version: None,
    };
    Ok(spans.map(one).collect())
}

/// Which metric to try, and on what.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricTry {
    /// The name of its file without ending.
    name: String,
    /// The text of a draft; that of the file, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    on: MetricTryOn,
}

/// An activity, or days.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricTryOn {
    /// Id of an activity; this or `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// The first day. At most 366 days are asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    from: Option<String>,
    /// The last day; the first one, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    to: Option<String>,
}

/// Tells what a metric, or a draft of one, would say beside what is kept of it. Nothing is kept.
#[utoipa::path(
    post, path = "/own_metrics/try", tag = "athlete", operation_id = "try_own_metric",
    request_body(content = MetricTry),
    responses(
        (status = 200, description = "What is kept and what would be, by activity or day", body = Object),
        (status = 422, description = "The text has mistakes: the first as code and message, all as details", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn attempt(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(asked): body::Json<MetricTry>,
) -> Result<Json<Value>, Error> {
    let params = serde_json::to_value(asked).map_err(|error| Error::Internal(error.to_string()))?;
    permitted(shared, TRY, params).await.map(Json)
}

/// Asks what runs script code, which keeps a core busy: only so many at once.
async fn permitted(shared: Arc<Shared>, query: &'static str, params: Value) -> Result<Value, Error> {
    let permit = Arc::clone(&shared.checks).acquire_owned().await;
    let permit = permit.map_err(|closed| Error::Internal(closed.to_string()))?;
    // It goes on where the one who asked has gone, and so does its permit.
    let asked = tokio::spawn(async move {
        let _permit = permit;
        answer(&shared, query, params).await
    });
    asked.await.map_err(|error| Error::Internal(error.to_string()))?
}

/// The run that computes a metric anew.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MetricBackfill {
    run: String,
}

/// Has a metric asked about the whole past once more.
#[utoipa::path(
    post, path = "/own_metrics/{name}/backfill", tag = "athlete", operation_id = "backfill_own_metric",
    params(("name" = String, Path, description = "The name of its file without ending")),
    responses(
        (status = 202, description = "A run computes it", body = MetricBackfill),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn backfill(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    _: Params<()>,
    request: RequestId,
) -> Result<(StatusCode, Json<MetricBackfill>), Error> {
    shared.state.engine.known(PIPELINE)?;
    let (athlete, of) = (shared.state.partition.clone(), name.clone());
    let reset = shared.store().write(move |tx| own_metric::reset(tx, &athlete, Some(&of))).await?;
    if reset == 0 {
        return Err(unknown(&name));
    }
    let request = Request {
        pipeline: PIPELINE.to_owned(),
        partition: shared.state.partition.clone(),
        params: json!({}),
        cause: Cause::Http,
        // A run that is at work already may have read before what was written now.
        force: true,
        fresh: false,
        key: None,
        request_id: Some(request.as_str().to_owned()),
    };
    let run = shared.state.engine.enqueue(request).await?.run;
    Ok((StatusCode::ACCEPTED, Json(MetricBackfill { run })))
}

fn unknown(name: &str) -> Error {
    Error::Refused {
        status: StatusCode::NOT_FOUND,
        code: "metric_unknown".into(),
        message: format!("there is no metric `{name}` of which anything was computed"),
        details: None,
    }
}

fn short(hash: &str) -> String {
    version::short(hash).to_owned()
}
