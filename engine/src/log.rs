//! What steps say while they work, kept beside the run: lines that come through `tracing`, by step and attempt.
//!
//! A layer of the program's subscriber ([`layer`]) takes each line that is said within the span of an attempt.
//! Without that layer nothing is kept, and nothing costs anything.

mod capture;
mod line;
mod lines;
pub mod mask;
pub mod record;
mod sheet;
#[cfg(test)]
mod tests;

pub(crate) use capture::is_captured;
pub use capture::{Capture, carried, layer};
pub use line::{Level, Line};
pub(crate) use lines::Lines;
pub(crate) use sheet::Sheet;
