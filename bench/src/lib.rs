//! What the benchmark shares with the worker that it looks at: steps that do nothing, and what a process costs.

pub mod cpu;
pub mod noop;
