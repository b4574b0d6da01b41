//! What a command says: results on stdout, everything else on stderr.
//!
//! Names of files and activities come from outside, so control characters never reach the terminal.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::Problem;

/// Writes lines of a result.
pub(crate) fn line(text: impl AsRef<str>) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", harmless(text.as_ref()))
}

/// Writes one JSON object in one line.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string(value)?;
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Writes what is no result: progress, hints. Nobody may be reading, and that is well.
pub(crate) fn note(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text.as_ref()));
}

/// Says why a command failed: for people on stderr, for programs on stdout too.
pub(crate) fn problem(problem: &Problem, for_programs: bool) {
    note(format!("error: {problem}"));
    if let Some(hint) = &problem.hint {
        note(format!("  {hint}"));
    }
    if for_programs {
        let _ = json(&problem.to_json());
    }
}

fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && !matches!(letter, '\n' | '\t') { '\u{fffd}' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_name_does_not_reach_the_terminal() {
        assert_eq!(harmless("ride\u{1b}[2J\n"), "ride\u{fffd}[2J\n");
    }
}
