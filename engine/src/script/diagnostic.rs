//! What is wrong with a script, and where.

use std::fmt;

use serde::Serialize;

/// A mistake in a script with its place. Lines and columns count from 1; 0 where there is no place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub code: &'static str,
    pub path: String,
    pub line: u32,
    pub column: u32,
    /// Characters to underline.
    pub length: u32,
    pub message: String,
    /// The kind of the step it belongs to.
    pub step: Option<String>,
    pub hint: Option<String>,
    #[serde(skip)]
    pub(super) source_line: String,
}

/// Of a longer line only the part around the place is shown.
const WINDOW_CHARACTERS: usize = 120;

impl Diagnostic {
    /// A mistake that has no place within its file.
    pub(crate) fn of_file(code: &'static str, path: &str, message: String) -> Self {
        let (path, source_line) = (path.to_owned(), String::new());
        Self { code, path, line: 0, column: 0, length: 0, message, step: None, hint: None, source_line }
    }

    /// What is shown of the line, and how many characters of that stand before the place.
    fn window(&self) -> (String, usize) {
        let before = self.column.saturating_sub(1) as usize;
        let hidden = if before < WINDOW_CHARACTERS { 0 } else { before - WINDOW_CHARACTERS / 2 };
        (self.source_line.chars().skip(hidden).take(WINDOW_CHARACTERS + 40).collect(), before - hidden)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.path, self.message)?;
        } else {
            write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
            let (shown, before) = self.window();
            write!(f, "\n{:>5} | {shown}", self.line)?;
            let length = (self.length.max(1) as usize).min(WINDOW_CHARACTERS);
            let indent: String = shown.chars().take(before).map(blank).collect();
            write!(f, "\n        {indent}{}", "^".repeat(length))?;
        }
        if let Some(step) = &self.step {
            write!(f, " in {}", step.replace('.', "::"))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n        {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

// A tab is as wide below as it is above.
fn blank(character: char) -> char {
    if character == '\t' { '\t' } else { ' ' }
}
