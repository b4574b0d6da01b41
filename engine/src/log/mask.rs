//! Keeps secrets out of what is kept: those that this process knows, and what stands behind a word that names one.
//!
//! What is said in pieces, such as half of a secret in one line and half in another, is not known again.

mod place;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use tracing::warn;

use super::line::BEYOND;
use place::{WORDS, announcements};

/// Stands for a secret.
pub(super) const MASK: &str = "***";
/// Shorter ones would mask words of everyday.
const SHORTEST: usize = 8;
/// So many are known at once, each line and spelling by itself; tokens come and go, and an old one opens nothing.
const MOST: usize = 512;

static KNOWN: RwLock<Option<Known>> = RwLock::new(None);
/// Held by who learns a secret: what finds them takes its time to be made, and lines go on meanwhile.
static LEARNING: Mutex<()> = Mutex::new(());

/// The secrets of this process, the latest last, and what finds them.
struct Known {
    secrets: VecDeque<String>,
    finder: Arc<AhoCorasick>,
}

/// Masks this text from now on wherever a step says it: each of its lines, also as `{:?}` and a URL spell them.
pub fn learn(secret: &str) {
    if lines(secret).all(is_known) {
        return;
    }
    let learning = LEARNING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut secrets = secrets();
    for spelling in lines(secret).flat_map(spellings) {
        if !secrets.contains(&spelling) {
            secrets.push_back(spelling);
        }
    }
    let excess = secrets.len().saturating_sub(MOST);
    secrets.drain(..excess);
    let mut patterns: Vec<&str> = announcements().collect();
    patterns.extend(secrets.iter().map(String::as_str));
    let found = finder(&patterns).map(Arc::new);
    let is_masked = found.is_some();
    if let Some(finder) = found {
        *KNOWN.write().unwrap_or_else(PoisonError::into_inner) = Some(Known { secrets, finder });
    }
    // What is said while it is held would wait for it.
    drop(learning);
    if !is_masked {
        warn!("a secret cannot be looked for in what steps say");
    }
}

/// Whether what has this name is a secret, whatever it is.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The lines of a secret that are long enough to be looked for, as far as they are.
fn lines(secret: &str) -> impl Iterator<Item = &str> {
    secret.lines().map(|line| beginning(line.trim())).filter(|line| line.len() >= SHORTEST)
}

fn beginning(line: &str) -> &str {
    &line[..line.floor_char_boundary(BEYOND)]
}

/// A line of a secret in each way in which it may be said.
fn spellings(line: &str) -> Vec<String> {
    let mut encoded = String::new();
    for byte in line.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // A text takes whatever is written to it.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    let debug = format!("{line:?}");
    let mut all = vec![line.to_owned(), debug[1..debug.len() - 1].to_owned(), encoded];
    all.dedup();
    all.iter().map(|spelling| beginning(spelling).to_owned()).collect()
}

fn secrets() -> VecDeque<String> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.as_ref().map(|known| known.secrets.clone()).unwrap_or_default()
}

fn is_known(line: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.as_ref().is_some_and(|known| known.secrets.iter().any(|one| one == line))
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
        None => {
            WORDS_ALONE.get_or_init(|| finder(&announcements().collect::<Vec<_>>()).map(Arc::new)).clone()
        }
    }
}

/// The text with a mask for each secret in it.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let Some(finder) = current() else { return Cow::Borrowed(MASK) };
    let mut whole = String::new();
    let mut done = 0;
    for found in finder.find_iter(text) {
        let secret = place::secret(text, found.pattern().as_usize(), (found.start(), found.end()));
        let Some((from, to)) = secret else { continue };
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
        check("password=correct horse", "password=***");
        check("token%3Dabc%26page%3D2", "token%3D***");
        check("https://example.org/back?code=abc&state=1", "https://example.org/back?code=***&state=1");
        check("scope=read&code=abc", "scope=read&code=***");
    }

    #[test]
    fn a_secret_is_masked_however_a_value_is_spelled_out() {
        check(r#"token=Some("abc")"#, r#"token=Some("***")"#);
        check(r#"{"token": String("abc")}"#, r#"{"token": String("***")}"#);
        check(r#"body="{\"access_token\":\"abc\"}""#, r#"body="{\"access_token\":\"***\"}""#);
        check(r#"{"password":"ab\"cd","a":1}"#, r#"{"password":"***","a":1}"#);
        check(r#"{"password":"it's so","a":1}"#, r#"{"password":"***","a":1}"#);
        check("token `abc def` is old, token: `abc def`", "token `abc def` is old, token: `***`");
        check(r#""secret" => "abc""#, r#""secret" => "***""#);
    }

    #[test]
    fn a_header_is_masked_whole() {
        check("cookie: a=1; session=abc", "cookie: ***");
        check(r#"Authorization: Digest username="me", response="abc""#, "Authorization: ***");
        check(r#"("authorization", "Basic YWJjOmRlZg==")"#, r#"("authorization", "***")"#);
        check(r#"{"cookie": "a=1; b=\"2\"", "age": 3}"#, r#"{"cookie": "***", "age": 3}"#);
        check("authorization: abc, def\nnext", "authorization: ***\nnext");
        check("sent Basic YWJjOmRlZg== to it", "sent Basic *** to it");
        check("the basic understanding of it", "the basic understanding of it");
    }

    #[test]
    fn a_password_in_an_address_is_masked() {
        check("at postgres://u:pw@h/db now", "at postgres://u:***@h/db now");
        check("at postgres://u:p@w/x@h/db", "at postgres://u:***@h/db");
        check("at https://example.org:8080/a and b@c", "at https://example.org:8080/a and b@c");
        check("at https://example.org/a@b", "at https://example.org/a@b");
    }

    #[test]
    fn what_names_a_secret_is_known_by_its_name() {
        for (name, is_secret) in
            [("token", true), ("access_token", true), ("X-Api-Key", true), ("page", false)]
        {
            assert_eq!(is_secret_name(name), is_secret, "{name}");
        }
    }

    #[test]
    fn each_line_of_a_secret_is_masked_in_each_spelling() {
        learn("-----BEGIN QUINCE-----\nMIIquince+walnut/4711==\r\nhe said \"walnut\"\n");
        check("key MIIquince+walnut/4711== read", "key *** read");
        check("at /MIIquince%2Bwalnut%2f4711%3D%3D", "at /***");
        check(r#"heard "he said \"walnut\"" twice"#, r#"heard "***" twice"#);
    }

    #[test]
    fn a_word_alone_masks_nothing() {
        for text in
            ["the token is expired", "tokens=5", "secret key missing", "bearer", "token=", "plain", "basic"]
        {
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
