//! Finds out of where an athlete went: which segments of the athlete's own were followed.

mod segments;
mod walked;

use engine::registry::{Registry, RegistryError};

pub use segments::{Segments, SegmentsConfig};
pub use walked::Walked;

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.step::<Segments>()
}

#[cfg(test)]
mod tests;
