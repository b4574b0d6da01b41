//! Pools: what all who call one upstream share, across runs, pipelines and machines.
//!
//! A pool has slots, which are attempts at work at one time, and a rate, which is calls in a window of the clock. Where
//! attempts fail in a row it closes for a while. How large it is stands in a script and is asked for anew each time;
//! what is taken is counted in the database under a lock on the pool's row.

mod door;
mod gauges;
mod obstacle;
mod overview;
mod permit;
mod pools;
mod rows;
mod size;
mod state;

#[cfg(test)]
mod tests;

pub(crate) use door::{Departure, Door, Doors};
pub(crate) use gauges::describe;
pub use obstacle::{ClosedBy, Obstacle};
pub use overview::{Calls, Holder, PoolError, PoolRecord, PoolState};
pub(crate) use permit::Visit;
pub(crate) use pools::Pools;
pub(crate) use rows::{drop_run, drop_slots, is_called_back};
pub use size::{Cooldown, Rate, Size};

pub(crate) const QUERIES: &[&store::Sql] = rows::QUERIES;
