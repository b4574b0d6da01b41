//! The field: pure types and maths, and under `records` its rows in the store.

pub mod recording;
