//! What the application has used of its quota, by all processes together.

use std::collections::BTreeMap;

use store::{Result, Sql, Tx, params};

/// The two counts that Strava keeps: of all calls, and of those that read.
pub const BUCKETS: [Bucket; 2] = [Bucket::Overall, Bucket::Read];
/// The windows of each, which begin with the full quarter of an hour and the full UTC day.
pub const SPANS: [Span; 2] = [Span::Quarter, Span::Day];

const QUARTER_MS: i64 = 900_000;
const DAY_MS: i64 = 86_400_000;
/// So long after its start a window of ours may still be the one before by Strava's clock.
const EARLY_MS: i64 = 15_000;
/// More than that above our own count is not believed so early: others do not use as much in so short a time.
const EARLY_MORE: u32 = 50;
/// The smallest quota that Strava gives, until its answers tell another.
const SMALLEST: [(Bucket, Span, u32); 4] = [
    (Bucket::Overall, Span::Quarter, 200),
    (Bucket::Overall, Span::Day, 2_000),
    (Bucket::Read, Span::Quarter, 100),
    (Bucket::Read, Span::Day, 1_000),
];
/// What work that can wait leaves of a quarter.
const QUARTER_KEPT: f64 = 0.1;
/// What work that can wait leaves of a whole day that is to come; of a part of it in proportion, so that at midnight
/// nothing was left unused.
const DAY_KEPT: f64 = 0.2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    Overall,
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    Quarter,
    Day,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// What is new, and what somebody asked for: it may use the last call.
    Fresh,
    /// The past: it leaves a reserve.
    Past,
}

/// What taking a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Call,
    /// No call is left for this purpose in that window, which ends then, in epoch milliseconds.
    Spent {
        span: Span,
        until_ms: i64,
    },
}

/// A window as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub bucket: Bucket,
    pub span: Span,
    pub used: u32,
    pub most: u32,
    pub until_ms: i64,
}

/// What an answer tells of the windows: used and most, of the quarter and the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub bucket: Bucket,
    pub used: (u32, u32),
    pub most: (u32, u32),
}

const ALL: Sql =
    Sql::Both("SELECT bucket, span, start_ms, used, most FROM strava_quota ORDER BY bucket, span");
// Written before it is read, so that two who take a call wait for each other.
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_quota (bucket, span, start_ms, used, most) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (bucket, span) DO UPDATE SET start_ms = excluded.start_ms, used = excluded.used, \
     most = excluded.most",
);
const HOLD: Sql =
    Sql::Both("UPDATE strava_quota SET used = used WHERE bucket = 'overall' AND span = 'quarter'");

impl Bucket {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overall => "overall",
            Self::Read => "read",
        }
    }
}

impl Span {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Day => "day",
        }
    }

    fn length_ms(self) -> i64 {
        match self {
            Self::Quarter => QUARTER_MS,
            Self::Day => DAY_MS,
        }
    }

    fn start_ms(self, now_ms: i64) -> i64 {
        now_ms - now_ms.rem_euclid(self.length_ms())
    }

    /// True where a refusal of a call that was taken at one moment, and answered at another, is of the window of now:
    /// no other has begun since, and this one not just now.
    pub fn is_of_now(self, taken_ms: i64, now_ms: i64) -> bool {
        self.start_ms(taken_ms) == self.start_ms(now_ms) && !self.is_early(now_ms)
    }

    fn is_early(self, now_ms: i64) -> bool {
        now_ms - self.start_ms(now_ms) < EARLY_MS
    }

    /// When the window ends that a moment lies in.
    pub fn end_ms(self, now_ms: i64) -> i64 {
        self.start_ms(now_ms) + self.length_ms()
    }
}

impl Window {
    /// How many calls of it may be used for a purpose.
    fn allowed(&self, purpose: Purpose, now_ms: i64) -> f64 {
        let most = f64::from(self.most);
        let kept = match (purpose, self.span) {
            (Purpose::Fresh, _) => 0.0,
            (Purpose::Past, Span::Quarter) => QUARTER_KEPT,
            (Purpose::Past, Span::Day) => DAY_KEPT * (self.until_ms - now_ms) as f64 / DAY_MS as f64,
        };
        most - (most * kept).ceil()
    }

