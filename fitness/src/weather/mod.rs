//! Weather of activities: where and when it is asked for, what came back, and what it was at the start and on the way.
//!
//! Pure: the store is in `records`, and who asks is a plugin.

mod air;
mod cell;
mod conditions;
mod hour;
mod outlook;
mod request;
mod track;
pub mod wind;

pub use air::Air;
pub(crate) use air::rounded;
pub use cell::Cell;
pub use conditions::{Conditions, Spell, told};
pub use hour::Hour;
pub use outlook::{Outlook, Told};
pub use request::{Endpoint, LOCATIONS_MOST, Location, Request, requests};
pub use track::{SECTORS, Spot, Track};

/// What its licence asks to be shown beside the data.
pub const ATTRIBUTION: &str = "Weather data by Open-Meteo.com";
/// From this age on a day is in the archive for good; until then weather is provisional.
pub const FINAL_AFTER_DAYS: i64 = 6;

#[cfg(test)]
mod tests;
