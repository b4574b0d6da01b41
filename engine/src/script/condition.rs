//! The small functions given to `.when`: checked before anything runs, called while steps run.

use std::collections::BTreeSet;

use rhai::{AST, Dynamic, EvalAltResult, FnPtr, Module};
use serde_json::Value;

use super::failure::{self, Known};
use super::memory::Watch;
use super::place::{Mistake, Place};
use super::sandbox::{self, Limits};
use super::{data, locate};
use crate::plan::When;
use crate::step::{Cause, Shape, Slot};

/// A closure with what it captured, as it was when `.when` was called: data that shares nothing with the script.
pub(super) struct Condition {
    pointer: FnPtr,
    tree: AST,
    constants: Vec<(String, Dynamic)>,
    place: Place,
}

impl Condition {
    pub(super) fn new(pointer: FnPtr, tree: &AST, constants: &[(String, Dynamic)], place: &Place) -> Self {
        Self {
            pointer,
            tree: tree.clone_functions_only(),
            constants: constants.to_vec(),
            place: place.clone(),
        }
    }

    /// Walks the closure and tries it on an example of the artifact.
    pub(super) fn check(&self, slot: &Slot, artifact: Value, known: &Known<'_>) -> Result<(), Box<Mistake>> {
        self.refuse_namespaces()?;
        let artifact = if slot.shape == Shape::Gather { Value::Array(vec![artifact]) } else { artifact };
        self.refuse_unknown_properties(&artifact)?;
        match self.call(&artifact, known)? {
            Ok(_) => Ok(()),
            Err(found) => {
                let message = format!("a condition answers true or false, this one {found}");
                Err(Mistake::new("condition_not_bool", self.last_statement(), message).into())
            }
        }
    }

    /// What the closure answers, or what else it answers.
    fn call(&self, artifact: &Value, known: &Known<'_>) -> Result<Result<bool, String>, Box<Mistake>> {
        let path = &self.place.path;
        let called = sandbox::on_own_thread(&Limits::RULE, |watch| {
            let answered = match self.evaluate(artifact, watch) {
                Ok(answer) => answer.as_bool().map_err(|_| data::what(&answer)),
                Err(error) => return Err(Box::new(failure::evaluation(&error, path, known))),
            };
            if watch.leaves_more_than(&answered) {
                return Err(Box::new(failure::holds_itself(&self.place)));
            }
            Ok(answered)
        });
        called.unwrap_or_else(|| Err(failure::no_thread(path).into())).map_err(|mistake| {
            if mistake.place.line > 0 {
                mistake
            } else {
                Mistake { place: self.place.clone(), ..*mistake }.into()
            }
        })
    }

    fn evaluate(&self, artifact: &Value, watch: &Watch) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut engine = sandbox::engine(&Limits::RULE, watch);
        let mut global = Module::new();
        for (name, value) in &self.constants {
            global.set_var(name.as_str(), value.clone());
        }
        global.build_index();
        engine.register_static_module("global", global.into());
        self.pointer.call(&engine, &self.tree, (data::from_json(artifact),))
    }

    /// The closure and every function of the script that it can reach.
    fn reachable(&self) -> Vec<AST> {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.pointer.fn_name().to_owned()];
        let mut trees = Vec::new();
        while let Some(name) = open.pop() {
            if seen.insert(name.clone()) {
                let tree = locate::function(&self.tree, &name, None);
                open.extend(locate::calls(&tree));
                trees.push(tree);
            }
        }
        trees
    }

    fn refuse_namespaces(&self) -> Result<(), Box<Mistake>> {
        let Some((name, position)) = self.reachable().iter().find_map(locate::namespace) else {
            return Ok(());
        };
        let message = format!(
            "`{name}` cannot be used in a condition: it sees the artifact and the script's functions"
        );
        Err(Mistake::new("namespace_in_condition", Place::new(&self.place.path, position), message).into())
    }

    // The trial takes one way through the closure; a property on another way is found here.
    fn refuse_unknown_properties(&self, artifact: &Value) -> Result<(), Box<Mistake>> {
        let parameters = self.tree.iter_functions().find(|function| function.name == self.pointer.fn_name());
        let Some(parameter) =
            parameters.and_then(|function| function.params.last().map(|name| (*name).to_owned()))
        else {
            return Ok(());
        };
        let tree = locate::function(&self.tree, self.pointer.fn_name(), None);
        let chains = locate::chains(&tree).into_iter().filter(|chain| chain.root == parameter);
        for chain in chains {
            let mut value = artifact;
            for (property, position) in &chain.properties {
                let Some(properties) = value.as_object() else { break };
                let Some(next) = properties.get(property) else {
                    let place = Place::new(&self.place.path, *position);
                    let hint = super::suggest::hint(property, properties.keys().map(String::as_str));
                    let message = format!("unknown property `{property}`");
                    return Err(Mistake::new("unknown_property", place, message).hint(hint).into());
                };
                value = next;
            }
        }
        Ok(())
    }

    fn last_statement(&self) -> Place {
        let tree = locate::function(&self.tree, self.pointer.fn_name(), None);
        locate::last_statement(&tree)
            .map_or_else(|| self.place.clone(), |at| Place::new(&self.place.path, at))
    }
}

impl When for Condition {
    // An optional giver that gave nothing leaves nothing to look at: the step decides for itself.
    fn decide(&self, artifact: &Value) -> Result<bool, Cause> {
        if artifact.is_null() {
            return Ok(true);
        }
        let answer = self.call(artifact, &Known::NOTHING).map_err(|mistake| {
            let code = if mistake.code == failure::LIMIT { failure::LIMIT } else { "condition_failed" };
            Cause::new(code, format!("{}:{}: {}", mistake.place.path, mistake.place.line, mistake.message))
        })?;
        answer.map_err(|found| Cause::new("condition_failed", format!("the condition answered {found}")))
    }
}
