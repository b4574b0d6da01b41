//! The rows of backfills.

use serde::Serialize;
use serde_json::Value;
use store::{Row, Sql, Tx, params};

use super::feed::Fed;
use super::{Item, Wish};
use crate::queue;

/// A backfill as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Backfill {
    pub id: String,
    /// `open`, `done` or `cancelled`.
    pub state: String,
    pub priority: i64,
    /// So many of its runs may be unfinished at once.
    pub at_once: i64,
    /// How many items it began with.
    pub items: i64,
    pub created_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    pub counts: Counts,
}

/// How many of its items stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub waiting: i64,
    /// Could not become a run.
    pub refused: i64,
    /// Queued or at work.
    pub unfinished: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub cancelled: i64,
}

/// An item of a backfill as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct BackfillItem {
    /// Counts from 1.
    pub number: i64,
    pub pipeline: String,
    pub partition: String,
    pub params: Value,
    /// `waiting`, `refused`, the state of its run, or `forgotten` where the run is no longer kept.
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a backfill has room for.
pub(super) struct Next {
    pub priority: i64,
    pub request_id: Option<String>,
    pub items: Vec<(i64, Item)>,
}

/// The backfill of that id.
pub fn backfill(tx: &mut Tx<'_>, id: &str) -> store::Result<Option<Backfill>> {
    let Some(mut backfill) = tx.optional(&BACKFILL, &params![id], read)? else { return Ok(None) };
    backfill.counts = counts(tx, id)?;
    Ok(Some(backfill))
}

/// Backfills, newest first.
pub fn backfills(tx: &mut Tx<'_>, before: Option<&str>, limit: i64) -> store::Result<Vec<Backfill>> {
    let mut found = tx.query(&BACKFILLS, &params![before, limit], read)?;
    for backfill in &mut found {
        backfill.counts = counts(tx, &backfill.id)?;
    }
    Ok(found)
}

/// Items of a backfill after that number.
pub fn items(tx: &mut Tx<'_>, id: &str, after: i64, limit: i64) -> store::Result<Vec<BackfillItem>> {
    tx.query(&ITEMS, &params![id, after, limit], |row| {
        Ok(BackfillItem {
            number: row.get(0)?,
            pipeline: row.get(1)?,
            partition: row.get(2)?,
            params: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
            state: row.get(4)?,
            run: row.get(5)?,
            error_code: row.get(6)?,
            error: row.get(7)?,
        })
    })
}

pub(super) fn insert(tx: &mut Tx<'_>, id: &str, wish: &Wish, now_ms: i64) -> store::Result<Backfill> {
    let Wish { items, priority, at_once, cause, request_id } = wish;
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let row = params![id, cause.as_str(), request_id.as_deref(), *priority, *at_once, count, now_ms];
    tx.execute(&INSERT, &row)?;
    let texts: Vec<String> = items.iter().map(|item| item.params.to_string()).collect();
    let rows: Vec<Vec<_>> = items
        .iter()
        .zip(&texts)
        .zip(1_i64..)
        .map(|((item, text), number)| params![id, number, &item.pipeline, &item.partition, text].into())
        .collect();
    tx.batch(&INSERT_ITEM, &rows)?;
    let counts = Counts { waiting: count, ..Counts::default() };
    Ok(Backfill {
        id: id.to_owned(),
        state: "open".to_owned(),
        priority: *priority,
        at_once: *at_once,
        items: count,
        created_ms: now_ms,
        finished_ms: None,
        counts,
    })
}

/// Answers the backfill, and whether it was open.
pub(super) fn cancel(tx: &mut Tx<'_>, id: &str, now_ms: i64) -> store::Result<Option<(Backfill, bool)>> {
    hold(tx, id)?;
    let was_open = tx.execute(&CANCEL, &params![id, now_ms])? > 0;
    if was_open {
        for run in tx.query(&IDLE_RUNS, &params![id], |row| row.get::<String>(0))? {
            queue::ask_cancel(tx, &run, now_ms)?;
        }
        tx.execute(&REMOVE_WAITING, &params![id])?;
    }
    Ok(backfill(tx, id)?.map(|backfill| (backfill, was_open)))
}

