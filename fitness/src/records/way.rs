//! Which activities are to be looked at for a part of the ways, with what of their samples that takes.

use store::{Result, Row, Sql, Tx, params};

use super::activity_stream;
use super::session::is_indoors;
use crate::scope::STRAVA_API;
use crate::stream::Column;

/// What is found out of ways; each part has a position of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Segments,
    Places,
    Routes,
    /// Which ways are of one route.
    RouteGroups,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Segments => "segments",
            Self::Places => "places",
            Self::Routes => "routes",
            Self::RouteGroups => "route_groups",
        }
    }
}

/// Behind which activity to go on: its change and its id.
pub type Key = (i64, String);

/// An activity to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub id: String,
    /// The change that it was read after.
    pub changed: i64,
    pub sport: String,
    pub sub_sport: Option<String>,
    /// True where what its samples told stays although they have gone: of what the Strava API told, and still counts.
    pub may_outlive_samples: bool,
    /// Compressed columns as they are stored; none of a record that counts nowhere, and of what was done indoors.
    pub blocks: Vec<(Column, Vec<u8>)>,
}

const POSITION: Sql =
    Sql::Both("SELECT version, changed, activity_id FROM way_position WHERE athlete = $1 AND part = $2");
const MOVE_ON: Sql = Sql::Both(
    "INSERT INTO way_position (athlete, part, version, changed, activity_id) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (athlete, part) DO UPDATE SET version = excluded.version, changed = excluded.changed, \
     activity_id = excluded.activity_id",
);
// Written and not deleted, so that on PostgreSQL whoever moves on at the same time finds out. No rules have version 0.
const RESET: Sql = Sql::Both(
    "INSERT INTO way_position (athlete, part, version, changed, activity_id) VALUES ($1, $2, 0, 0, '') \
     ON CONFLICT (athlete, part) DO UPDATE SET version = 0, changed = 0, activity_id = ''",
);
const AFTER: Sql = Sql::Both(
    "SELECT id, changed, sport, sub_sport, provenance, \
     duplicate_of IS NULL OR (shareable_of IS NULL AND provenance <> 'strava_api') FROM activity \
     WHERE athlete = $1 AND (changed, id) > ($2, $3) ORDER BY changed, id LIMIT $4",
);

/// The next activities that were not looked at since they changed. What another version of the part's rules looked at
/// is looked at again.
pub fn pending(
    tx: &mut Tx<'_>,
    athlete: &str,
    (part, version): (Part, i64),
    columns: &[Column],
    limit: u32,
) -> Result<Vec<Due>> {
    let key = position(tx, athlete, part, version)?;
    after(tx, athlete, &key, columns, limit)
}

/// How far the activities were looked at by this version of the part's rules.
pub fn position(tx: &mut Tx<'_>, athlete: &str, part: Part, version: i64) -> Result<Key> {
    let known = tx.optional(&POSITION, &params![athlete, part.as_str()], |row| {
        Ok((row.get::<i64>(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    Ok(known.filter(|(by, _)| *by == version).map(|(_, key)| key).unwrap_or_default())
}

/// Which version of the part's rules looked at activities last, if any did.
pub fn version(tx: &mut Tx<'_>, athlete: &str, part: Part) -> Result<Option<i64>> {
    tx.optional(&POSITION, &params![athlete, part.as_str()], |row| row.get(0))
}

/// The next activities after one, whoever looked at them.
pub fn after(tx: &mut Tx<'_>, athlete: &str, key: &Key, columns: &[Column], limit: u32) -> Result<Vec<Due>> {
    let rows = tx.query(&AFTER, &params![athlete, key.0, &key.1, limit], read)?;
    let with_blocks = |(mut due, counts): (Due, bool)| {
        if counts && !is_indoors(&due.sport, due.sub_sport.as_deref()) {
            for column in columns {
                let block = activity_stream::get(tx, &due.id, *column)?;
                due.blocks.extend(block.map(|block| (*column, block)));
            }
        }
        Ok(due)
    };
    rows.into_iter().map(with_blocks).collect()
}

/// Notes that the activities up to this one were looked at.
pub fn move_on(
    tx: &mut Tx<'_>,
    athlete: &str,
    (part, version): (Part, i64),
    (changed, id): &Key,
) -> Result<()> {
    tx.execute(&MOVE_ON, &params![athlete, part.as_str(), version, *changed, id]).map(drop)
}

/// Has every activity looked at again.
pub fn reset(tx: &mut Tx<'_>, athlete: &str, part: Part) -> Result<()> {
    tx.execute(&RESET, &params![athlete, part.as_str()]).map(drop)
}

impl Due {
    /// Its key.
    pub fn key(&self) -> Key {
        (self.changed, self.id.clone())
    }
}

fn read(row: &Row<'_>) -> Result<(Due, bool)> {
    let counts: bool = row.get(5)?;
    let due = Due {
        id: row.get(0)?,
        changed: row.get(1)?,
        sport: row.get(2)?,
        sub_sport: row.get(3)?,
        may_outlive_samples: row.text(4)? == STRAVA_API && counts,
        blocks: Vec::new(),
    };
    Ok((due, counts))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[POSITION, MOVE_ON, RESET, AFTER];
