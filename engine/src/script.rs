//! Scripts: pipelines that are evaluated to plans, and rules. Evaluation has no side effects.

mod assemble;
mod children;
mod condition;
mod cycle;
mod data;
pub mod definitions;
mod diagnostic;
mod draft;
mod duration;
mod example;
mod failure;
mod folder;
pub mod formula;
mod in_force;
pub mod item;
mod kind;
mod library;
mod locate;
mod memory;
mod modules;
mod place;
pub mod rule;
mod sandbox;
mod series;
mod speakable;
mod spread;
mod suggest;
#[cfg(test)]
mod tests;
mod ties;
pub mod told;
pub mod version;
mod vocabulary;

use rhai::{AST, Dynamic, Scope};

pub use children::{Child, check_children};
pub(crate) use children::{Parent, wrong_children};
pub use diagnostic::Diagnostic;
pub use duration::parse as duration;
pub use folder::Folder;
pub use in_force::InForce;
pub use kind::{ConflictCheck, ScriptCheck, conflicts, mistakes_in};
pub(crate) use kind::{LIB, RULES, STEPS};
pub(crate) use library::pipeline_name;
pub use library::script_folder;
pub use library::{Library, Source};
pub use sandbox::Limits;
pub use series::{Series, Unusable};
pub use speakable::speakable;
pub use ties::{Bond, Tie, check_ties, wrong_ties};

use assemble::{Script, assemble};
use draft::{SharedDraft, StepDraft};
use failure::Known;
use memory::Watch;
use modules::Imports;
use place::{Files, Mistake, Place};
use spread::Flow;
use ties::Loose;

use crate::plan::Plan;
use crate::registry::Registry;
use crate::step::{Scripts, StepScripts};

/// Longer scripts are refused unread.
const SCRIPT_BYTES: usize = 256 * 1024;

/// A plan with the source it came from.
#[derive(Debug, Clone)]
pub struct Planned {
    pub plan: Plan,
    /// Holds only the modules and scripts that were used.
    pub source: Source,
    /// What it says of others and of what they share.
    pub ties: Vec<Tie>,
    /// The pipelines that it runs as steps.
    pub children: Vec<Child>,
}

/// Evaluates a pipeline script. Runs script code: call it on a blocking thread.
pub fn plan(registry: &Registry, source: &Source) -> Result<Planned, Vec<Diagnostic>> {
    plan_within(registry, source, &Limits::PIPELINE)
}

/// As [`plan`], with other limits.
pub fn plan_within(
    registry: &Registry,
    source: &Source,
    limits: &Limits,
) -> Result<Planned, Vec<Diagnostic>> {
    evaluate(registry, source, limits, false)
}

/// As [`plan`], for a source that was planned before: the scripts of its steps proved themselves then, and whoever
/// takes a run over does not wait for their examples.
pub(crate) fn plan_pinned(registry: &Registry, source: &Source) -> Result<Planned, Vec<Diagnostic>> {
    evaluate(registry, source, &Limits::PIPELINE, true)
}

fn evaluate(
    registry: &Registry,
    source: &Source,
    limits: &Limits,
    are_proven: bool,
) -> Result<Planned, Vec<Diagnostic>> {
    let mut files = Files::default();
    files.texts.insert(source.path.clone(), source.text.clone());
    files.texts.extend(source.modules.iter().map(|(name, text)| (library::module_path(name), text.clone())));
    if let Some(path) = files.texts.iter().find(|(_, text)| text.len() > SCRIPT_BYTES).map(|(path, _)| path) {
        let place = Place { path: path.clone(), line: 0, column: 0 };
        return Err(files.locate(vec![failure::limit(&place, "size")]));
    }
    let imports = Imports::new(source.modules.clone());
    let evaluation = Evaluation { registry, source, limits, are_proven, imports };
    match evaluation.run(&mut files) {
        Ok((plan, ties, flows)) => {
            let modules = evaluation.imports.used();
            let step_scripts = used_by_steps(&plan, &source.step_scripts);
            let ties = ties.into_iter().filter_map(|tie| tie.tie(&files)).collect();
            let child = |Flow { name, params, places }| {
                let places = places.into_iter().flat_map(|place| files.locate(vec![place])).collect();
                Child { pipeline: name, params, places }
            };
            let children = flows.into_iter().map(child).collect();
            let source = Source { modules, step_scripts, ..source.clone() };
            Ok(Planned { plan, source, ties, children })
        }
        Err(mistakes) => Err(files.locate(mistakes)),
    }
}

