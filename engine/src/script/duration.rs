//! Durations as scripts write them.

use std::time::Duration;

/// Reads `30s`, `10m`, `1h` or `14d`, as configurations of steps write a duration too.
pub fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Ten years are enough for anybody and far from any overflow.
    let count: u64 = digits.parse().ok().filter(|count| *count <= 315_360_000 / seconds)?;
    Some(Duration::from_secs(count * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: Option<u64>) {
        assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text}");
    }

    #[test]
    fn a_number_with_a_unit_is_a_duration() {
        check("30s", Some(30));
        check("10m", Some(600));
        check("1h", Some(3_600));
        check("14d", Some(1_209_600));
        for wrong in
            ["", "s", "10", "-1s", "+1s", "1.5h", "10 m", "1w", "1µ", "99999999999d", "18446744073709551615s"]
        {
            check(wrong, None);
        }
    }
}
