//! Takes in what a program says: records into the store, and its state with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::outside::Records;
use fitness::records::change_number;
use fitness::records::outside_record::{self, OutsideRecord, Teller};
use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use crate::bookmark::{Bookmark, giver};
use crate::form::{Form, LINES, Message, bad, bad_json};
use crate::key;
use crate::talk::Listener;
use crate::tap::OnSchemaChange;
use crate::trouble::Trouble;

/// What is written in one commit, which must stay short.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;
/// A state that was told is kept after this time, even where few records came with it.
const PAUSE: Duration = Duration::from_secs(2);

/// The largest state that is kept: it is written with every commit.
const STATE_BYTES: usize = 1 << 20;
/// How many streams a program may describe.
const STREAMS: usize = 1_000;

/// How lines are taken.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub form: Form,
    /// The key of records whose form does not tell it.
    pub key: Arc<[String]>,
    /// Whether it may print objects that are no messages, and mean nothing by them to us.
    pub may_be_bare: bool,
    pub on_schema_change: OnSchemaChange,
}

/// Takes lines in for one attempt.
pub(crate) struct Intake<'a> {
    /// Where records are kept; nowhere in a rehearsal.
    ctx: Option<&'a StepContext>,
    manner: Manner,
    /// As it is in the store.
    kept: Bookmark,
    /// As it will be, once all that was heard is in the store.
    heard: Bookmark,
    /// The schemas that the state was saved with, whatever is saved in this attempt; nothing where there is no state.
    known: BTreeMap<String, String>,
    /// What is worked off once the program has ended well.
    consuming: BTreeMap<String, i64>,
    keys: BTreeMap<Arc<str>, Arc<[String]>>,
    /// The stream of the last record, and its key: the next one is mostly of the same.
    current: (Arc<str>, Arc<[String]>),
    batch: Vec<OutsideRecord>,
    batch_bytes: usize,
    /// Whether there is a state that is not in the store.
    has_news: bool,
    last_commit: Instant,
    records: u64,
    unmetered_bytes: u64,
    outdated: bool,
}

impl<'a> Intake<'a> {
    /// Goes on where the cursor is.
    pub(crate) async fn begin(ctx: &'a StepContext, manner: Manner) -> Result<Self, StepError> {
        let (athlete, run) = (ctx.run.partition.clone(), ctx.run.id.clone());
        let kept = ctx.peek(move |tx, cursor| {
            let bookmark: Bookmark = cursor.get().unwrap_or_default();
            Ok(bookmark.of_run(&run, change_number::last(tx, &athlete)?))
        });
        Ok(Self::new(Some(ctx), manner, kept.await?))
    }

    /// Keeps nothing.
    pub(crate) fn rehearsal(manner: Manner) -> Self {
        Self::new(None, manner, Bookmark::default())
    }

    fn new(ctx: Option<&'a StepContext>, manner: Manner, kept: Bookmark) -> Self {
        Self {
            ctx,
            heard: kept.clone(),
            known: if kept.state.is_some() { kept.schemas.clone() } else { BTreeMap::new() },
            kept,
            consuming: BTreeMap::new(),
            keys: BTreeMap::new(),
            current: (LINES.into(), manner.key.clone()),
            manner,
            batch: Vec::with_capacity(ROWS),
            batch_bytes: 0,
            has_news: false,
            last_commit: Instant::now(),
            records: 0,
            unmetered_bytes: 0,
            outdated: false,
        }
    }

    /// What the program is to be given: what was given, and what earlier runs left of it.
    pub(crate) async fn take_up(&mut self, given: &[Records]) -> Result<Vec<Records>, StepError> {
        let known = self.heard.consumed.len();
        for records in given {
            let (giver, Records { from, to, .. }) = (giver(records), records);
            if !self.kept.consumed.contains_key(&giver) {
                let noted = self.heard.consumed.entry(giver.clone()).or_insert(*from);
                *noted = (*noted).min(*from);
            }
            let end = self.consuming.entry(giver).or_insert(*to);
            *end = (*end).max(*to);
        }
        let given = given.iter().map(|records| self.kept.with_rest(records)).collect();
        // Noted before it begins, or a first run that fails would leave no trace of what it was given.
        if self.heard.consumed.len() > known {
            self.commit(Vec::new()).await?;
        }
        Ok(given)
    }

