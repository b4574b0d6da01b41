//! Text from outside as it may be stored and shown: one line without control characters.

use fitness::recording::{Recording, Warning};

/// The text without control characters and outer blanks; nothing where nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    // PostgreSQL has no way to store a NUL, and a terminal obeys the others.
    let text = text.replace(char::is_control, " ");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Makes everything that a recording quotes from its file plain.
pub(super) fn recording(recording: &mut Recording) {
    for text in [&mut recording.name, &mut recording.device] {
        *text = text.as_deref().and_then(line);
    }
    warnings(&mut recording.warnings);
}

/// Makes what warnings quote from a file plain.
pub(super) fn warnings(warnings: &mut [Warning]) {
    for warning in warnings {
        warning.detail = line(&warning.detail).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_control_character_becomes_a_blank() {
        let cases = [
            ("Lunch  ride", Some("Lunch  ride")),
            ("Lunch\0ride\u{85}", Some("Lunch ride")),
            ("\u{1b}[2J\tride\n", Some("[2J ride")),
            (" \0\n", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(line(text).as_deref(), wanted, "{text:?}");
        }
    }
}
