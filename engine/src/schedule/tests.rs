//! Rules as tables; schedules on both databases, with a clock that the test moves.

mod clock_changes;
mod followers;
mod freshness;
mod rules;
mod scheduling;
mod stage;
