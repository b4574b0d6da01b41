//! Which day it is for an athlete.

use fitness::day::{self, TimeZoneError};
use fitness::records;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Error, Tx};

/// An athlete's own day, and whether there is such an athlete yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalDay {
    pub(crate) date: Date,
    pub(crate) is_known: bool,
}

/// The athlete's local day; in UTC where the athlete is not known yet.
pub(crate) fn today(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<LocalDay> {
    let athlete = records::athlete::get(tx, athlete)?;
    let zone = athlete.as_ref().map_or(Ok(TimeZone::UTC), |athlete| day::time_zone(&athlete.timezone));
    let zone = zone.map_err(|error: TimeZoneError| Error::abort(error))?;
    let date = day::local_date(now_ms, None, &zone)
        .ok_or_else(|| Error::Other(format!("the clock says {now_ms} ms, which no calendar has")))?;
    Ok(LocalDay { date, is_known: athlete.is_some() })
}
