//! The step that keeps which ground each activity went over.

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::ground::zone::Zones;
use fitness::ground::{Cells, Walk};
use fitness::records::activity_place::{self, Covered, VERSION};
use fitness::records::privacy_zone;
use fitness::records::way::{self, Due, Part};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::walked::{Walked, worked_out};

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;
const WAY: (Part, i64) = (Part::Places, VERSION);

/// Keeps which ground each activity went over.
#[derive(Debug)]
pub struct Places;

/// No settings: privacy zones belong to the athlete.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlacesConfig {}

impl Step for Places {
    const KIND: &'static str = "ways.places";
    const ABOUT: &'static str = "Keeps which ground each activity went over, with and without privacy zones.";
    type Config = PlacesConfig;
    type Input = (Gather<Changes>,);
    type Output = Walked;

    fn build(_config: PlacesConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    // What is to be looked at stands in the store: a giver that failed must not leave it unseen.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Walked, StepError> {
        let mut walked = Walked::default();
        while look(ctx, &mut walked).await? {}
        Ok(walked)
    }
}

/// Looks at the next activities; false where none is left.
async fn look(ctx: &StepContext, walked: &mut Walked) -> Result<bool, StepError> {
    let partition = ctx.run.partition.clone();
    let (due, zones) = ctx
        .read(move |tx| {
            let due = way::pending(tx, &partition, WAY, &Walk::COLUMNS, CHUNK)?;
            Ok((due, privacy_zone::zones(tx, &partition)?))
        })
        .await?;
    let (Some(last), count) = (due.last().map(Due::key), due.len()) else { return Ok(false) };
    let cut_by = zones.clone();
    let covered = worked_out(move || due.iter().map(|due| covered(due, &cut_by)).collect::<Vec<_>>()).await?;
    let partition = ctx.run.partition.clone();
    let written = ctx.commit(move |tx, _| {
        // A zone that came or went meanwhile has all looked at again, and this must not count as done.
        if privacy_zone::zones(tx, &partition)? != zones {
            return Ok(None);
        }
        let mut written = 0;
        for (id, changed, covered) in &covered {
            written += activity_place::put(tx, id, *changed, covered)?;
        }
        way::move_on(tx, &partition, WAY, &last)?;
        Ok(Some(written))
    });
    let Some(written) = written.await? else { return Ok(true) };
    walked.looked_at += count as u64;
    walked.written += written;
    ctx.meter.rows_in(count as u64);
    ctx.meter.rows_out(written);
    ctx.progress.tell(walked.looked_at, walked.looked_at, "activities looked at for places");
    Ok(count == CHUNK as usize)
}

fn covered(due: &Due, zones: &Zones) -> (String, i64, Covered) {
    let walk = Walk::unpack(&due.blocks).unwrap_or_default();
    let cells = Cells::of(&walk, |_| true);
    let cut = (!zones.is_empty()).then(|| Cells::of(&walk, |place| !zones.cuts(place)));
    let cut = cut.filter(|cut| *cut != cells);
    (due.id.clone(), due.changed, Covered { cells, cut })
}
