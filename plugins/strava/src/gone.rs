//! Forgets an activity that is gone at Strava, or that may be kept no longer; not many at once without a word.

use engine::context::StepContext;
use engine::step::{Cause, StepError};
use fitness::STRAVA_API;
use fitness::records::export_row;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Why};
use fitness::records::strava::{effort, sync};
use serde_json::Value;

use crate::mark::Mark;

/// Removes all that is known of an activity but its id, by which it is known again.
pub(crate) fn forget(
    intake: &mut Intake<'_, '_>,
    (strava_id, activity_id): (i64, &str),
    why: Why,
    now_ms: i64,
) -> store::Result<()> {
    let athlete = intake.athlete;
    activity::forget(intake.tx, athlete, strava_id, why, now_ms)?;
    effort::forget(intake.tx, athlete, strava_id)?;
    export_row::remove(intake.tx, athlete, (STRAVA_API, &strava_id.to_string()))?;
    intake.remove(activity_id)
}

/// The share of the activities that goes without anybody being told to.
const SHARE: f64 = 0.2;

/// How activities are found gone, and how many of them may always go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A whole list misses them, all at once: a single one may.
    Missed,
    /// Each is asked for by itself: a few may.
    OneByOne,
}

impl Found {
    fn few(self) -> u32 {
        match self {
            Self::Missed => 1,
            Self::OneByOne => 5,
        }
    }
}

/// Stops where so much goes that something may be wrong. What went is counted in the store since the last sweep that
/// ended, so that no cut and no other run begins anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    found: Found,
    /// Those that were there when it began to be counted.
    pub(crate) known: u32,
    pub(crate) gone: u32,
    is_told: bool,
}

impl Guard {
    pub(crate) async fn begin(ctx: &StepContext, found: Found) -> Result<Self, StepError> {
        let athlete = ctx.run.partition.clone();
        let read = ctx.read(move |tx| {
            let swept_ms = sync::get(tx, &athlete)?.swept_ms;
            let gone = activity::gone_since(tx, &athlete, swept_ms)?;
            Ok((activity::counts(tx, &athlete)?.activities, gone))
        });
        let (there, gone) = read.await?;
        let is_told = ctx.run.params.get("confirm").and_then(Value::as_bool) == Some(true);
        Ok(Self { found, known: there + gone, gone, is_told })
    }

    /// Begins where something goes, since counting takes longer the more there is.
    pub(crate) async fn at_first<'a>(
        guard: &'a mut Option<Self>,
        ctx: &StepContext,
        found: Found,
    ) -> Result<&'a mut Self, StepError> {
        let begun = match guard.take() {
            Some(guard) => guard,
            None => Self::begin(ctx, found).await?,
        };
        Ok(guard.insert(begun))
    }

    /// Whether so many more may go.
    pub(crate) fn lets_go(&self, more: u32) -> bool {
        let gone = self.gone.saturating_add(more);
        self.is_told || gone <= self.found.few() || f64::from(gone) <= SHARE * f64::from(self.known)
    }

    /// Removes one that Strava does not know; nothing happens where it is not known here either.
    pub(crate) async fn remove(
        &mut self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        strava_id: i64,
    ) -> Result<(), StepError> {
        let athlete = ctx.run.partition.clone();
        let known = ctx.read(move |tx| activity::one(tx, &athlete, strava_id)).await?;
        let Some(known) = known else { return Ok(()) };
        if !self.lets_go(1) {
            let message = format!(
                "more than {} of {} activities are not found at Strava any more; these stay until the sweep \
                 misses them too",
                self.gone, self.known
            );
            return Err(StepError::Hopeless(Cause::new("strava_much_gone", message)));
        }
        let now_ms = ctx.clock.now_ms();
        let remove = move |intake: &mut Intake<'_, '_>| {
            forget(intake, (strava_id, &known.activity_id), Why::NotFound, now_ms)
        };
        mark.commit(ctx, (), remove).await?;
        self.gone += 1;
        Ok(())
    }
}
