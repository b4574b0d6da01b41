//! One line, and how much it matters.

use std::fmt::{self, Write};

use serde::Serialize;

/// Bytes of a line; what is longer is cut.
pub(super) const LONGEST: usize = 2_000;
/// So much more of a line is looked at than is kept, so that a secret at the cut is known as one.
pub(super) const BEYOND: usize = 256;

/// How much a line matters, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// What a step said, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Grows with each line of the run; numbers may be left out.
    pub seq: i64,
    /// The place of the step in its plan.
    pub position: i64,
    pub attempt: u32,
    pub at_ms: i64,
    pub level: Level,
    pub text: String,
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// The levels from this one on, as they are stored.
    pub(super) fn and_above(self) -> Vec<String> {
        Self::ALL.into_iter().filter(|level| *level >= self).map(|level| level.as_str().to_owned()).collect()
    }

    /// What a person must see, however much else was said.
    pub(super) fn is_loud(self) -> bool {
        self >= Self::Warn
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::INFO => Self::Info,
            _ => Self::Debug,
        }
    }
}

/// Text on one line and of bounded length, whatever is written to it.
#[derive(Debug, Default)]
pub(super) struct Short {
    text: String,
    is_cut: bool,
}

impl Short {
    pub(super) fn new() -> Self {
        Self { text: String::with_capacity(160), is_cut: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The same without the space that it begins with.
    pub(super) fn trimmed(self) -> Self {
        Self { text: self.text.trim_start().to_owned(), ..self }
    }

    /// The text without secrets, cut where it is too long.
    pub(super) fn finish(self) -> String {
        let masked = super::mask::masked(&self.text);
        if !self.is_cut && masked.len() <= LONGEST {
            return masked.into_owned();
        }
        // At the end of what was cut off may stand the beginning of a secret, however short the masks before it are.
        let known = if self.is_cut { masked.len().saturating_sub(BEYOND) } else { masked.len() };
        let end = masked.floor_char_boundary(known.min(LONGEST));
        format!("{}…", &masked[..end])
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (LONGEST + BEYOND).saturating_sub(self.text.len());
        let taken = if text.len() <= room { text } else { &text[..text.floor_char_boundary(room)] };
        self.is_cut |= taken.len() < text.len();
        if taken.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            self.text.push_str(taken);
        } else {
            // A line that ends itself could pass the rest off as another one.
            self.text.extend(taken.chars().map(|letter| if letter.is_control() { ' ' } else { letter }));
        }
        // Whoever writes ten megabytes need not go on.
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}
