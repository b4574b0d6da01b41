//! What is stored of schedules: what is due next, and which slots have their run.

use store::{Sql, Tx, params};

use super::Slot;

/// A clock that was set back further than this may run a slot again.
const KEEP_SLOTS_MS: i64 = 40 * 86_400_000;

/// Where the schedule of a pipeline stands for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub pipeline: String,
    pub partition: String,
    /// The rule that `next_ms` was worked out from.
    pub rule: String,
    pub next_ms: i64,
    /// The key of the latest slot that got a run.
    pub last_slot: Option<String>,
}

/// Every schedule, by pipeline and partition.
pub fn standings(tx: &mut Tx<'_>) -> store::Result<Vec<Standing>> {
    tx.query(&STANDINGS, &[], |row| {
        Ok(Standing {
            pipeline: row.get(0)?,
            partition: row.get(1)?,
            rule: row.get(2)?,
            next_ms: row.get(3)?,
            last_slot: row.get(4)?,
        })
    })
}

/// Notes a rule that is new or another one than before; of several schedulers the first decides.
pub(super) fn begin(tx: &mut Tx<'_>, new: &Standing) -> store::Result<()> {
    tx.execute(&BEGIN, &params![&new.pipeline, &new.partition, &new.rule, new.next_ms]).map(drop)
}

/// Moves on from what was seen; answers false where another scheduler was faster.
pub(super) fn advance(tx: &mut Tx<'_>, seen: &Standing, next_ms: i64) -> store::Result<bool> {
    let params = params![&seen.pipeline, &seen.partition, &seen.rule, seen.next_ms, next_ms];
    Ok(tx.execute(&ADVANCE, &params)? > 0)
}

/// Ends the schedule of a pipeline for a partition.
pub(super) fn end(tx: &mut Tx<'_>, standing: &Standing) -> store::Result<()> {
    tx.execute(&END, &params![&standing.pipeline, &standing.partition]).map(drop)
}

/// Claims a slot; answers false where it has its run already.
pub(super) fn take(tx: &mut Tx<'_>, of: &Standing, slot: &Slot) -> store::Result<bool> {
    Ok(tx.execute(&TAKE, &params![&of.pipeline, &of.partition, &slot.key, slot.due_ms])? > 0)
}

/// Notes the run of a slot.
pub(super) fn fill(tx: &mut Tx<'_>, of: &Standing, slot: &Slot, run: &str) -> store::Result<()> {
    tx.execute(&FILL, &params![&of.pipeline, &of.partition, &slot.key, run])?;
    tx.execute(&NOTE_LAST, &params![&of.pipeline, &of.partition, &slot.key]).map(drop)
}

/// Forgets slots that are too old to come again.
pub(super) fn prune(tx: &mut Tx<'_>, of: &Standing, now_ms: i64) -> store::Result<()> {
    tx.execute(&PRUNE, &params![&of.pipeline, &of.partition, now_ms - KEEP_SLOTS_MS]).map(drop)
}

const STANDINGS: Sql = Sql::Both(
    "SELECT pipeline, partition, rule, next_ms, last_slot FROM schedule ORDER BY pipeline, partition",
);
const BEGIN: Sql = Sql::Both(
    "INSERT INTO schedule (pipeline, partition, rule, next_ms) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (pipeline, partition) DO UPDATE SET rule = excluded.rule, next_ms = excluded.next_ms \
     WHERE schedule.rule <> excluded.rule",
);
const ADVANCE: Sql = Sql::Both(
    "UPDATE schedule SET next_ms = $5 WHERE pipeline = $1 AND partition = $2 AND rule = $3 AND next_ms = $4",
);
const END: Sql = Sql::Both("DELETE FROM schedule WHERE pipeline = $1 AND partition = $2");
const TAKE: Sql = Sql::Both(
    "INSERT INTO schedule_slot (pipeline, partition, slot, due_ms) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (pipeline, partition, slot) DO NOTHING",
);
const FILL: Sql =
    Sql::Both("UPDATE schedule_slot SET run_id = $4 WHERE pipeline = $1 AND partition = $2 AND slot = $3");
const NOTE_LAST: Sql = Sql::Both("UPDATE schedule SET last_slot = $3 WHERE pipeline = $1 AND partition = $2");
const PRUNE: Sql =
    Sql::Both("DELETE FROM schedule_slot WHERE pipeline = $1 AND partition = $2 AND due_ms < $3");
pub(super) const QUERIES: &[&Sql] = &[&STANDINGS, &BEGIN, &ADVANCE, &END, &TAKE, &FILL, &NOTE_LAST, &PRUNE];
