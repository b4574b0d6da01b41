//! Numbers as the languages write them.

use super::names::Language;

/// The number of a text such as `1234.5`, `1.234,5` or `1 234,5`; nothing where it is none.
///
/// Columns of one row differ: those that a person reads are written in the athlete's language, the others with a
/// point. So a lone point always parts the decimals, and a lone comma does unless it parts English thousands.
pub(super) fn parse(text: &str, language: Language) -> Option<f64> {
    let text: String = text.chars().filter(|character| !is_filler(*character)).collect();
    let text = text.replace('\u{2212}', "-");
    let digits = text.trim_start_matches(['-', '+']);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '.' | ','));
    if !is_number {
        return None;
    }
    let mark = decimal_mark(digits, language);
    let point = |character: char| match character {
        _ if Some(character) == mark => Some('.'),
        '.' | ',' => None,
        _ => Some(character),
    };
    let number: f64 = text.chars().filter_map(point).collect::<String>().parse().ok()?;
    // Nought has no sign: SQLite forgets it and PostgreSQL does not.
    number.is_finite().then_some(number + 0.0)
}

/// Blanks and apostrophes that part thousands.
fn is_filler(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\'' | '\u{2019}')
}

/// The character that parts the decimals, if one does.
fn decimal_mark(digits: &str, language: Language) -> Option<char> {
    let marks: Vec<char> = digits.chars().filter(|character| matches!(character, '.' | ',')).collect();
    match marks[..] {
        [] => None,
        [mark] if mark == '.' => Some(mark),
        [_] => (!(language == Language::English && is_thousands(digits))).then_some(','),
        // Only the last of several differs where it parts decimals.
        [first, .., last] => (first != last).then_some(last),
    }
}

fn is_thousands(digits: &str) -> bool {
    let (head, tail) = digits.split_once(',').unwrap_or_default();
    tail.len() == 3 && (1..=3).contains(&head.len()) && !head.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, cases: &[(&str, Option<f64>)]) {
        for (text, wanted) in cases {
            assert_eq!(parse(text, language), *wanted, "{language:?} `{text}`");
        }
    }

    #[test]
    fn english_numbers_have_a_point() {
        let cases = [
            ("2.43", Some(2.43)),
            ("1,234", Some(1234.0)),
            ("1,234.5", Some(1234.5)),
            ("1,234,567", Some(1_234_567.0)),
            ("2,81", Some(2.81)),
            ("0,123", Some(0.123)),
            ("2.671", Some(2.671)),
            ("-0.25", Some(-0.25)),
            ("1.2e3", Some(1200.0)),
        ];
        check(Language::English, &cases);
    }

    #[test]
    fn german_numbers_have_a_comma_and_exact_columns_a_point() {
        let cases = [
            ("9,44", Some(9.44)),
            ("1.234,5", Some(1234.5)),
            ("1,234", Some(1.234)),
            ("1.234.567", Some(1_234_567.0)),
            ("9443.2998046875", Some(9_443.299_804_687_5)),
            ("2.671", Some(2.671)),
            ("\u{2212}3,5", Some(-3.5)),
        ];
        check(Language::German, &cases);
    }

    #[test]
    fn french_numbers_part_thousands_with_blanks() {
        let cases =
            [("1\u{202f}234,5", Some(1234.5)), ("1\u{a0}234", Some(1234.0)), ("12 345", Some(12_345.0))];
        check(Language::French, &cases);
    }

    #[test]
    fn what_is_no_number_is_absent() {
        for text in ["", "-", ".", "NaN", "inf", "1:02:03", "12 km", "true", "1e999"] {
            assert_eq!(parse(text, Language::English), None, "{text}");
        }
    }

    #[test]
    fn nought_has_no_sign() {
        assert!(parse("-0", Language::English).is_some_and(f64::is_sign_positive));
    }
}
