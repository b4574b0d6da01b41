//! What counted activities were done with, as their sources or the athlete say.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::Deserialize;
use store::{Result, Row, Sql, Tx, params};

use super::super::{date, optional_json};
use super::choice;
use super::told::Told;
use crate::gear::{self, Kind, Use};
use crate::scope::Scope;

/// An activity that was done with something.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outing {
    pub(super) used: Use,
    /// The id of the gear that the athlete says.
    pub(super) chosen: Option<String>,
    /// What a source says.
    pub(super) told: Option<Said>,
    /// What its sport is usually done with.
    pub(super) usual: Kind,
}

/// What a source calls the gear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) provenance: String,
    pub(super) name: String,
}

/// The records of one activity.
#[derive(Default)]
struct Group {
    /// Of the one that counts.
    counted: Option<(Use, Kind)>,
    /// Of the one that counts in front, then of the others by their ids.
    told: Option<Said>,
    chosen: Option<String>,
}

/// A record with one of the rows that tell of it.
struct Record {
    id: String,
    counted_by: Option<String>,
    used: Use,
    usual: Kind,
    told: Option<Said>,
}

/// What a row tells; the rest of it is not read.
#[derive(Deserialize)]
struct Figures {
    #[serde(default)]
    gear: Option<String>,
    #[serde(default)]
    gear_id: Option<String>,
}

// Counted or not, because any record of an activity may tell what it was done with.
const RECORDS: Sql = Sql::Both(
    "SELECT a.id, CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END, a.local_date, a.sport, \
     a.sub_sport, CAST(COALESCE(a.distance_m, 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(a.timer_s, a.moving_s, a.elapsed_s, 0) AS DOUBLE PRECISION), e.provenance, e.figures \
     FROM activity a LEFT JOIN export_row e ON e.activity_id = a.id AND e.provenance <> $2 \
     WHERE a.athlete = $1 AND a.local_date >= $3 AND a.provenance <> $2 \
     ORDER BY a.local_date, a.id, e.provenance, e.source_id",
);

/// The counted activities of a scope that were done with something, by date. Those without a day are on none here.
pub(super) fn outings(tx: &mut Tx<'_>, athlete: &str, scope: Scope, told: &Told) -> Result<Vec<Outing>> {
    let choices = choice::list(tx, athlete)?;
    let first = Date::ZERO.to_string();
    let records = tx.query(&RECORDS, &params![athlete, scope.left_out(), &first], |row| read(row, told))?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    // Those that count come first, so that their words stand in front.
    let (counted, others): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.counted_by.is_none());
    for record in counted.into_iter().chain(others) {
        let group = groups.entry(record.counted_by.clone().unwrap_or_else(|| record.id.clone())).or_default();
        group.take(record, &choices);
    }
    let mut outings: Vec<Outing> = groups.into_values().filter_map(Group::outing).collect();
    outings.sort_by_key(|outing| outing.used.date);
    Ok(outings)
}

impl Group {
    fn take(&mut self, record: Record, choices: &HashMap<String, String>) {
        if record.counted_by.is_none() {
            self.counted = Some((record.used, record.usual));
        } else if let Some((counted, _)) = &mut self.counted {
            counted.lend(&record.used);
        }
        self.told = self.told.take().or(record.told);
        if self.chosen.is_none() {
            self.chosen = choices.get(&record.id).cloned();
        }
    }

    fn outing(self) -> Option<Outing> {
        let (used, usual) = self.counted?;
        let is_worn = match &self.chosen {
            Some(gear) => !gear.is_empty(),
            None => self.told.is_some(),
        };
        is_worn.then_some(Outing { used, chosen: self.chosen, told: self.told, usual })
    }
}

fn read(row: &Row<'_>, told: &Told) -> Result<Record> {
    let (sport, sub_sport): (String, Option<String>) = (row.get(3)?, row.get(4)?);
    let (provenance, figures): (Option<String>, Option<Figures>) = (row.get(7)?, optional_json(row, 8)?);
    let name = figures.and_then(|figures| {
        // The id tells two pairs of one model apart, and is known for longer than the name.
        let called = figures.gear_id.and_then(|id| told.called.get(&id).cloned());
        called.or(figures.gear).filter(|name| !gear::key(name).is_empty())
    });
    Ok(Record {
        id: row.get(0)?,
        counted_by: row.get(1)?,
        used: Use { date: date(row, 2)?, meters: row.get(5)?, seconds: row.get(6)? },
        usual: Kind::of_sport(&sport, sub_sport.as_deref()),
        told: provenance.zip(name).map(|(provenance, name)| Said { provenance, name }),
    })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[RECORDS];
