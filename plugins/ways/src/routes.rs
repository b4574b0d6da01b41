//! The step that finds out which activities went the same way.
//!
//! The way of each activity that is new or another than before is kept, and where the routes do not follow from the
//! ways any more, it is placed among them or all of them are grouped anew, in each scope for itself.

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::ground::Walk;
use fitness::ground::route::{Signature, VERSION, group};
use fitness::records::change_number;
use fitness::records::route::{self, Kept};
use fitness::records::way::{self, Due, Part};
use fitness::{Changes, Scope, sport};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;

use crate::walked::{Walked, worked_out};

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;
/// New ways that are placed one by one; of more all are grouped anew, which is as fast then.
const NEW_MOST: u32 = 50;
const WAY: (Part, i64) = (Part::Routes, VERSION);
const GROUPS: (Part, i64) = (Part::RouteGroups, VERSION);

/// Finds out which activities went the same way.
#[derive(Debug)]
pub struct Routes;

/// An activity that goes over to a route.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    activity: String,
    /// The activity that was the first on it.
    route: String,
    /// True where it is of none yet.
    has_left: bool,
}

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
        let partition = ctx.run.partition.clone();
        let standing = ctx.read(move |tx| Standing::read(tx, &partition)).await?;
        if standing.has_other_rules {
            forget(ctx).await?;
        }
        while look(ctx, &mut walked).await? {}
        if walked.looked_at == 0 && standing.is_grouped() {
            return Ok(walked);
        }
        for scope in Scope::BOTH {
            regroup(ctx, scope, &mut walked).await?;
        }
        let partition = ctx.run.partition.clone();
        let grouped = (standing.last, String::new());
        ctx.commit(move |tx, _| way::move_on(tx, &partition, GROUPS, &grouped)).await?;
        Ok(walked)
    }
}

/// What the routes that are kept rest on.
struct Standing {
    /// Other rules found them: the ways may be the same, and their groups others.
    has_other_rules: bool,
    /// The last change when they followed from the ways.
    grouped: i64,
    /// The last change of all.
    last: i64,
}

impl Standing {
    fn read(tx: &mut Tx<'_>, athlete: &str) -> store::Result<Self> {
        Ok(Self {
            has_other_rules: way::version(tx, athlete, WAY.0)?.is_some_and(|version| version != VERSION),
            grouped: way::position(tx, athlete, GROUPS.0, VERSION)?.0,
            last: change_number::last(tx, athlete)?,
        })
    }

    /// True where nothing happened since: to compare all ways with their routes costs more the longer the history is.
    fn is_grouped(&self) -> bool {
        self.grouped > 0 && self.grouped == self.last
    }
}

/// Looks at the next activities; false where none is left.
pub(crate) async fn look(ctx: &StepContext, walked: &mut Walked) -> Result<bool, StepError> {
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
    // What has no times was drawn and not gone: it would be the first of all outings, and of no day.
    let gone = Walk::unpack(&due.blocks).filter(|walk| !walk.time_ms.is_empty());
    let way = gone.and_then(|walk| Signature::of(&walk, group));
    (due.id.clone(), due.changed, way)
}

/// Takes all activities off their routes.
async fn forget(ctx: &StepContext) -> Result<(), StepError> {
    let partition = ctx.run.partition.clone();
    ctx.commit(move |tx, _| route::leave_all(tx, &partition)).await.map(drop)
}

/// Gives each way of a scope its route, where the routes do not follow from the ways that are kept: new ones are placed
/// among the routes that are there, and where that may move another way, all are grouped anew.
async fn regroup(ctx: &StepContext, scope: Scope, walked: &mut Walked) -> Result<(), StepError> {
    let partition = ctx.run.partition.clone();
    if !ctx.read(move |tx| route::is_stale(tx, &partition, scope)).await? {
        return Ok(());
    }
    let partition = ctx.run.partition.clone();
    let mut written = ctx.commit(move |tx, _| route::leave_uncounted(tx, &partition, scope)).await?;
    let moves = match placed(ctx, scope).await? {
        Some(moves) => moves,
        None => whole(ctx, scope).await?,
    };
    leave(ctx, scope, &moves).await?;
    for some in moves.chunks(CHUNK as usize) {
        written += join(ctx, scope, some).await?;
    }
    walked.written += written;
    ctx.meter.rows_out(written);
    Ok(())
}

