//! The rules of a library: compiled once, asked about a day, and never stopped by one that is broken.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::script::rule::{self, Outcome, Panel, Rule, Subject};
use engine::script::{Diagnostic, Library};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::advice::Advice;
use crate::figures;

/// When this has passed since the first question of a day, no further rule is asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rules that fit a pattern, by id.
#[derive(Debug)]
pub struct Rules {
    pattern: String,
    entries: Vec<Arc<Entry>>,
}

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
    pub(crate) source: Option<Place>,
    pub(crate) inputs: Map<String, Value>,
    /// Paths that the rule reads and that are not known.
    pub(crate) unknown: Vec<String>,
    pub(crate) said: Said,
}

/// A line of a rule's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    pub path: String,
    pub line: u32,
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
    fn failed(id: String, about: String, reason: String) -> Self {
        let (source, inputs, unknown) = (None, Map::new(), Vec::new());
        Self { id, about, source, inputs, unknown, said: Said::Failed(reason) }
    }

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
        let entry = |(path, text): (String, &str)| Arc::new(Entry::of(&path, text));
        let mut entries: Vec<Arc<Entry>> = library.matching(pattern).into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        Self { pattern: pattern.to_owned(), entries }
    }

    /// These rules and another, which stands in place of the one of its id; or that one alone.
    pub(crate) fn with(&self, rule: Rule, only: bool) -> Self {
        let draft = Entry { id: rule.id().to_owned(), rule: Ok(rule) };
        let others = self.entries.iter().filter(|entry| !only && entry.id != draft.id).cloned();
        let mut entries: Vec<Arc<Entry>> = others.collect();
        entries.push(Arc::new(draft));
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        Self { pattern: self.pattern.clone(), entries }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Asks every rule about a day, as long as there is time. Runs script code.
    pub(crate) fn ask(&self, day: &Value) -> Vec<Ruling> {
        self.ask_within(PATIENCE, day)
    }

    fn ask_within(&self, patience: Duration, day: &Value) -> Vec<Ruling> {
        rule::panel(|panel| self.ask_before(panel, patience, day))
            .unwrap_or_else(|| self.entries.iter().map(|entry| entry.without_thread()).collect())
    }

    /// Asks as one of many days.
    pub(crate) fn ask_in(&self, panel: &mut Panel, day: &Value) -> Vec<Ruling> {
        self.ask_before(panel, PATIENCE, day)
    }

    /// What every rule but the one of that id advises on a day, by id, whatever the others answer.
    pub(crate) fn say(&self, panel: &mut Panel, subject: &Subject, but: &str) -> BTreeMap<&str, Advice> {
        let others = self.entries.iter().filter(|entry| entry.id != but);
        let spoken = others.filter_map(|entry| match answer(panel, entry.rule.as_ref().ok()?, subject) {
            Said::Advice(advice) => Some((entry.id.as_str(), advice)),
            _ => None,
        });
        spoken.collect()
    }

    fn ask_before(&self, panel: &mut Panel, patience: Duration, day: &Value) -> Vec<Ruling> {
        let (began, subject) = (Instant::now(), Subject::new(day));
        let ask = |entry: &Arc<Entry>| {
            let in_time = began.elapsed() < patience;
            if in_time { entry.ask(panel, &subject, day) } else { entry.passed_over(patience) }
        };
        self.entries.iter().map(ask).collect()
    }
}

impl Entry {
    fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let id = name.strip_suffix(".rhai").unwrap_or(name).to_owned();
        let rule = Rule::compile(path, text).map_err(|found| first(&found));
        Self { id, rule }
    }

    fn ask(&self, panel: &mut Panel, subject: &Subject, day: &Value) -> Ruling {
        let id = self.id.clone();
        match &self.rule {
            Ok(rule) => Ruling {
                id,
                about: rule.about().to_owned(),
                source: Some(Place { path: rule.path().to_owned(), line: rule.advise_line() }),
                inputs: inputs(rule, day),
                unknown: unknown(rule, day),
                said: said(panel.ask(rule, subject)),
            },
            Err(reason) => Ruling::failed(id, String::new(), reason.clone()),
        }
    }

    fn passed_over(&self, patience: Duration) -> Ruling {
        self.not_asked(format!(
            "rules_time: not asked, for the rules before it took {} s",
            patience.as_secs()
        ))
    }

    fn without_thread(&self) -> Ruling {
        self.not_asked("script_limit: not asked, for the system gives no thread".to_owned())
    }

    fn not_asked(&self, reason: String) -> Ruling {
        let about = self.rule.as_ref().map_or_else(|_| String::new(), |rule| rule.about().to_owned());
        Ruling::failed(self.id.clone(), about, reason)
    }
}

/// The figures that the rule reads anywhere, where they are known: also those that it did not come to this time.
fn inputs(rule: &Rule, day: &Value) -> Map<String, Value> {
    let known = rule.inputs().iter().filter_map(|path| Some((path.clone(), figures::at(day, path)?.clone())));
    known.filter(|(_, value)| !value.is_object()).collect()
}

fn unknown(rule: &Rule, day: &Value) -> Vec<String> {
    rule.inputs().iter().filter(|path| figures::at(day, path).is_none()).cloned().collect()
}

/// What one rule says of a day.
pub(crate) fn answer(panel: &mut Panel, rule: &Rule, subject: &Subject) -> Said {
    said(panel.ask(rule, subject))
}

fn said(outcome: Outcome) -> Said {
    match outcome {
        Outcome::Silent => Said::Nothing,
        Outcome::Missing(paths) => Said::Missing(paths),
        Outcome::Advice(advice) => Advice::read(advice).map_or_else(Said::Failed, Said::Advice),
        Outcome::Failed(diagnostic) => Said::Failed(spot(&diagnostic)),
    }
}

fn first(found: &[Diagnostic]) -> String {
    found.first().map_or_else(|| "it does not compile".to_owned(), spot)
}

fn spot(found: &Diagnostic) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_that_there_is_no_time_for_have_failed_and_say_so() {
        let text = "//! Speaks.\nfn applies(day) { false }\nfn advise(day) { #{} }\nfn examples() { [] }";
        let texts = [("scripts/rules/a.rhai".to_owned(), text.to_owned())];
        let rules = Rules::of(&Library::from_texts(texts.into()), crate::RULES);
        let said: Vec<Said> =
            rules.ask_within(Duration::ZERO, &json!({})).into_iter().map(|ruling| ruling.said).collect();
        let reason = "rules_time: not asked, for the rules before it took 0 s";
        assert_eq!(said, [Said::Failed(reason.to_owned())]);
    }
}
