//! The segments that the athlete has starred, their lines, and the own efforts on them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::segment;
use fitness::records::strava::item::{self, Item};
use fitness::records::strava::line::{self, STARRED};
use fitness::records::strava::quota::Purpose;
use fitness::records::strava::{effort, sync};
use serde_json::Value;

use super::activities::PER_PAGE;
use super::pace::{EveryConfig, PATIENCE_USUAL, is_asked, is_fresh, is_over};
use super::tried;
use crate::client::{Client, Reply};
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire::{self, Effort, Segment};

/// Of which best effort the efforts on a segment were read.
const EFFORTS: &str = "segment_efforts";
/// That all starred ones were listed.
const LISTED: &str = "segments";
/// How often in vain a line was asked for. The note expires like all that Strava told, and then it is asked for anew.
const UNREAD: &str = "segment_line_unread";
/// After so many nights a line is left alone, so that none costs a call each night for ever.
const TRIES_MOST: u32 = 3;
const DAY_MS: i64 = 86_400_000;

/// Reads starred segments and the efforts on those whose best time is another now.
#[derive(Debug)]
pub(crate) struct Segments {
    client: Client,
    every: Duration,
    /// A line that was read so long ago is read again, half way to where it may be kept no longer.
    line_age_ms: i64,
}

/// What was kept before this run, by the segments' ids.
struct Before {
    starred: BTreeMap<String, Item>,
    /// Of which best effort the efforts were read.
    efforts: BTreeMap<String, Item>,
    lines: BTreeMap<String, Item>,
    unread: BTreeMap<String, Item>,
    /// Those whose line a segment of the athlete's own follows.
    followed: BTreeSet<String>,
}

/// What the list told.
struct Starred {
    segments: Vec<Segment>,
    /// False where a page could not be read, which says nothing of what is starred.
    is_ended: bool,
    /// False where one of them could not be read, which may be any of those that are kept.
    is_whole: bool,
}

impl Step for Segments {
    const KIND: &'static str = "strava.segments";
    const ABOUT: &'static str = "Reads starred segments, their lines and the own efforts on them.";
    type Config = EveryConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: EveryConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        let mut mark = Mark::<()>::begin(ctx).await?;
        let Err(error) = self.read(ctx, &mut mark).await else { return Ok(mark.changes) };
        if is_over(ctx, &error, &mark, PATIENCE_USUAL).await? { Ok(mark.changes) } else { Err(error) }
    }
}

impl Made for Segments {
    fn made(config: EveryConfig, options: &Options) -> Result<Self, ConfigError> {
        let line_age_ms = i64::from(options.retention_days()) * DAY_MS / 2;
        Ok(Self { client: Client::new(options.clone()), every: config.every()?, line_age_ms })
    }
}

impl Segments {
    async fn read(&self, ctx: &StepContext, mark: &mut Mark<()>) -> Result<(), StepError> {
        if !is_asked(ctx) && is_fresh(ctx, LISTED, self.every).await? {
            return Ok(());
        }
        let before = Before::read(ctx).await?;
        let starred = self.list(ctx, mark).await?;
        // Before anything that may have to wait for the quota: who takes a star back need not wait for the past.
        if starred.is_ended && starred.is_whole {
            forget_others(ctx, mark, &before, &starred.segments).await?;
        }
        let (followed, others) = self.due(ctx, &before, &starred.segments);
        // What follows a line goes with it, so that such a line is not left to what the past spares.
        let may_ask = self.lines(ctx, mark, (&before, &followed), Purpose::Fresh).await?;
        self.all_efforts(ctx, mark, &before, &starred.segments).await?;
        if may_ask {
            self.lines(ctx, mark, (&before, &others), Purpose::Past).await?;
        }
        if !starred.is_ended {
            return Ok(());
        }
        // Last, because it says that all of them were read.
        let listed = item((LISTED, "own".to_owned()), "{}".to_owned(), ctx.clock.now_ms());
        mark.commit(ctx, (), move |intake| item::put(intake.tx, intake.athlete, &listed)).await
    }

