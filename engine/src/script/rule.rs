//! Rules: one file says when it applies to a day, what it advises, and proves itself by examples.

mod listing;
mod panel;
mod proof;

use rhai::{Dynamic, Engine, Map};
use serde_json::Value;

use super::failure;
use super::formula::{self, Formula, Shape};
use super::memory::{self, Watch};
use super::place::Mistake;
use super::sandbox::{self, Limits};
use super::{Diagnostic, data};
use crate::registry::AdviceCheck;

pub use listing::{Listed, listed};
pub use panel::{Panel, panel};

/// What every rule consists of.
const SHAPE: Shape = Shape {
    what: "a rule",
    code: "rule_incomplete",
    functions: &[("applies", &["day"]), ("advise", &["day"]), ("examples", &[])],
};

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    formula: Formula,
    advise_line: u32,
    inputs: Vec<String>,
}

/// A day as rules see it, converted once for all of them. An unknown value is an absent key.
#[derive(Debug, Clone)]
pub struct Subject(pub(super) Dynamic);

impl Subject {
    /// The day of a JSON object, in which null stands for unknown.
    pub fn new(day: &Value) -> Self {
        Self(data::known_from_json(day))
    }
}

/// What a rule says of a day.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It does not apply.
    Silent,
    /// It touched values that are unknown: their paths within the day, as `load.ratio`.
    Missing(Vec<String>),
    /// What it advises: a JSON object.
    Advice(Value),
    /// It is broken.
    Failed(Diagnostic),
}

impl Rule {
    /// Compiles a rule file; it must have its three functions.
    pub fn compile(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let formula = Formula::compile(&SHAPE, path, text)?;
        let inputs = formula.inputs().iter().filter_map(|path| path.strip_prefix("day."));
        let inputs = inputs.map(str::to_owned).collect();
        Ok(Self { formula, advise_line: advise_line(text), inputs })
    }

    /// The file's name without folder and ending.
    pub fn id(&self) -> &str {
        self.formula.id()
    }

    /// The first line of the file, without its `//!`.
    pub fn about(&self) -> &str {
        self.formula.about()
    }

    /// The file, relative to the root of its library.
    pub fn path(&self) -> &str {
        self.formula.path()
    }

    /// The hash of its text: SHA-256 in hexadecimal.
    pub fn hash(&self) -> &str {
        self.formula.hash()
    }

    /// The line on which its advice begins.
    pub fn advise_line(&self) -> u32 {
        self.advise_line
    }

    /// The paths within the day that the rule reads anywhere in its text, as `load.ratio`.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// Asks the rule about a day. Runs script code, bounded by [`Limits::RULE`].
    pub fn evaluate(&self, subject: &Subject) -> Outcome {
        sandbox::on_own_thread(&Limits::RULE, |watch| self.evaluate_here(subject, watch))
            .unwrap_or_else(|| self.failure(failure::no_thread(self.path())))
    }

    /// Runs the rule's examples: each must come out as it says, one must speak and one be silent.
    pub fn prove(&self) -> Result<(), Vec<Diagnostic>> {
        self.prove_as(|_| Ok(()))
    }

    /// As [`Rule::prove`], where what is advised must also have that shape.
    pub fn prove_as(&self, advice: AdviceCheck) -> Result<(), Vec<Diagnostic>> {
        let mistakes = sandbox::on_own_thread(&Limits::RULE, |_| proof::mistakes(self, advice))
            .unwrap_or_else(|| vec![failure::no_thread(self.path())]);
        if mistakes.is_empty() { Ok(()) } else { Err(self.formula.files().locate(mistakes)) }
    }

    /// What is said of advice that its reader does not understand.
    pub fn misadvised(&self, why: &str) -> Option<Diagnostic> {
        let message = format!("what it advises does not fit: {why}");
        self.formula.wrong("rule_result", formula::Part::Function("advise"), message).pop()
    }

    fn evaluate_here(&self, subject: &Subject, watch: &Watch) -> Outcome {
        let answered = self.ask(&engine(watch), subject);
        self.outcome(answered, watch)
    }

    /// What came of a question, for which the watch began.
    fn outcome(&self, answered: Result<Outcome, Box<Mistake>>, watch: &Watch) -> Outcome {
        let outcome = answered.unwrap_or_else(|mistake| self.failed(*mistake));
        if !matches!(outcome, Outcome::Failed(_)) && watch.leaves_more_than(&outcome) {
            return self.failed(failure::holds_itself(&self.formula.function_place("advise")));
        }
        outcome
    }

    fn ask(&self, engine: &Engine, Subject(day): &Subject) -> Result<Outcome, Box<Mistake>> {
        let applies = self.formula.call(engine, "applies", (day.clone(),))?;
        match applies.as_bool() {
            Ok(false) => return Ok(Outcome::Silent),
            Ok(true) => {}
            Err(_) => return Ok(self.refuse("applies", "answers true or false", &applies)),
        }
        let advice = self.formula.call(engine, "advise", (day.clone(),))?;
        match data::to_json(&advice) {
            Ok(json) if json.is_object() => Ok(Outcome::Advice(json)),
            _ => Ok(self.refuse("advise", "answers a map of data", &advice)),
        }
    }

    fn failed(&self, mistake: Mistake) -> Outcome {
        if let Some((_, path)) = self.formula.unknown(&mistake) {
            return Outcome::Missing(vec![path.to_owned()]);
        }
        if mistake.code == failure::LIMIT {
            memory::trim();
        }
        self.failure(mistake)
    }

    fn refuse(&self, function: &str, wanted: &str, found: &Dynamic) -> Outcome {
        let message = format!("`{function}` {wanted}, this one {}", data::what(found));
        let place = self.formula.function_place(function);
        self.failure(Mistake::new("rule_result", place, message))
    }

    fn failure(&self, mistake: Mistake) -> Outcome {
        match self.formula.files().locate(vec![mistake]).pop() {
            Some(diagnostic) => Outcome::Failed(diagnostic),
            None => Outcome::Silent,
        }
    }
}

fn engine(watch: &Watch) -> Engine {
    let mut engine = sandbox::engine(&Limits::RULE, watch);
    formula::teach(&mut engine);
    engine.register_fn("known", known);
    engine
}

/// Whether the day holds a value at that path: `known(day, "load.ratio")`.
fn known(day: &mut Map, path: &str) -> bool {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    match (day.get_mut(key), rest) {
        (None, _) => false,
        (Some(value), None) => !value.is_unit(),
        (Some(value), Some(rest)) => {
            value.write_lock::<Map>().is_some_and(|mut inner| known(&mut inner, rest))
        }
    }
}

fn advise_line(text: &str) -> u32 {
    let is_advise = |line: &str| line.trim_start().starts_with("fn advise(");
    (1..).zip(text.lines()).find(|(_, line)| is_advise(line)).map_or(1, |(number, _)| number)
}
