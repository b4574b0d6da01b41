//! Rules: one file says when it applies to a day, what it advises, and proves itself by examples.

mod inputs;
mod listing;
mod panel;
mod proof;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, FuncArgs, Map, Position, Scope};
use serde_json::Value;

use super::failure::{self, Known};
use super::memory::{self, Watch};
use super::place::{Files, Mistake, Place};
use super::sandbox::{self, Limits};
use super::{Diagnostic, SCRIPT_BYTES, data, locate, version};
use crate::registry::AdviceCheck;

pub use listing::{Listed, listed};
pub use panel::{Panel, panel};

/// The functions of every rule and how many parameters they have.
const FUNCTIONS: [(&str, usize); 3] = [("applies", 1), ("advise", 1), ("examples", 0)];

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    id: String,
    about: String,
    path: String,
    hash: String,
    advise_line: u32,
    inputs: inputs::Inputs,
    tree: AST,
    files: Files,
}

/// A day as rules see it, converted once for all of them. An unknown value is an absent key.
#[derive(Debug, Clone)]
pub struct Subject(Dynamic);

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
        let mut files = Files::default();
        files.texts.insert(path.to_owned(), text.to_owned());
        let start = Place { path: path.to_owned(), line: 1, column: 1 };
        if text.len() > SCRIPT_BYTES {
            return Err(files.locate(vec![failure::limit(&start, "size")]));
        }
        let known = Known { text, ..Known::NOTHING };
        let tree = engine(&Watch::start())
            .compile(text)
            .map_err(|error| files.locate(vec![failure::parsing(&error, path, &known)]))?;
        let mut mistakes = missing_functions(&tree, &start);
        mistakes.extend(
            locate::namespace(&tree)
                .map(|(_, position)| failure::limit(&Place::new(path, position), "modules")),
        );
        if !mistakes.is_empty() {
            return Err(files.locate(mistakes));
        }
        files.trees.insert(path.to_owned(), tree.clone());
        let inputs = inputs::Inputs::of(&tree);
        let mut tree = sandbox::optimiser().optimize_ast(&Scope::new(), tree, rhai::OptimizationLevel::Full);
        tree.set_source(path);
        Ok(Self {
            id: id(path),
            about: about(text),
            path: path.to_owned(),
            hash: version::hash(text),
            advise_line: advise_line(text),
            inputs,
            tree,
            files,
        })
    }

    /// The file's name without folder and ending.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first line of the file, without its `//!`.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The file, relative to the root of its library.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The hash of its text: SHA-256 in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The line on which its advice begins.
    pub fn advise_line(&self) -> u32 {
        self.advise_line
    }

    /// The paths within the day that the rule reads anywhere in its text, as `load.ratio`.
    pub fn inputs(&self) -> &[String] {
        &self.inputs.paths
    }

    /// Asks the rule about a day. Runs script code, bounded by [`Limits::RULE`].
    pub fn evaluate(&self, subject: &Subject) -> Outcome {
        sandbox::on_own_thread(|watch| self.evaluate_here(subject, watch))
            .unwrap_or_else(|| self.failure(failure::no_thread(&self.path)))
    }

    /// Runs the rule's examples: each must come out as it says, one must speak and one be silent.
    pub fn prove(&self) -> Result<(), Vec<Diagnostic>> {
        self.prove_as(|_| Ok(()))
    }

    /// As [`Rule::prove`], where what is advised must also have that shape.
    pub fn prove_as(&self, advice: AdviceCheck) -> Result<(), Vec<Diagnostic>> {
        let mistakes = sandbox::on_own_thread(|_| proof::mistakes(self, advice))
            .unwrap_or_else(|| vec![failure::no_thread(&self.path)]);
        if mistakes.is_empty() { Ok(()) } else { Err(self.files.locate(mistakes)) }
    }

    /// What is said of advice that its reader does not understand.
    pub fn misadvised(&self, why: &str) -> Option<Diagnostic> {
        let message = format!("what it advises does not fit: {why}");
        self.files.locate(vec![Mistake::new("rule_result", self.function_place("advise"), message)]).pop()
    }

    fn evaluate_here(&self, subject: &Subject, watch: &Watch) -> Outcome {
        self.ask(&engine(watch), subject).unwrap_or_else(|mistake| self.failed(*mistake))
    }

    fn ask(&self, engine: &Engine, Subject(day): &Subject) -> Result<Outcome, Box<Mistake>> {
        let applies = self.call(engine, "applies", (day.clone(),))?;
        match applies.as_bool() {
            Ok(false) => return Ok(Outcome::Silent),
            Ok(true) => {}
            Err(_) => return Ok(self.wrong("applies", "answers true or false", &applies)),
        }
        let advice = self.call(engine, "advise", (day.clone(),))?;
        match data::to_json(&advice) {
            Ok(json) if json.is_object() => Ok(Outcome::Advice(json)),
            _ => Ok(self.wrong("advise", "answers a map of data", &advice)),
        }
    }

    fn call(
        &self,
        engine: &Engine,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<Dynamic, Box<Mistake>> {
        // The constants of the script are set anew at each call: nothing else of it runs.
        let options = CallFnOptions::new().eval_ast(true);
        let answer = engine.call_fn_with_options(options, &mut Scope::new(), &self.tree, function, arguments);
        answer.map_err(|error| Box::new(self.mistake(&error, function)))
    }

    // A stop by a limit comes without its place out of a function.
    fn mistake(&self, error: &EvalAltResult, function: &str) -> Mistake {
        let mistake = failure::evaluation(error, &self.path, &Known::NOTHING);
        if mistake.place.line > 0 {
            return mistake;
        }
        let turns = (mistake.code == failure::LIMIT).then(|| self.loop_place(function)).flatten();
        Mistake { place: turns.unwrap_or_else(|| self.function_place(function)), ..mistake }
    }

    fn failed(&self, mistake: Mistake) -> Outcome {
        if mistake.code == "unknown_property"
            && let Some(path) = self.inputs.around(mistake.place.position())
        {
            return Outcome::Missing(vec![path.to_owned()]);
        }
        if mistake.code == failure::LIMIT {
            memory::trim();
        }
        self.failure(mistake)
    }

    fn wrong(&self, function: &str, wanted: &str, found: &Dynamic) -> Outcome {
        let message = format!("`{function}` {wanted}, this one {}", data::what(found));
        let place = self.function_place(function);
        self.failure(Mistake::new("rule_result", place, message))
    }

    fn failure(&self, mistake: Mistake) -> Outcome {
        match self.files.locate(vec![mistake]).pop() {
            Some(diagnostic) => Outcome::Failed(diagnostic),
            None => Outcome::Silent,
        }
    }

    /// The loop of the function, else of the file, that most likely has no end.
    fn loop_place(&self, function: &str) -> Option<Place> {
        let tree = self.files.trees.get(&self.path)?;
        let position =
            locate::endless(&locate::function(tree, function, None)).or_else(|| locate::endless(tree))?;
        Some(Place::new(&self.path, position))
    }

    /// Where the function's answer is written.
    fn function_place(&self, function: &str) -> Place {
        let tree = self.files.trees.get(&self.path).map(|tree| locate::function(tree, function, None));
        Place::new(&self.path, tree.and_then(|tree| locate::last_statement(&tree)).unwrap_or(Position::NONE))
    }
}

fn engine(watch: &Watch) -> Engine {
    let mut engine = sandbox::engine(&Limits::RULE, watch);
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

fn missing_functions(tree: &AST, start: &Place) -> Vec<Mistake> {
    let has = |name: &str, parameters: usize| {
        tree.iter_functions().any(|function| function.name == name && function.params.len() == parameters)
    };
    let missing = FUNCTIONS.into_iter().filter(|(name, parameters)| !has(name, *parameters));
    let mistakes = missing.map(|(name, parameters)| {
        let parameter = if parameters == 0 { "" } else { "day" };
        Mistake::new("rule_incomplete", start.clone(), format!("a rule has a function `{name}({parameter})`"))
    });
    mistakes.collect()
}

fn advise_line(text: &str) -> u32 {
    let is_advise = |line: &str| line.trim_start().starts_with("fn advise(");
    (1..).zip(text.lines()).find(|(_, line)| is_advise(line)).map_or(1, |(number, _)| number)
}

fn id(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".rhai").unwrap_or(name).to_owned()
}

fn about(text: &str) -> String {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("//!"));
    line.unwrap_or_default().trim().to_owned()
}
