//! The one gate to everybody but the athlete: a model, another program, another person, a service.
//!
//! Who hands something on takes a [`Shareable`], and nobody but the readers here can make one; each leaves out what the
//! Strava API told, and what follows from it. The athlete's own screen and own export do not come through here.

mod activity;
mod day;
mod place;

use std::ops::Deref;

pub use place::Spots;

/// Something that may be handed on. It can be looked at and taken apart, but not made nor changed outside of the gate.
///
/// ```
/// fn hand_on(days: &fitness::shareable::Shareable<Vec<fitness::week::DayFigures>>) -> usize {
///     days.len()
/// }
/// ```
///
/// What did not come through the gate is not handed on, because it is of another type:
///
/// ```compile_fail,E0308
/// fn hand_on(days: &fitness::shareable::Shareable<Vec<u32>>) -> usize {
///     days.len()
/// }
/// hand_on(&vec![1]);
/// ```
///
/// Nor can anybody make it that type:
///
/// ```compile_fail,E0423
/// let days = fitness::shareable::Shareable(vec![1]);
/// ```
///
/// Nor put something else in its place:
///
/// ```compile_fail,E0594
/// fn smuggle(place: &mut fitness::shareable::Shareable<u32>) {
///     **place = 1;
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shareable<T>(T);

impl<T> Deref for Shareable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: serde::Serialize> serde::Serialize for Shareable<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[&[store::Sql]] = &[activity::QUERIES, place::QUERIES];
