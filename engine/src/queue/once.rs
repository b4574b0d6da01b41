//! One run for all requests with the same key.

#[cfg(test)]
mod tests;

use store::{Sql, Tx, params};

use super::enqueue::{Enqueued, Job, enqueue};

/// Longer keys are refused.
pub const KEY_CHARACTERS: usize = 128;

/// Adds the run, unless one was made for the key already: that one is answered, over or not, as long as it is kept.
///
/// Where an unfinished run stands for the new one, it answers for the key too.
pub fn enqueue_once(tx: &mut Tx<'_>, job: &Job, key: &str) -> store::Result<Enqueued> {
    let Job { id, pipeline, partition, .. } = job;
    // The row is the truth: of requests at once one gets it, and the others wait for its commit.
    if tx.execute(&CLAIM, &params![pipeline, partition, key, id])? == 0 {
        let run = tx.optional(&HOLDER, &params![pipeline, partition, key], |row| row.get(0))?;
        let gone = || store::Error::Retry("the run of that key is being deleted".to_owned());
        return Ok(Enqueued { run: run.ok_or_else(gone)?, new: false });
    }
    let enqueued = enqueue(tx, job)?;
    if !enqueued.new {
        tx.execute(&ANSWER, &params![pipeline, partition, key, &enqueued.run])?;
    }
    Ok(enqueued)
}

/// Whether a text can be the key of a request.
pub fn is_key(text: &str) -> bool {
    (1..=KEY_CHARACTERS).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

const CLAIM: Sql = Sql::Both(
    "INSERT INTO run_key (pipeline, partition, key, run_id) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (pipeline, partition, key) DO NOTHING",
);
const HOLDER: Sql =
    Sql::Both("SELECT run_id FROM run_key WHERE pipeline = $1 AND partition = $2 AND key = $3");
const ANSWER: Sql =
    Sql::Both("UPDATE run_key SET run_id = $4 WHERE pipeline = $1 AND partition = $2 AND key = $3");
pub(super) const QUERIES: &[&Sql] = &[&CLAIM, &HOLDER, &ANSWER];
