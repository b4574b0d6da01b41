//! Which local day a moment belongs to.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// The first year that anything here can be about.
const FIRST_YEAR: i16 = 1900;
/// The last one.
const LAST_YEAR: i16 = 2199;

/// The day of a text such as `2026-07-31`; nothing for any other form, and for years that no athlete trains in.
pub fn parse(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    ((FIRST_YEAR..=LAST_YEAR).contains(&day.year()) && day.to_string() == text).then_some(day)
}

/// A name that is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone `{0}`; give a name such as `Europe/Zurich` or `UTC`")]
pub struct TimeZoneError(String);

/// The time zone of an IANA name.
pub fn time_zone(name: &str) -> Result<TimeZone, TimeZoneError> {
    TimeZone::get(name).map_err(|_| TimeZoneError(name.to_owned()))
}

/// The athlete's local day of a moment: by the offset that the recording carries, else by the athlete's time zone.
///
/// `None` for a moment or an offset outside of what a calendar can say.
pub fn local_date(start_ms: i64, utc_offset_s: Option<i32>, athlete: &TimeZone) -> Option<Date> {
    let moment = Timestamp::from_millisecond(start_ms).ok()?;
    let recorded = utc_offset_s.and_then(|seconds| Offset::from_seconds(seconds).ok());
    let offset = recorded.unwrap_or_else(|| athlete.to_offset(moment));
    Some(offset.to_datetime(moment).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-01T23:30:00Z.
    const LATE: i64 = 1_709_335_800_000;

    fn check(offset: Option<i32>, zone: &str, wanted: &str) {
        assert_eq!(local_date(LATE, offset, &time_zone(zone).unwrap()).unwrap().to_string(), wanted);
    }

    #[test]
    fn a_day_has_one_form_and_a_year_that_people_live_in() {
        assert_eq!(parse("2024-02-29"), Some(Date::constant(2024, 2, 29)));
        for text in
            ["2023-02-29", "20240229", "2024-02-29T00:00", "9999-12-31", "-009999-01-01", "1899-12-31", ""]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_recorded_offset_comes_first() {
        check(Some(3600), "America/New_York", "2024-03-02");
    }

    #[test]
    fn the_athlete_time_zone_serves_without_an_offset() {
        check(None, "Europe/Zurich", "2024-03-02");
        check(None, "America/New_York", "2024-03-01");
    }

    #[test]
    fn an_impossible_offset_is_ignored() {
        check(Some(900_000), "UTC", "2024-03-01");
    }

    #[test]
    fn an_unknown_time_zone_is_refused_by_name() {
        assert_eq!(time_zone("Mars/Olympus").unwrap_err(), TimeZoneError("Mars/Olympus".to_owned()));
    }
}
