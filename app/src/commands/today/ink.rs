//! Words with a style, in colour on a terminal and plain elsewhere.

use std::fmt::Write;
use std::io::{self, IsTerminal, Write as _};

use crate::config;

/// How a word stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Bold,
    Dim,
    Low,
    High,
}

/// Lines of styled words.
#[derive(Debug, Default)]
pub(super) struct Page(Vec<Vec<(Style, String)>>);

impl Page {
    pub(super) fn line(&mut self, words: impl IntoIterator<Item = (Style, String)>) {
        self.0.push(words.into_iter().collect());
    }

    pub(super) fn blank(&mut self) {
        self.0.push(Vec::new());
    }

    /// Writes the page to stdout.
    pub(super) fn show(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", self.text(is_coloured(out.is_terminal(), config::is_colour_unwanted())))
    }

    /// The page as text. What comes from outside brings no colour of its own.
    pub(super) fn text(&self, coloured: bool) -> String {
        let lines = self.0.iter().map(|words| {
            let mut line = String::new();
            for (style, word) in words {
                let word: String = word.chars().map(harmless).collect();
                match style.code().filter(|_| coloured) {
                    // Writing to a text does not fail.
                    Some(code) => _ = write!(line, "\u{1b}[{code}m{word}\u{1b}[0m"),
                    None => line.push_str(&word),
                }
            }
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Style {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Low => Some("36"),
            Self::High => Some("33"),
        }
    }
}

fn is_coloured(is_terminal: bool, no_color: bool) -> bool {
    is_terminal && !no_color
}

fn harmless(letter: char) -> char {
    if letter.is_control() { '\u{fffd}' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(word: &str) -> Page {
        let mut page = Page::default();
        page.line([(Style::Bold, word.to_owned()), (Style::Plain, " day".to_owned())]);
        page
    }

    #[test]
    fn colour_is_only_for_terminals_that_want_it() {
        assert!(is_coloured(true, false));
        assert!(!is_coloured(false, false) && !is_coloured(true, true));
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert_eq!(page("Easy").text(false), "Easy day");
        assert_eq!(page("Easy").text(true), "\u{1b}[1mEasy\u{1b}[0m day");
    }

    #[test]
    fn a_word_from_outside_brings_no_escape() {
        assert_eq!(page("E\u{1b}[2J").text(false), "E\u{fffd}[2J day");
    }
}
