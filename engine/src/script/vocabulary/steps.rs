//! A function for each kind of step, in a namespace for each plugin.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, Map, Module};

use super::{Handle, variadic};
use crate::plan::Policy;
use crate::registry::Registry;
use crate::script::data::{self, what};
use crate::script::draft::{Draft, SharedDraft, StepDraft};
use crate::script::place::{Mistake, Part, Place};
use crate::step::{ANY, Kind, Shape, Slot};

pub(super) fn modules(registry: &Registry, draft: &SharedDraft) -> BTreeMap<&'static str, Module> {
    let mut modules: BTreeMap<_, Module> = BTreeMap::new();
    for kind in registry.kinds() {
        let (namespace, function) = kind.path();
        let (draft, kind) = (draft.clone(), kind.clone());
        variadic(modules.entry(namespace).or_default(), function, &[], move |place, arguments| {
            Dynamic::from(say(&mut draft.lock(), &kind, place, &arguments))
        });
    }
    modules
}

fn say(draft: &mut Draft, kind: &Arc<Kind>, place: Place, arguments: &[Dynamic]) -> Handle {
    let mut call = Call { draft, kind, place: &place, found: Vec::new() };
    if call.draft.header.is_none() && call.draft.steps.is_empty() {
        call.found("pipeline_late", Part::Call, "`pipeline(…)` comes before the first step".to_owned());
    }
    let (givers, config) = match arguments.split_last() {
        Some((last, givers)) if last.is::<Map>() => (givers, call.config(last)),
        _ => (arguments, Some(serde_json::Map::new())),
    };
    let inputs = call.inputs(givers);
    let found = call.found;
    draft.mistakes.extend(found);
    draft.steps.push(StepDraft {
        kind: kind.clone(),
        place,
        name: None,
        inputs,
        config,
        after: Vec::new(),
        policy: Policy::default(),
        when: None,
        pool: None,
        cooldown: None,
        for_each: None,
    });
    Handle(draft.steps.len() - 1)
}

struct Call<'a> {
    draft: &'a Draft,
    kind: &'a Kind,
    place: &'a Place,
    found: Vec<Mistake>,
}

impl Call<'_> {
    fn found(&mut self, code: &'static str, part: Part, message: String) {
        self.found.push(Mistake::new(code, self.place.clone(), message).at(part).in_step(self.kind.kind));
    }

    fn config(&mut self, map: &Dynamic) -> Option<serde_json::Map<String, serde_json::Value>> {
        match data::to_json(map) {
            Ok(serde_json::Value::Object(config)) => Some(config),
            Ok(_) => None,
            Err(error) => {
                let message = format!("a configuration holds data only, found {}", error.what);
                self.found("config_not_data", Part::Value(error.path), message);
                None
            }
        }
    }

    fn inputs(&mut self, givers: &[Dynamic]) -> Vec<Vec<usize>> {
        let slots = &self.kind.slots;
        if givers.len() > slots.len() {
            let message = format!("takes {}, found {}", takes(slots.len()), givers.len());
            self.found("wrong_input", Part::Call, message);
        }
        let filled = slots.iter().enumerate().map(|(index, slot)| match givers.get(index) {
            Some(giver) => self.givers(slot, giver),
            None => self.missing(slot),
        });
        filled.collect()
    }

    fn missing(&mut self, slot: &Slot) -> Vec<usize> {
        let wanted = match slot.shape {
            Shape::Plain | Shape::Gather if slot.artifact == ANY => "a step, or an array of steps".to_owned(),
            Shape::Plain => format!("a step that gives `{}`", slot.artifact),
            Shape::Gather => format!("an array of steps that give `{}`", slot.artifact),
            Shape::Optional => return Vec::new(),
        };
        self.found("missing_input", Part::Call, format!("missing input: {wanted}"));
        Vec::new()
    }

    fn givers(&mut self, slot: &Slot, giver: &Dynamic) -> Vec<usize> {
        if let Some(list) = giver.read_lock::<Array>() {
            if slot.shape != Shape::Gather {
                let message = format!("takes one step that gives `{}`, found an array", slot.artifact);
                self.found("wrong_input", Part::Call, message);
                return Vec::new();
            }
            return list.iter().filter_map(|giver| self.giver(slot, giver)).collect();
        }
        if giver.is_unit() && slot.shape == Shape::Optional {
            return Vec::new();
        }
        self.giver(slot, giver).into_iter().collect()
    }

    fn giver(&mut self, slot: &Slot, giver: &Dynamic) -> Option<usize> {
        let Some(Handle(index)) = giver.clone().flatten().try_cast::<Handle>() else {
            let message = format!("takes steps, found {}", what(giver));
            self.found("wrong_input", Part::Call, message);
            return None;
        };
        let step = &self.draft.steps[index];
        if !slot.takes(&step.kind.output) {
            let message =
                format!("takes `{}`, but `{}` gives `{}`", slot.artifact, step.call(), step.kind.output);
            self.found("wrong_input", Part::Call, message);
        }
        Some(index)
    }
}

fn takes(slots: usize) -> String {
    match slots {
        0 => "no input".to_owned(),
        1 => "one input".to_owned(),
        count => format!("{count} inputs"),
    }
}