    /// What the program is told of its last time.
    pub(crate) fn state(&self) -> Option<&Value> {
        self.kept.state.as_ref()
    }

    /// How many records were heard.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Whether it was the state that no longer fits.
    pub(crate) fn is_outdated(&self) -> bool {
        self.outdated
    }

    /// What the step leaves to those after it.
    pub(crate) fn artifact(&self, ctx: &StepContext) -> Records {
        let Bookmark { from, to, rows, .. } = self.kept;
        Records { pipeline: ctx.run.pipeline.clone(), step: ctx.step.to_string(), from, to, rows }
    }

    /// Begins anew, as if the program had never run.
    pub(crate) async fn forget(&mut self) -> Result<(), StepError> {
        *self = Self::new(self.ctx, self.manner.clone(), self.kept.clone().forgotten());
        self.commit(Vec::new()).await
    }

    fn record(&mut self, stream: &str, record: &str, line: u64) -> Result<(), Trouble> {
        if *self.current.0 != *stream {
            self.current = match self.keys.get_key_value(stream) {
                Some((stream, key)) => (stream.clone(), key.clone()),
                None => (stream.into(), self.manner.key.clone()),
            };
        }
        let (stream, fields) = &self.current;
        let key = key::of(record, fields, line, self.manner.form == Form::Singer)?;
        self.batch_bytes += record.len() + key.len();
        self.batch.push(OutsideRecord { stream: stream.clone(), key, body: record.to_owned() });
        self.records += 1;
        Ok(())
    }

    /// The first that an attempt tells of a stream counts as its schema; those after it say only what its key is now.
    fn schema(&mut self, stream: &str, schema: &str, key: Vec<String>, line: u64) -> Result<(), Trouble> {
        if !self.keys.contains_key(stream) {
            self.meet(stream, schema, &key, line)?;
        }
        self.current = (stream.into(), key.into());
        let (stream, key) = self.current.clone();
        self.keys.insert(stream, key);
        Ok(())
    }

    fn meet(&mut self, stream: &str, schema: &str, key: &[String], line: u64) -> Result<(), Trouble> {
        if self.keys.len() >= STREAMS {
            return Err(bad(line, &format!("it describes more than {STREAMS} streams")));
        }
        let mut schema: Value = serde_json::from_str(schema).map_err(|error| bad_json(&error, line))?;
        schema.sort_all_objects();
        sort_sets(&mut schema);
        let fingerprint = key::sha256(&format!("{schema}\n{key:?}"));
        if self.known.get(stream).is_some_and(|known| *known != fingerprint) {
            if self.manner.on_schema_change != OnSchemaChange::Keep {
                self.outdated = true;
                return Err(Trouble::StateOutdated(stream.to_owned()));
            }
            warn!(stream, "a stream is described otherwise than when the state was saved");
        }
        self.heard.schemas.insert(stream.to_owned(), fingerprint);
        Ok(())
    }

    fn state_told(&mut self, state: &str, line: u64) -> Result<(), Trouble> {
        if state.len() > STATE_BYTES {
            return Err(bad(line, &format!("its `value` has more than {} KiB", STATE_BYTES >> 10)));
        }
        let state: Value = serde_json::from_str(state).map_err(|_| bad(line, "its `value` is too deep"))?;
        self.has_news = self.heard.state.as_ref() != Some(&state) || self.has_news;
        self.heard.state = Some(state);
        Ok(())
    }

