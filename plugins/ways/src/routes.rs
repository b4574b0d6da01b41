//! The step that finds out which activities went the same way.
//!
//! The way of each activity that is new or another than before is kept, and where the routes do not follow from the
//! ways any more, all of them are grouped anew, in each scope for itself.

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::ground::Walk;
use fitness::ground::route::{Signature, VERSION, group};
use fitness::records::route::{self, Kept};
use fitness::records::way::{self, Due, Part};
use fitness::{Changes, Scope, sport};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::walked::{Walked, worked_out};

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;
const WAY: (Part, i64) = (Part::Routes, VERSION);

/// Finds out which activities went the same way.
#[derive(Debug)]
pub struct Routes;

/// No settings: whatever was gone twice is a route.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoutesConfig {}

impl Step for Routes {
    const KIND: &'static str = "ways.routes";
    const ABOUT: &'static str = "Finds out which activities went the same way.";
    type Config = RoutesConfig;
    type Input = (Gather<Changes>,);
    type Output = Walked;

    fn build(_config: RoutesConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    // What is to be looked at stands in the store: a giver that failed must not leave it unseen.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Walked, StepError> {
        let mut walked = Walked::default();
        while look(ctx, &mut walked).await? {}
        for scope in Scope::BOTH {
            regroup(ctx, scope, &mut walked).await?;
        }
        Ok(walked)
    }
}

/// Looks at the next activities; false where none is left.
async fn look(ctx: &StepContext, walked: &mut Walked) -> Result<bool, StepError> {
    let partition = ctx.run.partition.clone();
    let due = ctx.read(move |tx| way::pending(tx, &partition, WAY, &Walk::COLUMNS, CHUNK)).await?;
    let (Some(last), count) = (due.last().map(Due::key), due.len()) else { return Ok(false) };
    let signed = worked_out(move || due.iter().map(signed).collect::<Vec<_>>()).await?;
    let partition = ctx.run.partition.clone();
    let written = ctx.commit(move |tx, _| {
        let mut written = 0;
        for (id, changed, way) in &signed {
            written += route::put(tx, id, *changed, way.as_ref())?;
        }
        way::move_on(tx, &partition, WAY, &last)?;
        Ok(written)
    });
    let written = written.await?;
    walked.looked_at += count as u64;
    walked.written += written;
    ctx.meter.rows_in(count as u64);
    ctx.meter.rows_out(written);
    ctx.progress.tell(walked.looked_at, walked.looked_at, "activities looked at for routes");
    Ok(count == CHUNK as usize)
}

fn signed(due: &Due) -> (String, i64, Option<Signature>) {
    let group = sport::group(&due.sport, due.sub_sport.as_deref());
    let way = Walk::unpack(&due.blocks).and_then(|walk| Signature::of(&walk, group));
    (due.id.clone(), due.changed, way)
}

/// Groups all ways of a scope anew, where they do not follow from what is kept. A cut run leaves some without a route,
/// and the next one groups them again.
async fn regroup(ctx: &StepContext, scope: Scope, walked: &mut Walked) -> Result<(), StepError> {
    let partition = ctx.run.partition.clone();
    let counted = ctx.read(move |tx| {
        let is_stale = route::is_stale(tx, &partition, scope)?;
        is_stale.then(|| route::counted(tx, &partition, scope)).transpose()
    });
    let Some(counted) = counted.await? else { return Ok(()) };
    let moves = worked_out(move || moves(&counted)).await?;
    let partition = ctx.run.partition.clone();
    let mut written = ctx.commit(move |tx, _| route::leave_uncounted(tx, &partition, scope)).await?;
    for some in moves.chunks(CHUNK as usize) {
        let some = some.to_vec();
        written += ctx.commit(move |tx, _| route::join(tx, scope, &some)).await?;
    }
    walked.written += written;
    ctx.meter.rows_out(written);
    Ok(())
}

/// The activities that are of another route than is kept, each with the one it is of.
fn moves(counted: &[Kept]) -> Vec<(String, String)> {
    let ways: Vec<&Signature> = counted.iter().map(|kept| &kept.signature).collect();
    let beside = counted.iter().zip(group(&ways));
    let moved = beside.filter_map(|(kept, founder)| {
        let route = &counted[founder].activity;
        (kept.route.as_ref() != Some(route)).then(|| (kept.activity.clone(), route.clone()))
    });
    moved.collect()
}
