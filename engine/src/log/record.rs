//! The lines of runs as they lie in the database.

use serde::Serialize;
use store::{Row, Sql, Tx, Value, params};

use super::{Level, Line};

/// What a step said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRecord {
    /// Grows with each line of the run.
    pub seq: i64,
    pub step: String,
    pub attempt: i64,
    pub at_ms: i64,
    pub level: Level,
    pub text: String,
}

/// Which lines of a run are asked for.
#[derive(Debug, Clone)]
pub struct Which {
    pub step: Option<String>,
    pub attempt: Option<i64>,
    /// Only lines that matter at least so much.
    pub least: Level,
    pub limit: i64,
}

/// The first lines from a number on.
pub fn lines_from(tx: &mut Tx<'_>, run: &str, which: &Which, seq: i64) -> store::Result<Vec<LineRecord>> {
    let Which { step, attempt, least, limit } = which;
    let levels = least.and_above();
    tx.query(&FROM, &params![run, step.as_deref(), *attempt, &levels, seq, *limit], read)
}

/// The last lines, the latest last.
pub fn last_lines(tx: &mut Tx<'_>, run: &str, which: &Which) -> store::Result<Vec<LineRecord>> {
    let Which { step, attempt, least, limit } = which;
    let levels = least.and_above();
    let mut lines = tx.query(&LAST, &params![run, step.as_deref(), *attempt, &levels, *limit], read)?;
    lines.reverse();
    Ok(lines)
}

/// The number from which the lines of a run go on.
pub(crate) fn next_seq(tx: &mut Tx<'_>, run: &str) -> store::Result<i64> {
    let last: Option<Option<i64>> = tx.optional(&GREATEST, &params![run], |row| row.get(0))?;
    Ok(last.flatten().map_or(0, |last| last + 1))
}

/// Writes lines; the caller has shown that the run is its own.
pub(crate) fn write(tx: &mut Tx<'_>, run: &str, lines: &[Line]) -> store::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<Value<'_>>> = lines
        .iter()
        .map(|Line { seq, position, attempt, at_ms, level, text }| {
            params![run, seq, position, attempt, at_ms, level.as_str(), text].into()
        })
        .collect();
    tx.batch(&INSERT, &rows).map(drop)
}

fn read(row: &Row<'_>) -> store::Result<LineRecord> {
    Ok(LineRecord {
        seq: row.get(0)?,
        step: row.get(1)?,
        attempt: row.get(2)?,
        at_ms: row.get(3)?,
        level: Level::parse(&row.get::<String>(4)?).unwrap_or(Level::Info),
        text: row.get(5)?,
    })
}

// What is written once more may be there already: nobody knows what became of a commit whose link broke.
const INSERT: Sql = Sql::Both(
    "INSERT INTO step_log (run_id, seq, position, attempt, at_ms, level, text) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id, seq) DO NOTHING",
);
const GREATEST: Sql = Sql::Both("SELECT MAX(seq) FROM step_log WHERE run_id = $1");
// Lists are bound in each database's own way.
const FROM: Sql = Sql::Per {
    sqlite: "SELECT step_log.seq, step_run.step, step_log.attempt, step_log.at_ms, step_log.level, step_log.text \
             FROM step_log JOIN step_run ON step_run.run_id = step_log.run_id \
             AND step_run.position = step_log.position WHERE step_log.run_id = $1 \
             AND (CAST($2 AS TEXT) IS NULL OR step_run.step = $2) \
             AND (CAST($3 AS BIGINT) IS NULL OR step_log.attempt = $3) \
             AND step_log.level IN (SELECT value FROM json_each($4)) AND step_log.seq >= $5 \
             ORDER BY step_log.seq LIMIT $6",
    postgres: "SELECT step_log.seq, step_run.step, step_log.attempt, step_log.at_ms, step_log.level, step_log.text \
               FROM step_log JOIN step_run ON step_run.run_id = step_log.run_id \
               AND step_run.position = step_log.position WHERE step_log.run_id = $1 \
               AND (CAST($2 AS TEXT) IS NULL OR step_run.step = $2) \
               AND (CAST($3 AS BIGINT) IS NULL OR step_log.attempt = $3) \
               AND step_log.level = ANY($4) AND step_log.seq >= $5 ORDER BY step_log.seq LIMIT $6",
};
const LAST: Sql = Sql::Per {
    sqlite: "SELECT step_log.seq, step_run.step, step_log.attempt, step_log.at_ms, step_log.level, step_log.text \
             FROM step_log JOIN step_run ON step_run.run_id = step_log.run_id \
             AND step_run.position = step_log.position WHERE step_log.run_id = $1 \
             AND (CAST($2 AS TEXT) IS NULL OR step_run.step = $2) \
             AND (CAST($3 AS BIGINT) IS NULL OR step_log.attempt = $3) \
             AND step_log.level IN (SELECT value FROM json_each($4)) ORDER BY step_log.seq DESC LIMIT $5",
    postgres: "SELECT step_log.seq, step_run.step, step_log.attempt, step_log.at_ms, step_log.level, step_log.text \
               FROM step_log JOIN step_run ON step_run.run_id = step_log.run_id \
               AND step_run.position = step_log.position WHERE step_log.run_id = $1 \
               AND (CAST($2 AS TEXT) IS NULL OR step_run.step = $2) \
               AND (CAST($3 AS BIGINT) IS NULL OR step_log.attempt = $3) \
               AND step_log.level = ANY($4) ORDER BY step_log.seq DESC LIMIT $5",
};
pub(crate) const QUERIES: &[&Sql] = &[&INSERT, &GREATEST, &FROM, &LAST];
