//! What scripts say of each other and of what they share: no script can know by itself whether it is right.

mod pools;
mod triggers;

use std::collections::BTreeMap;

use super::place::{Files, Mistake};
use super::{Diagnostic, Library, Planned, Source};
use crate::pool::Size;
use crate::registry::Registry;

/// A word of a script that only stands beside the other pipelines.
#[derive(Debug, Clone)]
pub struct Tie {
    pub bond: Bond,
    /// The name that it says.
    pub name: String,
    /// The place; what is wrong with it, if anything, is seen only beside the others.
    place: Diagnostic,
}

/// What a script says with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// It starts after the pipeline of that name.
    After,
    /// The pool of that name is so large.
    Sizes(Size),
    /// A step of it works in the pool of that name.
    Uses,
}

/// A tie that is not yet located to the last character.
#[derive(Debug, Clone)]
pub(super) struct Loose {
    pub bond: Bond,
    pub name: String,
    pub place: Mistake,
}

/// The ties of each pipeline.
type Ties = BTreeMap<String, Vec<Tie>>;
/// What is wrong with each pipeline.
type Wrong = BTreeMap<String, Vec<Diagnostic>>;

impl Tie {
    fn mistake(&self, code: &'static str, message: String, hint: Option<String>) -> Diagnostic {
        Diagnostic { code, message, hint, ..self.place.clone() }
    }

    /// Where it stands, for a hint elsewhere.
    fn place(&self) -> String {
        let Diagnostic { path, line, column, .. } = &self.place;
        format!("{path}:{line}:{column}")
    }
}

impl Loose {
    pub(super) fn tie(self, files: &Files) -> Option<Tie> {
        let Self { bond, name, place } = self;
        Some(Tie { bond, name, place: files.locate(vec![place]).pop()? })
    }
}

/// Checks the ties of one pipeline beside those of a library. Runs script code: call it on a blocking thread.
pub fn check_ties(registry: &Registry, library: &Library, planned: &Planned) -> Result<(), Vec<Diagnostic>> {
    if planned.ties.is_empty() {
        return Ok(());
    }
    let name = &planned.plan.name;
    let mut known = library.pipelines();
    let others = known.iter().filter(|other| *other != name);
    let plan = |other: &String| super::plan(registry, &Source::of(library, other)?).ok();
    let mut ties: Ties = others.filter_map(|other| Some((other.clone(), plan(other)?.ties))).collect();
    ties.insert(name.clone(), planned.ties.clone());
    known.push(name.clone());
    wrong_ties(&known, &ties).remove(name).map_or(Ok(()), Err)
}

/// What is wrong with the ties, by pipeline. `known` are the names of all pipelines, those with mistakes as well.
pub fn wrong_ties(known: &[String], ties: &Ties) -> Wrong {
    let mut wrong = triggers::wrong(known, ties);
    for (name, mistakes) in pools::wrong(ties) {
        wrong.entry(name).or_default().extend(mistakes);
    }
    wrong
}

/// The ties of one bond, with the pipeline that says them.
fn of(ties: &Ties, is_meant: fn(Bond) -> bool) -> impl Iterator<Item = (&String, &Tie)> {
    let all = ties.iter().flat_map(|(name, ties)| ties.iter().map(move |tie| (name, tie)));
    all.filter(move |(_, tie)| is_meant(tie.bond))
}
