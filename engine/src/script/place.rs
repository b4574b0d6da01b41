//! Places in scripts, and the mistakes that were found at them.

use std::collections::BTreeMap;

use rhai::{AST, NativeCallContext, Position};

use super::{Diagnostic, locate};

/// A position in one of the files of a source. Line 0 stands for the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

impl Place {
    pub(super) fn new(path: &str, position: Position) -> Self {
        let number =
            |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        Self { path: path.to_owned(), line: number(position.line()), column: number(position.position()) }
    }

    /// Where a registered function was called.
    pub(super) fn of_call(ctx: &NativeCallContext<'_>) -> Self {
        Self::new(ctx.call_source().unwrap_or_default(), ctx.call_position())
    }

    pub(super) fn position(&self) -> Position {
        match (u16::try_from(self.line), u16::try_from(self.column)) {
            (Ok(line), Ok(column)) if line > 0 => Position::new(line, column),
            _ => Position::NONE,
        }
    }
}

/// Which part of a call is meant: keys and indexes lead into the map that is its last argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Call,
    Argument(usize),
    Key(Vec<String>),
    Value(Vec<String>),
    /// The map itself, in which something is missing.
    Map(Vec<String>),
}

/// A mistake that is not yet located to the last character.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub code: &'static str,
    /// The call, or the very place where [`Part::Call`] is meant.
    pub place: Place,
    pub part: Part,
    pub message: String,
    pub step: Option<&'static str>,
    pub hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, part: Part::Call, message: message.into(), step: None, hint: None }
    }

    pub(super) fn at(self, part: Part) -> Self {
        Self { part, ..self }
    }

    pub(super) fn in_step(self, kind: &'static str) -> Self {
        Self { step: Some(kind), ..self }
    }

    pub(super) fn hint(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

/// The files of a source with their syntax trees, as far as they were compiled.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub texts: BTreeMap<String, String>,
    pub trees: BTreeMap<String, AST>,
}

impl Files {
    /// Locates the mistakes, in the order of their places and each only once.
    pub(super) fn locate(&self, mistakes: Vec<Mistake>) -> Vec<Diagnostic> {
        let mut diagnostics: Vec<_> = mistakes.into_iter().map(|mistake| self.diagnostic(mistake)).collect();
        diagnostics.sort_by(|a, b| (&a.path, a.line, a.column).cmp(&(&b.path, b.line, b.column)));
        diagnostics.dedup();
        diagnostics
    }

    fn diagnostic(&self, mistake: Mistake) -> Diagnostic {
        let Mistake { code, place, part, message, step, hint } = mistake;
        let tree = self.trees.get(&place.path);
        let place = match tree.and_then(|tree| locate::part(tree, place.position(), &part)) {
            Some(position) => Place::new(&place.path, position),
            None => place,
        };
        let mut lines = self.texts.get(&place.path).map(String::as_str).unwrap_or_default().lines();
        let source_line = lines.nth(place.line.saturating_sub(1) as usize).unwrap_or_default().to_owned();
        Diagnostic {
            code,
            length: token_length(&source_line, place.column),
            path: place.path,
            line: place.line,
            column: place.column,
            message,
            step: step.map(str::to_owned),
            hint,
            source_line,
        }
    }
}

/// How many characters the token has that begins in that column.
fn token_length(line: &str, column: u32) -> u32 {
    let rest: Vec<char> = line.chars().skip(column.saturating_sub(1) as usize).collect();
    let length = match rest.first() {
        Some('"' | '`' | '\'') => {
            let end = rest.iter().skip(1).position(|character| *character == rest[0]);
            end.map_or(rest.len(), |end| end + 2)
        }
        Some('#') => 2,
        Some(first) if is_word(*first) => name_length(&rest),
        _ => 1,
    };
    u32::try_from(length).unwrap_or(1)
}

/// The length of a name, with its namespaces: `files::read`.
fn name_length(rest: &[char]) -> usize {
    let word = rest.iter().take_while(|character| is_word(**character)).count();
    match &rest[word..] {
        [':', ':', next @ ..] if next.first().is_some_and(|first| is_word(*first)) => {
            word + 2 + name_length(next)
        }
        _ => word,
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
