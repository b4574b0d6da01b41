//! Steps that are done in parts, and pipelines that are run as steps: what can be said of them in a script.

use serde_json::{Map, Value};

use super::draft::StepDraft;
use super::place::{Mistake, Part};
use crate::child;
use crate::plan::Spread;
use crate::step::{Parts, Shape, Split, Step};

/// A pipeline that a script runs as a step, and where it says so.
#[derive(Debug)]
pub(super) struct Flow {
    pub name: String,
    pub params: Map<String, Value>,
    /// The name, the map of params, and each of them in their order.
    pub places: Vec<Mistake>,
}

/// Everything that is wrong with how steps are spread.
pub(super) fn check(steps: &[StepDraft], mistakes: &mut Vec<Mistake>) {
    for step in steps {
        if let Some((size, place)) = &step.for_each
            && split(step, steps).is_none()
        {
            let message = match step.inputs.first().and_then(|givers| givers.first()) {
                Some(giver) => format!("`{}` cannot be split", steps[*giver].kind.output),
                None => "there is nothing to split: no step gives its first input".to_owned(),
            };
            let hint = format!("`.for_each({size})` goes with a range of changes or a list");
            mistakes.push(of(step, Mistake::new("not_splittable", place.clone(), message).hint(hint)));
        }
        many_for_one(step, steps, mistakes);
        let wrong = if is_flow(step) { beside_flow(step) } else { beside_parts(step) };
        mistakes.extend(
            wrong.map(|message| of(step, Mistake::new("invalid_argument", step.place.clone(), message))),
        );
    }
}

/// What cannot be said of a pipeline that runs as a step.
fn beside_flow(step: &StepDraft) -> Option<&'static str> {
    let policy = &step.policy;
    if policy.retries > 0 || policy.timeout.is_some() {
        return Some("a pipeline that runs as a step has its own retries and time limit");
    }
    if policy.pool.is_some() {
        return Some("a pipeline that runs as a step makes no attempt: its own steps are in the pool");
    }
    policy.cached.map(|_| "a pipeline that runs as a step has no result to keep: its own steps have")
}

/// What cannot be said of a step that is done in parts.
fn beside_parts(step: &StepDraft) -> Option<&'static str> {
    let is_both = step.for_each.is_some() && step.policy.cached.is_some();
    is_both.then_some(
        "a step that is done in parts keeps no result: `.cached` and `.for_each` exclude each other",
    )
}

/// A step that gives many cannot fill a place for one, nor can a condition look at it.
fn many_for_one(step: &StepDraft, steps: &[StepDraft], mistakes: &mut Vec<Mistake>) {
    for (position, (givers, slot)) in step.inputs.iter().zip(&step.kind.slots).enumerate() {
        let Some(giver) = givers.iter().find(|giver| steps[**giver].for_each.is_some()) else { continue };
        let name = steps[*giver].name();
        if slot.shape != Shape::Gather {
            let message = format!("takes one `{}`, and `{name}` gives many", slot.artifact);
            mistakes.push(of(step, Mistake::new("gives_many", step.place.clone(), message)));
        } else if let (0, Some((_, place))) = (position, &step.when) {
            let message = format!("a condition looks at one artifact, and `{name}` gives many");
            mistakes.push(of(step, Mistake::new("gives_many", place.clone(), message)));
        }
    }
}

fn of(step: &StepDraft, mistake: Mistake) -> Mistake {
    mistake.in_step(step.kind.kind)
}

/// How the step's first input is split; nothing where one of its givers leaves what cannot be.
fn split(step: &StepDraft, steps: &[StepDraft]) -> Option<Split> {
    let givers = step.inputs.first()?;
    let mut splits = givers.iter().map(|giver| steps[*giver].kind.split());
    let first = splits.next()??;
    splits.all(|split| split.as_ref() == Some(&first)).then_some(first)
}

/// What the step does in runs of their own.
pub(super) fn spread(step: &StepDraft, steps: &[StepDraft]) -> Option<Spread> {
    if let Some((size, _)) = step.for_each {
        return Some(Spread::Parts(Parts { size, split: split(step, steps)? }));
    }
    let Flow { name, params, .. } = flow(step)?;
    Some(Spread::Pipeline { name, params: Value::Object(params) })
}

/// The pipelines that the script runs as steps.
pub(super) fn flows(steps: &[StepDraft]) -> Vec<Flow> {
    steps.iter().filter_map(flow).collect()
}

fn is_flow(step: &StepDraft) -> bool {
    step.kind.kind == child::Pipeline::KIND
}

fn flow(step: &StepDraft) -> Option<Flow> {
    let config = step.config.clone().filter(|_| is_flow(step))?;
    let child::PipelineConfig { name, params } = serde_json::from_value(Value::Object(config)).ok()?;
    let at = |path: &[&str], part: fn(Vec<String>) -> Part| {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        Mistake::new("", step.place.clone(), "").at(part(path)).in_step(step.kind.kind)
    };
    let mut places = vec![at(&["name"], Part::Value), at(&["params"], Part::Value)];
    places.extend(params.keys().map(|key| at(&["params", key], Part::Key)));
    Some(Flow { name, params, places })
}
