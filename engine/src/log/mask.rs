//! Keeps secrets out of what is kept: those that this process knows, and what stands behind a word that names one.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use tracing::warn;

use super::line::BEYOND;

/// Stands for a secret.
const MASK: &str = "***";
/// Shorter ones would mask words of everyday.
const SHORTEST: usize = 8;
/// So many are known at once; tokens come and go, and an old one opens nothing.
const MOST: usize = 256;

/// What follows such a word and `=` or `:` is a secret, whatever it is.
const WORDS: [&str; 9] =
    ["token", "secret", "password", "passwd", "api_key", "api-key", "apikey", "authorization", "cookie"];
/// What follows this word and a space is one.
const BEARER: &str = "bearer";
/// The words whose secret may have spaces in it.
const WHOLE: [&str; 2] = ["authorization", "cookie"];

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

/// The secrets of this process, the latest last, and what finds them.
struct Known {
    secrets: VecDeque<String>,
    finder: Arc<AhoCorasick>,
}

/// Masks this text from now on wherever a step says it.
pub fn learn(secret: &str) {
    let secret = &secret[..secret.floor_char_boundary(BEYOND)];
    if secret.len() < SHORTEST || is_known(secret) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let mut secrets = known.as_ref().map(|known| known.secrets.clone()).unwrap_or_default();
    secrets.push_back(secret.to_owned());
    if secrets.len() > MOST {
        secrets.pop_front();
    }
    let mut patterns: Vec<&str> = words().collect();
    patterns.extend(secrets.iter().map(String::as_str));
    let found = finder(&patterns);
    let is_masked = found.is_some();
    if let Some(finder) = found {
        *known = Some(Known { secrets, finder: Arc::new(finder) });
    }
    // What is said while it is held would wait for it.
    drop(known);
    if !is_masked {
        warn!("a secret cannot be looked for in what steps say");
    }
}

fn is_known(secret: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.as_ref().is_some_and(|known| known.secrets.iter().any(|one| one == secret))
}

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain([BEARER])
}

fn finder(patterns: &[&str]) -> Option<AhoCorasick> {
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(patterns).ok()
}

/// What finds the secrets; where none is known yet, the words alone.
fn current() -> Option<Arc<AhoCorasick>> {
    static WORDS_ALONE: OnceLock<Option<Arc<AhoCorasick>>> = OnceLock::new();
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    match &*known {
        Some(known) => Some(known.finder.clone()),
        None => WORDS_ALONE.get_or_init(|| finder(&words().collect::<Vec<_>>()).map(Arc::new)).clone(),
    }
}

/// The text with a mask for each secret in it.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let Some(finder) = current() else { return Cow::Borrowed(MASK) };
    let mut whole = String::new();
    let mut done = 0;
    for found in finder.find_iter(text) {
        let Some((from, to)) = secret(text, found.pattern().as_usize(), (found.start(), found.end())) else {
            continue;
        };
        if to <= done {
            continue;
        }
        if from >= done {
            whole.push_str(&text[done..from]);
            whole.push_str(MASK);
        }
        done = to;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    whole.push_str(&text[done..]);
    Cow::Owned(whole)
}

/// Where the secret stands that was found, or that a word which was found announces.
fn secret(text: &str, pattern: usize, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let Some(word) = words().nth(pattern) else {
        // What is longer than what is looked for ends with its word.
        return Some((start, end + length(&text[end..], false)));
    };
    let behind = &text[end..];
    let given = if word == BEARER { behind.strip_prefix(' ') } else { value(behind) }?;
    let quoted = given.starts_with(['"', '\'']);
    let from = text.len() - given.len() + usize::from(quoted);
    let inside = &text[from..];
    let length = if quoted {
        inside.find(['"', '\'']).unwrap_or(inside.len())
    } else {
        length(inside, WHOLE.contains(&word))
    };
    (length > 0).then_some((from, from + length))
}

/// What is behind `=` or `:`, which may stand behind the quote that ends a name.
fn value(behind: &str) -> Option<&str> {
    let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind).trim_start_matches(' ');
    Some(behind.strip_prefix(['=', ':'])?.trim_start_matches(' '))
}

/// How long a text goes on before something ends it.
fn length(text: &str, has_spaces: bool) -> usize {
    let ends = |letter: char| match letter {
        ' ' => !has_spaces,
        '&' | '"' | '\'' | ',' | ';' | ')' | ']' | '}' | '<' | '>' => true,
        _ => false,
    };
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        assert_eq!(masked(text), wanted, "{text}");
    }

    #[test]
    fn what_stands_behind_a_word_for_a_secret_is_masked() {
        check("asked with access_token=abc123&page=2", "asked with access_token=***&page=2");
        check(r#"{"refresh_token":"abc 123","expires":1}"#, r#"{"refresh_token":"***","expires":1}"#);
        check("Authorization: Bearer abc.def-ghi", "Authorization: ***");
        check("sent Bearer abc.def-ghi to it", "sent Bearer *** to it");
        check("PASSWORD = hush, user=me", "PASSWORD = ***, user=me");
        check("client_secret: 'hush hush' given", "client_secret: '***' given");
    }

    #[test]
    fn a_word_alone_masks_nothing() {
        for text in ["the token is expired", "tokens=5", "secret key missing", "bearer", "token=", "plain"] {
            check(text, text);
        }
    }

    #[test]
    fn a_secret_that_is_known_is_masked_wherever_it_stands() {
        learn("Zebra-4711-quartz");
        check("got Zebra-4711-quartz, twice zebra-4711-QUARTZ", "got ***, twice ***");
        check("at https://example.org/Zebra-4711-quartz?x=1", "at https://example.org/***");
        check("token=Zebra-4711-quartz and more", "token=*** and more");
    }

    #[test]
    fn a_long_secret_is_known_by_its_beginning() {
        let secret = "quince".repeat(200);
        learn(&secret);
        check(&format!("a {secret} b"), "a *** b");
    }

    #[test]
    fn what_is_too_short_to_be_a_secret_is_not_learnt() {
        learn("walnut");
        check("a walnut", "a walnut");
    }
}
