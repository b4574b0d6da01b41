//! The scripts in force and the plans made of them: what a good edit replaces, and a broken one does not.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::params;
use crate::plan::{Plan, PlannedStep};
use crate::pool::Size;
use crate::registry::Registry;
use crate::schedule::pause::Pause;
use crate::schedule::{Schedule, ScheduleInfo};
use crate::script::{
    self, Bond, Child, Diagnostic, Folder, InForce, Library, Parent, Planned, Source, Tie, pipeline_name,
};
use crate::telemetry::StepMetrics;
use crate::trigger::Pattern;

/// All scripts at one moment. It is never changed, only replaced as a whole.
pub(crate) struct Catalog {
    scripts: InForce,
    entries: BTreeMap<String, Entry>,
    /// What could not be read; its last text stands.
    unreadable: Vec<Diagnostic>,
    /// Scripts in force that are in the way of others.
    conflicts: Vec<Diagnostic>,
}

/// A pipeline.
#[derive(Clone)]
struct Entry {
    /// What its script says by itself, as it was read.
    read: Result<Arc<Ready>, Arc<Vec<Diagnostic>>>,
    /// The last plan that was good beside those of the other pipelines.
    ready: Option<Arc<Ready>>,
    /// What is wrong with the script as it was read.
    mistakes: Arc<Vec<Diagnostic>>,
}

/// A plan with what running it needs.
pub(crate) struct Ready {
    pub plan: Arc<Plan>,
    pub metrics: Arc<[StepMetrics]>,
    pub source: Source,
    pub script_hash: String,
    ties: Vec<Tie>,
    children: Vec<Child>,
    loaded_ms: i64,
}

/// Why there is no plan.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlanError {
    #[error("there is no pipeline `{name}`, only {known}")]
    Unknown { name: String, known: String },
    #[error("pipeline `{name}` has errors: {}", .diagnostics.first().map(ToString::to_string).unwrap_or_default())]
    Invalid { name: String, diagnostics: Arc<Vec<Diagnostic>> },
}

/// A pipeline as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct PipelineInfo {
    pub name: String,
    /// The first line of its script.
    pub about: String,
    pub path: String,
    /// Those of the plan in force.
    pub steps: Vec<StepInfo>,
    /// The JSON schema of what a run of it may be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// When it runs by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleInfo>,
    /// The pipelines whose success starts it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The webhooks that start it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_webhook: Vec<String>,
    /// The files that start it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_file: Vec<Pattern>,
    /// Since when nothing starts it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// What is wrong with the script as it lies. Where a plan is in force all the same, it is the last good one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Diagnostic>,
    /// The hash of the script in force; nothing runs without one.
    pub script_hash: Option<String>,
    /// Since when it is in force, in epoch milliseconds.
    pub loaded_ms: Option<i64>,
}

/// A step of a pipeline, with the names of the steps it waits for.
#[derive(Debug, Clone, Serialize)]
pub struct StepInfo {
    pub name: String,
    pub kind: String,
    pub after: Vec<String>,
}

/// What became of the scripts when they were read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New runs of the pipeline go by this script.
    Loaded { pipeline: String, script_hash: String },
    /// No new run of the pipeline starts; those that were enqueued go by the script they pinned.
    Gone { pipeline: String },
    /// The script at that path is asked from now on.
    ScriptLoaded { path: String },
    /// No script is at that path any more.
    ScriptGone { path: String },
    /// A script is broken in a way that was not known; what was in force stays.
    Broken(Diagnostic),
    /// The script at that path is in order again.
    Mended { path: String },
    /// A script is in the way of another, which was not known; it stays in force.
    Conflict(Diagnostic),
}

impl Catalog {
    /// Evaluates every pipeline of the library. Blocks on script code.
    pub(crate) fn new(registry: &Registry, scripts: InForce, now_ms: i64) -> Self {
        let nothing = InForce::default();
        let before = Self {
            scripts: nothing,
            entries: BTreeMap::new(),
            unreadable: Vec::new(),
            conflicts: Vec::new(),
        };
        let entries = entries(registry, &before, &scripts, now_ms);
        let conflicts = script::conflicts(registry, scripts.library());
        Self { scripts, entries, unreadable: Vec::new(), conflicts }
    }

