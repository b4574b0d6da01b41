//! Child runs, on both databases.

mod fan_out;
mod flow;
mod stage;
