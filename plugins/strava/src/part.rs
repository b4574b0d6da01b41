//! A part of an activity that came by itself: it is kept, and the activity computed anew from all that is known.

use std::sync::Arc;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::entry::Entry;
use fitness::recording::Samples;
use fitness::records::export_row::ExportRow;
use fitness::records::intake::Intake;
use fitness::records::strava::activity;
use jiff::tz::TimeZone;

use crate::decode;
use crate::listing::{self, Stored, blocking};
use crate::mark::Mark;
use crate::wire::{Detail, Summary};

/// Details or samples, as they were told.
pub(crate) trait Part: Send + Sync + 'static {
    /// All that is known with this part; nothing where it cannot be read.
    fn beside(&self, summary: &Summary, stored: &Stored) -> Option<(Option<Detail>, Samples)>;

    /// Keeps the part itself; false where the activity is gone.
    fn put(&self, intake: &mut Intake<'_, '_>) -> store::Result<bool>;
}

/// Keeps a part, and says whether it could be read.
pub(crate) async fn keep(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    strava_id: i64,
    part: impl Part,
) -> Result<bool, StepError> {
    let part = Arc::new(part);
    loop {
        let athlete = ctx.run.partition.clone();
        let (zone, stored) = ctx
            .read(move |tx| Ok((listing::time_zone(tx, &athlete)?, Stored::read(tx, &athlete, strava_id)?)))
            .await?;
        if stored.is_gone() {
            return Ok(true);
        }
        let (athlete, told) = (ctx.run.partition.clone(), Arc::clone(&part));
        let read = blocking(move || {
            let computed = compute(&athlete, &*told, &stored, &zone)?;
            Some((stored, computed))
        });
        let Some((stored, (entry, row))) = read.await? else { return Ok(false) };
        let told = Arc::clone(&part);
        let write = move |intake: &mut Intake<'_, '_>| {
            // Details and samples are asked for side by side: what came in between belongs to it too.
            if Stored::read(intake.tx, intake.athlete, strava_id)? != stored {
                return Ok(false);
            }
            if told.put(intake)? {
                let kept = activity::known(intake.tx, intake.athlete, &[strava_id])?.remove(&strava_id);
                let is_expired = kept.is_some_and(|kept| kept.has_expired()) && entry.columns.is_empty();
                listing::write_one(intake, &entry, &row, is_expired)?;
            }
            Ok(true)
        };
        if mark.commit(ctx, (), write).await? {
            return Ok(true);
        }
    }
}

fn compute(athlete: &str, part: &impl Part, stored: &Stored, zone: &TimeZone) -> Option<(Entry, ExportRow)> {
    let summary = stored.summary()?;
    let (detail, samples) = part.beside(&summary, stored)?;
    let row = decode::told(athlete, &summary, detail.as_ref());
    Some((decode::entry(athlete, &summary, detail.as_ref(), samples, zone), row))
}