    /// What follows when the folder is read again. Blocks on script code that is new.
    pub(crate) fn next(&self, registry: &Registry, folder: &Folder, now_ms: i64) -> Self {
        let (read, unreadable) = folder.over(self.scripts.read());
        let scripts = self.scripts.next(registry, read);
        let entries = entries(registry, self, &scripts, now_ms);
        let conflicts = script::conflicts(registry, scripts.library());
        Self { scripts, entries, unreadable, conflicts }
    }

    /// The scripts as steps see them.
    pub(crate) fn library(&self) -> &Arc<Library> {
        self.scripts.library()
    }

    /// The scripts in force that are in order, by path.
    pub(crate) fn scripts_in_order(&self) -> Vec<(String, String)> {
        self.scripts.in_order()
    }

    /// All pipelines by name.
    pub(crate) fn infos(&self) -> Vec<PipelineInfo> {
        let names: BTreeSet<&str> = self
            .entries
            .keys()
            .map(String::as_str)
            .chain(self.unreadable.iter().filter_map(|mistake| pipeline_name(&mistake.path)))
            .collect();
        names.into_iter().map(|name| self.info(name)).collect()
    }

    fn info(&self, name: &str) -> PipelineInfo {
        let path = path_of(name);
        let entry = self.entries.get(name);
        let ready = entry.and_then(|entry| entry.ready.as_ref());
        let text = ready.map(|ready| ready.source.text.as_str()).or_else(|| self.scripts.read().text(&path));
        PipelineInfo {
            name: name.to_owned(),
            about: about(text.unwrap_or_default()),
            steps: ready.map(|ready| step_infos(&ready.plan)).unwrap_or_default(),
            params: ready.map(|ready| params::schema(&ready.plan.options.params)),
            schedule: ready.and_then(|ready| ready.plan.options.schedule.as_ref()).map(Schedule::info),
            after: ready.map(|ready| ready.plan.options.after.clone()).unwrap_or_default(),
            on_webhook: ready.map(|ready| ready.plan.options.on_webhook.clone()).unwrap_or_default(),
            on_file: ready.map(|ready| ready.plan.options.on_file.clone()).unwrap_or_default(),
            paused: None,
            errors: self.mistakes_of(&path, entry),
            script_hash: ready.map(|ready| ready.script_hash.clone()),
            loaded_ms: ready.map(|ready| ready.loaded_ms),
            path,
        }
    }

    fn mistakes_of(&self, path: &str, entry: Option<&Entry>) -> Vec<Diagnostic> {
        let unreadable = self.unreadable.iter().filter(|mistake| mistake.path == path);
        unreadable.chain(entry.into_iter().flat_map(|entry| entry.mistakes.iter())).cloned().collect()
    }

    /// Everything that is wrong with the scripts as they were read.
    pub(crate) fn mistakes(&self) -> Vec<Diagnostic> {
        let pipelines = self.entries.values().flat_map(|entry| entry.mistakes.iter());
        self.unreadable.iter().chain(pipelines).chain(self.scripts.mistakes()).cloned().collect()
    }

    /// Scripts in force that are in the way of others.
    pub(crate) fn conflicts(&self) -> &[Diagnostic] {
        &self.conflicts
    }

    /// The plan of a pipeline that is in force.
    pub(crate) fn ready(&self, pipeline: &str) -> Result<Arc<Ready>, PlanError> {
        match self.entries.get(pipeline) {
            Some(Entry { ready: Some(ready), .. }) => Ok(ready.clone()),
            Some(entry) => {
                Err(PlanError::Invalid { name: pipeline.to_owned(), diagnostics: entry.mistakes.clone() })
            }
            None if self.is_unreadable(pipeline) => {
                let diagnostics = Arc::new(self.mistakes_of(&path_of(pipeline), None));
                Err(PlanError::Invalid { name: pipeline.to_owned(), diagnostics })
            }
            None => {
                let known =
                    self.entries.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Err(PlanError::Unknown { name: pipeline.to_owned(), known })
            }
        }
    }

    /// The plans in force, by name.
    pub(crate) fn plans(&self) -> Vec<Arc<Plan>> {
        self.entries.values().filter_map(|entry| Some(entry.ready.as_ref()?.plan.clone())).collect()
    }

