//! Cron patterns on the wall of a zone, also on the days when its clock is put forward or back.
//!
//! A pattern that names hours means times of day: each comes once. Where the clock is put back, the first of both
//! counts; where it is put forward, what was skipped comes at the first moment after the gap, together.
//! A pattern of every hour means real time: it comes whenever the wall shows what it says, and never for a gap.

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{DateTime, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Serialize, Serializer};

/// A pattern of five fields that comes at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    pattern: croner::Cron,
}

/// Why a text is no pattern.
#[derive(Debug, thiserror::Error)]
pub enum WrongCron {
    #[error("`{text}` is no cron pattern such as `30 4 * * *` for 04:30: {reason}")]
    Unreadable { text: String, reason: String },
    #[error("`{0}` never comes: there is no such day")]
    Never(String),
}

impl Cron {
    /// Reads minute, hour, day, month and weekday, or a word such as `@daily`.
    pub fn parse(text: &str) -> Result<Self, WrongCron> {
        let unreadable = |reason: String| WrongCron::Unreadable { text: text.to_owned(), reason };
        // A year has 366 days: a longer text cannot be meant.
        if text.len() > 256 {
            return Err(unreadable("it is longer than 256 characters".to_owned()));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(text).map_err(|error| unreadable(error.to_string()))?;
        let cron = Self { text: text.split_whitespace().collect::<Vec<_>>().join(" "), pattern };
        // A leap day that must be a certain weekday may be 40 years away.
        let comes = cron.shows_from(date(2000, 1, 1).at(0, 0, 0, 0), true).is_some();
        if comes { Ok(cron) } else { Err(WrongCron::Never(cron.text)) }
    }

    /// The first time after `after`: its key, which is what the wall shows, and the moment.
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<(String, Timestamp)> {
        if self.is_hourly() { self.next_real(after, zone) } else { self.next_of_day(after, zone) }
    }

    fn is_hourly(&self) -> bool {
        (0..24).all(|hour| self.pattern.pattern.hour_match(hour).unwrap_or(false))
    }

    /// Goes from one change of the clock to the next: between them the wall and real time run alike.
    fn next_real(&self, after: Timestamp, zone: &TimeZone) -> Option<(String, Timestamp)> {
        let mut from = after.checked_add(SignedDuration::from_secs(1)).ok()?;
        loop {
            let offset = zone.to_offset(from);
            let wall = self.shows_from(offset.to_datetime(from), true)?;
            let at = offset.to_timestamp(wall).ok()?;
            match zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if change <= at => from = change,
                // Both passes of an hour that comes twice are slots: the offset tells them apart.
                _ => return Some((format!("{}{offset}", key(wall)), at)),
            }
        }
    }

    /// Walks the wall: a later time of day is never an earlier moment, because the second pass does not count.
    fn next_of_day(&self, after: Timestamp, zone: &TimeZone) -> Option<(String, Timestamp)> {
        let mut wall = zone.to_datetime(after);
        loop {
            wall = self.shows_from(wall, false)?;
            let at = moment(wall, zone)?;
            if at > after {
                return Some((key(zone.to_datetime(at)), at));
            }
        }
    }

    fn shows_from(&self, wall: DateTime, inclusive: bool) -> Option<DateTime> {
        self.pattern.find_next_occurrence(&wall, inclusive).ok()
    }
}

/// When the wall shows that time first, or the first moment after the gap that swallowed it.
fn moment(wall: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            let within = before.to_timestamp(wall).ok()?;
            let later = within.checked_add(SignedDuration::from_secs(1)).ok()?;
            Some(zone.preceding(later).next()?.timestamp())
        }
    }
}

fn key(wall: DateTime) -> String {
    wall.strftime("%Y-%m-%dT%H:%M").to_string()
}

impl std::fmt::Display for Cron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Cron {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
