//! A span of the athlete's days, as `from` and `to` of a request give it.

use fitness::records::athlete;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::Tx;

use crate::error::Error;
use crate::query::Query;

/// Both days are included; either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    from: Option<Date>,
    to: Option<Date>,
}

impl Period {
    pub(crate) fn read(query: &mut Query) -> Result<Self, Error> {
        let period = Self { from: query.date("from")?, to: query.date("to")? };
        match period {
            Self { from: Some(from), to: Some(to) } if to < from => {
                Err(Error::parameter("to", "lies before `from`"))
            }
            period => Ok(period),
        }
    }

    /// First and last day.
    pub(crate) fn days(self) -> (Date, Date) {
        (self.from.unwrap_or(Date::ZERO), self.to.unwrap_or(Date::MAX))
    }

    /// The first moment of the period and the first one after it, by the athlete's time zone.
    pub(crate) fn instants(
        self,
        tx: &mut Tx<'_>,
        athlete: &str,
    ) -> store::Result<(Option<i64>, Option<i64>)> {
        if self.from.is_none() && self.to.is_none() {
            return Ok((None, None));
        }
        let name = athlete::get(tx, athlete)?.map_or_else(|| "UTC".to_owned(), |athlete| athlete.timezone);
        let zone = TimeZone::get(&name).unwrap_or(TimeZone::UTC);
        Ok(self.moments(&zone))
    }

    fn moments(self, zone: &TimeZone) -> (Option<i64>, Option<i64>) {
        let start = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
        (self.from.and_then(start), self.to.and_then(|to| to.tomorrow().ok()).and_then(start))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::offset;

    use super::*;

    #[test]
    fn a_day_begins_where_the_athlete_is() {
        let period = Period { from: Some(date(2026, 7, 31)), to: Some(date(2026, 7, 31)) };
        let (from_ms, until_ms) = period.moments(&offset(2).to_time_zone());
        let midnight: jiff::Timestamp = "2026-07-30T22:00:00Z".parse().unwrap();
        assert_eq!(from_ms, Some(midnight.as_millisecond()));
        assert_eq!(until_ms, Some(midnight.as_millisecond() + 86_400_000));
    }
}