    /// How large each pool is that a script in force sizes.
    pub(crate) fn pools(&self) -> BTreeMap<String, Size> {
        let ready = self.entries.values().filter_map(|entry| entry.ready.as_ref());
        let size = |tie: &Tie| match tie.bond {
            Bond::Sizes(size) => Some((tie.name.clone(), size)),
            Bond::After | Bond::Uses => None,
        };
        ready.flat_map(|ready| ready.ties.iter().filter_map(size)).collect()
    }

    fn is_unreadable(&self, pipeline: &str) -> bool {
        self.unreadable.iter().any(|mistake| pipeline_name(&mistake.path) == Some(pipeline))
    }

    /// The plan in force that was made of that script.
    pub(crate) fn of_script(&self, script_hash: &str) -> Option<Arc<Ready>> {
        let mut ready = self.entries.values().filter_map(|entry| entry.ready.as_ref());
        ready.find(|ready| ready.script_hash == script_hash).cloned()
    }

    /// What is otherwise than it was before.
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let mut changes = self.pipeline_changes(before);
        changes.extend(self.script_changes(before));
        let (now, then) = (self.mistakes(), before.mistakes());
        let is_broken = |path: &str| now.iter().any(|mistake| mistake.path == path);
        let mended: BTreeSet<&str> = then.iter().map(|mistake| mistake.path.as_str()).collect();
        let mended = mended.into_iter().filter(|path| !is_broken(path));
        changes.extend(mended.map(|path| Change::Mended { path: path.to_owned() }));
        let broken = now.iter().filter(|mistake| !then.contains(mistake));
        changes.extend(broken.cloned().map(Change::Broken));
        let in_the_way = self.conflicts.iter().filter(|conflict| !before.conflicts.contains(conflict));
        changes.extend(in_the_way.cloned().map(Change::Conflict));
        changes
    }

    fn pipeline_changes(&self, before: &Self) -> Vec<Change> {
        let hash = |catalog: &Self, name: &str| {
            catalog.entries.get(name).and_then(|entry| Some(entry.ready.as_ref()?.script_hash.clone()))
        };
        let loaded = self.entries.keys().filter_map(|name| {
            let script_hash = hash(self, name).filter(|now| hash(before, name).as_ref() != Some(now))?;
            Some(Change::Loaded { pipeline: name.clone(), script_hash })
        });
        let gone = before.entries.keys().filter(|name| !self.entries.contains_key(*name));
        loaded.chain(gone.map(|name| Change::Gone { pipeline: name.clone() })).collect()
    }

    fn script_changes(&self, before: &Self) -> Vec<Change> {
        let (now, then) = (self.library(), before.library());
        let loaded = now.scripts().filter(|(path, text)| then.text(path) != Some(text));
        let gone = then.scripts().filter(|(path, _)| now.text(path).is_none());
        loaded
            .map(|(path, _)| Change::ScriptLoaded { path: path.to_owned() })
            .chain(gone.map(|(path, _)| Change::ScriptGone { path: path.to_owned() }))
            .collect()
    }
}

impl Ready {
    /// Blocks on script code.
    pub(crate) fn of(
        registry: &Registry,
        source: &Source,
        now_ms: i64,
    ) -> Result<Arc<Self>, Vec<Diagnostic>> {
        script::plan(registry, source).map(|planned| Self::made(planned, now_ms))
    }

    /// As [`Ready::of`], for a source that a run pinned.
    pub(crate) fn pinned(
        registry: &Registry,
        source: &Source,
        now_ms: i64,
    ) -> Result<Arc<Self>, Vec<Diagnostic>> {
        script::plan_pinned(registry, source).map(|planned| Self::made(planned, now_ms))
    }

    fn made(planned: Planned, now_ms: i64) -> Arc<Self> {
        let Planned { plan, source, ties, children } = planned;
        let metrics = StepMetrics::of_plan(&plan).into();
        let script_hash = source.hash();
        let plan = Arc::new(plan);
        Arc::new(Self { plan, metrics, source, script_hash, ties, children, loaded_ms: now_ms })
    }
}

