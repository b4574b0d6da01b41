//! Backfills: a finite list of runs, seen before it is started, that gets into the queue a few at a time.
//!
//! The rows are the truth: an item becomes a run in the transaction that notes the run beside it, so none becomes two,
//! whoever feeds and however often it is interrupted.

mod feed;
mod rows;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::info;

use crate::host::{Engine, EnqueueError, Request, new_id};
use crate::run::Cause;
pub use rows::{Backfill, BackfillItem, Counts, backfill, backfills, items};

/// The most items of one backfill.
pub const ITEMS_MOST: usize = 10_000;
/// What a backfill may have for a priority: any run that somebody waits for goes first.
pub const PRIORITIES: std::ops::RangeInclusive<i64> = -1000..=-1;
/// How many of its runs may be unfinished at once.
pub const AT_ONCE: std::ops::RangeInclusive<i64> = 1..=100;

pub(crate) const QUERIES: &[&[&store::Sql]] = &[rows::QUERIES];

/// A run to be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    pub pipeline: String,
    pub partition: String,
    /// A JSON object.
    pub params: Value,
}

/// The wish that runs be caught up on.
#[derive(Debug, Clone)]
pub struct Wish {
    pub items: Vec<Item>,
    pub priority: i64,
    pub at_once: i64,
    pub cause: Cause,
    pub request_id: Option<String>,
}

/// Why a backfill is not as it was wished for.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    #[error("there is no backfill `{0}`")]
    Unknown(String),
    #[error("backfill `{0}` is over")]
    Over(String),
    #[error("a backfill has 1 to {ITEMS_MOST} items, not {0}")]
    Size(usize),
    #[error("{name} must be from {} to {}", .range.start(), .range.end())]
    Range { name: &'static str, range: std::ops::RangeInclusive<i64> },
    #[error("item {number}: {source}")]
    Item { number: usize, source: EnqueueError },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl BackfillError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "not_found",
            Self::Over(_) => "backfill_over",
            Self::Size(_) | Self::Range { .. } | Self::Item { .. } => "invalid_parameter",
            Self::Store(error) => error.code(),
        }
    }
}

/// One item's params for each day from the first to the last.
pub fn days(from: Date, to: Date, param: &str) -> Vec<Value> {
    let days = from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to).take(ITEMS_MOST + 1);
    days.map(|day| Value::Object(Map::from_iter([(param.to_owned(), Value::String(day.to_string()))])))
        .collect()
}

impl Engine {
    /// The items as they would run, with every param; nothing is kept.
    pub fn preview_backfill(&self, wish: &Wish) -> Result<Vec<Item>, BackfillError> {
        if wish.items.is_empty() || wish.items.len() > ITEMS_MOST {
            return Err(BackfillError::Size(wish.items.len()));
        }
        in_range("priority", wish.priority, PRIORITIES)?;
        in_range("at_once", wish.at_once, AT_ONCE)?;
        let numbered = wish.items.iter().zip(1..);
        numbered
            .map(|(item, number)| {
                let job = self.prepare(&request(item.clone(), None));
                let job = job.map_err(|source| BackfillError::Item { number, source })?;
                let params = serde_json::from_str(&job.params).unwrap_or_default();
                Ok(Item { params, ..item.clone() })
            })
            .collect()
    }

    /// Keeps the list; its runs follow a few at a time.
    pub async fn start_backfill(&self, wish: Wish) -> Result<Backfill, BackfillError> {
        let items = self.preview_backfill(&wish)?;
        let now_ms = self.clock().now_ms();
        let id = new_id(now_ms);
        let (wish, own) = (Wish { items, ..wish }, id.clone());
        let started = self.store().write(move |tx| rows::insert(tx, &own, &wish, now_ms)).await?;
        info!(backfill = id, items = started.items, "backfill started");
        self.feed_backfills().await?;
        Ok(started)
    }

    /// Removes what has not begun: items without a run, and runs that nobody took up yet.
    pub async fn cancel_backfill(&self, id: &str) -> Result<Backfill, BackfillError> {
        let (asked, now_ms) = (id.to_owned(), self.clock().now_ms());
        let cancelled = self.store().write(move |tx| rows::cancel(tx, &asked, now_ms)).await?;
        match cancelled {
            None => Err(BackfillError::Unknown(id.to_owned())),
            Some((_, false)) => Err(BackfillError::Over(id.to_owned())),
            Some((backfill, true)) => {
                info!(backfill = id, "backfill cancelled");
                Ok(backfill)
            }
        }
    }
}

fn in_range(
    name: &'static str,
    value: i64,
    range: std::ops::RangeInclusive<i64>,
) -> Result<(), BackfillError> {
    if range.contains(&value) { Ok(()) } else { Err(BackfillError::Range { name, range }) }
}

fn request(item: Item, request_id: Option<String>) -> Request {
    let Item { pipeline, partition, params } = item;
    Request {
        pipeline,
        partition,
        params,
        cause: Cause::Backfill,
        force: true,
        fresh: false,
        key: None,
        request_id,
    }
}
