//! Patterns of file names.

use serde::Serialize;

/// Longer ones are refused.
const CHARACTERS: usize = 128;

/// A file's name in which `*` stands for any text; capital and small letters are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Fails with what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.chars().count() > CHARACTERS {
            return Err(format!("a pattern has 1 to {CHARACTERS} characters"));
        }
        if text.chars().any(|character| matches!(character, '/' | '\\') || character.is_control()) {
            return Err("a pattern is of a file's name alone, without folders".to_owned());
        }
        if let Some(other) = text.chars().find(|character| "?[]{}".contains(*character)) {
            return Err(format!("`{other}` has no meaning in a pattern, only `*` has"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text that was parsed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name, without its folder, is one of those that are meant.
    pub fn fits(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.to_lowercase(), name.to_lowercase());
        let mut parts = pattern.split('*');
        let Some(rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        let between = parts.try_fold(rest, |rest, part| rest.find(part).map(|at| &rest[at + part.len()..]));
        between.is_some_and(|rest| rest.ends_with(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, fitting: &[&str], other: &[&str]) {
        let pattern = Pattern::parse(pattern).unwrap();
        for name in fitting {
            assert!(pattern.fits(name), "{} {name}", pattern.as_str());
        }
        for name in other {
            assert!(!pattern.fits(name), "{} {name}", pattern.as_str());
        }
    }

    #[test]
    fn a_star_is_any_text() {
        check("*", &["", "a", "a.b"], &[]);
        check("*.fit", &["a.fit", ".fit", "a.fit.fit"], &["a.fit.gz", "afit", "a.gpx"]);
        check("a*b*c", &["abc", "a-b-c", "abbcc", "abcbc"], &["ab", "acb", "xabc"]);
        check("a*a", &["aa", "aba"], &["a", "ab"]);
        check("a**", &["a", "ab"], &["b"]);
    }

    #[test]
    fn without_a_star_it_is_the_name() {
        check("export.zip", &["export.zip"], &["export.zip2", "my export.zip"]);
    }

    #[test]
    fn letters_are_small_or_capital() {
        check("*.FIT", &["a.fit", "B.Fit"], &[]);
        check("ÄRA*", &["ära.fit"], &["ara.fit"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "a/b", "a\\b", "a\nb", "?.fit", "*.{fit,gpx}", "[ab]", &"x".repeat(129)] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
