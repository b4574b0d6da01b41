//! A script's examples, which prove that it does with items what it is meant to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::work::{Order, Stop, spot};
use super::{ItemScript, Task};
use crate::script::formula::Part;
use crate::script::{Diagnostic, Limits, failure};

/// More prove no more.
const MOST_EXAMPLES: usize = 100;
/// All of them have no more time than a step has for its items.
const TIME: Duration = Limits::STEP.time;

const UNPROVEN: &str = "step_script_unproven";

/// What an example says must come out.
enum Expected {
    Gives(Value),
    Fails,
}

/// Everything that is wrong with a script of a step. Runs script code.
pub(crate) fn mistakes(path: &str, text: &str) -> Vec<Diagnostic> {
    ItemScript::compile(path, text).and_then(|script| script.prove()).err().unwrap_or_default()
}

impl ItemScript {
    /// Runs the script's examples: each must come out as it says. Runs script code.
    pub(super) fn prove(&self) -> Result<(), Vec<Diagnostic>> {
        self.prove_within(TIME)
    }

    pub(super) fn prove_within(&self, time: Duration) -> Result<(), Vec<Diagnostic>> {
        let examples = self.formula.examples()?;
        if examples.len() > MOST_EXAMPLES {
            let message = format!("{} examples, and at most {MOST_EXAMPLES}", examples.len());
            return Err(self.formula.wrong(UNPROVEN, Part::Function("examples"), message));
        }
        let began = Instant::now();
        let mut found = Vec::new();
        let (mut gives, mut keeps, mut drops) = (false, false, false);
        for (index, example) in examples.iter().enumerate() {
            let wrong = match self.read(example) {
                Ok((items, expected)) => {
                    let truth = if let Expected::Gives(value) = &expected { value.as_bool() } else { None };
                    gives |= matches!(expected, Expected::Gives(_));
                    keeps |= truth == Some(true);
                    drops |= truth == Some(false);
                    self.difference(items, &expected, time.saturating_sub(began.elapsed()))
                }
                Err(message) => Some(Wrong::Here(message)),
            };
            match wrong {
                None => {}
                // What stopped the script stands there, and not in the example.
                Some(Wrong::There(stopped)) => {
                    let is_limit = stopped.code == failure::LIMIT;
                    found.push(*stopped);
                    if is_limit {
                        break;
                    }
                }
                Some(Wrong::Here(message)) => {
                    found.extend(self.formula.wrong(UNPROVEN, Part::Example(index), message));
                }
            }
        }
        let is_proven = if self.task == Task::Filter { keeps && drops } else { gives };
        if found.is_empty() && !is_proven {
            let message = match self.task {
                Task::Filter => "a filter proves itself by an item that it keeps and one that it does not",
                Task::Map | Task::Reduce => {
                    "a script of a step proves itself by an example that gives something"
                }
            };
            found = self.formula.wrong(UNPROVEN, Part::Function("examples"), message.to_owned());
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn form(&self) -> &'static str {
        match self.task {
            Task::Map => "an example is `#{ item: …, gives: … }` or `#{ item: …, fails: true }`",
            Task::Filter => "an example is `#{ item: …, keeps: true }`, `keeps: false` or `fails: true`",
            Task::Reduce => "an example is `#{ items: […], gives: … }` or `#{ items: […], fails: true }`",
        }
    }

    /// The items of an example, and what must come out.
    fn read(&self, example: &Value) -> Result<(Vec<Value>, Expected), String> {
        let nothing = Map::new();
        let example = example.as_object().unwrap_or(&nothing);
        let (given, wanted) = match self.task {
            Task::Map => ("item", "gives"),
            Task::Filter => ("item", "keeps"),
            Task::Reduce => ("items", "gives"),
        };
        if let Some(key) = example.keys().find(|key| ![given, wanted, "fails"].contains(&key.as_str())) {
            return Err(format!("unknown key `{key}`: {}", self.form()));
        }
        let items = match (self.task, example.get(given)) {
            (Task::Reduce, Some(Value::Array(items))) => items.clone(),
            (Task::Map | Task::Filter, Some(item)) => vec![item.clone()],
            _ => return Err(self.form().to_owned()),
        };
        let expected = match (example.get(wanted), example.get("fails")) {
            (Some(value), None) if self.task != Task::Filter || value.is_boolean() => {
                Expected::Gives(value.clone())
            }
            (None, Some(Value::Bool(true))) => Expected::Fails,
            _ => return Err(self.form().to_owned()),
        };
        Ok((items, expected))
    }

    fn difference(&self, items: Vec<Value>, expected: &Expected, left: Duration) -> Option<Wrong> {
        let (found, wanted) = match (self.answer(items, left), expected) {
            (Err(Stop::Script(_, found)), _) if failure::may_pass(&found) => {
                return Some(Wrong::There(found));
            }
            (Ok(found), Expected::Gives(wanted)) if is_same(&found, wanted) => return None,
            (Ok(found), Expected::Gives(wanted)) => (found.to_string(), wanted.to_string()),
            (Ok(found), Expected::Fails) => (found.to_string(), "it to fail".to_owned()),
            (Err(Stop::Script(..)), Expected::Fails) => return None,
            (Err(Stop::Script(_, found)), Expected::Gives(_)) if found.line > 0 => {
                return Some(Wrong::There(found));
            }
            (Err(Stop::Script(_, found)), Expected::Gives(wanted)) => (spot(&found), wanted.to_string()),
            (Err(_), _) => return Some(Wrong::Here("what it gives is larger than an artifact".to_owned())),
        };
        Some(Wrong::Here(format!("it answers {found}, expected {wanted}")))
    }

    /// What the script makes of an example: what is in the place of its item, whether that is kept, or the total.
    fn answer(&self, items: Vec<Value>, left: Duration) -> Result<Value, Stop> {
        let limits = Limits { time: left.min(Limits::RULE.time), ..Limits::RULE };
        let order = Order { items, skips: false, limits: &limits, is_cancelled: Arc::new(|| false) };
        match self.task {
            Task::Map => self.map(order).map(|outcome| outcome.gave.into_iter().next().unwrap_or_default()),
            Task::Filter => self.filter(order).map(|outcome| Value::Bool(!outcome.gave.is_empty())),
            Task::Reduce => self.reduce(order).map(|outcome| outcome.gave),
        }
    }
}

/// Why an example does not hold.
enum Wrong {
    Here(String),
    There(Box<Diagnostic>),
}

/// Whether two values mean the same: a whole number is as good as another, and the last digits do not count.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let holds =
                |(key, value): (&String, &Value)| other.get(key).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(holds)
        }
        (one, other) => one == other,
    }
}
