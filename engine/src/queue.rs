//! Who may run what: enqueue, claim, renew, release, finish, each one short transaction.
//!
//! A lease is on the database's clock and only says whom to ask first; the fence is what decides.

mod claim;
mod enqueue;
mod finish;
mod listing;
mod worker;

#[cfg(test)]
mod tests;

use store::Sql;

pub use claim::{Claimed, Lease, MAX_CLAIMS, claim, renew};
pub use enqueue::{Enqueued, Job, enqueue};
pub use finish::{Ended, ask_cancel, cancelled, finish, release};
pub use listing::{JobRecord, Why, jobs, waiting};
pub use worker::{Identity, dead_neighbours, forget, register};

pub(crate) const QUERIES: &[&[&Sql]] =
    &[claim::QUERIES, enqueue::QUERIES, finish::QUERIES, listing::QUERIES, worker::QUERIES];
