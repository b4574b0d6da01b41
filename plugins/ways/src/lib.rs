//! Finds out of where an athlete went: which segments of the athlete's own were followed, which ways were gone more
//! than once, and which ground was covered.

mod places;
mod routes;
mod segments;
mod walked;

use engine::registry::{Registry, RegistryError};

pub use places::{Places, PlacesConfig};
pub use routes::{Routes, RoutesConfig};
pub use segments::{Segments, SegmentsConfig};
pub use walked::Walked;

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.step::<Segments>()?;
    registry.step::<Routes>()?;
    registry.step::<Places>()
}

#[cfg(test)]
mod tests;
