//! What a page of the list told: what of it is new, and what follows.

use std::collections::BTreeMap;

use engine::context::StepContext;
use engine::log::carried;
use engine::step::{Cause, StepError};
use fitness::STRAVA_API;
use fitness::entry::Entry;
use fitness::export::Figures;
use fitness::recording::Samples;
use fitness::records::activity::Change;
use fitness::records::export_row::{self, ExportRow};
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Kept, Listed};
use fitness::records::{activity_stream, athlete};
use fitness::stream::Column;
use jiff::tz::TimeZone;
use serde_json::Value;
use tracing::warn;

use crate::decode;
use crate::wire::{self, Detail, Summary};

/// What a list is believed of an activity that was not found when it was asked for by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Of the last days: it shows what is gone for a while, hour by hour.
    Days,
    /// The whole list, once a day: what it shows is asked for once more.
    Whole,
}

impl Trust {
    fn is_same(self, kept: &Kept, listed: &Listed) -> bool {
        kept.summary_sha256 == listed.summary_sha256 && !(kept.is_gone && self == Self::Whole)
    }
}

/// A page as it is to be kept.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// How many records it had, readable or not.
    pub(crate) records: usize,
    /// Those that are what they were.
    pub(crate) same: Vec<i64>,
    /// Of those the ids as rows have them, each with that of its gear.
    pub(crate) worn: Vec<(String, String)>,
    /// Those that are new or another than before.
    pub(crate) changed: Vec<Changed>,
}

/// An activity that is new or another than before.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) listed: Listed,
    pub(crate) kept: Option<Kept>,
    pub(crate) entry: Entry,
    pub(crate) told: ExportRow,
    /// True where what its samples told stays, although they have expired.
    keeps_numbers: bool,
}

/// What is stored of an activity.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Stored {
    summary: String,
    detail: Option<String>,
    columns: Vec<(Column, Vec<u8>)>,
}

impl Page {
    /// Compares what was told with what is kept.
    pub(crate) async fn of(ctx: &StepContext, values: Vec<Value>, trust: Trust) -> Result<Self, StepError> {
        let records = values.len();
        let read = blocking(move || values.iter().filter_map(listed).collect::<Vec<_>>()).await?;
        let ids: Vec<i64> = read.iter().map(|(listed, _)| listed.strava_id).collect();
        let athlete = ctx.run.partition.clone();
        let fingerprints: BTreeMap<i64, String> =
            read.iter().map(|(listed, _)| (listed.strava_id, listed.summary_sha256.clone())).collect();
        let (zone, mut known, mut stored) = ctx
            .read(move |tx| {
                let known = activity::known(tx, &athlete, &ids)?;
                let is_other = |kept: &&Kept| fingerprints.get(&kept.strava_id) != Some(&kept.summary_sha256);
                let mut stored = BTreeMap::new();
                for kept in known.values().filter(is_other) {
                    stored.insert(kept.strava_id, Stored::read(tx, &athlete, kept.strava_id)?);
                }
                Ok((time_zone(tx, &athlete)?, known, stored))
            })
            .await?;
        let athlete = ctx.run.partition.clone();
        let compare = move || {
            let mut page = Self { records, ..Self::default() };
            for (mut listed, summary) in read {
                let kept = known.remove(&listed.strava_id);
                if kept.as_ref().is_some_and(|kept| trust.is_same(kept, &listed)) {
                    page.same.push(listed.strava_id);
                    page.worn.extend(summary.gear_id.map(|gear| (listed.strava_id.to_string(), gear)));
                    continue;
                }
                listed.activity_id = decode::activity_id(&athlete, listed.strava_id);
                let stored = stored.remove(&listed.strava_id).unwrap_or_default();
                page.changed.push(Changed::of(&athlete, &zone, (listed, kept), &summary, &stored));
            }
            page
        };
        blocking(compare).await
    }
}

impl Changed {
    pub(crate) fn of(
        athlete: &str,
        zone: &TimeZone,
        (listed, kept): (Listed, Option<Kept>),
        summary: &Summary,
        stored: &Stored,
    ) -> Self {
        let detail = stored.detail();
        // Samples of another recording would be wrong beside the new figures; they are asked for again.
        let is_same_way = kept.as_ref().and_then(|kept| kept.streams_of.as_ref()) == Some(&listed.streams_of);
        let samples = if is_same_way { stored.samples() } else { Samples::default() };
        let entry = decode::entry(athlete, summary, detail.as_ref(), samples, zone);
        let told = decode::told(athlete, summary, detail.as_ref());
        let is_expired = kept.as_ref().is_some_and(Kept::has_expired) && entry.columns.is_empty();
        Self { listed, kept, entry, told, keeps_numbers: is_same_way && is_expired }
    }
}

