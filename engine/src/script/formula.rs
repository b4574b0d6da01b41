//! Formulas: scripts of a few functions, each called by itself, whose answers are data.

mod inputs;
#[cfg(test)]
mod tests;

use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, EvalAltResult, FuncArgs, Module, Position, Scope};
use serde_json::Value;

use super::failure::{self, Known};
use super::memory::{self, Watch};
use super::place::{Files, Mistake, Place};
use super::rule::{Panel, Subject};
use super::sandbox::{self, Limits};
use super::series::{self, MissingColumn, Series};
use super::{Diagnostic, SCRIPT_BYTES, data, locate, version};

/// Of a column.
const LONGEST_NAME: usize = 64;

/// What scripts of one kind consist of.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// As `a metric`.
    pub what: &'static str,
    /// The code of the mistake that a function is missing.
    pub code: &'static str,
    /// The functions, with the names of their parameters.
    pub functions: &'static [(&'static str, &'static [&'static str])],
}

/// A compiled script.
#[derive(Debug)]
pub struct Formula {
    id: String,
    about: String,
    path: String,
    hash: String,
    inputs: inputs::Inputs,
    tree: AST,
    files: Files,
}

/// What a function is called with.
#[derive(Debug, Clone)]
pub enum Argument {
    Map(Subject),
    Series(Series),
}

/// What a function answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Value(Value),
    /// It touched values that are unknown: their paths with the parameter's name, as `streams.power`.
    Missing(Vec<String>),
    /// It is broken.
    Failed(Diagnostic),
}

/// The part of a script that a mistake is about.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    Function(&'a str),
    /// An example, counted from 0.
    Example(usize),
}