/// Ids of those that are not over, oldest first.
pub(super) fn open(tx: &mut Tx<'_>) -> store::Result<Vec<String>> {
    tx.query(&OPEN, &[], |row| row.get(0))
}

/// What to feed next, where something is to be done.
pub(super) fn next(tx: &mut Tx<'_>, id: &str) -> store::Result<Option<Next>> {
    let found = tx.optional(&TERMS, &params![id], |row| {
        Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<Option<String>>(2)?, row.get::<i64>(3)?))
    })?;
    let Some((priority, at_once, request_id, unfinished)) = found else { return Ok(None) };
    let room = at_once - unfinished;
    if room <= 0 {
        return Ok(None);
    }
    let items = tx.query(&WAITING, &params![id, room], |row| {
        let params = serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default();
        Ok((row.get(0)?, Item { pipeline: row.get(1)?, partition: row.get(2)?, params }))
    })?;
    if items.is_empty() && unfinished > 0 {
        return Ok(None);
    }
    Ok(Some(Next { priority, request_id, items }))
}

/// Turns items into runs while there is room; answers how many, and whether the backfill is done.
pub(super) fn feed(tx: &mut Tx<'_>, id: &str, fed: &[Fed], now_ms: i64) -> store::Result<(usize, bool)> {
    hold(tx, id)?;
    let terms = tx.optional(&TERMS, &params![id], |row| Ok((row.get::<i64>(1)?, row.get::<i64>(3)?)))?;
    let Some((at_once, unfinished)) = terms else { return Ok((0, false)) };
    let mut room = at_once - unfinished;
    let mut enqueued = 0;
    for Fed { position, job } in fed {
        match job {
            Err((code, error)) => {
                tx.execute(&REFUSE, &params![id, *position, code, error])?;
            }
            Ok(job) if room > 0 && tx.execute(&TAKE, &params![id, *position, &job.id])? > 0 => {
                queue::enqueue(tx, job)?;
                tx.execute(&ORIGIN, &params![&job.id, id])?;
                room -= 1;
                enqueued += 1;
            }
            Ok(_) => {}
        }
    }
    let done = tx.execute(&DONE, &params![id, now_ms])? > 0;
    Ok((enqueued, done))
}

fn hold(tx: &mut Tx<'_>, id: &str) -> store::Result<()> {
    tx.query(&HOLD, &params![id], |_| Ok(())).map(drop)
}

fn counts(tx: &mut Tx<'_>, id: &str) -> store::Result<Counts> {
    let mut counts = Counts::default();
    for (state, count) in
        tx.query(&COUNTS, &params![id], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))?
    {
        let place = match state.as_str() {
            "waiting" => &mut counts.waiting,
            "refused" => &mut counts.refused,
            "queued" | "running" => &mut counts.unfinished,
            "failed" => &mut counts.failed,
            "cancelled" => &mut counts.cancelled,
            "succeeded" => &mut counts.succeeded,
            _ => continue,
        };
        *place += count;
    }
    Ok(counts)
}

fn read(row: &Row<'_>) -> store::Result<Backfill> {
    Ok(Backfill {
        id: row.get(0)?,
        state: row.get(1)?,
        priority: row.get(2)?,
        at_once: row.get(3)?,
        items: row.get(4)?,
        created_ms: row.get(5)?,
        finished_ms: row.get(6)?,
        counts: Counts::default(),
    })
}

