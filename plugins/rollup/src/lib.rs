//! Turns activities into loads, and loads into days.

mod athlete;
mod athletes;
mod check;
mod days;
mod loads;

use engine::registry::{Registry, RegistryError};

pub use days::{Days, DaysConfig};
pub use loads::{Loads, LoadsConfig};

/// Adds what this plugin offers.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.step::<Loads>()?;
    registry.step::<Days>()?;
    registry.check(check::Settings);
    registry.partitions(athletes::Athletes)?;
    Ok(())
}

#[cfg(test)]
mod tests;