impl Formula {
    /// Compiles a script, which must have all functions of its kind.
    pub fn compile(shape: &Shape, path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut files = Files::default();
        files.texts.insert(path.to_owned(), text.to_owned());
        let start = Place { path: path.to_owned(), line: 1, column: 1 };
        if text.len() > SCRIPT_BYTES {
            return Err(files.locate(vec![failure::limit(&start, "size")]));
        }
        let known = Known { text, ..Known::NOTHING };
        let tree = sandbox::engine(&Limits::RULE, &Watch::start())
            .compile(text)
            .map_err(|error| files.locate(vec![failure::parsing(&error, path, &known)]))?;
        let mut mistakes = missing_functions(shape, &tree, &start);
        mistakes.extend(
            locate::namespace(&tree)
                .map(|(_, position)| failure::limit(&Place::new(path, position), "modules")),
        );
        if !mistakes.is_empty() {
            return Err(files.locate(mistakes));
        }
        files.trees.insert(path.to_owned(), tree.clone());
        let inputs = inputs::Inputs::of(&tree, shape);
        let mut tree = sandbox::optimiser().optimize_ast(&Scope::new(), tree, rhai::OptimizationLevel::Full);
        tree.set_source(path);
        Ok(Self {
            id: id(path),
            about: about(text),
            path: path.to_owned(),
            hash: version::hash(text),
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

    /// What the script reads anywhere in its text, by the kind's names of the parameters: `day.load`, or
    /// `streams` alone where it asks by functions.
    pub fn inputs(&self) -> &[String] {
        &self.inputs.paths
    }

    /// True where a parameter is used otherwise than by its properties, as where another function is given it: then
    /// `inputs` cannot tell all that is read of it.
    pub fn passes(&self, parameter: &str) -> bool {
        self.inputs.passed.contains(parameter)
    }

    /// What a function without parameters answers. Runs script code.
    pub fn constant(&self, function: &str) -> Result<Value, Vec<Diagnostic>> {
        let answer = super::rule::panel(|panel| panel.call(self, function, &[]));
        match answer {
            Some(Answer::Value(value)) => Ok(value),
            Some(Answer::Failed(found)) => Err(vec![found]),
            Some(Answer::Missing(paths)) => {
                let message = format!("missing {}", paths.join(", "));
                Err(self.wrong("script_error", Part::Function(function), message))
            }
            None => Err(self.files.locate(vec![failure::no_thread(&self.path)])),
        }
    }

    /// The examples of the script, each a map. Runs script code.
    pub fn examples(&self) -> Result<Vec<Value>, Vec<Diagnostic>> {
        let examples = self.constant("examples")?;
        match examples {
            Value::Array(examples) if examples.iter().all(Value::is_object) => Ok(examples),
            _ => {
                let message = "`examples` answers an array of maps".to_owned();
                Err(self.wrong("script_error", Part::Function("examples"), message))
            }
        }
    }

    /// A mistake that is found in what the script answers, at its place.
    pub fn wrong(&self, code: &'static str, part: Part<'_>, message: String) -> Vec<Diagnostic> {
        let place = match part {
            Part::Function(name) => self.function_place(name),
            Part::Example(index) => {
                let place = self.example_places().into_iter().nth(index);
                place.unwrap_or_else(|| self.function_place("examples"))
            }
        };
        self.files.locate(vec![Mistake::new(code, place, message)])
    }

    /// Calls a function and answers what it answers, or what stopped it.
    pub(super) fn call(
        &self,
        engine: &Engine,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<Dynamic, Box<Mistake>> {
        self.run(engine, function, arguments).map_err(|error| Box::new(self.mistake(&error, function)))
    }

    /// Whether the script has a function of that name and so many parameters.
    pub(super) fn has(&self, function: &str, parameters: usize) -> bool {
        self.tree.iter_functions().any(|own| own.name == function && own.params.len() == parameters)
    }

    /// Evaluates the constants of the script once, for calls by [`Formula::call_prepared`]. Only data is kept of them.
    pub(super) fn prepare(&self, engine: &mut Engine) -> Result<(), Box<Mistake>> {
        let mut scope = Scope::new();
        let evaluated = engine.run_ast_with_scope(&mut scope, &self.tree);
        evaluated.map_err(|error| Box::new(self.mistake(&error, "")))?;
        let mut constants = Module::new();
        for (name, value) in super::constants(&scope) {
            constants.set_var(name, value);
        }
        constants.build_index();
        engine.register_static_module("global", constants.into());
        Ok(())
    }

    /// Calls a function in an engine that [`Formula::prepare`] has made ready.
    pub(super) fn call_prepared(
        &self,
        engine: &Engine,
        scope: &mut Scope<'_>,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<Dynamic, Box<Mistake>> {
        let options = CallFnOptions::new().eval_ast(false);
        let called = engine.call_fn_with_options(options, scope, &self.tree, function, arguments);
        called.map_err(|error| Box::new(self.mistake(&error, function)))
    }

    fn run(
        &self,
        engine: &Engine,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<Dynamic, Box<EvalAltResult>> {
        // The constants of the script are set anew at each call: nothing else of it runs.
        let options = CallFnOptions::new().eval_ast(true);
        engine.call_fn_with_options(options, &mut Scope::new(), &self.tree, function, arguments)
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

    /// The path of the unknown value that was touched, where that is the mistake: the parameter by the kind's name,
    /// where it is one, and what was read of it.
    pub(super) fn unknown(&self, mistake: &Mistake) -> Option<(Option<&'static str>, &str)> {
        if mistake.code != "unknown_property" {
            return None;
        }
        self.inputs.around(mistake.place.position())
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Where each example is written.
    pub(super) fn example_places(&self) -> Vec<Place> {
        let Some(tree) = self.files.trees.get(&self.path) else {
            return Vec::new();
        };
        let elements = locate::elements(&locate::function(tree, "examples", Some(0)));
        elements.into_iter().map(|position| Place::new(&self.path, position)).collect()
    }

    /// The loop of the function, else of the file, that most likely has no end.
    fn loop_place(&self, function: &str) -> Option<Place> {
        let tree = self.files.trees.get(&self.path)?;
        let position =
            locate::endless(&locate::function(tree, function, None)).or_else(|| locate::endless(tree))?;
        Some(Place::new(&self.path, position))
    }

    /// Where the function's answer is written.
    pub(super) fn function_place(&self, function: &str) -> Place {
        let tree = self.files.trees.get(&self.path).map(|tree| locate::function(tree, function, None));
        Place::new(&self.path, tree.and_then(|tree| locate::last_statement(&tree)).unwrap_or(Position::NONE))
    }

    fn answer(
        &self,
        function: &str,
        series: Option<usize>,
        answered: Result<Dynamic, Box<EvalAltResult>>,
    ) -> Answer {
        let error = match answered {
            Ok(answer) => match data::to_json(&answer) {
                Ok(value) => return Answer::Value(value),
                Err(found) => {
                    let message = format!("`{function}` answers data, this one {}", found.what);
                    return self.failed(Mistake::new("script_error", self.function_place(function), message));
                }
            },
            Err(error) => error,
        };
        if let Some(column) = missing_column(&error) {
            if !is_name(&column) {
                let message = format!("a column's name is of at most {LONGEST_NAME} letters, digits and `_`");
                return self.failed(Mistake { message, ..self.mistake(&error, function) });
            }
            let parameter =
                series.and_then(|place| self.inputs.parameter(function, place)).unwrap_or("series");
            return Answer::Missing(vec![format!("{parameter}.{column}")]);
        }
        let mistake = self.mistake(&error, function);
        if let Some((parameter, path)) = self.unknown(&mistake) {
            let whole = parameter.map_or_else(|| path.to_owned(), |parameter| format!("{parameter}.{path}"));
            return Answer::Missing(vec![whole]);
        }
        if mistake.code == failure::LIMIT {
            memory::trim();
        }
        self.failed(mistake)
    }

    fn failed(&self, mistake: Mistake) -> Answer {
        let whole = || Diagnostic::of_file("script_error", &self.path, "it failed".to_owned());
        Answer::Failed(self.files.locate(vec![mistake]).pop().unwrap_or_else(whole))
    }
}

impl Panel {
    /// Calls a function of a formula. Runs script code: each call has the whole of [`Limits::FORMULA`].
    pub fn call(&mut self, formula: &Formula, function: &str, arguments: &[Argument]) -> Answer {
        let watch = Watch::start();
        sandbox::begin(self.engine(), &Limits::FORMULA, &watch);
        let series = arguments.iter().position(|argument| matches!(argument, Argument::Series(_)));
        let arguments: Array = arguments.iter().map(Argument::value).collect();
        let answer = formula.answer(function, series, formula.run(self.engine(), function, arguments));
        if !matches!(answer, Answer::Failed(_)) && watch.leaves_more_than(&answer) {
            return formula.failed(failure::holds_itself(&formula.function_place(function)));
        }
        answer
    }
}

impl Argument {
    fn value(&self) -> Dynamic {
        match self {
            Self::Map(Subject(map)) => map.clone(),
            Self::Series(series) => Dynamic::from(series.clone()),
        }
    }
}

/// Lets an engine answer what formulas ask beside the language itself.
pub(super) fn teach(engine: &mut Engine) {
    engine.register_global_module(series::FUNCTIONS.clone());
}

fn missing_column(error: &EvalAltResult) -> Option<String> {
    match error.unwrap_inner() {
        EvalAltResult::ErrorRuntime(what, _) => {
            what.read_lock::<MissingColumn>().map(|missing| missing.0.clone())
        }
        _ => None,
    }
}

/// What is told of a missing column is the script's own text: only a name is repeated.
fn is_name(column: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    (1..=LONGEST_NAME).contains(&column.len()) && column.chars().all(fits)
}

fn missing_functions(shape: &Shape, tree: &AST, start: &Place) -> Vec<Mistake> {
    let has = |name: &str, parameters: usize| {
        tree.iter_functions().any(|function| function.name == name && function.params.len() == parameters)
    };
    let missing = shape.functions.iter().filter(|(name, parameters)| !has(name, parameters.len()));
    let mistakes = missing.map(|(name, parameters)| {
        let message = format!("{} has a function `{name}({})`", shape.what, parameters.join(", "));
        Mistake::new(shape.code, start.clone(), message)
    });
    mistakes.collect()
}

/// The name of a file without folder and ending.
pub(super) fn id(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".rhai").unwrap_or(name).to_owned()
}

fn about(text: &str) -> String {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("//!"));
    line.unwrap_or_default().trim().to_owned()
}
