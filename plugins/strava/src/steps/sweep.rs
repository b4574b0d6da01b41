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
    /// The last of what was in none of them that was looked for, in the order of Strava's ids.
    looked_for: Option<i64>,
}

/// What became of activities that were looked for.
#[derive(Debug, Default)]
struct Looked {
    gone: Vec<(i64, String)>,
    there: Vec<i64>,
    last: Option<i64>,
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
            let place = Place { pages: number, is_whole: values.is_empty(), ..mark.place };
            keep(ctx, mark, place, (values, Trust::Whole), |_| Ok(())).await?;
            ctx.progress.tell(u64::from(number), u64::from(number), &format!("page {number}"));
        }
        Ok(())
    }

    /// Removes what was in none of the pages and is not there when it is asked for by itself: pages shift while an
    /// activity comes or goes.
    async fn remove_missing(&self, ctx: &StepContext, mark: &mut Mark<Place>) -> Result<(), StepError> {
        let (athlete, began_ms) = (ctx.run.partition.clone(), mark.began_ms);
        let mut missing = ctx.read(move |tx| activity::missing(tx, &athlete, began_ms)).await?;
        // What this run looked for and neither found nor missed is for the next sweep.
        missing.retain(|(strava_id, _)| mark.place.looked_for < Some(*strava_id));
        hold_back(ctx, mark, missing.len()).await?;
        for missing in missing.chunks(REMOVED_AT_ONCE) {
            let mut looked = Looked::default();
            let ended = self.look_for_all(ctx, missing, &mut looked).await;
            keep_looked(ctx, mark, looked).await?;
            ended?;
        }
        Ok(())
    }

    /// Looks for one after the other, and notes what came of them up to where it is cut.
    async fn look_for_all(
        &self,
        ctx: &StepContext,
        missing: &[(i64, String)],
        looked: &mut Looked,
    ) -> Result<(), StepError> {
        for (strava_id, activity_id) in missing {
            match self.look_for(ctx, *strava_id).await? {
                Reply::Gone => looked.gone.push((*strava_id, activity_id.clone())),
                Reply::Told(told) if wire::has_id(&told, *strava_id) => looked.there.push(*strava_id),
                Reply::Told(_) | Reply::NotEntitled | Reply::Faulty(_) => {}
            }
            looked.last = Some(*strava_id);
        }
        Ok(())
    }

    async fn look_for(&self, ctx: &StepContext, strava_id: i64) -> Result<Reply, StepError> {
        let path = format!("activities/{strava_id}");
        self.client.get(ctx, &path, &[], Purpose::Fresh).await
    }
}

/// Keeps what was found out, and that it need not be asked for again.
async fn keep_looked(ctx: &StepContext, mark: &mut Mark<Place>, looked: Looked) -> Result<(), StepError> {
    let Looked { gone, there, last } = looked;
    if last.is_none() {
        return Ok(());
    }
    let (place, began_ms) = (Place { looked_for: last, ..mark.place }, mark.began_ms);
    let now_ms = ctx.clock.now_ms().max(began_ms);
    let remove = move |intake: &mut Intake<'_, '_>| {
        activity::seen(intake.tx, intake.athlete, &there, now_ms)?;
        // With the time of the sweep itself: once it has ended, what it removed counts no more.
        gone.iter()
            .try_for_each(|(strava_id, id)| gone::forget(intake, (*strava_id, id), Why::Missing, began_ms))
    };
    mark.commit(ctx, place, remove).await
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
