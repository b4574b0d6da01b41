//! A run as it happens, told to whoever follows it, in whatever process it is executed.
//!
//! What is told lies in the database. Each commit of a run has a number, which the steps bear that it changed, and each
//! line of a step has one; so a [`Cursor`] says all that a follower knows, and any process can go on from it. One task
//! looks for all who follow in this process.

mod cursor;
mod facts;
mod following;
mod look;
#[cfg(test)]
mod tests;

pub use cursor::Cursor;
pub use facts::{Event, Fact, RunNews, StepNews};
pub use following::Following;
pub(crate) use look::Live;

pub(crate) const QUERIES: &[&[&store::Sql]] = &[facts::QUERIES, look::QUERIES];