/// The activities that have no route yet, each with the one it is of; nothing where all must be grouped for that.
async fn placed(ctx: &StepContext, scope: Scope) -> Result<Option<Vec<Move>>, StepError> {
    let partition = ctx.run.partition.clone();
    let homeless = ctx.read(move |tx| route::homeless(tx, &partition, scope, NEW_MOST)).await?;
    let Some(homeless) = homeless else { return Ok(None) };
    let placed = worked_out(move || homeless.placed()).await?;
    Ok(placed.map(|placed| {
        let new = |(activity, route)| Move { activity, route, has_left: true };
        placed.into_iter().map(new).collect()
    }))
}

/// The activities that are of another route than is kept, where all are grouped anew.
pub(crate) async fn whole(ctx: &StepContext, scope: Scope) -> Result<Vec<Move>, StepError> {
    let partition = ctx.run.partition.clone();
    let counted = ctx.read(move |tx| route::counted(tx, &partition, scope)).await?;
    worked_out(move || moves(&counted)).await
}

/// Takes all that move off the routes that they were of, in one commit: what a cut run leaves is then without a route
/// and not of a wrong one, and the next run goes on with it.
pub(crate) async fn leave(ctx: &StepContext, scope: Scope, moves: &[Move]) -> Result<(), StepError> {
    let leaving = moves.iter().filter(|one| !one.has_left).map(|one| one.activity.clone());
    let leaving: Vec<String> = leaving.collect();
    if leaving.is_empty() {
        return Ok(());
    }
    ctx.commit(move |tx, _| route::leave(tx, scope, &leaving)).await.map(drop)
}

pub(crate) async fn join(ctx: &StepContext, scope: Scope, moves: &[Move]) -> Result<u64, StepError> {
    let joining: Vec<(String, String)> =
        moves.iter().map(|one| (one.activity.clone(), one.route.clone())).collect();
    ctx.commit(move |tx, _| route::join(tx, scope, &joining)).await
}

/// The activities that are of another route than is kept, each with the one it is of.
fn moves(counted: &[Kept]) -> Vec<Move> {
    let ways: Vec<&Signature> = counted.iter().map(|kept| &kept.signature).collect();
    let beside = counted.iter().zip(group(&ways));
    let moved = beside.filter_map(|(kept, founder)| {
        let route = &counted[founder].activity;
        (kept.route.as_ref() != Some(route)).then(|| Move {
            activity: kept.activity.clone(),
            route: route.clone(),
            has_left: kept.route.is_none(),
        })
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use fitness::recording::Channel;
    use fitness::stream::{self, Column};

    use super::*;

    /// A kilometre to the north, with a time at each place or without.
    fn due(has_times: bool) -> Due {
        let north: Vec<f64> = (0..=100).map(|step| 47.0 + f64::from(step) * 10.0 / 111_195.0).collect();
        let times: Vec<i64> = (0..=100).map(|step| 1_709_280_000_000 + step * 4000).collect();
        let mut blocks: Vec<(Column, Vec<u8>)> =
            [(Channel::Latitude, north), (Channel::Longitude, vec![8.0; 101])]
                .into_iter()
                .map(|(channel, values)| (Column::Channel(channel), stream::encode(channel, &values)))
                .collect();
        blocks.extend(has_times.then(|| (Column::Time, stream::encode_times(&times))));
        Due {
            id: "a".to_owned(),
            changed: 1,
            sport: "running".to_owned(),
            sub_sport: None,
            may_outlive_samples: false,
            blocks,
        }
    }

    #[test]
    fn what_was_drawn_and_not_gone_is_no_outing() {
        let way = |has_times| signed(&due(has_times)).2;
        assert!((way(true).unwrap().meters - 1000.0).abs() < 30.0);
        assert_eq!(way(false), None);
    }
}
