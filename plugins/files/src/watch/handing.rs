//! Hands the files that are ready to the pipelines that want them, each once.
//!
//! What a pipeline had is told by the database: of one that reads files by the files that were read, of any other by
//! a note that was written with its run. What is known here only saves asking.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use engine::plan::Plan;
use engine::run::RunState;
use engine::schedule::pause;
use engine::step::Step;
use engine::trigger::Wanted;
use engine::{Engine, EnqueueError};
use fitness::records::import_file::{self, ImportFile, Outcome};
use fitness::records::source_file;
use fitness::records::watched_file::{self, WatchedFile};
use futures_util::future::join_all;
use tokio::time::Instant;
use tracing::{info, warn};

use super::Watch;
use super::listing::{Item, Stamp};
use crate::prepare::DECODER;
use crate::read::Read;

/// Until a run is tried again after one that failed; doubled with each failure, an hour at most.
const RETRY: Duration = Duration::from_secs(30);
const RETRY_MOST: Duration = Duration::from_secs(3600);
/// What one run is given.
const RUN_FILES: usize = 1000;

/// What is known of the pipelines and of what they had.
#[derive(Debug, Default)]
pub(super) struct Handing {
    /// Which pipelines had a file, as it was then.
    had: HashMap<PathBuf, (Stamp, HashSet<String>)>,
    /// Pipelines whose last run did not end well.
    resting: HashMap<String, Rest>,
    /// Files of which it was told that nobody knows who wants them.
    unclear: HashSet<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    failures: u32,
    until: Instant,
}

/// The files that a pipeline is given next.
struct Batch {
    pipeline: String,
    /// Its own steps say what became of each file.
    reads: bool,
    items: Vec<Item>,
}

/// A run that is over, and what became of its files where it tells.
struct Carried {
    run: String,
    state: RunState,
    files: Vec<ImportFile>,
}

impl Handing {
    fn had(&self, item: &Item, pipeline: &str) -> bool {
        let had = self.had.get(&item.path).filter(|(stamp, _)| *stamp == item.stamp);
        had.is_some_and(|(_, pipelines)| pipelines.contains(pipeline))
    }

    fn note(&mut self, item: &Item, pipeline: &str) {
        let had = self.had.entry(item.path.clone()).or_insert_with(|| (item.stamp, HashSet::new()));
        if had.0 != item.stamp {
            *had = (item.stamp, HashSet::new());
        }
        had.1.insert(pipeline.to_owned());
    }

    /// Forgets files that are not asked about any more.
    fn keep(&mut self, items: &[Item]) {
        let paths: HashSet<_> = items.iter().map(|item| item.path.as_path()).collect();
        self.had.retain(|path, _| paths.contains(path.as_path()));
        self.unclear.retain(|path| paths.contains(path.as_path()));
    }

    fn rests(&self, pipeline: &str) -> bool {
        self.resting.get(pipeline).is_some_and(|rest| Instant::now() < rest.until)
    }

    fn rest(&mut self, pipeline: &str) {
        let failures = self.resting.get(pipeline).map_or(0, |rest| rest.failures);
        let pause = RETRY.saturating_mul(1 << failures.min(7)).min(RETRY_MOST);
        let rest = Rest { failures: failures + 1, until: Instant::now() + pause };
        self.resting.insert(pipeline.to_owned(), rest);
    }
}