/// Every pipeline as it is read, and what is in force of it.
fn entries(registry: &Registry, before: &Catalog, scripts: &InForce, now_ms: i64) -> BTreeMap<String, Entry> {
    let entry = |name: String| {
        let source = scripts.source(&name)?;
        let last = before.entries.get(&name);
        let is_known = before.scripts.source(&name).as_ref() == Some(&source);
        let by_itself = match last.filter(|_| is_known) {
            Some(last) => last.read.clone(),
            None => Ready::of(registry, &source, now_ms).map_err(Arc::new),
        };
        Some((name, Entry::of(by_itself, last)))
    };
    let mut entries = scripts.read().pipelines().into_iter().filter_map(entry).collect();
    withdraw(&mut entries, before);
    entries
}

/// Takes back what cannot stand beside the others: what starts without end or runs others so, or shares a pool that
/// nobody sizes.
///
/// What was in force before ends by itself, so this comes to an end as well.
fn withdraw(entries: &mut BTreeMap<String, Entry>, before: &Catalog) {
    loop {
        let mut wrong = wrong_ties(entries);
        for (name, mistakes) in wrong_children(entries) {
            wrong.entry(name).or_default().extend(mistakes);
        }
        let last = |name: &str| before.entries.get(name).and_then(|entry| entry.ready.clone());
        let is_new = |name: &str| !is_same(entries[name].ready.as_ref(), last(name).as_ref());
        let anew: Vec<String> = wrong.keys().filter(|name| is_new(name)).cloned().collect();
        let told = wrong.into_iter().filter(|(name, _)| anew.is_empty() || anew.contains(name));
        for (name, mistakes) in told {
            let Some(entry) = entries.get_mut(&name) else { continue };
            entry.ready = last(&name);
            if entry.read.is_ok() {
                entry.mistakes = Arc::new(mistakes);
            }
        }
        if anew.is_empty() {
            return;
        }
    }
}

fn wrong_ties(entries: &BTreeMap<String, Entry>) -> BTreeMap<String, Vec<Diagnostic>> {
    let names: Vec<String> = entries.keys().cloned().collect();
    let ties =
        entries.iter().filter_map(|(name, entry)| Some((name.clone(), entry.ready.as_ref()?.ties.clone())));
    script::wrong_ties(&names, &ties.collect())
}

fn wrong_children(entries: &BTreeMap<String, Entry>) -> BTreeMap<String, Vec<Diagnostic>> {
    let names: Vec<String> = entries.keys().cloned().collect();
    let parents = entries.iter().filter_map(|(name, entry)| {
        let ready = entry.ready.as_ref()?;
        Some((name.clone(), (ready.plan.clone(), ready.children.clone())))
    });
    script::wrong_children(&names, &parents.collect::<BTreeMap<String, Parent>>())
}

fn is_same(one: Option<&Arc<Ready>>, other: Option<&Arc<Ready>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}

impl Entry {
    fn of(read: Result<Arc<Ready>, Arc<Vec<Diagnostic>>>, last: Option<&Self>) -> Self {
        let last = last.and_then(|last| last.ready.clone());
        let (ready, mistakes) = match &read {
            Ok(ready) => {
                // A library file that it does not use was changed.
                let same = last.filter(|last| last.script_hash == ready.script_hash);
                (Some(same.unwrap_or_else(|| ready.clone())), Arc::default())
            }
            Err(mistakes) => (last, mistakes.clone()),
        };
        Self { read, ready, mistakes }
    }
}

fn path_of(pipeline: &str) -> String {
    format!("pipelines/{pipeline}.rhai")
}

/// What the first line of a script says of it.
fn about(text: &str) -> String {
    text.lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .unwrap_or_default()
        .to_owned()
}

/// The steps of a plan as lists show them.
pub(crate) fn step_infos(plan: &Plan) -> Vec<StepInfo> {
    let name = |index: &usize| plan.steps[*index].name.to_string();
    let info = |step: &PlannedStep| StepInfo {
        name: step.name.to_string(),
        kind: step.kind.kind.to_owned(),
        after: step.inputs.iter().flatten().chain(&step.after).map(name).collect(),
    };
    plan.steps.iter().map(info).collect()
}
