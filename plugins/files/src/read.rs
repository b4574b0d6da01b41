//! The step `files::read`: files and archives in, activities out, one outcome for each file.

use std::collections::HashSet;
use std::sync::Arc;

use engine::context::StepContext;
use engine::log::carried;
use engine::run::Cause as RunCause;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::records::import_file::{self, ImportFile};
use fitness::records::{athlete, change_number};
use fitness::{Changes, Progress};
use futures_util::StreamExt;
use futures_util::future::join;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::archive::Mention;
use crate::decode::Limits;
use crate::known::{self, Known};
use crate::prepare::{Prepared, prepare};
use crate::sources::{Asked, Source, Whole, list};
use crate::{Options, keep};

/// Files whose former state is asked of the store at once.
const LOOK_FILES: usize = 1024;
/// And how much their rows may take in memory, about.
const LOOK_BYTES: u64 = 4 << 20;
/// Files and bytes that are read before the next ones are.
const CHUNK_FILES: usize = 128;
const CHUNK_BYTES: u64 = 8 << 20;
/// Files and bytes that one task prepares: small files are too quick to wake a thread for each.
const BATCH_FILES: usize = 8;
const BATCH_BYTES: u64 = 1 << 20;
/// Batches written in one transaction.
const COMMIT_BATCHES: usize = 2;

/// Reads FIT, GPX and TCX files, and exports of them, each as activities.
pub struct Read {
    limits: Limits,
    options: Options,
}

/// How files are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadConfig {
    /// Largest file that is read, in MiB, packed or unpacked; at most 32.
    max_file_mib: u64,
}

impl Default for ReadConfig {
    fn default() -> Self {
        Self { max_file_mib: 32 }
    }
}

impl Step for Read {
    const KIND: &'static str = "files.read";
    const ABOUT: &'static str = "Reads FIT, GPX and TCX files, and exports of them, each as activities.";
    type Config = ReadConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: ReadConfig) -> Result<Self, ConfigError> {
        Self::with(&config, Options::standard())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let asked = self.asked(ctx)?;
        let changes = self.begin(ctx).await?;
        let whole = self.whole(ctx, &asked).await?;
        let sources = blocking(move || list(&asked, &whole)).await?;
        let done = self.done(ctx).await?;
        let total = sources.len() as u64;
        let sources: Vec<_> = sources.into_iter().filter(|source| !done.contains(&source.path)).collect();
        let mut tally = Tally { done: total - sources.len() as u64, total, changes };
        let mut sources = sources.into_iter().peekable();
        while sources.peek().is_some() {
            self.look(ctx, batch(&mut sources), &mut tally).await?;
        }
        Ok(tally.changes)
    }
}

struct Tally {
    done: u64,
    total: u64,
    changes: Changes,
}

impl Read {
    pub(crate) fn with(config: &ReadConfig, options: Options) -> Result<Self, ConfigError> {
        let bytes = config.max_file_mib << 20;
        let standard = Limits::STANDARD;
        if bytes == 0 || bytes > standard.file_bytes {
            let message = format!("`max_file_mib` must be 1 to {}", standard.file_bytes >> 20);
            return Err(ConfigError::at("max_file_mib", message));
        }
        Ok(Self { limits: Limits { file_bytes: bytes, unpacked_bytes: bytes, ..standard }, options })
    }

