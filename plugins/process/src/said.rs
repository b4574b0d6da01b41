//! What a program says on stderr, as lines of the log.

use std::time::Duration;

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::{debug, info, warn};

use crate::group::Exit;
use crate::talk::fell_silent;
use crate::trouble::Trouble;

/// What lines of programs are found by in the log.
pub(crate) const TARGET: &str = "outside_program";
/// The longest line that is kept whole.
const LINE_BYTES: usize = 4 * 1024;
/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// How many lines of one attempt are kept.
const LINES: u64 = 10_000;
/// Shorter texts of a configuration would be found in the middle of words.
const SECRET_BYTES: usize = 6;

/// Texts that must not be in a log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masks(Vec<String>);

impl Masks {
    /// Every text in a JSON value, and each line of those that have several.
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

    fn longest_bytes(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }
}

fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => {
            // A log is read line by line, so a text of several lines, such as a private key, is looked for in these.
            let lines = text.lines().map(str::trim).filter(|line| line.len() >= SECRET_BYTES);
            texts.extend(lines.map(str::to_owned));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        serde_json::Value::Object(entries) => entries.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Writes what comes through a pipe into the log.
///
/// All of it is read, up to what a program may print: one that cannot get rid of its words would stand still.
pub(crate) struct Said<'m, R> {
    stderr: R,
    exit: Exit,
    grace: Duration,
    output_bytes: u64,
    buffer: Vec<u8>,
    log: Log<'m>,
    read: u64,
    is_over: bool,
}

impl<'m, R: AsyncRead + Unpin> Said<'m, R> {
    pub(crate) fn new(
        stderr: R,
        exit: Exit,
        masks: &'m Masks,
        (grace, output_bytes): (Duration, u64),
    ) -> Self {
        let log = Log::new(masks);
        Self { stderr, exit, grace, output_bytes, buffer: vec![0; CHUNK], log, read: 0, is_over: false }
    }

    /// Until the pipe's end or until nobody is left who would say anything. Nothing is lost where this is not waited
    /// for, and it may be called again.
    pub(crate) async fn listen(&mut self) -> Result<(), Trouble> {
        while !self.is_over {
            let count = tokio::select! {
                biased;
                count = self.stderr.read(&mut self.buffer) => count.unwrap_or(0),
                () = fell_silent(&mut self.exit, self.grace) => 0,
            };
            self.is_over = count == 0;
            self.read += count as u64;
            self.log.take(&self.buffer[..count]);
            if self.read > self.output_bytes {
                self.is_over = true;
                return Err(Trouble::OutputTooLarge(self.output_bytes >> 20));
            }
        }
        Ok(())
    }

    /// Writes what is left of the last line, and what was left out.
    pub(crate) fn close(self) {
        self.log.close();
    }
}

struct Log<'a> {
    masks: &'a Masks,
    line: Vec<u8>,
    /// What is held of a line: enough to find a secret that begins in what is kept of it.
    most: usize,
    lines: u64,
}

impl<'a> Log<'a> {
    fn new(masks: &'a Masks) -> Self {
        Self { masks, line: Vec::new(), most: LINE_BYTES + masks.longest_bytes(), lines: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.push(&bytes[..end]);
            self.finish();
            bytes = &bytes[end + 1..];
        }
        self.push(bytes);
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
    }

    fn finish(&mut self) {
        let is_empty = self.line.trim_ascii_end().is_empty();
        self.lines += u64::from(!is_empty);
        if !is_empty && self.lines <= LINES {
            let text = self.text();
            match level(&text) {
                tracing::Level::WARN => warn!(target: TARGET, "{text}"),
                tracing::Level::INFO => info!(target: TARGET, "{text}"),
                _ => debug!(target: TARGET, "{text}"),
            }
        }
        self.line.clear();
    }

    /// The line as it may be read, without secrets.
    fn text(&self) -> String {
        let mut text = self.masks.cover(String::from_utf8_lossy(&self.line).into_owned());
        if self.line.len() >= self.most {
            // At the cut there may be the beginning of a secret, and nothing tells it from other text.
            let most = text.len().saturating_sub(self.masks.longest_bytes());
            clip(&mut text, most);
        }
        clip(&mut text, LINE_BYTES);
        readable(text.trim_end())
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

fn clip(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

/// Without what would move the cursor of a terminal or begin another line of the log.
fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    for letter in text.chars() {
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

    fn text_of(masks: &Masks, line: &[u8]) -> String {
        let mut log = Log::new(masks);
        log.take(line);
        log.text()
    }

    #[test]
    fn a_line_shows_no_secret_and_does_nothing_to_a_terminal() {
        let key = "-----BEGIN-----\nfirst-line\n  second-line\n";
        let masks = Masks::of(&json!({
            "token": "hush-hush-hush", "more": ["hush-hush"], "short": "a", "key": key, "odd": "with\u{1b}escape",
        }));
        let check = |line: &str, wanted: &str| assert_eq!(text_of(&masks, line.as_bytes()), wanted);
        check("INFO asked with hush-hush-hush\r", "INFO asked with ***");
        check("\u{1b}[31mred hush-hush", "\\u{1b}[31mred ***");
        check("a\tb", "a\tb");
        check("key: second-line", "key: ***");
        check("odd: with\u{1b}escape", "odd: ***");
        assert_eq!(text_of(&masks, b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_secret_at_the_cut_is_not_shown_in_part() {
        let secret = "0123456789".repeat(10);
        let masks = Masks::of(&json!({ "token": secret }));
        for before in LINE_BYTES - 120..LINE_BYTES + 120 {
            let line = format!("{}{secret}{secret}", "x".repeat(before));
            let text = text_of(&masks, line.as_bytes());
            assert!(!text.contains("012") && text.len() <= LINE_BYTES, "{before}: {text}");
        }
        // Covered ones take less room, so that more of the line would be shown.
        let text = text_of(&masks, format!("{secret} ").repeat(100).as_bytes());
        assert!(text.starts_with("*** ***") && !text.contains("012"), "{text}");
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
        let mut log = Log::new(&masks);
        for _ in 0..1000 {
            log.take(&[b'x'; 10_000]);
        }
        assert_eq!(log.line.len(), LINE_BYTES);
        log.take(b"\n\n");
        assert_eq!((log.line.len(), log.lines), (0, 1));
    }
}
