//! What was spent of a weather service's quota, by all processes together.

use store::{Result, Sql, Tx, params};

const GET: Sql = Sql::Both("SELECT start_ms, spent FROM weather_quota WHERE span = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO weather_quota (span, start_ms, spent) VALUES ($1, $2, $3) \
     ON CONFLICT (span) DO UPDATE SET start_ms = excluded.start_ms, spent = excluded.spent",
);
const TAKE_BACK: Sql = Sql::Both(
    "UPDATE weather_quota SET spent = spent - $3 WHERE span = $1 AND start_ms = $2 AND spent >= $3",
);

/// The windows of the quota, each with its length; they begin with the full UTC minute, hour and day.
pub const SPANS: [(Span, i64); 3] =
    [(Span::Minute, 60_000), (Span::Hour, 3_600_000), (Span::Day, 86_400_000)];

/// A window of the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Minute,
    Hour,
    Day,
}

/// How many calls each window has; nothing where it has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub minute: Option<u32>,
    pub hour: Option<u32>,
    pub day: Option<u32>,
}

/// What paying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Paid; so many calls of the day are spent now.
    Paid { of_day: u32 },
    /// There is not enough left until then, in epoch milliseconds.
    Spent { span: Span, until_ms: i64 },
}

impl Span {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn length_ms(self) -> i64 {
        SPANS.iter().find(|(span, _)| *span == self).map_or(60_000, |(_, length)| *length)
    }

    /// When the window ends that a moment lies in.
    pub fn end_ms(self, now_ms: i64) -> i64 {
        let length = self.length_ms();
        now_ms - now_ms.rem_euclid(length) + length
    }
}

impl Limits {
    fn of(&self, span: Span) -> Option<u32> {
        match span {
            Span::Minute => self.minute,
            Span::Hour => self.hour,
            Span::Day => self.day,
        }
    }
}

/// Pays for calls from all windows, or from none: then it says which is spent, and until when.
///
/// More calls than a window ever has are paid from a fresh one, since they could be paid from no other.
pub fn pay(tx: &mut Tx<'_>, calls: u32, limits: &Limits, now_ms: i64) -> Result<Payment> {
    let mut windows = Vec::new();
    let mut spent_longest = None;
    for (span, length) in SPANS {
        let start_ms = now_ms - now_ms.rem_euclid(length);
        let spent = spent_at(tx, span, start_ms)?;
        let after = spent + i64::from(calls);
        let is_full = limits.of(span).is_some_and(|limit| spent > 0 && after > i64::from(limit));
        if is_full {
            spent_longest = Some(Payment::Spent { span, until_ms: start_ms + length });
        }
        windows.push((span, start_ms, after));
    }
    if let Some(spent) = spent_longest {
        return Ok(spent);
    }
    let mut of_day = 0;
    for (span, start_ms, spent) in windows {
        tx.execute(&PUT, &params![span.as_str(), start_ms, spent])?;
        of_day = u32::try_from(spent).unwrap_or(u32::MAX);
    }
    Ok(Payment::Paid { of_day })
}

/// Takes back calls that were paid at a moment and not used, from those of its windows that are still open.
pub fn take_back(tx: &mut Tx<'_>, calls: u32, paid_ms: i64) -> Result<()> {
    for (span, length) in SPANS {
        let start_ms = paid_ms - paid_ms.rem_euclid(length);
        tx.execute(&TAKE_BACK, &params![span.as_str(), start_ms, i64::from(calls)])?;
    }
    Ok(())
}

/// Calls that were spent in the current window.
pub fn spent(tx: &mut Tx<'_>, span: Span, now_ms: i64) -> Result<u32> {
    let spent = spent_at(tx, span, now_ms - now_ms.rem_euclid(span.length_ms()))?;
    Ok(u32::try_from(spent).unwrap_or(u32::MAX))
}

fn spent_at(tx: &mut Tx<'_>, span: Span, start_ms: i64) -> Result<i64> {
    let kept =
        tx.optional(&GET, &params![span.as_str()], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    Ok(kept.filter(|(start, _)| *start == start_ms).map_or(0, |(_, spent)| spent))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[GET, PUT, TAKE_BACK];
