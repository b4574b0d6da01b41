//! Makes a plan of a draft, or says everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use rhai::{AST, Dynamic};
use serde_json::Value;

use super::condition::Condition;
use super::draft::{Draft, Header, StepDraft};
use super::failure::Known;
use super::locate;
use super::place::{Mistake, Part, Place};
use super::spread;
use super::{cycle, example};
use crate::plan::{Plan, PlannedStep, When};
use crate::step::{AnyStep, ConfigError, Scripts};

/// What conditions need of the evaluated script.
pub(super) struct Script<'a> {
    pub path: &'a str,
    pub trees: &'a BTreeMap<String, AST>,
    pub constants: &'a [(String, Dynamic)],
    pub known: &'a Known<'a>,
    /// What steps may be made of.
    pub step_scripts: Scripts<'a>,
}

/// The plan, or every mistake that was found.
pub(super) fn assemble(draft: Draft, script: &Script<'_>) -> Result<Plan, Vec<Mistake>> {
    let Draft { header, steps, mut mistakes, .. } = draft;
    let header = header.unwrap_or_else(|| missing_header(script.path, &mut mistakes));
    mistakes.extend(misnamed(&header, script.path));
    if steps.is_empty() && mistakes.is_empty() {
        mistakes.push(Mistake::new("pipeline_empty", start(script.path), "the pipeline has no step"));
    }
    duplicates(&steps, script, &mut mistakes);
    cycles(&steps, &mut mistakes);
    mistakes.extend(steps.iter().filter_map(cooldown_alone));
    spread::check(&steps, &mut mistakes);
    let mut planned = Vec::new();
    // A step is given what was called before it, so that its givers are made already.
    let mut made: Vec<Option<Arc<dyn AnyStep>>> = Vec::new();
    for step in &steps {
        let built = build(step, script.step_scripts, &mut mistakes);
        made.push(built.as_ref().map(|(_, step)| step.clone()));
        let when = when(step, &steps, &made, script, &mut mistakes);
        let spread = spread::spread(step, &steps);
        planned.extend(built.map(|built| PlannedStep { spread, ..plan_step(step, built, when) }));
    }
    if mistakes.is_empty() { Ok(Plan::new(header.name, header.options, planned)) } else { Err(mistakes) }
}

fn start(path: &str) -> Place {
    Place { path: path.to_owned(), line: 1, column: 1 }
}

fn missing_header(path: &str, mistakes: &mut Vec<Mistake>) -> Header {
    if mistakes.is_empty() {
        let message = "a pipeline begins with `pipeline(name, #{ … })`";
        mistakes.push(Mistake::new("pipeline_missing", start(path), message));
    }
    let options = crate::plan::Options::default();
    Header { name: String::new(), options, place: start(path) }
}

/// A pipeline is run by the name of its file, so that it must not call itself otherwise.
fn misnamed(header: &Header, path: &str) -> Option<Mistake> {
    let file = Path::new(path);
    let is_in_library = file.parent().and_then(Path::file_name).is_some_and(|folder| folder == "pipelines");
    let name = file.file_stem().and_then(OsStr::to_str)?;
    if !is_in_library || header.name.is_empty() || header.name == name {
        return None;
    }
    let message = format!("the pipeline is called `{}`, and its file `{name}`", header.name);
    let hint = format!("a run names the file: `pipeline(\"{name}\", …)`");
    Some(Mistake::new("pipeline_misnamed", header.place.clone(), message).at(Part::Argument(0)).hint(hint))
}

fn duplicates(steps: &[StepDraft], script: &Script<'_>, mistakes: &mut Vec<Mistake>) {
    let mut places: BTreeMap<&str, &Place> = BTreeMap::new();
    for step in steps {
        let Some(first) = places.get(step.name()) else {
            places.insert(step.name(), &step.place);
            continue;
        };
        let message = format!("same step twice: `{}`", step.name());
        let first = located(first, script);
        let elsewhere =
            if first.path == step.place.path { String::new() } else { format!("{}:", first.path) };
        let (line, column) = (first.line, first.column);
        let hint = format!(
            "the first is at {elsewhere}{line}:{column}; give one a name of its own: `.named(\"…\")`"
        );
        let mistake = Mistake::new("duplicate_step", step.place.clone(), message).hint(hint);
        mistakes.push(mistake.in_step(step.kind.kind));
    }
}

/// Where the call begins.
fn located(place: &Place, script: &Script<'_>) -> Place {
    let tree = script.trees.get(&place.path);
    let begin = tree.and_then(|tree| locate::part(tree, place.position(), &Part::Call));
    begin.map_or_else(|| place.clone(), |position| Place::new(&place.path, position))
}