/// The texts that steps of the plan are made of.
fn used_by_steps(plan: &Plan, scripts: &StepScripts) -> StepScripts {
    let scripted = plan.steps.iter().filter(|step| step.kind.is_scripted());
    let named = scripted.filter_map(|step| scripts.get_key_value(step.config["script"].as_str()?));
    named.map(|(name, text)| (name.clone(), text.clone())).collect()
}

/// Whether the bound on a script's memory works: false where another allocator was linked in.
pub fn memory_is_bounded() -> bool {
    memory::counts()
}

struct Evaluation<'a> {
    registry: &'a Registry,
    source: &'a Source,
    limits: &'a Limits,
    are_proven: bool,
    imports: Imports,
}

impl Evaluation<'_> {
    fn run(&self, files: &mut Files) -> Result<(Plan, Vec<Loose>, Vec<Flow>), Vec<Mistake>> {
        let planned = sandbox::on_own_thread(self.limits, |watch| self.guarded(files, watch))
            .unwrap_or_else(|| Err(vec![failure::no_thread(&self.source.path)]));
        if let Err(mistakes) = &planned
            && mistakes.iter().any(|mistake| mistake.code == failure::LIMIT)
        {
            memory::trim();
        }
        planned
    }

    /// The plan, what the script says of others, and the pipelines that it runs.
    fn guarded(
        &self,
        files: &mut Files,
        watch: &Watch,
    ) -> Result<(Plan, Vec<Loose>, Vec<Flow>), Vec<Mistake>> {
        let known = self.known();
        let draft = SharedDraft::default();
        let mut engine = sandbox::engine(self.limits, watch);
        vocabulary::register(&mut engine, self.registry, &draft);
        engine.set_module_resolver(self.imports.clone());
        let path = &self.source.path;
        let mut tree = engine
            .compile(&self.source.text)
            .map_err(|error| vec![failure::parsing(&error, path, &known)])?;
        tree.set_source(path);
        let mut scope = Scope::new();
        let before_bytes = watch.held_bytes();
        let result = engine.run_ast_with_scope(&mut scope, &tree);
        let left_bytes = watch.held_bytes() - before_bytes;
        files.trees = self.imports.trees();
        files.trees.insert(path.clone(), tree);
        let mut draft = draft.take();
        if let Err(error) = result {
            draft.mistakes.push(failure::evaluation(&error, path, &known));
            return Err(draft.mistakes);
        }
        if left_bytes > memory::LEFT_BYTES && self.leaves_something(&files.trees[path], watch) {
            return Err(vec![failure::holds_itself(&Place { path: path.clone(), line: 1, column: 1 })]);
        }
        let constants = constants(&scope);
        let mut ties = std::mem::take(&mut draft.ties);
        ties.extend(draft.steps.iter().filter_map(StepDraft::use_of_pool));
        let flows = spread::flows(&draft.steps);
        let script = Script {
            path,
            trees: &files.trees,
            constants: &constants,
            known: &known,
            step_scripts: Scripts { texts: &self.source.step_scripts, are_proven: self.are_proven },
        };
        assemble(draft, &script).map(|plan| (plan, ties, flows))
    }

    /// Whether the script leaves something behind that nobody can free. A plan is large itself, so that the script runs
    /// once more, and everything that it made is dropped.
    fn leaves_something(&self, tree: &AST, watch: &Watch) -> bool {
        let before_bytes = watch.held_bytes();
        let draft = SharedDraft::default();
        let mut engine = sandbox::engine(self.limits, watch);
        vocabulary::register(&mut engine, self.registry, &draft);
        engine.set_module_resolver(Imports::new(self.source.modules.clone()));
        let ran = engine.run_ast(tree);
        drop((engine, draft.take(), draft, ran));
        watch.held_bytes() - before_bytes > memory::LEFT_BYTES
    }

    fn known(&self) -> Known<'_> {
        let calls = self.registry.kinds().map(|kind| kind.kind.replacen('.', "::", 1)).collect();
        let modules = self.source.modules.keys().map(String::as_str).collect();
        Known { calls, modules, text: &self.source.text }
    }
}

/// The constants of a script that are data: what `global::NAME` means in a function that a condition calls.
fn constants(scope: &Scope<'_>) -> Vec<(String, Dynamic)> {
    let constants = scope.iter_raw().filter(|(_, is_constant, _)| *is_constant);
    constants.filter_map(|(name, _, value)| Some((name.to_owned(), data::freeze(value).ok()?))).collect()
}
