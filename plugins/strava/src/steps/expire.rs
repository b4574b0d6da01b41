//! What becomes of what is not fetched again: it is kept for as long as the terms allow, and no longer.

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Part, Stale, Why};
use fitness::records::strava::connection::{self, State};
use fitness::records::strava::{effort, hint, item, sync};
use fitness::records::{self, activity_place, activity_stream, export_row, lap, route, segment};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::warn;

use super::hints::{deleted, is_taken_back};
use crate::connection::go_on;
use crate::decode;
use crate::gone;
use crate::listing::Stored;
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::token::is_dead;

/// Activities of which something is removed in one transaction.
const CHUNK: u32 = 10;
const DAY_MS: i64 = 86_400_000;

/// Removes what may be kept no longer.
#[derive(Debug)]
pub(crate) struct Expire {
    options: Options,
    retention_ms: i64,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExpireConfig {}

impl Step for Expire {
    const KIND: &'static str = "strava.expire";
    const ABOUT: &'static str = "Removes what was last fetched from Strava longer ago than it may be kept.";
    type Config = ExpireConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: ExpireConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        let mut mark = Mark::<()>::begin(ctx).await?;
        if go_on(ctx, &self.options).await? || ends(ctx, &self.options).await? {
            return deleted(ctx, mark.changes).await;
        }
        let before_ms = mark.began_ms - self.retention_ms;
        if !may_begin(ctx, &mut mark, before_ms).await? {
            return Ok(mark.changes);
        }
        for what in [Stale::All, Stale::Part(Part::Detail), Stale::Part(Part::Streams)] {
            while drop_some(ctx, &mut mark, what, before_ms).await? {}
        }
        let forget = move |intake: &mut Intake<'_, '_>| {
            item::forget_older(intake.tx, intake.athlete, before_ms)?;
            segment::forget_undrawn(intake.tx, intake.athlete)?;
            effort::forget_older(intake.tx, intake.athlete, before_ms)
        };
        mark.remove(ctx, (), forget).await?;
        Ok(mark.changes)
    }
}

impl Made for Expire {
    fn made(_: ExpireConfig, options: &Options) -> Result<Self, ConfigError> {
        Ok(Self { options: options.clone(), retention_ms: i64::from(options.retention_days()) * DAY_MS })
    }
}

/// Asks once more about a grant that is said to be taken back, where no hint leads to another run: nothing else is synced.
async fn ends(ctx: &StepContext, options: &Options) -> Result<bool, StepError> {
    let athlete = ctx.run.partition.clone();
    let read = ctx.read(move |tx| {
        let Some(kept) = connection::get(tx, &athlete)? else { return Ok(false) };
        let Some(owner_id) = kept.strava_id.filter(|_| is_dead(kept.state)) else { return Ok(false) };
        Ok(hint::list(tx, owner_id, 1)?.iter().any(|hint| hint.is_deauthorization))
    });
    if !read.await? {
        return Ok(false);
    }
    match is_taken_back(ctx, options).await {
        Err(StepError::Cancelled) => Err(StepError::Cancelled),
        Err(error) => {
            // What may be kept no longer goes all the same.
            warn!(%error, "whether the access to Strava is over is not known yet");
            Ok(false)
        }
        known => known,
    }
}

/// After a time in which nobody was there the list is read first: what it shows again is fresh. Where it cannot be
/// read any more, or was not for as long again although somebody was there, nobody waits for it.
async fn may_begin(ctx: &StepContext, mark: &mut Mark<()>, before_ms: i64) -> Result<bool, StepError> {
    let now_ms = mark.began_ms;
    let work = move |intake: &mut Intake<'_, '_>| {
        let (tx, athlete) = (&mut *intake.tx, intake.athlete);
        let connection = connection::get(tx, athlete)?;
        let is_alive = connection.is_some_and(|connection| connection.state == State::Connected);
        let swept_ms = sync::get(tx, athlete)?.swept_ms;
        if !is_alive || swept_ms.is_some_and(|swept_ms| swept_ms >= before_ms) {
            return Ok(None);
        }
        sync::expiry_waits(tx, athlete, now_ms).map(Some)
    };
    let waits_since_ms = mark.remove(ctx, (), work).await?;
    Ok(waits_since_ms.is_none_or(|since_ms| since_ms < before_ms))
}

/// Removes a few, and says whether there were any.
async fn drop_some(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    what: Stale,
    before_ms: i64,
) -> Result<bool, StepError> {
    let now_ms = ctx.clock.now_ms();
    let work = move |intake: &mut Intake<'_, '_>| {
        let stale = activity::stale(intake.tx, intake.athlete, what, before_ms, CHUNK)?;
        for (strava_id, id) in &stale {
            drop_one(intake, what, (*strava_id, id), now_ms)?;
        }
        Ok(!stale.is_empty())
    };
    mark.remove(ctx, (), work).await
}

fn drop_one(
    intake: &mut Intake<'_, '_>,
    what: Stale,
    (strava_id, id): (i64, &str),
    now_ms: i64,
) -> store::Result<()> {
    match what {
        Stale::All => gone::forget(intake, (strava_id, id), Why::Expired, now_ms),
        Stale::Part(Part::Streams) => {
            activity::drop_part(intake.tx, intake.athlete, strava_id, Part::Streams)?;
            // The ground that was covered and the way are the track itself; times on segments are figures, and stay.
            activity_place::forget(intake.tx, id)?;
            route::forget(intake.tx, id)?;
            activity_stream::replace(intake.tx, id, &[])
        }
        Stale::Part(Part::Detail) => {
            activity::drop_part(intake.tx, intake.athlete, strava_id, Part::Detail)?;
            without_details(intake, (strava_id, id))
        }
    }
}

/// Leaves of an activity what its summary says, and what was computed from its samples.
fn without_details(intake: &mut Intake<'_, '_>, (strava_id, id): (i64, &str)) -> store::Result<()> {
    let athlete = intake.athlete;
    let Some(summary) = Stored::read(intake.tx, athlete, strava_id)?.summary() else { return Ok(()) };
    let changed = intake.change()?;
    lap::replace(intake.tx, id, &[])?;
    let day = records::activity::set_device(intake.tx, id, summary.device.as_deref(), changed)?;
    records::activity::touch_counted(intake.tx, id, changed)?;
    export_row::put(intake.tx, athlete, &decode::told(athlete, &summary, None))?;
    intake.touch(day)
}
