//! The step `artifacts::take_over`: weather and best times of the former system, one outcome for each file.

use std::collections::HashSet;
use std::path::Path;

use engine::context::StepContext;
use engine::log::carried;
use engine::run::Cause as RunCause;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::records::import_file::{self, ImportFile, Outcome};
use fitness::records::{activity_weather, athlete, change_number, insight};
use fitness::weather::Cell;
use fitness::{Changes, Progress, Scope};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::warn;

use crate::artifact::{Artifact, Kind, Refusal};
use crate::folder::{self, Found};
use crate::keep::Keeper;
use crate::{DEPRECATED, Options};

/// Files that are read together and written in one commit.
const CHUNK: usize = 128;
/// Activities that are looked at together; a commit must stay below 100 ms.
const LOOKED_AT: u32 = 64;

/// Takes over weather and best times of the system before this one.
#[derive(Debug)]
pub struct TakeOver {
    options: Options,
    decimals: u8,
}

/// Where the weather is put.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TakeOverConfig {
    /// Decimals kept of a coordinate, 0 to 2: as many as the step has that looks weather up, or it would not find this.
    pub precision: u8,
}

impl Default for TakeOverConfig {
    fn default() -> Self {
        Self { precision: Cell::DECIMALS_MOST }
    }
}

impl Step for TakeOver {
    const KIND: &'static str = "artifacts.take_over";
    const ABOUT: &'static str =
        "Deprecated. Takes over weather and best times of the system before this one.";
    type Config = TakeOverConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: TakeOverConfig) -> Result<Self, ConfigError> {
        Self::with(&config, Options { is_enabled: false, time_zone: "UTC".to_owned() })
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        // The command looks at the setting itself, and a server that lacks it may be the one who works for it.
        if ctx.run.cause == RunCause::Http && !self.options.is_enabled {
            let message =
                "artifacts of the former system are taken over over HTTP only where the operator allows it";
            return Err(StepError::Hopeless(Cause::new("artifacts_disabled", message)));
        }
        warn!(run.id = %ctx.run.id, "{DEPRECATED}");
        let found = found(ctx).await?;
        let mut changes = self.begin(ctx).await?;
        let run = ctx.run.id.clone();
        let done: HashSet<String> =
            ctx.read(move |tx| import_file::paths(tx, &run)).await?.into_iter().collect();
        if found.iter().any(|found| found.kind == Kind::Weather) {
            look(ctx, self.decimals).await?;
        }
        let (mut told, total) = (done.len() as u64, found.len() as u64);
        let rest: Vec<Found> = found.into_iter().filter(|found| !done.contains(&found.path)).collect();
        for chunk in rest.chunks(CHUNK) {
            changes = take(ctx, chunk.to_vec(), changes).await?;
            told += chunk.len() as u64;
            ctx.meter.rows_in(chunk.len() as u64);
            ctx.progress.tell(told, total, "files of the former system");
        }
        Ok(changes)
    }
}

impl TakeOver {
    pub(crate) fn with(config: &TakeOverConfig, options: Options) -> Result<Self, ConfigError> {
        if config.precision > Cell::DECIMALS_MOST {
            let message = format!("`precision` must be 0 to {}", Cell::DECIMALS_MOST);
            return Err(ConfigError::at("precision", message));
        }
        Ok(Self { options, decimals: config.precision })
    }

    /// Answers what this run changed before it was cut, or nothing where it begins.
    async fn begin(&self, ctx: &StepContext) -> Result<Changes, StepError> {
        let athlete = athlete::Athlete {
            id: ctx.run.partition.clone(),
            timezone: self.options.time_zone.clone(),
            created_ms: ctx.clock.now_ms(),
        };
        let run = ctx.run.id.clone();
        ctx.commit(move |tx, cursor| {
            athlete::ensure(tx, &athlete)?;
            change_number::carry_on(tx, &athlete.id, &run, cursor.get())
        })
        .await
    }
}

