//! Who may run what: enqueue, claim, renew, release, finish, each one short transaction.
//!
//! A lease is on the database's clock and only says whom to ask first; the fence is what decides.

mod behind;
mod bloat;
mod claim;
mod depth;
mod enqueue;
mod finish;
mod hint;
mod listing;
mod once;
mod renew;
mod worker;

#[cfg(test)]
mod tests;

use store::Sql;

pub use behind::enqueue_behind;
pub use bloat::{Bloat, Snapshot, bloat};
pub use claim::{BATCH, Claimed, Lease, MAX_CLAIMS, claim};
pub use depth::{Depth, Reason, Waiting, depth};
pub use enqueue::{Enqueued, Job, enqueue, make_fresh};
pub(crate) use enqueue::{insert, one_at_a_time};
pub use finish::{Ended, Ending, ask_cancel, cancelled, finish, finish_all, release, release_awaiting};
pub use hint::HINTS;
pub(crate) use hint::hint;
pub use listing::{JobRecord, Why, jobs, waiting};
pub use once::{KEY_CHARACTERS, enqueue_once, is_key};
pub use renew::renew;
pub use worker::{Identity, WorkerRecord, dead_neighbours, forget, prune, register, workers};

pub(crate) const QUERIES: &[&[&Sql]] = &[
    behind::QUERIES,
    bloat::QUERIES,
    claim::postgres::QUERIES,
    claim::sqlite::QUERIES,
    depth::QUERIES,
    enqueue::QUERIES,
    finish::QUERIES,
    hint::QUERIES,
    listing::QUERIES,
    once::QUERIES,
    renew::QUERIES,
    worker::QUERIES,
];
