//! The rules of a library: compiled once, asked about a day, and never stopped by one that is broken.

use std::sync::{Arc, Mutex, PoisonError};

use engine::script::rule::{Outcome, Rule, Subject};
use engine::script::{Diagnostic, Library};
use serde_json::{Map, Value};

use crate::advice::Advice;
use crate::figures;

/// Rules by id.
#[derive(Debug, Default)]
pub struct Rules(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    id: String,
    /// The rule, or why there is none.
    rule: Result<Rule, String>,
}

/// What a rule answered about a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ruling {
    pub(crate) id: String,
    pub(crate) about: String,
    pub(crate) inputs: Map<String, Value>,
    pub(crate) said: Said,
}

/// The answer itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Nothing,
    Advice(Advice),
    /// The paths of the figures that it needed.
    Missing(Vec<String>),
    Failed(String),
}

impl Ruling {
    pub(crate) fn advice(&self) -> Option<&Advice> {
        match &self.said {
            Said::Advice(advice) => Some(advice),
            _ => None,
        }
    }
}

impl Rules {
    /// Compiles the rules of a library whose path below `scripts/` fits the pattern. Runs script code.
    pub fn of(library: &Library, pattern: &str) -> Self {
        let mut entries: Vec<Entry> =
            library.matching(pattern).into_iter().map(|(path, text)| Entry::of(&path, text)).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        Self(entries)
    }

    /// Asks every rule about a day. Runs script code.
    pub(crate) fn ask(&self, day: &Value) -> Vec<Ruling> {
        let subject = Subject::new(day);
        self.0.iter().map(|entry| entry.ask(&subject, day)).collect()
    }
}

impl Entry {
    fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let id = name.strip_suffix(".rhai").unwrap_or(name).to_owned();
        let rule = Rule::compile(path, text).map_err(|found| first(&found));
        Self { id, rule }
    }

    fn ask(&self, subject: &Subject, day: &Value) -> Ruling {
        let id = self.id.clone();
        match &self.rule {
            Ok(rule) => Ruling {
                id,
                about: rule.about().to_owned(),
                inputs: inputs(rule, day),
                said: said(rule.evaluate(subject)),
            },
            Err(reason) => {
                Ruling { id, about: String::new(), inputs: Map::new(), said: Said::Failed(reason.clone()) }
            }
        }
    }
}

/// The figures that the rule reads anywhere, where they are known: also those that it did not come to this time.
fn inputs(rule: &Rule, day: &Value) -> Map<String, Value> {
    let known = rule.inputs().iter().filter_map(|path| Some((path.clone(), figures::at(day, path)?.clone())));
    known.filter(|(_, value)| !value.is_object()).collect()
}

fn said(outcome: Outcome) -> Said {
    match outcome {
        Outcome::Silent => Said::Nothing,
        Outcome::Missing(paths) => Said::Missing(paths),
        Outcome::Advice(advice) => Advice::read(advice).map_or_else(Said::Failed, Said::Advice),
        Outcome::Failed(diagnostic) => Said::Failed(place(&diagnostic)),
    }
}

fn first(found: &[Diagnostic]) -> String {
    found.first().map_or_else(|| "it does not compile".to_owned(), place)
}

fn place(found: &Diagnostic) -> String {
    format!("{}:{}:{}: {}", found.path, found.line, found.column, found.message)
}

/// Keeps the compiled rules of the last library, which a program has only one of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    library: Arc<Library>,
    pattern: String,
    rules: Arc<Rules>,
}

impl Shelf {
    /// The rules of that library and pattern, compiled unless they lie ready. Runs script code.
    pub(crate) fn take(&self, library: &Arc<Library>, pattern: &str) -> Arc<Rules> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.fits(library, pattern)) {
            return kept.rules.clone();
        }
        let rules = Arc::new(Rules::of(library, pattern));
        *kept = Some(Kept { library: library.clone(), pattern: pattern.to_owned(), rules: rules.clone() });
        rules
    }
}

impl Kept {
    fn fits(&self, library: &Arc<Library>, pattern: &str) -> bool {
        Arc::ptr_eq(&self.library, library) && self.pattern == pattern
    }
}
