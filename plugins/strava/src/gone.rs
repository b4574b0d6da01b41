//! Forgets an activity that is gone at Strava, or that may be kept no longer; not many at once without a word.

use engine::context::StepContext;
use engine::step::{Cause, StepError};
use fitness::STRAVA_API;
use fitness::records::export_row;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Why};
use fitness::records::strava::effort;
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

/// A share of the activities that a step finds gone, one by one, without being told to; a few may always be.
const GUARD_SHARE: f64 = 0.2;
const GUARD_FEW: u32 = 5;

/// Removes what a step finds gone, and stops where so much is that something may be wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    known: u32,
    gone: u32,
    is_told: bool,
}

impl Guard {
    pub(crate) async fn begin(ctx: &StepContext) -> Result<Self, StepError> {
        let athlete = ctx.run.partition.clone();
        let known = ctx.read(move |tx| Ok(activity::counts(tx, &athlete)?.activities)).await?;
        let is_told = ctx.run.params.get("confirm").and_then(Value::as_bool) == Some(true);
        Ok(Self { known, gone: 0, is_told })
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
        self.gone += 1;
        if self.is_much() && !self.is_told {
            let message = format!(
                "more than {} of {} activities are not found at Strava any more; these stay until the sweep \
                 misses them too",
                self.gone - 1,
                self.known
            );
            return Err(StepError::Hopeless(Cause::new("strava_much_gone", message)));
        }
        let now_ms = ctx.clock.now_ms();
        let remove = move |intake: &mut Intake<'_, '_>| {
            forget(intake, (strava_id, &known.activity_id), Why::NotFound, now_ms)
        };
        mark.commit(ctx, (), remove).await
    }

    fn is_much(&self) -> bool {
        self.gone > GUARD_FEW && f64::from(self.gone) > GUARD_SHARE * f64::from(self.known)
    }
}
