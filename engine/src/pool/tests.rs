//! Pools: the rules as a table, and whole runs on both databases.

mod cooldown;
mod gauges;
mod house;
mod rate;
mod rules;
mod slots;
mod waiting;
