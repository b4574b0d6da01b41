//! What a program says on stderr, as lines of the log.

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::{debug, info, warn};

use crate::group::Exit;
use crate::talk::fell_silent;

/// What lines of programs are found by in the log.
pub(crate) const TARGET: &str = "outside_program";
/// The longest line that is kept whole.
const LINE_BYTES: usize = 4 * 1024;
/// How many lines of one attempt are kept.
const LINES: u64 = 10_000;
/// Shorter texts of a configuration would be found in the middle of words.
const SECRET_BYTES: usize = 6;

/// Texts that must not be in a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks(Vec<String>);

impl Masks {
    /// Every text in a JSON value.
    pub(crate) fn of(value: &serde_json::Value) -> Self {
        let mut texts = Vec::new();
        collect(value, &mut texts);
        // A secret that is part of another one must not uncover the rest of it.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(texts)
    }

    fn cover(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), "***") } else { text }
        })
    }
}

fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.len() >= SECRET_BYTES => texts.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        serde_json::Value::Object(entries) => entries.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Writes what comes through the pipe into the log, until its end or until nobody is left who would say anything.
///
/// All of it is read, however much it is: a program that cannot get rid of its words would stand still.
pub(crate) async fn log<R: AsyncRead + Unpin>(
    mut stderr: R,
    mut exit: Exit,
    grace: std::time::Duration,
    masks: &Masks,
) {
    let mut buffer = vec![0; LINE_BYTES];
    let mut log = Log { masks, line: Vec::new(), lines: 0 };
    loop {
        let count = tokio::select! {
            biased;
            count = stderr.read(&mut buffer) => count.unwrap_or(0),
            () = fell_silent(&mut exit, grace) => 0,
        };
        if count == 0 {
            break;
        }
        log.take(&buffer[..count]);
    }
    log.close();
}

struct Log<'a> {
    masks: &'a Masks,
    line: Vec<u8>,
    lines: u64,
}

impl Log<'_> {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.push(&bytes[..end]);
            self.finish();
            bytes = &bytes[end + 1..];
        }
        self.push(bytes);
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
    }

    fn finish(&mut self) {
        let text = readable(&self.line);
        self.line.clear();
        if text.is_empty() {
            return;
        }
        self.lines += 1;
        if self.lines > LINES {
            return;
        }
        let text = self.masks.cover(text);
        match level(&text) {
            tracing::Level::WARN => warn!(target: TARGET, "{text}"),
            tracing::Level::INFO => info!(target: TARGET, "{text}"),
            _ => debug!(target: TARGET, "{text}"),
        }
    }

    fn close(mut self) {
        if !self.line.is_empty() {
            self.finish();
        }
        if self.lines > LINES {
            warn!(target: TARGET, left_out = self.lines - LINES, "the program said more than is kept");
        }
    }
}

/// Without what would move the cursor of a terminal or begin another line of the log.
fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut readable = String::with_capacity(text.len());
    for letter in text.trim_end().chars() {
        if letter.is_control() && letter != '\t' {
            readable.extend(letter.escape_default());
        } else {
            readable.push(letter);
        }
    }
    readable
}

/// As the line's first words tell, the way most programs write them. No line of a program is an `error`: whether somebody
/// must act is known by how its step ends.
fn level(text: &str) -> tracing::Level {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    match words.next().unwrap_or_default() {
        "CRITICAL" | "FATAL" | "ERROR" | "WARNING" | "WARN" => tracing::Level::WARN,
        "DEBUG" | "TRACE" => tracing::Level::DEBUG,
        _ => tracing::Level::INFO,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_shows_no_secret_and_does_nothing_to_a_terminal() {
        let masks = Masks::of(&json!({ "token": "hush-hush-hush", "more": ["hush-hush"], "short": "a" }));
        let check = |line: &str, wanted: &str| {
            assert_eq!(masks.cover(readable(line.as_bytes())), wanted);
        };
        check("INFO asked with hush-hush-hush\r", "INFO asked with ***");
        check("\u{1b}[31mred hush-hush", "\\u{1b}[31mred ***");
        check("a\tb", "a\tb");
        assert_eq!(readable(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_lines_level_is_its_first_word() {
        for (line, wanted) in [
            ("WARNING low", tracing::Level::WARN),
            ("[ERROR] gone", tracing::Level::WARN),
            ("DEBUG detail", tracing::Level::DEBUG),
            ("INFO metric", tracing::Level::INFO),
            ("what it is", tracing::Level::INFO),
        ] {
            assert_eq!(level(line), wanted, "{line}");
        }
    }

    #[test]
    fn a_line_of_any_length_takes_little() {
        let masks = Masks::default();
        let mut log = Log { masks: &masks, line: Vec::new(), lines: 0 };
        for _ in 0..1000 {
            log.take(&[b'x'; 10_000]);
        }
        assert_eq!(log.line.len(), LINE_BYTES);
        log.take(b"\n\n");
        assert_eq!((log.line.len(), log.lines), (0, 1));
    }
}