    /// Reads the list and keeps what it tells, up to a page that cannot be read.
    async fn list(&self, ctx: &StepContext, mark: &mut Mark<()>) -> Result<Starred, StepError> {
        let mut starred = Starred { segments: Vec::new(), is_ended: false, is_whole: true };
        for number in 1.. {
            let Some(values) = self.page(ctx, number).await? else { break };
            starred.is_ended = values.len() < PER_PAGE;
            for value in values {
                let Ok(segment) = Segment::read(&value) else {
                    starred.is_whole = false;
                    continue;
                };
                self.keep(ctx, mark, &segment, value).await?;
                starred.segments.push(segment);
            }
            if starred.is_ended {
                break;
            }
        }
        Ok(starred)
    }

    /// One page of them; nothing where it cannot be read. One call a day tells what is starred now, and is not left to
    /// what the past spares.
    async fn page(&self, ctx: &StepContext, number: u32) -> Result<Option<Vec<Value>>, StepError> {
        let (page, per_page) = (number.to_string(), PER_PAGE.to_string());
        let query = [("page", page.as_str()), ("per_page", &per_page)];
        match self.client.get(ctx, "segments/starred", &query, Purpose::Fresh).await? {
            Reply::Told(Value::Array(values)) => Ok(Some(values)),
            _ => Ok(None),
        }
    }

    /// The segments whose lines are to be read: those that are followed, and the others.
    fn due(&self, ctx: &StepContext, before: &Before, starred: &[Segment]) -> (Vec<i64>, Vec<i64>) {
        let young_ms = ctx.clock.now_ms() - self.line_age_ms;
        let is_due = |id: &str| {
            let is_old = before.lines.get(id).is_none_or(|line| line.fetched_ms < young_ms);
            is_old && (is_asked(ctx) || before.tries(id) < TRIES_MOST)
        };
        let ids = starred.iter().map(|segment| segment.id).filter(|id| is_due(&id.to_string()));
        ids.partition(|id| before.followed.contains(&id.to_string()))
    }