impl Stored {
    pub(crate) fn read(tx: &mut store::Tx<'_>, athlete: &str, strava_id: i64) -> store::Result<Self> {
        let Some(due) = activity::one(tx, athlete, strava_id)? else { return Ok(Self::default()) };
        let columns = activity_stream::all(tx, &due.activity_id)?;
        Ok(Self { summary: due.summary, detail: due.detail, columns })
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.summary.is_empty()
    }

    /// Nothing where it cannot be read, or the activity is gone.
    pub(crate) fn summary(&self) -> Option<Summary> {
        let value: Value = serde_json::from_str(&self.summary).ok()?;
        Summary::read(&value).ok()
    }

    pub(crate) fn detail(&self) -> Option<Detail> {
        let value: Value = serde_json::from_str(self.detail.as_deref()?).ok()?;
        Detail::read(&value).ok()
    }

    pub(crate) fn samples(&self) -> Samples {
        Samples::unpack(&self.columns)
    }
}

/// Writes activities that are new or another than before.
pub(crate) fn write(intake: &mut Intake<'_, '_>, changed: &[Changed], listed_ms: i64) -> store::Result<()> {
    let athlete = intake.athlete;
    let listed: Vec<(Listed, Option<Kept>)> =
        changed.iter().map(|one| (one.listed.clone(), one.kept.clone())).collect();
    activity::put(intake.tx, athlete, &listed, listed_ms)?;
    for Changed { entry, told, keeps_numbers, .. } in changed {
        write_one(intake, entry, told, *keeps_numbers)?;
    }
    Ok(())
}

/// Notes the gear of activities that are what they were: rows that an earlier version wrote do not have it.
pub(crate) fn name_gear(intake: &mut Intake<'_, '_>, worn: &[(String, String)]) -> store::Result<()> {
    let ids: Vec<String> = worn.iter().map(|(id, _)| id.clone()).collect();
    let rows = export_row::at(intake.tx, intake.athlete, STRAVA_API, &ids)?;
    let gear: BTreeMap<&String, &String> = worn.iter().map(|(id, gear)| (id, gear)).collect();
    for row in rows {
        let Some(gear) = gear.get(&row.source_id) else { continue };
        let Ok(mut figures) = serde_json::from_str::<Figures>(&row.figures) else { continue };
        if figures.gear_id.as_ref() == Some(*gear) {
            continue;
        }
        figures.gear_id = Some((*gear).clone());
        // Numbers and texts can always be written.
        let Ok(figures) = serde_json::to_string(&figures) else { continue };
        export_row::put(intake.tx, intake.athlete, &ExportRow { figures, ..row })?;
    }
    Ok(())
}

/// Writes an activity with what Strava itself says of it.
pub(crate) fn write_one(
    intake: &mut Intake<'_, '_>,
    entry: &Entry,
    told: &ExportRow,
    keeps_numbers: bool,
) -> store::Result<()> {
    let change = if keeps_numbers { intake.write_beside_numbers(entry)? } else { intake.write(entry)? };
    // What the athlete felt, and whether it was a race, count too.
    if export_row::put(intake.tx, intake.athlete, told)? && change == Change::Unchanged {
        let changed = intake.change()?;
        fitness::records::activity::touch_one(intake.tx, &entry.activity.id, changed)?;
        fitness::records::activity::touch_counted(intake.tx, &entry.activity.id, changed)?;
        intake.touch(entry.activity.local_date)?;
    }
    Ok(())
}

/// A record of the list; one that cannot be read is said and left out.
pub(crate) fn listed(value: &Value) -> Option<(Listed, Summary)> {
    let summary = match Summary::read(value) {
        Ok(summary) => summary,
        Err(error) => {
            warn!(error = %error, "a record of Strava's list cannot be read and is left out");
            return None;
        }
    };
    let listed = Listed {
        strava_id: summary.id,
        activity_id: String::new(),
        start_ms: summary.start_ms,
        summary: value.to_string(),
        summary_sha256: wire::fingerprint(value),
        streams_of: wire::streams_of(value),
        has_streams: !summary.is_manual,
    };
    Some((listed, summary))
}

/// The athlete's time zone.
pub(crate) fn time_zone(tx: &mut store::Tx<'_>, id: &str) -> store::Result<TimeZone> {
    let zone = athlete::get(tx, id)?.map(|athlete| athlete.timezone).unwrap_or_default();
    Ok(fitness::day::time_zone(&zone).unwrap_or(TimeZone::UTC))
}

/// Work that takes longer than the threads of the runtime may be held.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StepError> {
    tokio::task::spawn_blocking(carried(work)).await.map_err(|error| {
        let message = "reading what Strava told went wrong".to_owned();
        StepError::Failed(Cause { code: "upstream_unreadable", message, source: Some(Box::new(error)) })
    })
}
