//! Takes in what a program says: records into the store, and its state with them.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::context::StepContext;
use engine::step::StepError;
use fitness::outside::Records;
use fitness::records::change_number;
use fitness::records::outside_record::{self, OutsideRecord, Teller};
use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use crate::bookmark::Bookmark;
use crate::form::{Form, Message, bad, bad_json};
use crate::key;
use crate::talk::Listener;
use crate::tap::OnSchemaChange;
use crate::trouble::Trouble;

/// What is written in one commit, which must stay short.
const ROWS: usize = 1_000;
const BYTES: usize = 1 << 20;
/// A state that was told is kept after this time, even where few records came with it.
const PAUSE: Duration = Duration::from_secs(2);

/// How lines are taken.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub form: Form,
    /// The key of records whose form does not tell it.
    pub key: Vec<String>,
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
    keys: BTreeMap<String, Vec<String>>,
    batch: Vec<OutsideRecord>,
    batch_bytes: usize,
    last_commit: Instant,
    records: u64,
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
            manner,
            heard: kept.clone(),
            kept,
            keys: BTreeMap::new(),
            batch: Vec::new(),
            batch_bytes: 0,
            last_commit: Instant::now(),
            records: 0,
            outdated: false,
        }
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
        self.commit(Vec::new(), true).await
    }

    fn record(&mut self, stream: String, record: &str, line: u64) -> Result<(), Trouble> {
        let key = match self.keys.get(&stream) {
            Some(fields) => key::of(record, fields, line)?,
            None => key::of(record, &self.manner.key, line)?,
        };
        self.batch_bytes += record.len() + key.len();
        self.batch.push(OutsideRecord { stream, key, body: record.to_owned() });
        self.records += 1;
        Ok(())
    }

    fn schema(&mut self, stream: String, schema: &str, key: Vec<String>, line: u64) -> Result<(), Trouble> {
        let mut schema: Value = serde_json::from_str(schema).map_err(|error| bad_json(&error, line))?;
        schema.sort_all_objects();
        let fingerprint = key::sha256(&format!("{schema}\n{key:?}"));
        let known = self.kept.schemas.get(&stream);
        if self.kept.state.is_some() && known.is_some_and(|known| *known != fingerprint) {
            if self.manner.on_schema_change != OnSchemaChange::Keep {
                self.outdated = true;
                return Err(Trouble::StateOutdated(stream));
            }
            warn!(stream, "a stream is described otherwise than when the state was saved");
        }
        self.heard.schemas.insert(stream.clone(), fingerprint);
        self.keys.insert(stream, key);
        Ok(())
    }

    /// Everything that was heard, in commits that stay short; a state comes with the last record before it.
    async fn keep(&mut self) -> Result<(), StepError> {
        let mut batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        while batch.len() > ROWS {
            let rest = batch.split_off(ROWS);
            self.commit(batch, false).await?;
            batch = rest;
        }
        self.commit(batch, true).await
    }

    async fn commit(&mut self, records: Vec<OutsideRecord>, is_all: bool) -> Result<(), StepError> {
        self.last_commit = Instant::now();
        let Some(ctx) = self.ctx else { return Ok(()) };
        let Bookmark { from, to, rows, .. } = self.kept;
        let noted = if is_all { &self.heard } else { &self.kept };
        let noted = Bookmark { from, to, rows, ..noted.clone() };
        let (run, step) = (ctx.run.clone(), ctx.step.clone());
        let committed = ctx.commit(move |tx, cursor| {
            let teller = Teller { athlete: &run.partition, pipeline: &run.pipeline, step: &step };
            let mut bookmark = noted.clone();
            if !records.is_empty() {
                let changed = change_number::next(tx, &run.partition)?;
                let rows = outside_record::put(tx, teller, &records, changed)?;
                bookmark.rows += rows;
                bookmark.to = if rows > 0 { changed } else { bookmark.to };
            }
            cursor.set(&bookmark)?;
            Ok(bookmark)
        });
        let committed = committed.await?;
        ctx.meter.rows_out(committed.rows.saturating_sub(self.kept.rows));
        ctx.progress.tell(self.records, self.records, "records");
        self.kept = committed;
        Ok(())
    }

    fn is_due(&self) -> bool {
        let is_much = self.batch.len() >= ROWS || self.batch_bytes >= BYTES;
        is_much || (self.heard.state != self.kept.state && self.last_commit.elapsed() >= PAUSE)
    }
}

impl Listener for Intake<'_> {
    fn hear(&mut self, line: &str, number: u64) -> Result<(), Trouble> {
        if let Some(ctx) = self.ctx {
            ctx.meter.bytes(line.len() as u64);
        }
        match self.manner.form.read(line, number)? {
            Message::Record { stream, record } => self.record(stream.into_owned(), record, number),
            Message::Schema { stream, schema, key } => self.schema(stream.into_owned(), schema, key, number),
            Message::State(state) => {
                let state =
                    serde_json::from_str(state).map_err(|_| bad(number, "its `value` is too deep"))?;
                self.heard.state = Some(state);
                Ok(())
            }
            Message::Aside => Ok(()),
        }
    }

    async fn settle(&mut self, is_over: bool) -> Result<(), StepError> {
        let is_more = !self.batch.is_empty() || self.heard != self.kept;
        if (is_over && is_more) || self.is_due() { self.keep().await } else { Ok(()) }
    }
}
