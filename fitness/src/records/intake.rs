//! Activities that come in, change or go, in one transaction: whoever brings them, the same follows.

use jiff::civil::Date;
use store::{Result, Tx};

use super::activity::duplicate::{self, Relinked};
use super::activity::{self, Change, Removed};
use super::{activity_number, activity_stream, best_effort, change_number, lap, stale_day};
use crate::changes::Changes;
use crate::entry::Entry;

/// Takes activities of one athlete in; [`Intake::relink`] and then [`Intake::close`] end it.
pub struct Intake<'a, 'tx> {
    pub tx: &'a mut Tx<'tx>,
    pub athlete: &'a str,
    taken: Taken,
    /// When activities start that were written or removed, so that their duplicates are looked for.
    starts_ms: Vec<i64>,
}

/// What becomes of the numbers of an activity that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// They are computed from the samples that come with it.
    OfSamples,
    Stay,
}

/// What a transaction changed.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    pub activities: u64,
    /// The change number of all of it.
    pub change: Option<i64>,
    pub first_day: Option<Date>,
}

impl Taken {
    /// The same since a change number.
    pub fn changes(&self, from: i64) -> Changes {
        let days = self.first_day.map(|day| day.to_string());
        Changes { from, to: self.change.unwrap_or(from), days }
    }
}

impl<'a, 'tx> Intake<'a, 'tx> {
    /// Begins; nothing is numbered before something changes.
    pub fn new(tx: &'a mut Tx<'tx>, athlete: &'a str) -> Self {
        Self { tx, athlete, taken: Taken::default(), starts_ms: Vec::new() }
    }

    /// Writes an activity with what belongs to it; one that says the same changes nothing.
    pub fn write(&mut self, entry: &Entry) -> Result<Change> {
        self.put(entry, Numbers::OfSamples)
    }

    /// Writes an activity whose samples may be kept no longer: what was computed from them stays.
    pub fn write_beside_numbers(&mut self, entry: &Entry) -> Result<Change> {
        let mut entry = entry.clone();
        if !activity::carry(self.tx, &mut entry.activity)? {
            return self.write(&entry);
        }
        entry.best_efforts = best_effort::list(self.tx, &entry.activity.id)?;
        self.put(&entry, Numbers::Stay)
    }

    fn put(&mut self, entry: &Entry, numbers: Numbers) -> Result<Change> {
        let changed = self.change()?;
        let upserted = activity::upsert(self.tx, &entry.activity, changed)?;
        let is_new = upserted.change == Change::Inserted;
        // Of a new activity nothing is kept that could be in the way of nothing.
        let has_other_efforts = !(is_new && entry.best_efforts.is_empty())
            && best_effort::replace(self.tx, &entry.activity.id, &entry.best_efforts)?;
        // Laps may come later than the figures, and change none of them.
        let has_other_laps =
            !(is_new && entry.laps.is_empty()) && lap::replace(self.tx, &entry.activity.id, &entry.laps)?;
        if !(is_new && entry.columns.is_empty()) {
            // What is read anew may say the same and be kept in another form.
            activity_stream::replace(self.tx, &entry.activity.id, &entry.columns)?;
        }
        if !is_new && numbers == Numbers::OfSamples {
            activity_number::forget(self.tx, &entry.activity.id)?;
        }
        if upserted.change == Change::Unchanged {
            if has_other_laps {
                activity::touch_one(self.tx, &entry.activity.id, changed)?;
            }
            if has_other_efforts || has_other_laps {
                self.touch(entry.activity.local_date)?;
            }
            return Ok(Change::Unchanged);
        }
        if !is_new {
            // What counts in its stead may be lent its figures.
            activity::touch_counted(self.tx, &entry.activity.id, changed)?;
        }
        self.taken.activities += 1;
        self.starts_ms.extend(upserted.former_start_ms.into_iter().chain(entry.activity.start_ms));
        self.touch(upserted.first_day)?;
        Ok(upserted.change)
    }

    /// Removes an activity with all that hangs on it.
    pub fn remove(&mut self, id: &str) -> Result<()> {
        // What it stood for counts from now on, and has to be looked at as what changed; what stood for it is lent
        // nothing of it any more.
        let changed = self.change()?;
        activity::touch_others(self.tx, id, changed)?;
        activity::touch_counted(self.tx, id, changed)?;
        let Removed { first_day, starts_ms } = activity::remove(self.tx, id)?;
        self.starts_ms.extend(starts_ms);
        self.touch(first_day)
    }

    /// Lets whoever starts around a moment be looked at for records of the same activity.
    pub fn look_around(&mut self, start_ms: Option<i64>) {
        self.starts_ms.extend(start_ms);
    }

    /// Lets an activity be looked at for other records of it, because something names it now.
    pub fn look_at(&mut self, id: &str) -> Result<()> {
        self.starts_ms.extend(activity::start_ms(self.tx, id)?);
        Ok(())
    }

    /// Notes that a day is counted otherwise from now on.
    pub fn touch(&mut self, day: Option<Date>) -> Result<()> {
        self.change()?;
        self.taken.first_day = self.taken.first_day.into_iter().chain(day).min();
        Ok(())
    }

    /// The change number of all that this transaction changes.
    pub fn change(&mut self) -> Result<i64> {
        if let Some(change) = self.taken.change {
            return Ok(change);
        }
        let change = change_number::next(self.tx, self.athlete)?;
        self.taken.change = Some(change);
        Ok(change)
    }

    /// Links what was written with other records of the same activities; nothing where nothing was.
    pub fn relink(&mut self) -> Result<Option<Relinked>> {
        if self.starts_ms.is_empty() {
            return Ok(None);
        }
        let changed = self.change()?;
        let relinked = duplicate::relink(self.tx, self.athlete, &self.starts_ms, changed)?;
        self.starts_ms.clear();
        self.touch(relinked.first_day)?;
        Ok(Some(relinked))
    }

    /// Marks the days that were touched as stale, and says what changed.
    pub fn close(self) -> Result<Taken> {
        if let Some(day) = self.taken.first_day {
            stale_day::lower(self.tx, self.athlete, day)?;
        }
        Ok(self.taken)
    }
}