    /// The same with what the answer to a call tells, where that is something else.
    fn learned(&self, told: &[Told], (taken_ms, now_ms): (i64, i64)) -> Option<Self> {
        if self.span.start_ms(taken_ms) != self.span.start_ms(now_ms) {
            return None;
        }
        let told = told.iter().find(|told| told.bucket == self.bucket)?;
        let (used, most) = match self.span {
            Span::Quarter => (told.used.0, told.most.0),
            Span::Day => (told.used.1, told.most.1),
        };
        // Nobody has a quota of nothing, and no call would be left to learn that it was wrong.
        let most = if most > 0 { most } else { self.most };
        let is_believed = !self.span.is_early(now_ms) || used <= self.used.saturating_add(EARLY_MORE);
        let used = if is_believed { used.max(self.used) } else { self.used };
        let learned = Self { used, most, ..*self };
        (learned != *self).then_some(learned)
    }

    /// True where a call is left for a purpose.
    pub fn has_left(&self, purpose: Purpose, now_ms: i64) -> bool {
        f64::from(self.used) + 1.0 <= self.allowed(purpose, now_ms)
    }
}

/// Takes a call that reads out of all windows, or says which of them is spent longest.
pub fn take(tx: &mut Tx<'_>, purpose: Purpose, now_ms: i64) -> Result<Taken> {
    tx.execute(&HOLD, &params![])?;
    let windows = windows(tx, now_ms)?;
    let spent = windows.iter().filter(|window| !window.has_left(purpose, now_ms));
    if let Some(spent) = spent.max_by_key(|window| window.until_ms) {
        return Ok(Taken::Spent { span: spent.span, until_ms: spent.until_ms });
    }
    for window in windows {
        put(tx, &Window { used: window.used.saturating_add(1), ..window }, now_ms)?;
    }
    Ok(Taken::Call)
}

/// Takes over what the answer tells to a call that was taken at one moment and is answered at another; calls that are
/// under way are only in our own count, so the larger one holds. Of a window that is over it tells nothing.
pub fn learn(tx: &mut Tx<'_>, told: &[Told], when_ms: (i64, i64)) -> Result<()> {
    for window in windows(tx, when_ms.1)? {
        if let Some(learned) = window.learned(told, when_ms) {
            put(tx, &learned, when_ms.1)?;
        }
    }
    Ok(())
}

/// True where such an answer tells something that is not known.
pub fn teaches(tx: &mut Tx<'_>, told: &[Told], when_ms: (i64, i64)) -> Result<bool> {
    Ok(windows(tx, when_ms.1)?.iter().any(|window| window.learned(told, when_ms).is_some()))
}

/// Counts a window as spent, as a refusal said that does not tell how far it is.
pub fn spend(tx: &mut Tx<'_>, span: Span, now_ms: i64) -> Result<()> {
    for window in windows(tx, now_ms)?.into_iter().filter(|window| window.span == span) {
        put(tx, &Window { used: window.used.max(window.most), ..window }, now_ms)?;
    }
    Ok(())
}

/// All windows that a moment lies in.
pub fn windows(tx: &mut Tx<'_>, now_ms: i64) -> Result<Vec<Window>> {
    let kept: BTreeMap<(String, String), (i64, i64, i64)> = tx
        .query(&ALL, &params![], |row| {
            Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?, row.get(4)?)))
        })?
        .into_iter()
        .collect();
    let window = |(bucket, span, smallest): (Bucket, Span, u32)| {
        let kept = kept.get(&(bucket.as_str().to_owned(), span.as_str().to_owned()));
        let used = kept.filter(|kept| kept.0 == span.start_ms(now_ms)).map_or(0, |kept| kept.1);
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Window {
            bucket,
            span,
            used: count(used),
            most: kept.map(|kept| count(kept.2)).filter(|most| *most > 0).unwrap_or(smallest),
            until_ms: span.end_ms(now_ms),
        }
    };
    Ok(SMALLEST.map(window).into())
}

fn put(tx: &mut Tx<'_>, window: &Window, now_ms: i64) -> Result<()> {
    let start_ms = window.span.start_ms(now_ms);
    let params = params![window.bucket.as_str(), window.span.as_str(), start_ms, window.used, window.most];
    tx.execute(&PUT, &params).map(drop)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[ALL, PUT, HOLD];
