//! Where the secret stands that a word announces.

/// What follows such a word and a separator is a secret, whatever it is.
pub(super) const WORDS: [&str; 9] =
    ["token", "secret", "password", "passwd", "api_key", "api-key", "apikey", "authorization", "cookie"];
/// The words whose secret goes on to the end of its line.
const WHOLE: [&str; 2] = ["authorization", "cookie"];
/// The words whose secret may have spaces in it.
const SPACED: [&str; 2] = ["password", "passwd"];
/// What follows this word and a space is one.
const BEARER: &str = "bearer";
/// The same, where it looks like one.
const BASIC: &str = "basic";
/// Behind it may stand a name and a password.
const ADDRESS: &str = "://";
/// What an account is opened with once, in a query; elsewhere a code is no secret.
const CODES: [&str; 2] = ["?code=", "&code="];

/// What `{:?}` puts around a text.
const WRAPS: [&str; 3] = ["Some(", "Ok(", "String("];
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// All texts that may announce a secret.
pub(super) fn announcements() -> impl Iterator<Item = &'static str> {
    WORDS.into_iter().chain([BEARER, BASIC, ADDRESS]).chain(CODES)
}

/// Where the secret stands that was found, or that an announcement of that number announces.
pub(super) fn secret(text: &str, number: usize, (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let behind = &text[end..];
    let Some(word) = announcements().nth(number) else {
        // What is longer than what is looked for ends with its word.
        return Some((start, end + length(behind, false)));
    };
    let (from, length) = match word {
        ADDRESS => return password(behind).map(|(from, to)| (end + from, end + to)),
        code if CODES.contains(&code) => (end, length(behind, false)),
        BEARER => spoken(behind).map(|given| (text.len() - given.len(), length(given, false)))?,
        BASIC => {
            let given = spoken(behind)?;
            let length = length(given, false);
            let is_word = length < 8 || given[..length].bytes().all(|byte| byte.is_ascii_lowercase());
            (text.len() - given.len(), if is_word { 0 } else { length })
        }
        word => named(text, value(behind)?, word),
    };
    (length > 0).then_some((from, from + length))
}

/// The value of what has such a name.
fn named(text: &str, given: &str, word: &'static str) -> (usize, usize) {
    let inside = given.trim_start_matches('\\');
    let depth = given.len() - inside.len();
    match inside.chars().next().filter(|first| QUOTES.contains(first)) {
        Some(quote) => {
            let inside = &inside[1..];
            (text.len() - inside.len(), quoted_length(inside, quote, depth))
        }
        None => {
            let length = match word {
                word if WHOLE.contains(&word) => given.find('\n').unwrap_or(given.len()),
                word => length(given, SPACED.contains(&word)),
            };
            (text.len() - given.len(), length)
        }
    }
}

/// What is behind a separator, which may stand behind the quote that ends a name, and within what wraps it.
fn value(behind: &str) -> Option<&str> {
    let bare = behind.trim_start_matches('\\');
    let unquoted = bare.strip_prefix(QUOTES);
    let rest = unquoted.unwrap_or(bare).trim_start_matches(' ');
    let separated =
        ["=>", "=", ":", "%3D", "%3d", "%3A", "%3a"].into_iter().find_map(|one| rest.strip_prefix(one));
    let given = match separated {
        Some(given) => given.trim_start_matches(' '),
        None => {
            // A pair of texts, as headers are spelled.
            let given = rest.strip_prefix(',').filter(|_| unquoted.is_some())?.trim_start_matches(' ');
            given.trim_start_matches('\\').starts_with(QUOTES).then_some(given)?
        }
    };
    Some(unwrapped(given))
}

/// What stands within `Some(` and the like.
fn unwrapped(mut given: &str) -> &str {
    while let Some(inside) = WRAPS.into_iter().find_map(|wrap| given.strip_prefix(wrap)) {
        given = inside;
    }
    given
}

/// What is behind the space that follows a word.
fn spoken(behind: &str) -> Option<&str> {
    behind.strip_prefix(' ').or_else(|| behind.strip_prefix("%20"))
}

/// Where a password stands in what follows `://`.
fn password(behind: &str) -> Option<(usize, usize)> {
    let ends = |letter: char| letter.is_whitespace() || QUOTES.contains(&letter) || "<>".contains(letter);
    let address = &behind[..behind.find(ends).unwrap_or(behind.len())];
    let colon = address.find(':')?;
    let at = address.rfind('@')?;
    // One in a path announces nothing.
    let is_name = !address[..colon].contains('/');
    (is_name && colon + 1 < at).then_some((colon + 1, at))
}

/// How long a text goes on before something ends it.
fn length(text: &str, has_spaces: bool) -> usize {
    let ends = |letter: char| match letter {
        ' ' => !has_spaces,
        '\n' | '&' | '"' | '\'' | '`' | ',' | ';' | ')' | ']' | '}' | '<' | '>' => true,
        _ => false,
    };
    text.find(ends).unwrap_or(text.len())
}

/// How long a text goes on before the quote that ends it; one behind more backslashes than the first is part of it.
fn quoted_length(text: &str, quote: char, depth: usize) -> usize {
    let mut backslashes = 0;
    for (place, letter) in text.char_indices() {
        if letter == quote && backslashes <= depth {
            return place - backslashes;
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
    }
    text.len()
}
