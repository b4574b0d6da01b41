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
use crate::gone::{self, Found, Guard};
use crate::listing::Trust;
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire;

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
            keep(ctx, mark, place, (values, Trust::Whole), |_| Ok(())).await?;
            ctx.progress.tell(u64::from(number), u64::from(number), &format!("page {number}"));
        }
        Ok(())
    }

    /// Removes what was in none of the pages and is not there when it is asked for by itself: pages shift while an
    /// activity comes or goes.
    async fn remove_missing(&self, ctx: &StepContext, mark: &mut Mark<Place>) -> Result<(), StepError> {
        let (athlete, began_ms) = (ctx.run.partition.clone(), mark.began_ms);
        let missing = ctx.read(move |tx| activity::missing(tx, &athlete, began_ms)).await?;
        hold_back(ctx, mark, missing.len()).await?;
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
                // With the time of the sweep itself: once it has ended, what it removed counts no more.
                gone.iter().try_for_each(|(strava_id, id)| {
                    gone::forget(intake, (*strava_id, id), Why::Missing, began_ms)
                })
            };
            mark.commit(ctx, place, remove).await?;
        }
        Ok(())
    }

    async fn look_for(&self, ctx: &StepContext, strava_id: i64) -> Result<Reply, StepError> {
        let path = format!("activities/{strava_id}");
        self.client.get(ctx, &path, &[], Purpose::Fresh).await
    }
}

/// Fails, with a note of it for everybody to see, where so much is gone that something may be wrong.
async fn hold_back(ctx: &StepContext, mark: &mut Mark<Place>, missing: usize) -> Result<(), StepError> {
    let missing = u32::try_from(missing).unwrap_or(u32::MAX);
    let guard = Guard::begin(ctx, Found::Missed).await?;
    if missing == 0 || guard.lets_go(missing) {
        return Ok(());
    }
    let of = guard.known - guard.gone;
    let held_back = HeldBack { at_ms: ctx.clock.now_ms(), missing, of };
    let note = move |intake: &mut Intake<'_, '_>| sync::hold_back(intake.tx, intake.athlete, &held_back);
    mark.commit(ctx, mark.place, note).await?;
    let before = match guard.gone {
        0 => String::new(),
        gone => format!(", after {gone} since the last sweep that ended"),
    };
    let message = format!(
        "{missing} of {of} activities are gone at Strava{before}; none of them was removed; \
         `paceline sync --confirm` removes them"
    );
    Err(StepError::Hopeless(Cause::new("strava_much_gone", message)))
}
