//! The one gate to everybody but the athlete: a model, another program, another person, a service.
//!
//! Who hands something on takes a [`Shareable`], and nobody but the readers here can make one; each leaves out what the
//! Strava API told, and what follows from it. The athlete's own screen and own export do not come through here.

mod activity;
mod day;
mod gear;
mod ground;
mod own_number;
mod place;

use std::ops::Deref;

pub use own_number::OwnNumbers;
pub use place::Spots;

/// Something that may be handed on. It can be looked at and taken apart, but not made nor changed outside of the gate.
///
/// Each pair below is the same but for one line, so that the second one can fail for that line alone.
///
/// What came through the gate is handed on; what did not is of another type:
///
/// ```
/// use paceline_fitness::shareable::Shareable;
/// fn hand_on(days: &Shareable<Vec<u32>>) -> usize {
///     days.len()
/// }
/// fn caller(passed: &Shareable<Vec<u32>>, other: &Vec<u32>) -> usize {
///     hand_on(passed) + other.len()
/// }
/// ```
///
/// ```compile_fail,E0308
/// use paceline_fitness::shareable::Shareable;
/// fn hand_on(days: &Shareable<Vec<u32>>) -> usize {
///     days.len()
/// }
/// fn caller(passed: &Shareable<Vec<u32>>, other: &Vec<u32>) -> usize {
///     hand_on(passed) + hand_on(other)
/// }
/// ```
///
/// It can be looked at, and nobody can make anything that type:
///
/// ```
/// use paceline_fitness::shareable::Shareable;
/// fn made(days: &Shareable<Vec<u32>>) -> Vec<u32> {
///     days.to_vec()
/// }
/// ```
///
/// ```compile_fail,E0423
/// use paceline_fitness::shareable::Shareable;
/// fn made(days: &Shareable<Vec<u32>>) -> Shareable<Vec<u32>> {
///     Shareable(days.to_vec())
/// }
/// ```
///
/// Nor turn anything into it:
///
/// ```compile_fail,E0277
/// use paceline_fitness::shareable::Shareable;
/// fn made(days: &Shareable<Vec<u32>>) -> Shareable<Vec<u32>> {
///     days.to_vec().into()
/// }
/// ```
///
/// Nor put something else in its place:
///
/// ```
/// use paceline_fitness::shareable::Shareable;
/// fn smuggle(place: &mut Shareable<u32>) -> u32 {
///     let mut own = **place;
///     own += 1;
///     own
/// }
/// ```
///
/// ```compile_fail,E0594
/// use paceline_fitness::shareable::Shareable;
/// fn smuggle(place: &mut Shareable<u32>) -> u32 {
///     **place += 1;
///     **place
/// }
/// ```
///
/// Nor have one read from a text:
///
/// ```compile_fail,E0277
/// use paceline_fitness::shareable::Shareable;
/// fn made<'a>(text: &'a str) -> Shareable<u32> {
///     fn read<'a, T: serde::Deserialize<'a>>(text: &'a str) -> T {
///         serde_json::from_str(text).unwrap()
///     }
///     read(text)
/// }
/// ```
///
/// ```
/// fn made<'a>(text: &'a str) -> u32 {
///     fn read<'a, T: serde::Deserialize<'a>>(text: &'a str) -> T {
///         serde_json::from_str(text).unwrap()
///     }
///     read(text)
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
