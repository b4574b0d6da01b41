//! Pools as people see them.

use std::collections::BTreeMap;

use serde::Serialize;
use store::Tx;

use super::obstacle::ClosedBy;
use super::rows;
use super::size::Size;
use crate::host::Engine;

/// A pool as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct PoolRecord {
    pub name: String,
    /// Attempts at work at one time; without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// Who is in.
    pub holders: Vec<Holder>,
    /// The runs that wait for it.
    pub waiting: Vec<String>,
    /// What is left of the calls; without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<Calls>,
    pub state: PoolState,
    /// Attempts that failed in a row.
    pub failures: i64,
    /// Of a closed pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_until_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<ClosedBy>,
}

/// A step at work in a pool.
#[derive(Debug, Clone, Serialize)]
pub struct Holder {
    pub run: String,
    pub step: String,
    pub since_ms: i64,
}

/// The calls of the window that is open.
#[derive(Debug, Clone, Serialize)]
pub struct Calls {
    pub used: i64,
    pub of: u32,
    /// The length of a window.
    pub per_ms: i64,
    /// When this one ends.
    pub until_ms: i64,
}

/// Whether a pool lets steps in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolState {
    Open,
    /// Nobody enters for a while.
    Closed,
    /// It was closed, and one step at a time tries whether the upstream is back.
    Trial,
}

/// Why nothing can be said of a pool.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("there is no pool `{name}`{}", only(.known))]
    Unknown { name: String, known: Vec<String> },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl PoolState {
    /// The word that stands for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Trial => "trial",
        }
    }
}

impl Engine {
    /// The pools that scripts in force size, by name.
    pub async fn pools(&self) -> store::Result<Vec<PoolRecord>> {
        let (sizes, now_ms) = (self.shared_pools().sizes(), self.clock().now_ms());
        self.store().read(move |tx| records(tx, &sizes, now_ms)).await
    }

    /// Opens a pool that is closed, whatever closed it, and forgets its failures. Runs that were parked for it are ready
    /// at once.
    pub async fn open_pool(&self, name: &str) -> Result<PoolRecord, PoolError> {
        let (sizes, now_ms) = (self.shared_pools().sizes(), self.clock().now_ms());
        let Some(size) = sizes.get(name).copied() else {
            return Err(PoolError::Unknown { name: name.to_owned(), known: sizes.into_keys().collect() });
        };
        let pool = name.to_owned();
        let only = BTreeMap::from([(pool.clone(), size)]);
        let opened = self.store().write_latest(move |tx| {
            let mut state = rows::lock(tx, &pool, &size, now_ms)?;
            state.open();
            rows::save(tx, &pool, &state)?;
            if rows::recall(tx, &pool, now_ms)? > 0 {
                crate::queue::hint(tx)?;
            }
            records(tx, &only, now_ms)
        });
        let opened = opened.await?.pop();
        self.shared_pools().wake(name);
        self.wake();
        opened.ok_or_else(|| PoolError::Unknown { name: name.to_owned(), known: Vec::new() })
    }
}

fn records(tx: &mut Tx<'_>, sizes: &BTreeMap<String, Size>, now_ms: i64) -> store::Result<Vec<PoolRecord>> {
    let mut holders: BTreeMap<String, Vec<Holder>> = BTreeMap::new();
    for (pool, holder) in rows::holders(tx)? {
        holders.entry(pool).or_default().push(holder);
    }
    let mut waiting: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (pool, run) in rows::waiting(tx)? {
        waiting.entry(pool).or_default().push(run);
    }
    let mut records = Vec::with_capacity(sizes.len());
    for (name, size) in sizes {
        let state = rows::read(tx, name, size, now_ms)?;
        records.push(PoolRecord {
            name: name.clone(),
            slots: size.slots,
            holders: holders.remove(name).unwrap_or_default(),
            waiting: waiting.remove(name).unwrap_or_default(),
            calls: size.rate.map(|rate| Calls {
                used: state.calls,
                of: rate.calls,
                per_ms: rate.per_ms(),
                until_ms: state.window_ms + rate.per_ms(),
            }),
            state: match state.closed {
                Some(_) => PoolState::Closed,
                None if state.is_on_trial() => PoolState::Trial,
                None => PoolState::Open,
            },
            failures: state.failures,
            closed_until_ms: state.closed.map(|closed| closed.until_ms),
            closed_by: state.closed.map(|closed| closed.by),
        });
    }
    Ok(records)
}

fn only(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(", only `{}`", known.join("`, `")) }
}
