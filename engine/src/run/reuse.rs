//! Results that stand for a step whose inputs are unchanged: a step that says `.cached()` is not run again.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{Sql, Tx, params};
use tracing::warn;

use super::execution::Shared;
use super::journal::{Entry, What};
use crate::context::RunInfo;
use crate::plan::PlannedStep;

/// Changes when the key is made of something else, so that no older result fits.
const FORM: u32 = 1;

/// All that a step's result rests on, as one hash: equal for equal work in every process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(Arc<str>);

/// Where the result of a step that says `.cached()` comes from, or goes.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// That run made it.
    From(String),
    /// Later runs find it under this key, for so long.
    Under { key: Key, partition: String, keep_ms: i64 },
}

impl Key {
    fn of(step: &PlannedStep, run: &RunInfo, inputs: &[Value]) -> Self {
        let version = json!([FORM, env!("CARGO_PKG_VERSION"), step.kind.version]);
        let mut own = vec![json!(step.kind.kind), sorted(&step.config)];
        own.extend(step.step.rests_on().map(|text| json!(text)));
        let inputs: Vec<Value> = inputs.iter().map(sorted).collect();
        let text = json!([version, own, run.partition, sorted(&run.params), inputs]).to_string();
        Self(Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }
}

/// The value with the keys of its maps in order: two that are equal give one text.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        plain => plain.clone(),
    }
}

/// What is kept for a step.
pub(super) enum Looked {
    /// This artifact stands for it.
    Found(String, Kept),
    /// Nothing; its own result goes there.
    Missing(Kept),
}

/// Looks for a result of the step on these inputs. Answers nothing for a run without a store.
pub(super) async fn look(shared: &Shared, index: usize, inputs: &[Value], is_fresh: bool) -> Option<Looked> {
    let step = &shared.plan.steps[index];
    let (run, keep) = (&shared.context.run, step.policy.cached?);
    let key = Key::of(step, run, inputs);
    let keep_ms = ms(keep);
    let found = if is_fresh { None } else { find(shared, &key, shared.now_ms() - keep_ms).await? };
    // One that does not read as what the step gives, as after a change that nobody raised its version for.
    match found.filter(|(artifact, _)| step.kind.reads(artifact)) {
        Some((artifact, run)) => Some(Looked::Found(artifact, Kept::From(run))),
        None => Some(Looked::Missing(Kept::Under { key, partition: run.partition.clone(), keep_ms })),
    }
}

/// What was made after that time. The outer nothing means that nothing can be kept either.
async fn find(shared: &Shared, key: &Key, after_ms: i64) -> Option<Option<(String, String)>> {
    let (store, key) = (shared.context.store.as_ref()?, key.0.clone());
    let read = store
        .read(move |tx| tx.optional(&FIND, &params![&*key, after_ms], |row| Ok((row.get(0)?, row.get(1)?))));
    let found = read.await;
    Some(found.unwrap_or_else(|error| {
        warn!(code = error.code(), error = %error, "cannot look for a kept result; the step is run");
        None
    }))
}

/// Keeps what was made, and notes whose result stands where a step was not run, in the transaction of the steps' ends.
pub(super) fn write(tx: &mut Tx<'_>, run: &str, entries: &[Entry]) -> store::Result<()> {
    let (mut kept, mut taken) = (Vec::new(), Vec::new());
    for Entry { position, at_ms, what, .. } in entries {
        match what {
            What::Ended { kept: Some(Kept::From(from)), .. } => {
                taken.push(params![run, *position as i64, from].into());
            }
            What::Ended {
                kept: Some(Kept::Under { key, partition, keep_ms }),
                artifact: Some(artifact),
                ..
            } => kept
                .push((&*key.0, params![&*key.0, partition, artifact, run, *at_ms, at_ms + keep_ms].into())),
            _ => {}
        }
    }
    // Always in the same order, or two runs could wait for each other; of one key the last one counts.
    kept.sort_by_key(|(key, _): &(&str, Vec<store::Value<'_>>)| *key);
    let kept: Vec<_> = kept.into_iter().map(|(_, row)| row).collect();
    tx.batch(&KEEP, &kept)?;
    tx.batch(&TAKEN, &taken)?;
    Ok(())
}

/// Deletes so many results at most that stand for nothing any more; answers how many went.
pub(crate) fn forget(tx: &mut Tx<'_>, now_ms: i64, most: i64) -> store::Result<u64> {
    tx.execute(&FORGET, &params![now_ms, most])
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 8)
}

const FIND: Sql = Sql::Both("SELECT artifact, run_id FROM cached_step WHERE key = $1 AND made_ms > $2");
const KEEP: Sql = Sql::Both(
    "INSERT INTO cached_step (key, partition, artifact, run_id, made_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (key) DO UPDATE SET artifact = excluded.artifact, run_id = excluded.run_id, \
     made_ms = excluded.made_ms, until_ms = excluded.until_ms",
);
const TAKEN: Sql = Sql::Both("UPDATE step_run SET reused_from = $3 WHERE run_id = $1 AND position = $2");
const FORGET: Sql = Sql::Both(
    "DELETE FROM cached_step WHERE key IN (SELECT old.key FROM cached_step AS old WHERE old.until_ms < $1 \
     ORDER BY old.until_ms, old.key LIMIT $2)",
);
pub(crate) const QUERIES: &[&Sql] = &[&FIND, &KEEP, &TAKEN, &FORGET];
