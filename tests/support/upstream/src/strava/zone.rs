//! Times as Strava writes them: in UTC, and by the clock on the wall with a `Z` behind it all the same.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// In January and in July: one of the two is the standard time of any zone.
const HALVES_OF_A_YEAR_S: [i64; 2] = [1_768_435_200, 1_784_073_600];

/// Seconds ahead of UTC at a time, summer time included.
pub(super) fn offset_s(zone: &str, epoch_ms: i64) -> i64 {
    offset(zone, epoch_ms.div_euclid(1000))
}

fn offset(zone: &str, epoch_s: i64) -> i64 {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    i64::from(zone.to_offset(moment(epoch_s)).seconds())
}

/// Such as `(GMT-05:00) America/New_York`: the offset is that of the winter, whatever the time of year.
pub(super) fn label(zone: &str) -> String {
    let standard = HALVES_OF_A_YEAR_S.map(|epoch_s| offset(zone, epoch_s)).into_iter().min().unwrap_or(0);
    let sign = if standard < 0 { '-' } else { '+' };
    let minutes = standard.abs() / 60;
    format!("(GMT{sign}{:02}:{:02}) {zone}", minutes / 60, minutes % 60)
}

/// Such as `2026-06-20T10:20:30Z`.
pub(super) fn utc(epoch_ms: i64) -> String {
    moment(epoch_ms.div_euclid(1000)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time on the wall, which ends in `Z` though it is not UTC.
pub(super) fn local(zone: &str, epoch_ms: i64) -> String {
    utc(epoch_ms + 1000 * offset_s(zone, epoch_ms))
}

/// The hour of the day on the wall.
pub(super) fn local_hour(zone: &str, epoch_ms: i64) -> i8 {
    let offset = i32::try_from(offset_s(zone, epoch_ms)).unwrap_or(0);
    Offset::from_seconds(offset).unwrap_or(Offset::UTC).to_datetime(moment(epoch_ms.div_euclid(1000))).hour()
}

fn moment(epoch_s: i64) -> Timestamp {
    Timestamp::from_second(epoch_s).unwrap_or(Timestamp::UNIX_EPOCH)
}
