//! What a run asked for already, and whether it fails at an activity or at Strava.

use std::collections::HashSet;

use engine::context::{Cursor, StepContext};
use engine::step::StepError;
use fitness::records::strava::activity::{self, Part};

use super::fetch::Outcome;

/// After so many activities in a row that failed, it is not the activities.
const IN_A_ROW: usize = 3;

/// The activities that were asked for.
#[derive(Debug)]
pub(super) struct Tried {
    part: Part,
    pub(super) ids: HashSet<i64>,
    /// Those of them that are due all the same.
    pub(super) still_due: u32,
    pub(super) done: u64,
    /// The last ones, in a row: whose fault it is shows only when another one is answered.
    failed: Vec<(i64, StepError)>,
}

impl Tried {
    /// Begins; nothing was asked for.
    pub(super) fn begin(part: Part) -> Self {
        Self { part, ids: HashSet::new(), still_due: 0, done: 0, failed: Vec::new() }
    }

    /// Notes that one was answered, and so that those before it failed by themselves.
    pub(super) async fn answered(
        &mut self,
        ctx: &StepContext,
        strava_id: i64,
        outcome: &Outcome,
    ) -> Result<(), StepError> {
        self.ids.insert(strava_id);
        for (strava_id, error) in std::mem::take(&mut self.failed) {
            fault(ctx, (strava_id, self.part), code(&error)).await?;
        }
        match outcome {
            Outcome::Done => self.done += 1,
            Outcome::Gone => {}
            Outcome::Faulty => {
                self.still_due += 1;
                fault(ctx, (strava_id, self.part), "upstream_faulty").await?;
            }
        }
        Ok(())
    }

    /// Notes that one failed; an error where it is not for this one to be passed over.
    pub(super) fn failed(&mut self, strava_id: i64, error: StepError) -> Result<(), StepError> {
        if !may_be_its_own(&error) || self.failed.len() + 1 == IN_A_ROW {
            return Err(error);
        }
        self.ids.insert(strava_id);
        self.still_due += 1;
        self.failed.push((strava_id, error));
        Ok(())
    }

    /// Notes the last ones, where the run saw that Strava answers or the failure says it; else the step fails.
    pub(super) async fn end(self, ctx: &StepContext) -> Result<(), StepError> {
        for (strava_id, error) in self.failed {
            if self.done == 0 && !is_its_own(&error) {
                return Err(error);
            }
            fault(ctx, (strava_id, self.part), code(&error)).await?;
        }
        Ok(())
    }
}

fn code(error: &StepError) -> &'static str {
    match error {
        StepError::Failed(cause) | StepError::Hopeless(cause) | StepError::Later { source: cause, .. } => {
            cause.code
        }
        StepError::Cancelled => "run_cancelled",
    }
}

fn is_its_own(error: &StepError) -> bool {
    matches!(code(error), "upstream_too_large" | "upstream_refused")
}

/// True where another activity may be answered; a service that is not there answers none.
fn may_be_its_own(error: &StepError) -> bool {
    is_its_own(error)
        || matches!(code(error), "upstream_slow" | "upstream_broken_off" | "upstream_unavailable")
}

async fn fault(ctx: &StepContext, which: (i64, Part), code: &'static str) -> Result<(), StepError> {
    let athlete = ctx.run.partition.clone();
    let note = move |tx: &mut store::Tx<'_>, _: &mut Cursor| activity::note_fault(tx, &athlete, which, code);
    let faults = ctx.commit(note).await?;
    tracing::warn!(faults, code, "Strava fails at an activity; the others go on");
    Ok(())
}
