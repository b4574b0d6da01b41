//! One question to the service, and what comes of it.

use engine::context::StepContext;
use engine::http::{Answer, HttpError, Limits as HttpLimits};
use engine::step::{Cause, StepError};
use fitness::records::weather_quota::Limits;
use fitness::shareable::Shareable;
use fitness::weather::{Cell, Location, Request};

use crate::answer::{self, AnswerError, Place};
use crate::column::VARIABLES;
use crate::options::Options;
use crate::quota;
use crate::refusal::Refusal;

/// An answer is larger than this only where something is wrong.
const BYTES_MOST: usize = 8 << 20;

/// Asks the service, politely.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) options: Options,
    pub(crate) limits: Limits,
}

/// Why there are no places.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// This very question is refused for good.
    Wrong,
    Step(StepError),
}

impl From<StepError> for Trouble {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl Client {
    /// Asks for the hours of a request's places, in its order.
    pub(crate) async fn ask(
        &self,
        ctx: &StepContext,
        request: &Shareable<Request>,
    ) -> Result<Vec<Place>, Trouble> {
        let base = self.options.base(request.endpoint).ok_or_else(|| {
            StepError::Hopeless(Cause::new("config_invalid", "the weather service has no address"))
        })?;
        let paid = quota::pay(ctx, request.cost(), self.limits).await?;
        let query = query(&request.locations, &self.options);
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let limits = HttpLimits { time: self.options.time_limit, bytes: BYTES_MOST };
        // Whatever becomes of it, the service may have counted it.
        ctx.meter.upstream_calls(1);
        let answer = tokio::select! {
            answer = ctx.http.get(&base, &query, limits) => answer.map_err(unanswered)?,
            () = ctx.cancelled() => return Err(StepError::Cancelled.into()),
        };
        ctx.meter.bytes(answer.body.len() as u64);
        let cells: Vec<Cell> = request.locations.iter().map(|location| location.cell).collect();
        // An answer of many places takes longer to read than anything else may wait for.
        let read = tokio::task::spawn_blocking(move || read(&answer, &cells));
        match read.await.map_err(unreadable)? {
            Read::Refused(refusal) => {
                paid.back(ctx).await?;
                Err(refused(ctx, refusal).await?)
            }
            Read::Told(places) => places.map_err(|error| unreadable(error).into()),
        }
    }
}

/// What an answer came to.
enum Read {
    Refused(Refusal),
    Told(Result<Vec<Place>, AnswerError>),
}

fn read(answer: &Answer, cells: &[Cell]) -> Read {
    match Refusal::of(answer) {
        Some(refusal) => Read::Refused(refusal),
        // Whatever it looks like, it comes from something between the service and us.
        None if !answer::is_json(&answer.content_type) => Read::Told(Err(AnswerError::Type)),
        None => Read::Told(answer::read(&answer.body, cells)),
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> StepError {
    let message = "the answer of the weather service cannot be read".to_owned();
    StepError::Failed(Cause { code: "upstream_unreadable", message, source: Some(Box::new(error)) })
}

fn query(locations: &[Location], options: &Options) -> Vec<(&'static str, String)> {
    let list = |of: &dyn Fn(&Location) -> String| locations.iter().map(of).collect::<Vec<_>>().join(",");
    let mut query = vec![
        ("latitude", list(&|location| format!("{:.2}", location.cell.degrees().0))),
        ("longitude", list(&|location| format!("{:.2}", location.cell.degrees().1))),
        ("start_date", list(&|location| location.from.to_string())),
        ("end_date", list(&|location| location.to.to_string())),
        ("hourly", VARIABLES.join(",")),
        ("timezone", "GMT".to_owned()),
        ("timeformat", "unixtime".to_owned()),
        ("wind_speed_unit", "ms".to_owned()),
    ];
    query.extend(options.key.as_ref().map(|key| ("apikey", key.text().to_owned())));
    query
}

fn unanswered(error: HttpError) -> StepError {
    let message = "the weather service does not answer".to_owned();
    StepError::Failed(Cause { code: error.code(), message, source: Some(Box::new(error)) })
}

async fn refused(ctx: &StepContext, refusal: Refusal) -> Result<Trouble, StepError> {
    let error = match refusal {
        Refusal::Wrong => return Ok(Trouble::Wrong),
        Refusal::Spent(span) => quota::spent(ctx, span).await?,
        Refusal::Busy(after) => {
            let until_ms = ctx.clock.now_ms() + i64::try_from(after.as_millis()).unwrap_or(0);
            ctx.pool_spent(until_ms).await?;
            let message = "the weather service is busy with another request".to_owned();
            StepError::Later { after, source: Cause { code: "upstream_busy", message, source: None } }
        }
        Refusal::Key(status) => {
            let message = format!("the weather service does not take the key (status {status})");
            StepError::Hopeless(Cause::new("upstream_refused", message))
        }
        Refusal::Trouble(status) => {
            let message = format!("the weather service is in trouble (status {status})");
            StepError::Failed(Cause::new("upstream_unavailable", message))
        }
    };
    Ok(error.into())
}
