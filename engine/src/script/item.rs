//! Scripts that steps are made of: one function over the items that a step is given, and examples that prove it.

mod proof;
mod steps;
#[cfg(test)]
mod tests;
mod work;

use serde_json::{Value, json};

use super::Diagnostic;
use super::formula::{Formula, Part, Shape};
use crate::step::Kind;

pub(crate) use proof::mistakes;
pub use steps::{ItemError, Items, Reduced};

/// What every script has, whatever it does with items.
const SHAPE: Shape = Shape { what: "a script of a step", code: INCOMPLETE, functions: &[("examples", &[])] };
const INCOMPLETE: &str = "step_script_incomplete";

/// What a script does with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Puts something in the place of each.
    Map,
    /// Keeps some of them.
    Filter,
    /// Makes one value of all.
    Reduce,
}

/// A compiled script.
#[derive(Debug)]
pub(crate) struct ItemScript {
    formula: Formula,
    task: Task,
}

/// The kinds of step that are made of scripts.
pub(crate) fn kinds() -> [Kind; 3] {
    steps::kinds()
}

impl Task {
    const ALL: [Self; 3] = [Self::Map, Self::Filter, Self::Reduce];

    /// The function that does it. No method of an array has such a name: a function of the script would go before it.
    fn function(self) -> &'static str {
        match self {
            Self::Map => "each",
            Self::Filter => "keep",
            Self::Reduce => "fold",
        }
    }

    fn parameters(self) -> usize {
        match self {
            Self::Map | Self::Filter => 1,
            Self::Reduce => 2,
        }
    }

    /// The step as scripts call it.
    fn step(self) -> &'static str {
        match self {
            Self::Map => "script::map",
            Self::Filter => "script::filter",
            Self::Reduce => "script::reduce",
        }
    }

    /// The functions as a person writes them.
    fn form(self) -> &'static str {
        match self {
            Self::Map => "`each(item)`",
            Self::Filter => "`keep(item)`",
            Self::Reduce => "`fold(total, item)` with `start()`",
        }
    }
}

impl ItemScript {
    /// Compiles a script, which does one thing with items.
    pub(crate) fn compile(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let formula = Formula::compile(&SHAPE, path, text)?;
        let has = |task: &Task| formula.has(task.function(), task.parameters());
        let tasks: Vec<Task> = Task::ALL.into_iter().filter(has).collect();
        let forms = Task::ALL.map(Task::form).join(", or ");
        let message = match tasks[..] {
            [Task::Reduce] if !formula.has("start", 0) => {
                "`fold` begins with what `start()` answers".to_owned()
            }
            [task] => return Ok(Self { formula, task }),
            [] => format!("a script of a step has {forms}"),
            _ => format!("a script of a step does one thing: {forms}"),
        };
        Err(formula.wrong(INCOMPLETE, Part::Function("examples"), message))
    }

    /// SHA-256 of its text, in hexadecimal.
    pub(crate) fn hash(&self) -> &str {
        self.formula.hash()
    }

    /// An artifact such as a step of it gives, by its first example that gives something. Runs script code.
    fn example(&self) -> Option<Value> {
        let examples = self.formula.examples().ok()?;
        let first = |key: &str| examples.iter().find_map(|example| example.get(key)).cloned();
        let items =
            |item: Option<Value>| item.map(|item| json!({ "items": [item], "failed": 0, "errors": [] }));
        match self.task {
            Task::Map => items(first("gives")),
            Task::Filter => {
                let kept = examples.iter().find(|example| example.get("keeps") == Some(&Value::Bool(true)));
                items(kept.and_then(|example| example.get("item")).cloned())
            }
            Task::Reduce => first("gives").map(|value| json!({ "value": value, "failed": 0, "errors": [] })),
        }
    }
}