    fn asked(&self, ctx: &StepContext) -> Result<Asked, StepError> {
        let asked = Asked::read(&ctx.run.params).map_err(|reason| {
            StepError::Hopeless(Cause::new("invalid_parameter", format!("the run's params: {reason}")))
        })?;
        if !asked.paths.is_empty() && ctx.run.cause == RunCause::Http && !self.options.local_paths_over_http {
            let message = "files of this machine are not read for a request over HTTP; upload them instead";
            return Err(StepError::Hopeless(Cause::new("local_paths_refused", message)));
        }
        Ok(asked)
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

    /// Files that this run dealt with before it was cut.
    async fn done(&self, ctx: &StepContext) -> Result<HashSet<String>, StepError> {
        let run = ctx.run.id.clone();
        let paths = ctx.read(move |tx| import_file::paths(tx, &run)).await?;
        Ok(paths.into_iter().collect())
    }

    /// Uploaded archives and tables, unpacked in memory.
    async fn whole(&self, ctx: &StepContext, asked: &Asked) -> Result<Whole, StepError> {
        let uploads = asked.uploads.iter().filter(|upload| upload.is_whole());
        let kept = known::fetch(ctx, uploads.map(|upload| upload.sha256.clone()).collect()).await?;
        blocking(move || {
            let unpacked = kept
                .iter()
                .filter_map(|(sha256, original)| Some((sha256.clone(), Arc::new(original.unpack().ok()?))));
            unpacked.collect()
        })
        .await
    }

    /// Notes what has not changed, and reads the rest.
    async fn look(
        &self,
        ctx: &StepContext,
        sources: Vec<Source>,
        tally: &mut Tally,
    ) -> Result<(), StepError> {
        let known = Known::load(ctx, &sources).await?;
        let latest_ms = self.limits.at(ctx.clock.now_ms()).latest_ms;
        let looked = known.clone();
        let (same, rest) = blocking(move || sorted(sources, &looked, latest_ms)).await?;
        self.note(ctx, same, tally).await?;
        for chunk in split(rest, CHUNK_FILES, CHUNK_BYTES) {
            self.chunk(ctx, chunk, &known, tally).await?;
        }
        Ok(())
    }

    async fn note(
        &self,
        ctx: &StepContext,
        files: Vec<ImportFile>,
        tally: &mut Tally,
    ) -> Result<(), StepError> {
        let Some(last) = files.last().map(|file| file.path.clone()) else { return Ok(()) };
        let (run, count) = (ctx.run.id.clone(), files.len() as u64);
        ctx.commit(move |tx, _| {
            let position = import_file::next_position(tx, &run)?;
            import_file::put(tx, &run, position, &files)
        })
        .await?;
        ctx.meter.rows_in(count);
        tally.done += count;
        ctx.progress.tell(tally.done, tally.total, &last);
        Ok(())
    }

    async fn chunk(
        &self,
        ctx: &StepContext,
        chunk: Vec<Source>,
        known: &Known,
        tally: &mut Tally,
    ) -> Result<(), StepError> {
        let uploads = known::uploads(ctx, &chunk).await?;
        let limits = self.limits.at(ctx.clock.now_ms());
        let width = std::thread::available_parallelism().map_or(1, usize::from);
        let tasks = split(chunk, BATCH_FILES, BATCH_BYTES).into_iter().map(|batch| {
            let (known, uploads) = (known.clone(), Arc::clone(&uploads));
            let prepare = move |source| prepare(source, &known, &uploads, &limits);
            async move { blocking(move || batch.into_iter().map(prepare).collect::<Vec<_>>()).await }
        });
        let mut prepared = futures_util::stream::iter(tasks).buffered(width).chunks(COMMIT_BATCHES);
        let mut next = prepared.next().await;
        while let Some(batches) = next {
            let batches: Vec<_> = batches.into_iter().collect::<Result<_, _>>()?;
            let group = batches.into_iter().flatten().collect();
            // While one group is written, the next is read.
            let (committed, following) = join(self.commit(ctx, group, tally), prepared.next()).await;
            committed?;
            next = following;
        }
        Ok(())
    }

    async fn commit(
        &self,
        ctx: &StepContext,
        group: Vec<Prepared>,
        tally: &mut Tally,
    ) -> Result<(), StepError> {
        let (files, bytes) = (group.len() as u64, group.iter().map(Prepared::bytes_read).sum());
        let last = group.last().map(|prepared| prepared.path.clone()).unwrap_or_default();
        let (run, athlete, now_ms) = (ctx.run.id.clone(), ctx.run.partition.clone(), ctx.clock.now_ms());
        let before = tally.changes.clone();
        let (activities, changes) = ctx
            .commit(move |tx, cursor| {
                let mut keeper = keep::Keeper::new(tx, &athlete, now_ms);
                let noted: Vec<Vec<ImportFile>> =
                    group.iter().map(|prepared| keeper.keep(prepared)).collect::<store::Result<_>>()?;
                let files: Vec<ImportFile> = noted.into_iter().flatten().collect();
                let kept = keeper.close()?;
                let position = import_file::next_position(tx, &run)?;
                import_file::put(tx, &run, position, &files)?;
                let changes = before.clone().merge(kept.changes(before.from));
                if kept.change.is_some() {
                    cursor.set(&Progress { run: run.clone(), changes: changes.clone() })?;
                }
                Ok((kept.activities, changes))
            })
            .await?;
        ctx.meter.rows_in(files);
        ctx.meter.rows_out(activities);
        ctx.meter.bytes(bytes);
        tally.done += files;
        tally.changes = changes;
        ctx.progress.tell(tally.done, tally.total, &last);
        Ok(())
    }
}

/// The next sources that are looked at together.
fn batch(sources: &mut impl Iterator<Item = Source>) -> Vec<Source> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < LOOK_FILES && bytes < LOOK_BYTES {
        let Some(source) = sources.next() else { break };
        bytes += source.told().map_or(0, Mention::weight);
        batch.push(source);
    }
    batch
}

/// What becomes of the sources of which nothing has changed, and the others.
fn sorted(sources: Vec<Source>, known: &Known, latest_ms: i64) -> (Vec<ImportFile>, Vec<Source>) {
    let (mut same, mut rest) = (Vec::new(), Vec::new());
    for source in sources {
        match known.unchanged(&source, latest_ms) {
            Some(file) => same.push(file),
            None => rest.push(source),
        }
    }
    (same, rest)
}

/// Neighbours together, as far as they are not too many and not too large.
fn split(sources: Vec<Source>, most_files: usize, most_bytes: u64) -> Vec<Vec<Source>> {
    let mut parts: Vec<Vec<Source>> = Vec::new();
    let mut bytes = 0;
    for source in sources {
        match parts.last_mut() {
            Some(part) if part.len() < most_files && bytes + source.bytes() <= most_bytes => {
                bytes += source.bytes();
                part.push(source);
            }
            _ => {
                bytes = source.bytes();
                parts.push(vec![source]);
            }
        }
    }
    parts
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StepError> {
    tokio::task::spawn_blocking(carried(work)).await.map_err(|error| {
        let message = "reading a file went wrong".to_owned();
        StepError::Failed(Cause { code: "file_unreadable", message, source: Some(Box::new(error)) })
    })
}

#[cfg(test)]
mod tests;
