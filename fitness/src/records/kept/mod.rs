//! Everything that is kept of an athlete: told, taken out and deleted, each as a whole.
//!
//! These statements run through all rows of an athlete, which no other statement does.

pub mod removal;
pub mod report;
pub mod takeout;

#[cfg(test)]
pub(crate) fn queries() -> Vec<store::Sql> {
    [removal::queries(), report::queries(), takeout::queries()].concat()
}