    /// Reads these lines; false where the athlete has no right to them, and so none to others.
    async fn lines(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        (before, segments): (&Before, &[i64]),
        purpose: Purpose,
    ) -> Result<bool, StepError> {
        for segment_id in segments {
            let tries = before.tries(&segment_id.to_string());
            if !self.line(ctx, mark, (*segment_id, tries), purpose).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the efforts on those whose best one is another than when they were read last.
    async fn all_efforts(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        before: &Before,
        starred: &[Segment],
    ) -> Result<(), StepError> {
        if !self.has_efforts(ctx).await? {
            return Ok(());
        }
        for Segment { id, best } in starred {
            let Some(best) = best else { continue };
            let read = before.efforts.get(&id.to_string());
            let is_another = read.is_none_or(|read| read.body != best.id.to_string());
            if is_another && !self.efforts(ctx, mark, (*id, best.id)).await? {
                break;
            }
        }
        Ok(())
    }

    async fn has_efforts(&self, ctx: &StepContext) -> Result<bool, StepError> {
        let athlete = ctx.run.partition.clone();
        ctx.read(move |tx| Ok(sync::get(tx, &athlete)?.no_efforts_ms.is_none())).await
    }

    /// Reads the efforts on a segment because of its best one, and says whether the athlete has a right to them.
    async fn efforts(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        (segment_id, best_id): (i64, i64),
    ) -> Result<bool, StepError> {
        let (id, per_page) = (segment_id.to_string(), PER_PAGE.to_string());
        let query = [("segment_id", id.as_str()), ("per_page", &per_page)];
        let now_ms = ctx.clock.now_ms();
        match self.client.get(ctx, "segment_efforts", &query, Purpose::Past).await? {
            Reply::Told(Value::Array(told)) => {
                let efforts = told.iter();
                let efforts: Vec<_> =
                    efforts.filter_map(|effort| Effort::read(effort).ok()).map(Effort::into_record).collect();
                let read = item((EFFORTS, id), best_id.to_string(), now_ms);
                let write = move |intake: &mut Intake<'_, '_>| {
                    item::put(intake.tx, intake.athlete, &read)?;
                    effort::put(intake.tx, intake.athlete, &efforts, now_ms)
                };
                mark.commit(ctx, (), write).await?;
                Ok(true)
            }
            Reply::NotEntitled => {
                let note = move |intake: &mut Intake<'_, '_>| {
                    sync::set_no_efforts(intake.tx, intake.athlete, Some(now_ms))
                };
                mark.commit(ctx, (), note).await?;
                Ok(false)
            }
            // They are asked for again the next time.
            Reply::Told(_) | Reply::Gone | Reply::Faulty(_) => Ok(true),
        }
    }

    /// Reads the line of a segment, which the list does not tell, and says whether the athlete has a right to it. Where
    /// it cannot be read, what is kept of it stays until it is too old, and the next runs ask again.
    async fn line(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        (segment_id, tries): (i64, u32),
        purpose: Purpose,
    ) -> Result<bool, StepError> {
        let path = format!("segments/{segment_id}");
        let told = match self.client.get(ctx, &path, &[], purpose).await {
            Ok(Reply::Told(told)) if wire::has_id(&told, segment_id) => told,
            Ok(Reply::NotEntitled) => {
                note_unread(ctx, mark, (segment_id, TRIES_MOST)).await?;
                return Ok(false);
            }
            Ok(Reply::Told(_) | Reply::Gone | Reply::Faulty(_)) => Value::Null,
            Err(error) if tried::is_its_own_fault(&error) => Value::Null,
            Err(error) => return Err(error),
        };
        let Ok(read) = wire::line(&told) else {
            return note_unread(ctx, mark, (segment_id, tries + 1)).await.map(|()| true);
        };
        let now_ms = ctx.clock.now_ms();
        let write = move |intake: &mut Intake<'_, '_>| {
            item::remove(intake.tx, intake.athlete, (UNREAD, &segment_id.to_string()))?;
            line::put(intake.tx, intake.athlete, segment_id, &read, now_ms)
        };
        mark.commit(ctx, (), write).await.map(|()| true)
    }

    async fn keep(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        segment: &Segment,
        value: Value,
    ) -> Result<(), StepError> {
        let now_ms = ctx.clock.now_ms();
        let kept = item((STARRED, segment.id.to_string()), value.to_string(), now_ms);
        let best: Vec<_> = segment.best.clone().map(Effort::into_record).into_iter().collect();
        let write = move |intake: &mut Intake<'_, '_>| {
            item::put(intake.tx, intake.athlete, &kept)?;
            effort::put(intake.tx, intake.athlete, &best, now_ms)
        };
        mark.commit(ctx, (), write).await
    }
}

/// Forgets what is starred no more, with what followed it.
async fn forget_others(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    before: &Before,
    starred: &[Segment],
) -> Result<(), StepError> {
    let starred: BTreeSet<String> = starred.iter().map(|segment| segment.id.to_string()).collect();
    for unstarred in before.starred.keys().filter(|id| !starred.contains(*id)) {
        let unstarred = unstarred.clone();
        let forget = move |intake: &mut Intake<'_, '_>| {
            item::remove(intake.tx, intake.athlete, (EFFORTS, &unstarred))?;
            item::remove(intake.tx, intake.athlete, (UNREAD, &unstarred))?;
            line::remove(intake.tx, intake.athlete, &unstarred)?;
            item::remove(intake.tx, intake.athlete, (STARRED, &unstarred))
        };
        mark.commit(ctx, (), forget).await?;
    }
    Ok(())
}

/// Keeps how often a line was asked for in vain.
async fn note_unread(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    (segment_id, tries): (i64, u32),
) -> Result<(), StepError> {
    let note = item((UNREAD, segment_id.to_string()), tries.to_string(), ctx.clock.now_ms());
    mark.commit(ctx, (), move |intake| item::put(intake.tx, intake.athlete, &note)).await
}

fn item((kind, item_id): (&str, String), body: String, fetched_ms: i64) -> Item {
    Item { kind: kind.to_owned(), item_id, body, fetched_ms }
}

impl Before {
    async fn read(ctx: &StepContext) -> Result<Self, StepError> {
        let athlete = ctx.run.partition.clone();
        let read = ctx.read(move |tx| {
            let followed = segment::followed(tx, &athlete)?;
            let mut by_id = |kind| -> store::Result<BTreeMap<String, Item>> {
                let kept = item::list(tx, &athlete, kind)?;
                Ok(kept.into_iter().map(|item| (item.item_id.clone(), item)).collect())
            };
            Ok(Self {
                starred: by_id(STARRED)?,
                efforts: by_id(EFFORTS)?,
                lines: by_id(line::KIND)?,
                unread: by_id(UNREAD)?,
                followed,
            })
        });
        read.await
    }

    /// How often the line of a segment was asked for in vain.
    fn tries(&self, id: &str) -> u32 {
        self.unread.get(id).and_then(|note| note.body.parse().ok()).unwrap_or(0)
    }
}