impl Watch {
    /// Gives each pipeline what it wants of the files and has not had, and waits for the ends of the runs. Answers
    /// whether anything was done; what waits for a pipeline stays as it is.
    pub(super) async fn hand_out(&mut self, ready: Vec<Item>) -> bool {
        self.handing.keep(&ready);
        let wanted = self.sort_out(ready).await;
        let batches = match self.batches(&wanted).await {
            Ok(batches) => batches,
            Err(error) => {
                warn!(%error, "it cannot be told which files of the watched folder are new");
                return false;
            }
        };
        let carried =
            join_all(batches.iter().map(|batch| carry_out(&self.engine, &self.athlete, batch))).await;
        let mut refused = Vec::new();
        let mut did = false;
        for (batch, carried) in batches.iter().zip(carried) {
            match carried {
                Ok(Some(carried)) => {
                    did = true;
                    refused.extend(self.settle(batch, &carried));
                }
                // Paused a moment ago.
                Ok(None) => {}
                Err(error) => {
                    let (pipeline, files) = (&*batch.pipeline, batch.items.len());
                    warn!(%error, pipeline, files, "the files of the watched folder cannot be handed over now");
                    self.handing.rest(&batch.pipeline);
                }
            }
        }
        for (item, pipelines) in &wanted {
            if pipelines.iter().all(|plan| self.handing.had(item, &plan.name)) {
                self.waiting.settle(item);
            }
        }
        // Only now: a file must not be taken away from another pipeline that is reading it.
        for (item, code, reason, run) in refused {
            self.set_aside(&item, &code, &reason, &run).await;
        }
        did
    }

    /// The files with the pipelines that want them. What nobody wants, and what nobody could name, is set aside.
    async fn sort_out(&mut self, ready: Vec<Item>) -> Vec<(Item, Vec<std::sync::Arc<Plan>>)> {
        let on_file = self.engine.on_file();
        let mut wanted = Vec::new();
        for item in ready {
            if item.path.to_str().is_none() {
                let reason = "its name is not UTF-8: rename it, and it is read";
                self.set_aside(&item, "file_unreadable", reason, "").await;
                continue;
            }
            let name = item.path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
            match on_file.wanted(&name) {
                Wanted::By(pipelines) => wanted.push((item, pipelines)),
                Wanted::Nobody => {
                    let reason = "no pipeline says `on_file` with a pattern that fits its name";
                    self.set_aside(&item, "file_unwanted", reason, "").await;
                }
                Wanted::Unclear => {
                    if self.handing.unclear.insert(item.path.clone()) {
                        warn!(
                            file = name,
                            "no pipeline wants the file, but one has mistakes; it stays where it is"
                        );
                    }
                }
            }
        }
        wanted
    }

    /// What each pipeline is given now.
    async fn batches(&mut self, wanted: &[(Item, Vec<std::sync::Arc<Plan>>)]) -> store::Result<Vec<Batch>> {
        let paused = self.engine.store().read(pause::pauses).await?;
        let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
        for (item, pipelines) in wanted {
            for plan in pipelines.iter().filter(|plan| !self.handing.had(item, &plan.name)) {
                let batch = || Batch { pipeline: plan.name.clone(), reads: reads(plan), items: Vec::new() };
                batches.entry(plan.name.clone()).or_insert_with(batch).items.push(item.clone());
            }
        }
        let mut due = Vec::new();
        for mut batch in batches.into_values() {
            let items = std::mem::take(&mut batch.items);
            for some in items.chunks(RUN_FILES) {
                let (known, new) = self.known(&batch, some).await?;
                known.iter().for_each(|item| self.handing.note(item, &batch.pipeline));
                batch.items.extend(new);
            }
            batch.items.truncate(RUN_FILES);
            let is_paused = paused.iter().any(|pause| pause.pipeline == batch.pipeline);
            if !batch.items.is_empty() && !is_paused && !self.handing.rests(&batch.pipeline) {
                due.push(batch);
            }
        }
        Ok(due)
    }