/// A mistake at each `.after` on a cycle: without one there is none.
fn cycles(steps: &[StepDraft], mistakes: &mut Vec<Mistake>) {
    let waits_for: Vec<Vec<usize>> = steps.iter().map(waits_for).collect();
    for cycle in cycle::cycles(&waits_for) {
        let names = cycle.iter().chain(cycle.first()).map(|step| steps[*step].name());
        let message = format!("pipeline_cycle: {}", names.collect::<Vec<_>>().join(" → "));
        for (before, step) in cycle.iter().cycle().zip(cycle.iter().cycle().skip(1)).take(cycle.len()) {
            let after = steps[*step].after.iter().filter(|(earlier, _)| earlier == before);
            mistakes.extend(
                after.map(|(_, place)| Mistake::new("pipeline_cycle", place.clone(), message.clone())),
            );
        }
    }
}

/// What closes is the pool, so that there must be one.
fn cooldown_alone(step: &StepDraft) -> Option<Mistake> {
    let place = step.cooldown.as_ref().filter(|_| step.policy.pool.is_none())?;
    let message = "`.cooldown` closes the step's pool, and the step has none";
    let mistake = Mistake::new("cooldown_without_pool", place.clone(), message);
    Some(mistake.in_step(step.kind.kind).hint("say which: `.pool(\"…\")`".to_owned()))
}

fn waits_for(step: &StepDraft) -> Vec<usize> {
    let after = step.after.iter().map(|(before, _)| *before);
    step.inputs.iter().flatten().copied().chain(after).collect()
}

fn build(
    step: &StepDraft,
    scripts: Scripts<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Value, Arc<dyn AnyStep>)> {
    let config = Value::Object(step.config.clone()?);
    match step.kind.build_of(config.clone(), scripts) {
        Ok(built) => Some((config, built)),
        Err(error) => {
            mistakes.push(config_mistake(step, error));
            None
        }
    }
}

fn config_mistake(step: &StepDraft, error: ConfigError) -> Mistake {
    let ConfigError { path, message } = error;
    let mut path: Vec<_> = path.iter().map(|part| part.trim_matches(['[', ']']).to_owned()).collect();
    let part = match quoted(&message, "unknown field `") {
        Some(key) => {
            if path.last().is_none_or(|last| last != key) {
                path.push(key.to_owned());
            }
            Part::Key(path)
        }
        None if message.starts_with("missing field") => Part::Map(path),
        None => Part::Value(path),
    };
    Mistake::new("invalid_config", step.place.clone(), message).at(part).in_step(step.kind.kind)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

fn when(
    step: &StepDraft,
    steps: &[StepDraft],
    made: &[Option<Arc<dyn AnyStep>>],
    script: &Script<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Arc<dyn When>> {
    let (pointer, place) = step.when.as_ref()?;
    let (slot, tree) = (step.kind.slots.first()?, script.trees.get(&place.path)?);
    let condition = Condition::new(pointer.clone(), tree, script.constants, place);
    let givers: BTreeSet<_> = step.inputs.first().into_iter().flatten().collect();
    let artifacts = givers.into_iter().filter_map(|giver| {
        let (kind, made) = (&steps[*giver].kind, made.get(*giver).and_then(Option::as_ref));
        // What a script gives is not known where that is broken, which is told already.
        let is_known = made.is_some() || !kind.is_scripted();
        let given = made.and_then(|made| made.example());
        is_known.then(|| given.unwrap_or_else(|| example::of(kind.output_schema.as_value())))
    });
    let mut checked = artifacts.map(|artifact| condition.check(slot, artifact, script.known));
    let wrong = checked.find_map(Result::err);
    drop(checked);
    match wrong {
        None => Some(Arc::new(condition)),
        Some(mistake) => {
            mistakes.push(mistake.in_step(step.kind.kind));
            None
        }
    }
}

fn plan_step(
    step: &StepDraft,
    (config, built): (Value, Arc<dyn AnyStep>),
    when: Option<Arc<dyn When>>,
) -> PlannedStep {
    let after: BTreeSet<_> = step.after.iter().map(|(before, _)| *before).collect();
    PlannedStep {
        name: step.name().into(),
        kind: step.kind.clone(),
        config,
        step: built,
        inputs: step.inputs.clone(),
        after: after.into_iter().collect(),
        policy: step.policy.clone(),
        when,
        spread: None,
    }
}
