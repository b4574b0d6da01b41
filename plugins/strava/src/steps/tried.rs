//! What a run asked for already, and whether it fails at an activity or at Strava.

use std::collections::HashSet;

use engine::context::{Cursor, StepContext};
use engine::step::{Cause, StepError};
use fitness::records::strava::activity::{self, Part};
use fitness::records::strava::quota::Purpose;

use super::fetch::{self, Fetch};
use crate::client::{Client, Reply};

/// After so many activities in a row that failed, it may not be the activities.
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
    failed: Vec<Failure>,
    /// Whether Strava answered to something else when it was asked because of failures.
    is_vouched: bool,
}

#[derive(Debug)]
struct Failure {
    strava_id: i64,
    code: &'static str,
    error: StepError,
}

/// Whether a run goes on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    On,
    /// So much failed that the rest is for the next run, though Strava answers.
    Over,
}

impl Tried {
    /// Begins; nothing was asked for.
    pub(super) fn begin(part: Part) -> Self {
        let (ids, failed) = (HashSet::new(), Vec::new());
        Self { part, ids, still_due: 0, done: 0, failed, is_vouched: false }
    }

    /// Notes that one was answered, and so that those before it failed by themselves.
    pub(super) async fn answered(
        &mut self,
        ctx: &StepContext,
        strava_id: i64,
        is_done: bool,
    ) -> Result<(), StepError> {
        self.ids.insert(strava_id);
        self.done += u64::from(is_done);
        self.note(ctx).await
    }

    /// Notes that one failed; an error where it is not for this one to be passed over.
    pub(super) async fn failed<F: Fetch>(
        &mut self,
        ctx: &StepContext,
        client: &Client,
        strava_id: i64,
        error: StepError,
    ) -> Result<Next, StepError> {
        if !may_be_its_own(&error) {
            return Err(error);
        }
        self.ids.insert(strava_id);
        self.still_due += 1;
        self.failed.push(Failure { strava_id, code: code(&error), error });
        if self.failed.len() < IN_A_ROW {
            return Ok(Next::On);
        }
        // Once is enough, or what ails Strava for some hours could end with every activity given up.
        if self.is_vouched {
            tracing::warn!("Strava answers, but not to one activity after the other; the next run goes on");
            return Ok(Next::Over);
        }
        self.settle::<F>(ctx, client).await.map(|()| Next::On)
    }

    /// Notes the last ones, where the run saw that Strava answers or the failure says it; else the step fails.
    pub(super) async fn end<F: Fetch>(mut self, ctx: &StepContext, client: &Client) -> Result<(), StepError> {
        let is_their_own = self.failed.iter().all(|failure| is_its_own(failure.code));
        if self.done > 0 || self.is_vouched || is_their_own {
            return self.note(ctx).await;
        }
        self.settle::<F>(ctx, client).await
    }

    /// Notes those that failed where Strava answers to something else; else the first failure is the step's.
    async fn settle<F: Fetch>(&mut self, ctx: &StepContext, client: &Client) -> Result<(), StepError> {
        if vouches::<F>(ctx, client).await? {
            self.is_vouched = true;
            return self.note(ctx).await;
        }
        match self.failed.drain(..).next().map(|failure| failure.error) {
            // What one answer says of one activity says more where it is said of all.
            Some(StepError::Failed(Cause { code: "upstream_faulty", message, source })) => {
                Err(StepError::Failed(Cause { code: "upstream_unavailable", message, source }))
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn note(&mut self, ctx: &StepContext) -> Result<(), StepError> {
        for failure in std::mem::take(&mut self.failed) {
            note(ctx, (failure.strava_id, self.part), failure.code).await?;
        }
        Ok(())
    }
}

/// What an answer is that tells nothing of an activity.
pub(super) fn faulty() -> StepError {
    StepError::Failed(Cause::new("upstream_faulty", "Strava fails, and does not say why"))
}

/// Whether Strava answers to the same question of an activity that was answered before, or where there is none, to one
/// of the athlete.
async fn vouches<F: Fetch>(ctx: &StepContext, client: &Client) -> Result<bool, StepError> {
    let athlete = ctx.run.partition.clone();
    let good = ctx.read(move |tx| activity::last_fetched(tx, &athlete, F::PART)).await?;
    let reply = match good {
        Some(strava_id) => fetch::ask::<F>(ctx, client, strava_id).await,
        None => client.get(ctx, "athlete", &[], Purpose::Past).await,
    };
    match reply {
        Err(StepError::Cancelled) => Err(StepError::Cancelled),
        reply => Ok(matches!(reply, Ok(Reply::Told(_)))),
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

fn is_its_own(code: &str) -> bool {
    matches!(code, "upstream_too_large" | "upstream_refused")
}

/// True where the failure says that it is of this question alone.
pub(super) fn is_its_own_fault(error: &StepError) -> bool {
    is_its_own(code(error))
}

/// True where another activity may be answered; a service that is not there answers none.
pub(super) fn may_be_its_own(error: &StepError) -> bool {
    let code = code(error);
    is_its_own(code)
        || matches!(
            code,
            "upstream_faulty" | "upstream_slow" | "upstream_broken_off" | "upstream_unavailable"
        )
}

async fn note(ctx: &StepContext, which: (i64, Part), code: &'static str) -> Result<(), StepError> {
    let athlete = ctx.run.partition.clone();
    let note = move |tx: &mut store::Tx<'_>, _: &mut Cursor| activity::note_fault(tx, &athlete, which, code);
    let faults = ctx.commit(note).await?;
    tracing::warn!(faults, code, "Strava fails at an activity; the others go on");
    Ok(())
}
