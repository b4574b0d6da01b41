//! Whether pipelines that start each other come to an end: what no script can know of itself.

use std::collections::BTreeMap;

use super::{Diagnostic, Library, Planned, Source, cycle, suggest};
use crate::registry::Registry;

/// Where a pipeline says that it starts after another one.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The other one.
    pub after: String,
    /// The place; what is wrong with it, if anything, is seen only beside the other pipelines.
    pub(super) place: Diagnostic,
}

impl Trigger {
    fn mistake(&self, code: &'static str, message: String, hint: Option<String>) -> Diagnostic {
        Diagnostic { code, message, hint, ..self.place.clone() }
    }
}

/// Checks the triggers of one pipeline beside those of a library. Runs script code: call it on a blocking thread.
pub fn check_triggers(
    registry: &Registry,
    library: &Library,
    planned: &Planned,
) -> Result<(), Vec<Diagnostic>> {
    if planned.triggers.is_empty() {
        return Ok(());
    }
    let name = &planned.plan.name;
    let mut known = library.pipelines();
    let others = known.iter().filter(|other| *other != name);
    let plan = |other: &String| super::plan(registry, &Source::of(library, other)?).ok();
    let mut triggers: BTreeMap<_, _> =
        others.filter_map(|other| Some((other.clone(), plan(other)?.triggers))).collect();
    triggers.insert(name.clone(), planned.triggers.clone());
    known.push(name.clone());
    wrong_triggers(&known, &triggers).remove(name).map_or(Ok(()), Err)
}

/// What is wrong with the triggers, by pipeline: those after pipelines that are not known, and circles.
pub fn wrong_triggers(
    known: &[String],
    triggers: &BTreeMap<String, Vec<Trigger>>,
) -> BTreeMap<String, Vec<Diagnostic>> {
    let mut wrong: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    for (name, triggers) in triggers {
        for trigger in triggers.iter().filter(|trigger| !known.contains(&trigger.after)) {
            let hint = suggest::hint(&trigger.after, known.iter().map(String::as_str));
            let message = format!("there is no pipeline `{}`", trigger.after);
            wrong.entry(name.clone()).or_default().push(trigger.mistake("unknown_pipeline", message, hint));
        }
    }
    let names: Vec<&String> = triggers.keys().collect();
    let index = |trigger: &Trigger| names.iter().position(|name| **name == trigger.after);
    let waits_for: Vec<Vec<usize>> =
        triggers.values().map(|triggers| triggers.iter().filter_map(index).collect()).collect();
    for cycle in cycle::cycles(&waits_for) {
        let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|name| names[*name].as_str()).collect();
        let message = format!("pipelines start each other without end: {}", path.join(" → "));
        for pair in path.windows(2) {
            let [before, name] = pair else { continue };
            let places = triggers.get(*name).into_iter().flatten().filter(|trigger| trigger.after == *before);
            let mistakes = places.map(|trigger| trigger.mistake("trigger_cycle", message.clone(), None));
            wrong.entry((*name).to_owned()).or_default().extend(mistakes);
        }
    }
    wrong
}
