//! The segments that the athlete has starred, their lines, and the own efforts on them.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::item::{self, Item};
use fitness::records::strava::line::{self, STARRED};
use fitness::records::strava::quota::Purpose;
use fitness::records::strava::{effort, sync};
use serde_json::Value;

use super::activities::PER_PAGE;
use super::pace::{EveryConfig, PATIENCE_USUAL, is_fresh, is_over};
use crate::client::{Client, Reply};
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire::{self, Effort, Segment};

/// Of which best effort the efforts on a segment were read.
const EFFORTS: &str = "segment_efforts";
/// That all starred ones were listed.
const LISTED: &str = "segments";
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
    /// Starred segments, less those that were listed since.
    starred: BTreeMap<String, Item>,
    /// Of which best effort the efforts were read.
    efforts: BTreeMap<String, Item>,
    lines: BTreeMap<String, Item>,
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
        if is_fresh(ctx, LISTED, self.every).await? {
            return Ok(());
        }
        let mut before = Before::read(ctx).await?;
        let mut has_efforts = self.has_efforts(ctx).await?;
        let mut is_whole = true;
        for number in 1.. {
            // What cannot be read says nothing of what is starred.
            let Some(starred) = self.starred(ctx, number).await? else { return Ok(()) };
            let is_last = starred.len() < PER_PAGE;
            for value in starred {
                let Ok(segment) = Segment::read(&value) else {
                    is_whole = false;
                    continue;
                };
                let id = segment.id.to_string();
                before.starred.remove(&id);
                if let Some(best) = segment.best.as_ref().filter(|_| has_efforts)
                    && before.efforts.get(&id).is_none_or(|read| read.body != best.id.to_string())
                {
                    has_efforts = self.efforts(ctx, mark, (segment.id, best.id)).await?;
                }
                self.keep(ctx, mark, &segment, value).await?;
                let young_ms = ctx.clock.now_ms() - self.line_age_ms;
                if before.lines.get(&id).is_none_or(|line| line.fetched_ms < young_ms) {
                    self.line(ctx, mark, segment.id).await?;
                }
            }
            if is_last {
                break;
            }
        }
        // One that cannot be read may be any of them.
        for unstarred in before.starred.into_keys().filter(|_| is_whole) {
            let forget = move |intake: &mut Intake<'_, '_>| {
                item::remove(intake.tx, intake.athlete, (EFFORTS, &unstarred))?;
                line::remove(intake.tx, intake.athlete, &unstarred)?;
                item::remove(intake.tx, intake.athlete, (STARRED, &unstarred))
            };
            mark.commit(ctx, (), forget).await?;
        }
        // Last, because it says that all of them were read.
        let listed = item((LISTED, "own".to_owned()), "{}".to_owned(), ctx.clock.now_ms());
        mark.commit(ctx, (), move |intake| item::put(intake.tx, intake.athlete, &listed)).await
    }

    /// One page of them; nothing where it cannot be read.
    async fn starred(&self, ctx: &StepContext, number: u32) -> Result<Option<Vec<Value>>, StepError> {
        let (page, per_page) = (number.to_string(), PER_PAGE.to_string());
        let query = [("page", page.as_str()), ("per_page", &per_page)];
        match self.client.get(ctx, "segments/starred", &query, Purpose::Past).await? {
            Reply::Told(Value::Array(values)) => Ok(Some(values)),
            _ => Ok(None),
        }
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

    /// Reads the line of a segment, which the list does not tell. Where it cannot be read, what is kept of it stays until
    /// it is too old, and the next run asks again.
    async fn line(&self, ctx: &StepContext, mark: &mut Mark<()>, segment_id: i64) -> Result<(), StepError> {
        let path = format!("segments/{segment_id}");
        let told = match self.client.get(ctx, &path, &[], Purpose::Past).await? {
            Reply::Told(told) if wire::has_id(&told, segment_id) => told,
            _ => return Ok(()),
        };
        let Ok(read) = wire::line(&told) else { return Ok(()) };
        let now_ms = ctx.clock.now_ms();
        let write = move |intake: &mut Intake<'_, '_>| {
            line::put(intake.tx, intake.athlete, segment_id, &read, now_ms)
        };
        mark.commit(ctx, (), write).await
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

fn item((kind, item_id): (&str, String), body: String, fetched_ms: i64) -> Item {
    Item { kind: kind.to_owned(), item_id, body, fetched_ms }
}

impl Before {
    async fn read(ctx: &StepContext) -> Result<Self, StepError> {
        let athlete = ctx.run.partition.clone();
        let read = ctx.read(move |tx| {
            let mut by_id = |kind| -> store::Result<BTreeMap<String, Item>> {
                let kept = item::list(tx, &athlete, kind)?;
                Ok(kept.into_iter().map(|item| (item.item_id.clone(), item)).collect())
            };
            Ok(Self { starred: by_id(STARRED)?, efforts: by_id(EFFORTS)?, lines: by_id(line::KIND)? })
        });
        read.await
    }
}
