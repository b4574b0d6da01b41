//! How far the loads of an athlete are, whichever pipeline computed them.

use serde::{Deserialize, Serialize};
use store::{Result, Sql, Tx, params};

use super::{from_json, stored, to_json};
use crate::same::VERSION;
use crate::settings::{Dated, Name, Source, Value};

/// The last activity whose load was looked at, and what it was measured against.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadPosition {
    /// The change number of the activity; 0 before the first.
    pub changed: i64,
    pub activity_id: String,
    /// The settings that the athlete had given, of those that loads depend on.
    pub given: Vec<Dated>,
}

/// A setting as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    name: String,
    from: String,
    value: String,
}

const GET: Sql = Sql::Both("SELECT changed, activity_id, given FROM load_position WHERE athlete = $1");
// Whoever begins here was linked by the ranking of this program.
const PUT: Sql = Sql::Both(
    "INSERT INTO load_position (athlete, changed, activity_id, given, linked) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (athlete) DO UPDATE SET changed = excluded.changed, activity_id = excluded.activity_id, \
     given = excluded.given",
);

/// How far the loads are; at the beginning where none was computed yet.
pub fn get(tx: &mut Tx<'_>, athlete: &str) -> Result<LoadPosition> {
    let row = tx.optional(&GET, &params![athlete], |row| {
        Ok((row.get(0)?, row.get(1)?, from_json::<Vec<Given>>(row, 2)?))
    })?;
    let Some((changed, activity_id, given)) = row else {
        return Ok(LoadPosition::default());
    };
    let given = given.iter().map(Given::read).collect::<Result<_>>()?;
    Ok(LoadPosition { changed, activity_id, given })
}

/// Notes how far they are.
pub fn put(tx: &mut Tx<'_>, athlete: &str, position: &LoadPosition) -> Result<()> {
    let given = to_json(&position.given.iter().map(Given::of).collect::<Vec<_>>())?;
    let params = params![athlete, position.changed, &position.activity_id, &given, VERSION];
    tx.execute(&PUT, &params).map(drop)
}

impl Given {
    fn of(dated: &Dated) -> Self {
        Self {
            name: dated.name.as_str().to_owned(),
            from: dated.from.to_string(),
            value: dated.value.to_stored(),
        }
    }

    fn read(&self) -> Result<Dated> {
        let name = stored(&self.name, Name::parse)?;
        let from = stored(&self.from, |text| text.parse().ok())?;
        let value = stored(&self.value, |text| Value::from_stored(name, text))?;
        Ok(Dated { name, from, value, source: Source::Given })
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[GET, PUT];
