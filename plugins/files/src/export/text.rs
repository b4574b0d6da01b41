//! Text of a table as it may be kept and shown.

use encoding_rs::WINDOWS_1252;

/// Longest quotation of a table in a message, in characters.
const SHORT: usize = 40;

/// The text of bytes that should be UTF-8, without outer blanks; nothing where nothing is left.
///
/// Bytes that are no UTF-8 at all are what an older program for tables writes; where only some are not, those are
/// damaged.
pub(super) fn of(bytes: &[u8]) -> Option<String> {
    let is_other =
        std::str::from_utf8(bytes).is_err() && bytes.utf8_chunks().all(|chunk| chunk.valid().is_ascii());
    let text = if is_other { WINDOWS_1252.decode(bytes).0 } else { String::from_utf8_lossy(bytes) };
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    // PostgreSQL has no way to store a NUL, and a terminal obeys the others.
    let is_kept = |character: &char| !character.is_control() || matches!(character, '\n' | '\t');
    let text: String = text.chars().filter(is_kept).collect();
    (!text.is_empty()).then_some(text)
}

/// The text in one line.
pub(super) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> String {
    let line = line(text);
    match line.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The text between the tags; what only looks like one stays.
pub(super) fn without_tags(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some(start) = rest.find('<') {
        let is_tag = rest[start + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || next == '/');
        let end = rest[start..].find('>').filter(|_| is_tag).map(|end| start + end + 1);
        plain.push_str(&rest[..end.map_or(start + 1, |_| start)]);
        rest = &rest[end.unwrap_or(start + 1)..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_their_text_stays() {
        let cases = [
            (r#"<span class="translation_missing" title="x.type">Type</span>"#, "Type"),
            ("Distance", "Distance"),
            ("a < b", "a < b"),
            ("<br/>Pace", "Pace"),
            ("cut <span", "cut <span"),
        ];
        for (text, wanted) in cases {
            assert_eq!(without_tags(text), wanted, "{text}");
        }
    }

    #[test]
    fn line_breaks_of_a_description_stay_and_control_characters_go() {
        assert_eq!(of(b" one\r\ntwo\0\x1b[2J ").as_deref(), Some("one\ntwo[2J"));
        assert_eq!(of(b" \r\n"), None);
    }

    #[test]
    fn a_long_quotation_is_cut_between_characters() {
        assert_eq!(short(&"ä".repeat(50)), format!("{}…", "ä".repeat(40)));
    }
}
