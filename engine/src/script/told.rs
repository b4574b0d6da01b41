//! What scripts may call and what they consist of, as it is told to people and to editors.
//!
//! The words of pipelines take any number of arguments of any type, so that one evaluation finds many mistakes; the
//! script language itself knows nothing of their names. This catalogue does, and tests hold it against the words.

mod catalogue;
mod keys;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use crate::step::{ANY, Kind, Shape, Slot};

pub use catalogue::{METHODS, OPTIONS, RULES, SERIES, STEPS, WORDS};
pub use keys::{Key, keys};

/// A function with the names and types of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told {
    pub name: &'static str,
    /// Name and type of each; of a method the first is what it is called on.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The type of what it answers; `()` where that is nothing.
    pub gives: &'static str,
    /// A sentence.
    pub about: &'static str,
}

/// What the scripts in a folder below `scripts/` consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Form {
    pub folder: &'static str,
    /// What one of them is, as `A rule`.
    pub what: &'static str,
    /// A sentence.
    pub about: &'static str,
    /// The functions that their author writes.
    pub writes: &'static [Told],
    /// What they may call beside the language.
    pub calls: &'static [Told],
}

/// `name(first: type, second: type) -> type`.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<String> =
            self.parameters.iter().map(|(name, is)| format!("{name}: {is}")).collect();
        write!(f, "{}({})", self.name, parameters.join(", "))?;
        if self.gives == "()" { Ok(()) } else { write!(f, " -> {}", self.gives) }
    }
}

/// The steps that a kind is given, by names made of their artifacts, and what each may be.
pub fn inputs(kind: &Kind) -> Vec<(String, &'static str)> {
    let mut inputs: Vec<(String, &'static str)> = Vec::new();
    for slot in &kind.slots {
        let name = parameter(slot);
        let same =
            inputs.iter().filter(|(known, _)| known.trim_end_matches(char::is_numeric) == name).count();
        let name = if same == 0 { name } else { format!("{name}{}", same + 1) };
        let is = match slot.shape {
            Shape::Plain => "step",
            Shape::Optional => "step | ()",
            Shape::Gather => "Array | step",
        };
        inputs.push((name, is));
    }
    inputs
}

/// `DailyAdvice` is `daily_advice`.
fn parameter(slot: &Slot) -> String {
    if slot.artifact == ANY {
        return "given".to_owned();
    }
    let mut name = String::new();
    for letter in slot.artifact.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