/// The files of the folder that the run was given.
async fn found(ctx: &StepContext) -> Result<Vec<Found>, StepError> {
    let folder = ctx.run.params.get("folder").and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    if folder.is_empty() || folder.contains('\0') {
        let message = "the run's params: `folder` must be the path of a folder";
        return Err(StepError::Hopeless(Cause::new("invalid_parameter", message)));
    }
    let name = folder.clone();
    let listed = blocking(move || folder::list(Path::new(&folder))).await?;
    let found = listed.map_err(|error| {
        StepError::Hopeless(Cause::new("file_unreadable", format!("cannot list `{name}`: {error}")))
    })?;
    if found.is_empty() {
        let message = format!("`{name}` holds neither `weather`, `segments` nor `segments_best.json`");
        return Err(StepError::Hopeless(Cause::new("artifacts_not_found", message)));
    }
    Ok(found)
}

/// Finds where the activities were that nobody looked at for their weather yet.
async fn look(ctx: &StepContext, decimals: u8) -> Result<(), StepError> {
    loop {
        let athlete = ctx.run.partition.clone();
        let pending = ctx.read(move |tx| activity_weather::pending(tx, &athlete, LOOKED_AT)).await?;
        if pending.is_empty() {
            return Ok(());
        }
        let now_ms = ctx.clock.now_ms();
        let plan = move |one: activity_weather::Pending| one.plan(decimals, now_ms);
        let planned = blocking(move || pending.into_iter().map(plan).collect::<Vec<_>>()).await?;
        let athlete = ctx.run.partition.clone();
        ctx.commit(move |tx, _| activity_weather::keep(tx, &athlete, &planned, now_ms)).await?;
    }
}

/// Reads files and keeps what they say, and answers the changes with theirs.
async fn take(ctx: &StepContext, files: Vec<Found>, before: Changes) -> Result<Changes, StepError> {
    let read: Vec<(String, Result<Artifact, Refusal>)> = blocking(move || {
        let read = files.into_iter().map(|found| {
            let artifact = found.read();
            (found.path, artifact)
        });
        read.collect()
    })
    .await?;
    let (run, athlete, now_ms) = (ctx.run.id.clone(), ctx.run.partition.clone(), ctx.clock.now_ms());
    let (changes, kept) = ctx
        .commit(move |tx, cursor| {
            let mut keeper = Keeper::new(tx, &athlete, now_ms);
            let noted: Vec<ImportFile> =
                read.iter().map(|(path, read)| keeper.keep(path, read)).collect::<store::Result<_>>()?;
            let first_day = keeper.first_day();
            let is_changed = keeper.has_weather();
            let position = import_file::next_position(tx, &run)?;
            import_file::put(tx, &run, position, &noted)?;
            let mut changes = before.clone();
            if is_changed {
                let to = change_number::next(tx, &athlete)?;
                let days = first_day.map(|day| day.to_string());
                changes = changes.merge(Changes { from: before.from, to, days });
                // Advice rests on the weather of outings: from here on it would be that of another.
                for scope in Scope::BOTH {
                    first_day.map_or(Ok(()), |day| insight::remove_from(tx, &athlete, scope, day))?;
                }
                cursor.set(&Progress { run: run.clone(), changes: changes.clone() })?;
            }
            let is_kept = |file: &&ImportFile| matches!(file.outcome, Outcome::Imported | Outcome::Updated);
            Ok((changes, noted.iter().filter(is_kept).count()))
        })
        .await?;
    ctx.meter.rows_out(kept as u64);
    Ok(changes)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StepError> {
    tokio::task::spawn_blocking(carried(work)).await.map_err(|error| {
        let message = "reading the former system's files went wrong".to_owned();
        StepError::Failed(Cause { code: "file_unreadable", message, source: Some(Box::new(error)) })
    })
}

#[cfg(test)]
mod tests;
