//! Everything that is there: what was edited, what came late, and what is gone.

use engine::context::StepContext;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Why};
use fitness::records::strava::quota::Purpose;
use fitness::records::strava::sync::{self, HeldBack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::activities::{Window, keep, page};
use crate::client::{Client, Reply};
use crate::gone;
use crate::listing::Trust;
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire;

/// A share of the activities that a sweep removes without being told to; a single one may always go.
const GUARD_SHARE: f64 = 0.2;
const REMOVED_AT_ONCE: usize = 20;

/// Reads the whole list.
#[derive(Debug)]
pub(crate) struct Sweep {
    client: Client,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SweepConfig {}

/// How far a sweep is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Pages that were read whole.
    pages: u32,
    /// True when the empty page was reached.
    is_whole: bool,
}

impl Step for Sweep {
    const KIND: &'static str = "strava.sweep";
    const ABOUT: &'static str = "Reads Strava's whole list, and removes what is gone there.";
    type Config = SweepConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: SweepConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let mut mark = Mark::<Place>::begin(ctx).await?;
        self.list(ctx, &mut mark).await?;
        self.remove_missing(ctx, &mut mark).await?;
        let (place, began_ms) = (mark.place, mark.began_ms);
        let note = move |intake: &mut Intake<'_, '_>| sync::swept(intake.tx, intake.athlete, began_ms);
        mark.commit(ctx, place, note).await?;
        Ok(mark.changes)
    }
}

impl Made for Sweep {
    fn made(_: SweepConfig, options: &Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(options.clone()) })
    }
}

impl Sweep {
    /// Reads page after page, up to an empty one: a short one need not be the last.
    async fn list(&self, ctx: &StepContext, mark: &mut Mark<Place>) -> Result<(), StepError> {
        let window = Window { after_ms: None, before_ms: mark.began_ms };
        while !mark.place.is_whole {
            let number = mark.place.pages + 1;
            let values = page(ctx, &self.client, window, number).await?;
            let place = Place { pages: number, is_whole: values.is_empty() };
            keep(ctx, mark, place, (values, Trust::Whole)).await?;
            ctx.progress.tell(u64::from(number), u64::from(number), &format!("page {number}"));
        }
        Ok(())
    }

    /// Removes what was in none of the pages and is not there when it is asked for by itself: pages shift while an
    /// activity comes or goes.
    async fn remove_missing(&self, ctx: &StepContext, mark: &mut Mark<Place>) -> Result<(), StepError> {
        let (athlete, began_ms) = (ctx.run.partition.clone(), mark.began_ms);
        let read = ctx.read(move |tx| {
            let missing = activity::missing(tx, &athlete, began_ms)?;
            Ok((missing, activity::counts(tx, &athlete)?.activities))
        });
        let (missing, of) = read.await?;
        self.guard(ctx, mark, missing.len(), of).await?;
        for missing in missing.chunks(REMOVED_AT_ONCE) {
            let (mut gone, mut there) = (Vec::new(), Vec::new());
            for (strava_id, activity_id) in missing {
                match self.look_for(ctx, *strava_id).await? {
                    Reply::Gone => gone.push((*strava_id, activity_id.clone())),
                    Reply::Told(told) if wire::has_id(&told, *strava_id) => there.push(*strava_id),
                    Reply::Told(_) | Reply::NotEntitled | Reply::Faulty(_) => {}
                }
            }
            let (place, now_ms) = (mark.place, ctx.clock.now_ms().max(mark.began_ms));
            let remove = move |intake: &mut Intake<'_, '_>| {
                activity::seen(intake.tx, intake.athlete, &there, now_ms)?;
                gone.iter().try_for_each(|(strava_id, id)| {
                    gone::forget(intake, (*strava_id, id), Why::Missing, now_ms)
                })
            };
            mark.commit(ctx, place, remove).await?;
        }
        Ok(())
    }

    /// Removes nothing where so much is gone that something may be wrong, unless the run was told to.
    async fn guard(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<Place>,
        missing: usize,
        of: u32,
    ) -> Result<(), StepError> {
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let is_much = missing > 1 && f64::from(missing) > GUARD_SHARE * f64::from(of);
        let is_told = ctx.run.params.get("confirm").and_then(serde_json::Value::as_bool) == Some(true);
        if !is_much || is_told {
            return Ok(());
        }
        let held_back = HeldBack { at_ms: ctx.clock.now_ms(), missing, of };
        let note = move |intake: &mut Intake<'_, '_>| sync::hold_back(intake.tx, intake.athlete, &held_back);
        mark.commit(ctx, mark.place, note).await?;
        let message = format!(
            "{missing} of {of} activities are gone at Strava; nothing was removed; \
             `paceline sync --confirm` removes them"
        );
        Err(StepError::Hopeless(Cause::new("strava_much_gone", message)))
    }

    async fn look_for(&self, ctx: &StepContext, strava_id: i64) -> Result<Reply, StepError> {
        let path = format!("activities/{strava_id}");
        self.client.get(ctx, &path, &[], Purpose::Fresh).await
    }
}
