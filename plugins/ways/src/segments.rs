//! The step that finds the efforts on segments of the athlete's own.
//!
//! Activities that are new or others than before are looked at for all segments, and then all activities for the
//! segments that are new, all of these in one pass.

use std::collections::HashMap;
use std::sync::Arc;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::ground::matching::{self, Passage, Prepared, VERSION};
use fitness::ground::{Walk, mean};
use fitness::recording::{Channel, Samples};
use fitness::records::activity_stream;
use fitness::records::segment::{self, Segment};
use fitness::records::segment_effort::{self, Effort};
use fitness::records::way::{self, Due, Key, Part};
use fitness::sport;
use fitness::stream::Column;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tx;

use crate::walked::{Walked, worked_out};

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;
const WAY: (Part, i64) = (Part::Segments, VERSION);
/// What the means of an effort are made of.
const MEASURED: [Column; 3] =
    [Column::Time, Column::Channel(Channel::HeartRate), Column::Channel(Channel::Power)];

/// Finds how long each activity took on each segment.
#[derive(Debug)]
pub struct Segments;

/// No settings: segments belong to the athlete.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SegmentsConfig {}

/// How far the past was looked through, and for which segments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pass {
    of: Vec<segment::Key>,
    after: Key,
}

/// A segment as it is looked for.
pub(crate) struct Wanted {
    key: segment::Key,
    line: Prepared,
}

/// What was found on an activity.
type Found = (Due, Vec<(segment::Key, Passage)>);

impl Step for Segments {
    const KIND: &'static str = "ways.segments";
    const ABOUT: &'static str = "Finds how long each activity took on each segment of the athlete's own.";
    type Config = SegmentsConfig;
    type Input = (Gather<Changes>,);
    type Output = Walked;

    fn build(_config: SegmentsConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    // What is to be looked at stands in the store: a giver that failed must not leave it unseen.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Walked, StepError> {
        let mut walked = Walked::default();
        let all = Arc::new(wanted(ctx, |_| true).await?);
        while current(ctx, &all, &mut walked).await? {}
        let new = Arc::new(wanted(ctx, |segment| !segment.is_matched).await?);
        while !new.is_empty() && history(ctx, &new, &mut walked).await? {}
        Ok(walked)
    }
}

pub(crate) async fn wanted(
    ctx: &StepContext,
    is_wanted: fn(&Segment) -> bool,
) -> Result<Vec<Wanted>, StepError> {
    let partition = ctx.run.partition.clone();
    let segments = ctx.read(move |tx| segment::all(tx, &partition)).await?;
    let wanted = segments.into_iter().filter(is_wanted).filter_map(|segment| {
        let line = Prepared::of(&segment.line)?;
        let Segment { id, sports, created_ms, .. } = segment;
        Some(Wanted { key: segment::Key { id, sports, created_ms }, line })
    });
    Ok(wanted.collect())
}

/// Looks at the next activities that changed; false where none is left.
async fn current(ctx: &StepContext, all: &Arc<Vec<Wanted>>, walked: &mut Walked) -> Result<bool, StepError> {
    let partition = ctx.run.partition.clone();
    // Where nothing is looked for, nothing is read.
    let columns: &[Column] = if all.is_empty() { &[] } else { &Walk::COLUMNS };
    let due = ctx.read(move |tx| way::pending(tx, &partition, WAY, columns, CHUNK)).await?;
    let (Some(last), count) = (due.last().map(Due::key), due.len()) else { return Ok(false) };
    let is_left = |due: &&Due| !(due.may_outlive_samples && due.blocks.is_empty());
    let ids: Vec<String> = due.iter().filter(is_left).map(|due| due.id.clone()).collect();
    let efforts = look(ctx, due, all.clone()).await?;
    let partition = ctx.run.partition.clone();
    let written = ctx.commit(move |tx, _| {
        ids.iter().try_for_each(|id| segment_effort::forget(tx, id).map(drop))?;
        let written = segment_effort::put(tx, &efforts)?;
        way::move_on(tx, &partition, WAY, &last)?;
        Ok(written)
    });
    tell(ctx, walked, count, written.await?);
    Ok(count == CHUNK as usize)
}

