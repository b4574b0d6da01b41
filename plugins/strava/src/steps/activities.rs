//! What is new: the list of the last days.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::activity;
use fitness::records::strava::quota::Purpose;
use fitness::records::strava::sync;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::pace;
use crate::client::{Client, LIST, Reply};
use crate::listing::{self, Page, Trust};
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire;

/// The most that the API gives at once.
pub(super) const PER_PAGE: usize = 200;

/// Reads the list of the last days.
#[derive(Debug)]
pub(crate) struct Activities {
    client: Client,
    lookback: Duration,
}

/// How far back what is new is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ActivitiesConfig {
    /// Uploads that come later than that, such as `14d`, are found by the sweep.
    lookback: String,
}

impl Default for ActivitiesConfig {
    fn default() -> Self {
        Self { lookback: "14d".to_owned() }
    }
}

impl Step for Activities {
    const KIND: &'static str = "strava.activities";
    const ABOUT: &'static str = "Reads the activities of the last days from Strava.";
    type Config = ActivitiesConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: ActivitiesConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let mut mark = Mark::<()>::begin(ctx).await?;
        let before_ms = mark.began_ms;
        let lookback_ms = i64::try_from(self.lookback.as_millis()).unwrap_or(i64::MAX);
        let window = Window { after_ms: Some(before_ms.saturating_sub(lookback_ms)), before_ms };
        let mut values = page(ctx, &self.client, window, 1).await?;
        for number in 2.. {
            // What a short page leaves out is found by the sweep, which reads on to an empty one.
            let is_last = values.len() < PER_PAGE;
            let note = move |intake: &mut Intake<'_, '_>| {
                if is_last { sync::synced(intake.tx, intake.athlete, before_ms) } else { Ok(()) }
            };
            let kept = keep(ctx, &mut mark, (), (values, Trust::Days), note);
            if is_last {
                kept.await?;
                break;
            }
            // The next is asked for while this one is written.
            let (kept, next) = tokio::join!(kept, page(ctx, &self.client, window, number));
            kept?;
            values = next?;
        }
        Ok(mark.changes)
    }
}

impl Made for Activities {
    fn made(config: ActivitiesConfig, options: &Options) -> Result<Self, ConfigError> {
        let lookback = pace::duration("lookback", &config.lookback)?;
        Ok(Self { client: Client::new(options.clone()), lookback })
    }
}

/// Which activities are listed: those that began in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) after_ms: Option<i64>,
    pub(super) before_ms: i64,
}

/// One page of the list, from 1.
pub(super) async fn page(
    ctx: &StepContext,
    client: &Client,
    window: Window,
    number: u32,
) -> Result<Vec<Value>, StepError> {
    // The API counts in seconds; one that was asked in milliseconds would be of the far future.
    let seconds = |epoch_ms: i64| epoch_ms.div_euclid(1000).to_string();
    let (after, before) = (window.after_ms.map(seconds), seconds(window.before_ms));
    let (page, per_page) = (number.to_string(), PER_PAGE.to_string());
    let mut query = vec![("before", before.as_str()), ("page", &page), ("per_page", &per_page)];
    query.extend(after.as_deref().map(|after| ("after", after)));
    match client.get(ctx, LIST, &query, Purpose::Fresh).await? {
        Reply::Told(Value::Array(values)) => {
            let account = client.account(ctx).await?;
            if values.iter().all(|value| wire::is_of_athlete(value, account)) {
                return Ok(values);
            }
            let message = "Strava's list of activities is another athlete's";
            Err(StepError::Failed(Cause::new("upstream_unreadable", message)))
        }
        Reply::Faulty(status) if status != 200 => {
            let message = format!("Strava is in trouble (status {status})");
            Err(StepError::Failed(Cause::new("upstream_unavailable", message)))
        }
        _ => {
            let message = "Strava's list of activities cannot be read";
            Err(StepError::Failed(Cause::new("upstream_unreadable", message)))
        }
    }
}

/// Keeps what a page told, how far the step is with it, and with the last of it what there is to note.
pub(super) async fn keep<P>(
    ctx: &StepContext,
    mark: &mut Mark<P>,
    place: P,
    (values, trust): (Vec<Value>, Trust),
    note: impl Fn(&mut Intake<'_, '_>) -> store::Result<()> + Send + 'static,
) -> Result<usize, StepError>
where
    P: Clone + Default + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
{
    // A clock that was set back meanwhile makes nothing look as if it were not listed.
    let listed_ms = ctx.clock.now_ms().max(mark.began_ms);
    let Page { records, same, worn, changed } = Page::of(ctx, values, trust).await?;
    ctx.meter.rows_in(records as u64);
    let work = move |intake: &mut Intake<'_, '_>| {
        listing::write(intake, &changed, listed_ms)?;
        activity::seen(intake.tx, intake.athlete, &same, listed_ms)?;
        listing::name_gear(intake, &worn)?;
        note(intake)
    };
    mark.commit(ctx, place, work).await?;
    Ok(records)
}
