//! Whose numbers they are, and which day it is there.

use engine::step::{Cause, StepError};
use fitness::day::TimeZoneError;
use fitness::records;
use jiff::civil::Date;
use store::{Error, Tx};

/// The athlete's local day; nothing where the athlete is not known yet.
pub(crate) fn today(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<Option<Date>> {
    let Some(athlete) = records::athlete::get(tx, athlete)? else {
        return Ok(None);
    };
    let zone = fitness::day::time_zone(&athlete.timezone).map_err(Error::abort)?;
    Ok(fitness::day::local_date(now_ms, None, &zone))
}

/// A time zone that does not exist will not exist at the next attempt either.
pub(crate) fn hopeless_where_misconfigured(error: StepError) -> StepError {
    match error {
        StepError::Failed(cause) if is_time_zone(&cause) => {
            StepError::Hopeless(Cause { code: "timezone_unknown", ..cause })
        }
        other => other,
    }
}

fn is_time_zone(cause: &Cause) -> bool {
    let Some(source) = cause.source.as_deref() else {
        return false;
    };
    matches!(source.downcast_ref::<Error>(), Some(Error::Aborted(inner)) if inner.is::<TimeZoneError>())
}
