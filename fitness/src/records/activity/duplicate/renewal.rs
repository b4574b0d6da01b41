//! Links every record anew where the ranking became another one, a stretch at a time.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use crate::records::intake::Intake;
use crate::same;

/// What a step of it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// True where all records are linked by the ranking of this program.
    pub is_done: bool,
    /// The first local day that is counted otherwise than before.
    pub first_day: Option<Date>,
}

const POSITION: Sql = Sql::Both("SELECT linked_ms FROM load_position WHERE athlete = $1 AND linked < $2");
const NEXT: Sql = Sql::Both(
    "SELECT COALESCE(start_ms, 0) FROM activity WHERE athlete = $1 AND COALESCE(start_ms, 0) > $2 \
     AND start_ms IS NOT NULL ORDER BY COALESCE(start_ms, 0), id LIMIT $3",
);
const MOVE_ON: Sql = Sql::Both("UPDATE load_position SET linked_ms = $2 WHERE athlete = $1");
const BEGIN: Sql = Sql::Both("UPDATE load_position SET linked_ms = NULL, linked = 0 WHERE athlete = $1");
const END: Sql = Sql::Both("UPDATE load_position SET linked_ms = NULL, linked = $2 WHERE athlete = $1");

/// True where records are still linked by another ranking.
pub fn is_to_renew(tx: &mut Tx<'_>, athlete: &str) -> Result<bool> {
    Ok(tx.optional(&POSITION, &params![athlete, same::VERSION], |_| Ok(()))?.is_some())
}

/// Links the next records, in the order in which they start; nothing is left to do for who began with this ranking.
pub fn renew(tx: &mut Tx<'_>, athlete: &str, limit: u32) -> Result<Renewed> {
    let position =
        tx.optional(&POSITION, &params![athlete, same::VERSION], |row| row.get::<Option<i64>>(0))?;
    let Some(after_ms) = position else { return Ok(Renewed { is_done: true, first_day: None }) };
    let after_ms = after_ms.unwrap_or(i64::MIN);
    let starts_ms = tx.query(&NEXT, &params![athlete, after_ms, limit], |row| row.get::<i64>(0))?;
    let mut intake = Intake::new(tx, athlete);
    starts_ms.iter().for_each(|start_ms| intake.look_around(Some(*start_ms)));
    intake.relink()?;
    let first_day = intake.close()?.first_day;
    match starts_ms.last() {
        Some(last_ms) => tx.execute(&MOVE_ON, &params![athlete, *last_ms])?,
        None => tx.execute(&END, &params![athlete, same::VERSION])?,
    };
    Ok(Renewed { is_done: starts_ms.is_empty(), first_day })
}

/// Has all records linked anew at the next look.
pub fn renew_all(tx: &mut Tx<'_>, athlete: &str) -> Result<()> {
    tx.execute(&BEGIN, &params![athlete]).map(drop)
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[POSITION, NEXT, MOVE_ON, END, BEGIN];