/// Looks for new segments on the next activities of the past; false where that was the last of it.
pub(crate) async fn history(
    ctx: &StepContext,
    new: &Arc<Vec<Wanted>>,
    walked: &mut Walked,
) -> Result<bool, StepError> {
    let of: Vec<segment::Key> = new.iter().map(|wanted| wanted.key.clone()).collect();
    let wanted_of = of.clone();
    let after = ctx.commit(move |_, cursor| {
        let pass = cursor.get::<Pass>().filter(|pass| pass.of == wanted_of);
        Ok(pass.map(|pass| pass.after).unwrap_or_default())
    });
    let (after, partition) = (after.await?, ctx.run.partition.clone());
    let due = ctx.read(move |tx| way::after(tx, &partition, &after, &Walk::COLUMNS, CHUNK)).await?;
    let (last, count) = (due.last().map(Due::key), due.len());
    let is_last = count < CHUNK as usize;
    let efforts = look(ctx, due, new.clone()).await?;
    let partition = ctx.run.partition.clone();
    let written = ctx.commit(move |tx, cursor| {
        let written = segment_effort::put(tx, &efforts)?;
        if is_last {
            segment::matched(tx, &partition, &of)?;
            cursor.set(&Pass { of: Vec::new(), after: Key::default() })?;
        } else if let Some(after) = last.clone() {
            cursor.set(&Pass { of: of.clone(), after })?;
        }
        Ok(written)
    });
    tell(ctx, walked, count, written.await?);
    Ok(!is_last)
}

fn tell(ctx: &StepContext, walked: &mut Walked, looked_at: usize, written: u64) {
    walked.looked_at += looked_at as u64;
    walked.written += written;
    ctx.meter.rows_in(looked_at as u64);
    ctx.meter.rows_out(written);
    ctx.progress.tell(walked.looked_at, walked.looked_at, "activities looked at for segments");
}

/// The efforts on these activities, each with the change that it was found after.
async fn look(
    ctx: &StepContext,
    due: Vec<Due>,
    wanted: Arc<Vec<Wanted>>,
) -> Result<Vec<(Effort, i64)>, StepError> {
    let found =
        worked_out(move || due.into_iter().map(|due| found(due, &wanted)).collect::<Vec<_>>()).await?;
    let found: Vec<Found> = found.into_iter().filter(|(_, passages)| !passages.is_empty()).collect();
    let ids: Vec<String> = found.iter().map(|(due, _)| due.id.clone()).collect();
    let measured = ctx.read(move |tx| measured(tx, &ids)).await?;
    worked_out(move || found.into_iter().flat_map(|found| efforts(found, &measured)).collect()).await
}

fn found(mut due: Due, wanted: &[Wanted]) -> Found {
    let walk = Walk::unpack(&std::mem::take(&mut due.blocks));
    let group = sport::group(&due.sport, due.sub_sport.as_deref());
    let is_of =
        |wanted: &&Wanted| group.is_empty() || wanted.key.sports.is_empty() || wanted.key.sports == group;
    let passages = walk.iter().flat_map(|walk| {
        let of = |wanted: &Wanted| {
            let passages = matching::efforts(&wanted.line, walk).into_iter();
            passages.map(|passage| (wanted.key.clone(), passage)).collect::<Vec<_>>()
        };
        wanted.iter().filter(is_of).flat_map(of)
    });
    let passages = passages.collect();
    (due, passages)
}

type Blocks = Vec<(Column, Vec<u8>)>;

fn measured(tx: &mut Tx<'_>, ids: &[String]) -> store::Result<HashMap<String, Blocks>> {
    let mut measured = HashMap::new();
    for id in ids {
        let mut blocks = Blocks::new();
        for column in MEASURED {
            blocks.extend(activity_stream::get(tx, id, column)?.map(|block| (column, block)));
        }
        measured.insert(id.clone(), blocks);
    }
    Ok(measured)
}

fn efforts((due, passages): Found, measured: &HashMap<String, Blocks>) -> Vec<(Effort, i64)> {
    let samples = measured.get(&due.id).map(|blocks| Samples::unpack(blocks)).unwrap_or_default();
    let effort = |(segment, passage): (segment::Key, Passage)| {
        let part_ms = (passage.start_ms, passage.start_ms + (passage.elapsed_s * 1000.0).round() as i64);
        let effort = Effort {
            segment,
            activity: due.id.clone(),
            start_ms: passage.start_ms,
            elapsed_s: passage.elapsed_s,
            meters: passage.meters,
            avg_hr: mean::between(&samples, Channel::HeartRate, part_ms),
            avg_power: mean::between(&samples, Channel::Power, part_ms),
        };
        (effort, due.changed)
    };
    passages.into_iter().map(effort).collect()
}
