//! Whether pipelines that start each other come to an end.

use super::{Bond, Ties, Wrong, of};
use crate::script::{cycle, suggest};

/// What is wrong with the triggers: those after pipelines that are not known, and circles.
pub(super) fn wrong(known: &[String], ties: &Ties) -> Wrong {
    let mut wrong = Wrong::new();
    for (name, trigger) in of(ties, is_trigger).filter(|(_, trigger)| !known.contains(&trigger.name)) {
        let hint = suggest::hint(&trigger.name, known.iter().map(String::as_str));
        let message = format!("there is no pipeline `{}`", trigger.name);
        wrong.entry(name.clone()).or_default().push(trigger.mistake("unknown_pipeline", message, hint));
    }
    let names: Vec<&String> = ties.keys().collect();
    let mut waits_for = vec![Vec::new(); names.len()];
    for (name, trigger) in of(ties, is_trigger) {
        let index = |wanted: &String| names.iter().position(|name| *name == wanted);
        if let Some((one, other)) = index(name).zip(index(&trigger.name)) {
            waits_for[one].push(other);
        }
    }
    for cycle in cycle::cycles(&waits_for) {
        let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|name| names[*name].as_str()).collect();
        let message = format!("pipelines start each other without end: {}", path.join(" → "));
        for pair in path.windows(2) {
            let [before, name] = pair else { continue };
            let places = of(ties, is_trigger)
                .filter(|(pipeline, trigger)| pipeline.as_str() == *name && trigger.name == *before);
            let mistakes = places.map(|(_, trigger)| trigger.mistake("trigger_cycle", message.clone(), None));
            wrong.entry((*name).to_owned()).or_default().extend(mistakes);
        }
    }
    wrong
}

fn is_trigger(bond: Bond) -> bool {
    bond == Bond::After
}