const BACKFILL: Sql = Sql::Both(
    "SELECT id, state, priority, at_once, items, created_ms, finished_ms FROM backfill WHERE id = $1",
);
const BACKFILLS: Sql = Sql::Both(
    "SELECT id, state, priority, at_once, items, created_ms, finished_ms FROM backfill \
     WHERE (CAST($1 AS TEXT) IS NULL OR id < $1) ORDER BY id DESC LIMIT $2",
);
const ITEMS: Sql = Sql::Both(
    "SELECT item.position, item.pipeline, item.partition, item.params, \
     COALESCE(run.state, CASE WHEN item.error_code IS NOT NULL THEN 'refused' \
     WHEN item.run_id IS NULL THEN 'waiting' ELSE 'forgotten' END), \
     item.run_id, COALESCE(item.error_code, run.error_code), COALESCE(item.error, run.error) \
     FROM backfill_item AS item LEFT JOIN run ON run.id = item.run_id \
     WHERE item.backfill_id = $1 AND item.position > $2 ORDER BY item.position LIMIT $3",
);
const COUNTS: Sql = Sql::Both(
    "SELECT COALESCE(run.state, CASE WHEN item.error_code IS NOT NULL THEN 'refused' \
     WHEN item.run_id IS NULL THEN 'waiting' ELSE 'forgotten' END) AS standing, COUNT(*) \
     FROM backfill_item AS item LEFT JOIN run ON run.id = item.run_id \
     WHERE item.backfill_id = $1 GROUP BY 1 ORDER BY 1",
);
const INSERT: Sql = Sql::Both(
    "INSERT INTO backfill (id, cause, request_id, priority, at_once, items, state, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, 'open', $7)",
);
const INSERT_ITEM: Sql = Sql::Both(
    "INSERT INTO backfill_item (backfill_id, position, pipeline, partition, params) VALUES ($1, $2, $3, $4, $5)",
);
const CANCEL: Sql =
    Sql::Both("UPDATE backfill SET state = 'cancelled', finished_ms = $2 WHERE id = $1 AND state = 'open'");
const IDLE_RUNS: Sql = Sql::Both(
    "SELECT job.run_id FROM backfill_item AS item JOIN job ON job.run_id = item.run_id \
     WHERE item.backfill_id = $1 AND job.worker IS NULL ORDER BY job.run_id",
);
const REMOVE_WAITING: Sql =
    Sql::Both("DELETE FROM backfill_item WHERE backfill_id = $1 AND run_id IS NULL AND error_code IS NULL");
const OPEN: Sql = Sql::Both("SELECT id FROM backfill WHERE state = 'open' ORDER BY id");
const TERMS: Sql = Sql::Both(
    "SELECT priority, at_once, request_id, (SELECT COUNT(*) FROM backfill_item AS item \
     JOIN run ON run.id = item.run_id WHERE item.backfill_id = backfill.id \
     AND run.state IN ('queued', 'running')) FROM backfill WHERE id = $1 AND state = 'open'",
);
const WAITING: Sql = Sql::Both(
    "SELECT position, pipeline, partition, params FROM backfill_item \
     WHERE backfill_id = $1 AND run_id IS NULL AND error_code IS NULL ORDER BY position LIMIT $2",
);
// SQLite has one writer at a time: its transaction is the lock.
const HOLD: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM backfill WHERE id = $1",
    postgres: "SELECT 1 FROM backfill WHERE id = $1 FOR UPDATE",
};
const TAKE: Sql = Sql::Both(
    "UPDATE backfill_item SET run_id = $3 \
     WHERE backfill_id = $1 AND position = $2 AND run_id IS NULL AND error_code IS NULL",
);
const REFUSE: Sql = Sql::Both(
    "UPDATE backfill_item SET error_code = $3, error = $4 \
     WHERE backfill_id = $1 AND position = $2 AND run_id IS NULL",
);
const ORIGIN: Sql = Sql::Both(
    "UPDATE run SET origin = (SELECT backfill.cause FROM backfill WHERE backfill.id = $2) WHERE id = $1",
);
const DONE: Sql = Sql::Both(
    "UPDATE backfill SET state = 'done', finished_ms = $2 WHERE id = $1 AND state = 'open' \
     AND NOT EXISTS (SELECT 1 FROM backfill_item AS item LEFT JOIN run ON run.id = item.run_id \
     WHERE item.backfill_id = backfill.id AND (run.state IN ('queued', 'running') \
     OR (item.run_id IS NULL AND item.error_code IS NULL)))",
);
pub(super) const QUERIES: &[&Sql] = &[
    &BACKFILL,
    &BACKFILLS,
    &ITEMS,
    &COUNTS,
    &INSERT,
    &INSERT_ITEM,
    &CANCEL,
    &IDLE_RUNS,
    &REMOVE_WAITING,
    &OPEN,
    &TERMS,
    &WAITING,
    &HOLD,
    &TAKE,
    &REFUSE,
    &ORIGIN,
    &DONE,
];
