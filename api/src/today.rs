//! Which day it is where the athlete lives.

use fitness::day;
use fitness::records::athlete;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::Tx;

/// The athlete's day, and the zone that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Today {
    pub(crate) date: Date,
    /// IANA name; UTC of an athlete who is not known yet, or whose zone is none.
    pub(crate) timezone: String,
}

/// The local day of a moment.
pub(crate) fn today(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<Today> {
    let known = athlete::get(tx, athlete)?;
    let zone = known.and_then(|athlete| day::time_zone(&athlete.timezone).ok()).unwrap_or(TimeZone::UTC);
    let date = day::local_date(now_ms, None, &zone).unwrap_or_default();
    Ok(Today { date, timezone: zone.iana_name().unwrap_or("UTC").to_owned() })
}
