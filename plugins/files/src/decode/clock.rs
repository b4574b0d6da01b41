//! Times as files write them, and which of them can be true.

use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// 1990-01-01: before it there was no such device.
const EARLIEST_MS: i64 = 631_152_000_000;

/// A time as read, with the offset from UTC if it was written with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) ms: i64,
    pub(super) offset_s: Option<i32>,
}

/// True for a time at which somebody can have recorded something.
pub(super) fn is_plausible(ms: i64, latest_ms: i64) -> bool {
    (EARLIEST_MS..latest_ms).contains(&ms)
}

/// Reads an ISO 8601 time; one without a zone is taken as UTC, as all platforms write it.
pub(super) fn parse(text: &str) -> Option<Stamp> {
    let pieces = Pieces::parse(text.trim()).ok()?;
    let time = pieces.time()?;
    let offset = pieces.to_numeric_offset();
    let written = offset.filter(|offset| *offset != Offset::UTC);
    let at = offset.unwrap_or(Offset::UTC).to_timestamp(pieces.date().to_datetime(time)).ok()?;
    // 1901-12-13T20:45:52Z is how programs of 32 bits write that they know no time.
    if at.as_millisecond().div_euclid(1000) == i64::from(i32::MIN) {
        return None;
    }
    Some(Stamp { ms: at.as_millisecond(), offset_s: written.map(Offset::seconds) })
}

/// The offset of a local clock from UTC, if it is one that a time zone can have (whole quarters of an hour).
pub(super) fn offset_between(local_s: i64, utc_s: i64) -> Option<i32> {
    const QUARTER_S: i64 = 900;
    const SLACK_S: i64 = 120;
    let difference = local_s - utc_s;
    let rounded = (difference as f64 / QUARTER_S as f64).round() as i64 * QUARTER_S;
    let zone = (-12 * 3600..=14 * 3600).contains(&rounded);
    (zone && (difference - rounded).abs() <= SLACK_S).then_some(rounded as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let cases = [
            ("2020-01-02T03:04:05Z", 1_577_934_245_000, None),
            ("2020-01-02T03:04:05.250Z", 1_577_934_245_250, None),
            ("2020-01-02T03:04:05", 1_577_934_245_000, None),
            (" 2020-01-02T04:04:05+01:00 ", 1_577_934_245_000, Some(3600)),
        ];
        for (text, ms, offset_s) in cases {
            assert_eq!(parse(text), Some(Stamp { ms, offset_s }), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_time_is_none() {
        for text in ["", "yesterday", "2020-13-01T00:00:00Z", "2020-01-01", "1901-12-13T20:45:52.207Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_a_quarter_of_an_hour_within_two_minutes() {
        let cases =
            [(7200, Some(7200)), (7201, Some(7200)), (20_700, Some(20_700)), (7500, None), (-60_000, None)];
        for (difference, expected) in cases {
            assert_eq!(offset_between(1_000_000 + difference, 1_000_000), expected, "{difference}");
        }
    }
}