    /// What the pipeline had as it is now, perhaps from another process, and what it had not. What a run has that is
    /// not over is neither.
    async fn known(&self, batch: &Batch, items: &[Item]) -> store::Result<(Vec<Item>, Vec<Item>)> {
        let paths: Vec<String> =
            items.iter().filter_map(|item| item.path.to_str().map(str::to_owned)).collect();
        let (athlete, pipeline, reads) = (self.athlete.clone(), batch.pipeline.clone(), batch.reads);
        let given = self.engine.store().read(move |tx| {
            if !reads {
                return watched_file::at(tx, &athlete, &pipeline, &paths);
            }
            let read = source_file::at(tx, &athlete, &paths)?.into_iter();
            // A newer decoder reads everything once more.
            let read = read.filter(|file| file.decoder == DECODER).map(|file| WatchedFile {
                path: file.path,
                bytes: file.bytes,
                modified_ns: file.modified_ns,
            });
            Ok(read.map(|file| (file, RunState::Succeeded.as_str().to_owned())).collect())
        });
        let given: HashMap<String, (WatchedFile, String)> =
            given.await?.into_iter().map(|(file, state)| (file.path.clone(), (file, state))).collect();
        let (mut had, mut new) = (Vec::new(), Vec::new());
        for item in items {
            let given = item.path.to_str().and_then(|path| given.get(path));
            match given.filter(|(file, _)| *file == noted(item)).map(|(_, state)| state.as_str()) {
                Some("succeeded") => had.push(item.clone()),
                Some("queued" | "running") => {}
                _ => new.push(item.clone()),
            }
        }
        Ok((had, new))
    }

    /// Notes what the pipeline had, and answers what it refused, with code, reason and run.
    fn settle(&mut self, batch: &Batch, carried: &Carried) -> Vec<(Item, String, String, String)> {
        let Carried { run, state, files } = carried;
        let outcomes: HashMap<&str, &ImportFile> =
            files.iter().map(|file| (file.path.as_str(), file)).collect();
        let succeeded = *state == RunState::Succeeded;
        let (mut refused, mut left) = (Vec::new(), 0);
        for item in &batch.items {
            match item.path.to_str().and_then(|path| outcomes.get(path)) {
                Some(file) if file.outcome == Outcome::Refused => {
                    let code = file.code.clone().unwrap_or_else(|| "file_refused".to_owned());
                    refused.push((item.clone(), code, file.reason.clone().unwrap_or_default(), run.clone()));
                }
                None if !succeeded => {
                    left += 1;
                    continue;
                }
                _ => {}
            }
            self.handing.note(item, &batch.pipeline);
        }
        if left > 0 {
            let (pipeline, state) = (&*batch.pipeline, state.as_str());
            warn!(
                run.id = run,
                pipeline,
                state,
                files = left,
                "a run of the watched folder did not end well"
            );
            self.handing.rest(&batch.pipeline);
        } else {
            self.handing.resting.remove(&batch.pipeline);
        }
        refused
    }
}

async fn carry_out(engine: &Engine, athlete: &str, batch: &Batch) -> Result<Option<Carried>, EnqueueError> {
    let paths: Vec<String> =
        batch.items.iter().filter_map(|item| item.path.to_str().map(str::to_owned)).collect();
    let (owner, name) = (athlete.to_owned(), batch.pipeline.clone());
    // What a pipeline reads is noted by the step that reads it.
    let given: Vec<_> = if batch.reads { Vec::new() } else { batch.items.iter().map(noted).collect() };
    let note = move |tx: &mut store::Tx<'_>, run: &str| watched_file::put(tx, &owner, &name, run, &given);
    let Some(enqueued) = engine.start_with_files(&batch.pipeline, athlete, &paths, note).await? else {
        return Ok(None);
    };
    let (run, pipeline) = (enqueued.run, &*batch.pipeline);
    info!(run.id = run, pipeline, files = paths.len(), "handing over what was put into the watched folder");
    let ended = engine.ended(&run).await?;
    let state = ended.map_or(RunState::Cancelled, |run| run.state);
    let id = run.clone();
    let files = engine.store().read(move |tx| import_file::list(tx, &id)).await?;
    Ok(Some(Carried { run, state, files }))
}

/// Whether a step of the pipeline notes what it read.
fn reads(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| step.kind.kind == Read::KIND)
}

fn noted(item: &Item) -> WatchedFile {
    WatchedFile {
        path: item.path.to_string_lossy().into_owned(),
        bytes: item.stamp.bytes,
        modified_ns: item.stamp.modified_ns,
    }
}
