//! Numbers as an athlete reads them.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// What takes longer than this for a kilometre is shown as no pace at all.
const SLOWEST_S_PER_KM: f64 = 3600.0;
/// Nobody runs faster than this, not even for a hundred metres on average.
const FASTEST_ON_FOOT_M_PER_S: f64 = 12.0;
/// No ride or descent is faster than this on average.
const FASTEST_M_PER_S: f64 = 35.0;

/// `12.34 km`; short distances in metres.
pub(crate) fn distance(meters: f64) -> String {
    if meters < 1000.0 { format!("{meters:.0} m") } else { format!("{:.2} km", meters / 1000.0) }
}

/// `1:02:03`, or `42:07` below an hour.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `4:35/km` on foot, `31.2 km/h` otherwise; nothing where nobody moved.
/// Of the times, the first that gives a speed that can be is taken: where samples are sparse, hardly any of
/// the way counts as moving.
pub(crate) fn speed(sport: &str, meters: f64, times_s: [Option<f64>; 3]) -> Option<String> {
    let fastest = if is_on_foot(sport) { FASTEST_ON_FOOT_M_PER_S } else { FASTEST_M_PER_S };
    let can_be = |seconds: &f64| *seconds > 0.0 && meters / seconds <= fastest;
    let seconds = times_s.into_iter().flatten().find(can_be).filter(|_| meters > 0.0)?;
    if !is_on_foot(sport) {
        return Some(format!("{:.1} km/h", meters / seconds * 3.6));
    }
    let pace = seconds / (meters / 1000.0);
    (pace <= SLOWEST_S_PER_KM).then(|| format!("{}/km", duration(pace)))
}

/// A number without needless digits; what rounds to zero has no sign.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|digit| matches!(digit, '0' | '.')) => zero.to_owned(),
        _ => text,
    }
}

/// With its sign: what is above zero is good or bad, but never meaningless.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let text = format!("{value:+.digits$}");
    if text.trim_start_matches(['+', '-']).chars().all(|digit| matches!(digit, '0' | '.')) {
        return number(0.0, digits);
    }
    text
}

/// `2024-05-02 18:03` where the athlete was, else in the athlete's time zone.
pub(crate) fn local_time(epoch_ms: i64, utc_offset_s: Option<i64>, zone: &TimeZone) -> String {
    let Ok(moment) = Timestamp::from_millisecond(epoch_ms) else {
        return String::new();
    };
    let recorded = utc_offset_s.and_then(|seconds| i32::try_from(seconds).ok());
    let offset = recorded.and_then(|seconds| Offset::from_seconds(seconds).ok());
    let zone = offset.map_or_else(|| zone.clone(), TimeZone::fixed);
    moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2024-05-02 18:03:27` in a time zone.
pub(crate) fn local_moment(epoch_ms: i64, zone: &TimeZone) -> String {
    let moment = Timestamp::from_millisecond(epoch_ms).ok();
    let shown = |moment: Timestamp| moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    moment.map(shown).unwrap_or_default()
}

/// How long something took: `38 ms`, `4.2 s`, `3:05`.
pub(crate) fn took(from_ms: i64, to_ms: i64) -> String {
    let millis = (to_ms - from_ms).max(0);
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{:.1} s", millis as f64 / 1000.0),
        _ => duration(millis as f64 / 1000.0),
    }
}

/// How long ago something was: `12 min ago`, `3 h ago`, `4 days ago`.
pub(crate) fn ago(length_ms: i64) -> String {
    let minutes = length_ms.max(0) / 60_000;
    match minutes {
        0..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn is_on_foot(sport: &str) -> bool {
    ["run", "walk", "hik"].iter().any(|word| sport.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving(seconds: f64) -> [Option<f64>; 3] {
        [Some(seconds), None, None]
    }

    #[test]
    fn distances_have_the_unit_that_fits() {
        assert_eq!([distance(0.0), distance(999.4), distance(12_345.0)], ["0 m", "999 m", "12.35 km"]);
    }

    #[test]
    fn hours_show_where_there_are_any() {
        assert_eq!([duration(42.4), duration(2527.0), duration(3723.0)], ["0:42", "42:07", "1:02:03"]);
    }

    #[test]
    fn a_runner_has_a_pace_and_a_cyclist_a_speed() {
        assert_eq!(speed("running", 10_000.0, moving(2750.0)).as_deref(), Some("4:35/km"));
        assert_eq!(speed("cycling", 31_200.0, moving(3600.0)).as_deref(), Some("31.2 km/h"));
    }

    #[test]
    fn who_stands_still_has_no_pace() {
        assert_eq!(speed("running", 0.0, moving(60.0)), None);
        assert_eq!(speed("running", 1.0, moving(600.0)), None);
    }

    #[test]
    fn a_speed_that_cannot_be_is_not_shown() {
        let times = [Some(20.0), Some(2750.0), Some(3000.0)];
        assert_eq!(speed("running", 10_000.0, times).as_deref(), Some("4:35/km"));
        assert_eq!(speed("cycling", 36_000.0, [Some(5.0), None, Some(3600.0)]).as_deref(), Some("36.0 km/h"));
        assert_eq!(speed("cycling", 36_000.0, moving(5.0)), None);
        assert_eq!(speed("running", 36_000.0, moving(1800.0)), None);
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!([signed(-0.04, 1), signed(3.21, 1), signed(-12.0, 1)], ["0.0", "+3.2", "-12.0"]);
        assert_eq!([number(-0.4, 0), number(-0.6, 0), number(-0.04, 1)], ["0", "-1", "0.0"]);
    }

    #[test]
    fn the_offset_of_the_recording_comes_before_the_time_zone() {
        let late = 1_709_335_800_000;
        assert_eq!(local_time(late, Some(3600), &TimeZone::UTC), "2024-03-02 00:30");
        assert_eq!(local_time(late, None, &TimeZone::UTC), "2024-03-01 23:30");
    }

    #[test]
    fn an_age_has_the_unit_that_fits() {
        let ages = [-1, 59_000, 3_599_000, 3_600_000, 2 * 86_400_000 - 1, 2 * 86_400_000].map(ago);
        assert_eq!(ages, ["0 min ago", "0 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago"]);
    }

    #[test]
    fn short_times_have_small_units() {
        assert_eq!([took(0, 38), took(0, 4210), took(0, 185_000)], ["38 ms", "4.2 s", "3:05"]);
    }
}