    /// Everything that was heard, in one commit: it is short, because a batch is; a state comes with the last record
    /// before it.
    async fn keep(&mut self) -> Result<(), StepError> {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(ROWS));
        self.batch_bytes = 0;
        self.commit(batch).await
    }

    async fn commit(&mut self, records: Vec<OutsideRecord>) -> Result<(), StepError> {
        self.last_commit = Instant::now();
        self.has_news = false;
        let Some(ctx) = self.ctx else { return Ok(()) };
        let Bookmark { from, to, rows, .. } = self.kept;
        let noted = Bookmark { from, to, rows, ..self.heard.clone() };
        let (run, step) = (ctx.run.clone(), ctx.step.clone());
        let committed = ctx.commit(move |tx, cursor| {
            let teller = Teller { athlete: &run.partition, pipeline: &run.pipeline, step: &step };
            let mut bookmark = noted.clone();
            if !records.is_empty() {
                // Nobody else takes the next number meanwhile, and where nothing is new it stays the next one.
                change_number::hold(tx, &run.partition)?;
                let next = change_number::last(tx, &run.partition)? + 1;
                let rows = outside_record::put(tx, teller, &records, next)?;
                bookmark.rows += rows;
                if rows > 0 {
                    bookmark.to = change_number::next(tx, &run.partition)?;
                }
            }
            cursor.set(&bookmark)?;
            Ok(bookmark)
        });
        let committed = committed.await?;
        ctx.meter.rows_out(committed.rows.saturating_sub(self.kept.rows));
        ctx.progress.tell(self.records, 0, "records");
        self.kept = committed;
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.is_full() || self.due().is_some_and(|due| due <= Instant::now())
    }
}

impl Listener for Intake<'_> {
    fn hear(&mut self, line: &str, number: u64) -> Result<(), Trouble> {
        self.unmetered_bytes += line.len() as u64;
        match self.manner.form.read(line, number)? {
            Message::Record { stream, record } => self.record(&stream, record, number),
            Message::Schema { stream, schema, key } => self.schema(&stream, schema, key, number),
            Message::State(state) => self.state_told(state, number),
            Message::Bare if !self.manner.may_be_bare => Err(bad(number, "it has no `type`")),
            Message::Bare | Message::Aside => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        self.batch.len() >= ROWS || self.batch_bytes >= BYTES
    }

    fn due(&self) -> Option<Instant> {
        self.has_news.then(|| self.last_commit + PAUSE)
    }

    async fn settle(&mut self, is_over: bool) -> Result<(), StepError> {
        if let Some(ctx) = self.ctx {
            ctx.meter.bytes(std::mem::take(&mut self.unmetered_bytes));
        }
        if is_over {
            for (giver, to) in std::mem::take(&mut self.consuming) {
                let end = self.heard.consumed.entry(giver).or_insert(to);
                *end = (*end).max(to);
            }
        }
        let is_more = || !self.batch.is_empty() || self.heard != self.kept;
        if (is_over && is_more()) || self.is_due() { self.keep().await } else { Ok(()) }
    }
}

/// Orders what JSON Schema takes as a set, so that its order is no change.
fn sort_sets(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(sort_sets),
        Value::Object(entries) => {
            for (name, value) in entries {
                sort_sets(value);
                if let ("type" | "required" | "enum", Value::Array(items)) = (name.as_str(), value) {
                    items.sort_by_cached_key(Value::to_string);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_a_set_is_ordered() {
        let mut schema = json!({
            "properties": { "a": { "type": ["string", "null"], "enum": ["b", "a"] } },
            "required": ["b", "a"], "prefixItems": [{ "type": "string" }, { "type": "null" }],
        });
        sort_sets(&mut schema);
        assert_eq!(
            schema,
            json!({
                "properties": { "a": { "type": ["null", "string"], "enum": ["a", "b"] } },
                "required": ["a", "b"], "prefixItems": [{ "type": "string" }, { "type": "null" }],
            })
        );
    }
}
