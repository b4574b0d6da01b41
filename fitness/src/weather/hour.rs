//! Hours since 1970, by which weather is kept: no zone and no clock change can shift them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const HOUR_MS: i64 = 3_600_000;

/// The number of a whole hour since 1970, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i64);

impl Hour {
    /// The last whole hour at or before a moment in epoch milliseconds.
    pub fn before(ms: i64) -> Self {
        Self(ms.div_euclid(HOUR_MS))
    }

    /// The first whole hour at or after a moment.
    pub fn after(ms: i64) -> Self {
        Self(ms.div_euclid(HOUR_MS) + i64::from(ms.rem_euclid(HOUR_MS) != 0))
    }

    /// When it begins, in epoch milliseconds.
    pub fn start_ms(self) -> i64 {
        self.0.saturating_mul(HOUR_MS)
    }

    /// The UTC day that it belongs to.
    pub fn date(self) -> Date {
        let at = Timestamp::from_millisecond(self.start_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(TimeZone::UTC).date()
    }

    /// The 24 hours of a UTC day.
    pub fn of_day(date: Date) -> std::ops::Range<i64> {
        let days = date.duration_since(Date::constant(1970, 1, 1)).as_hours();
        days..days + 24
    }
}
