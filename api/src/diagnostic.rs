//! Mistakes in scripts, as answers show them.

use engine::script;
use serde::Serialize;
use utoipa::ToSchema;

/// A mistake in a script with its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Diagnostic {
    /// Stable; docs/ERRORS.md explains each.
    pub code: &'static str,
    pub path: String,
    /// Counts from 1; 0 where there is no place.
    pub line: u32,
    /// Counts from 1; 0 where there is no place.
    pub column: u32,
    /// How many characters to underline.
    pub length: u32,
    pub message: String,
    /// The kind of the step it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<&script::Diagnostic> for Diagnostic {
    fn from(from: &script::Diagnostic) -> Self {
        Self {
            code: from.code,
            path: from.path.clone(),
            line: from.line,
            column: from.column,
            length: from.length,
            message: from.message.clone(),
            step: from.step.clone(),
            hint: from.hint.clone(),
        }
    }
}

pub(crate) fn all(diagnostics: &[script::Diagnostic]) -> Vec<Diagnostic> {
    diagnostics.iter().map(Diagnostic::from).collect()
}

/// Place and message on one line.
pub(crate) fn sentence(diagnostic: &script::Diagnostic) -> String {
    let script::Diagnostic { path, line, column, message, .. } = diagnostic;
    if *line == 0 { format!("{path}: {message}") } else { format!("{path}:{line}:{column}: {message}") }
}
