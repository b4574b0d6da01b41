//! Strava: what an athlete published there, by the rules of its API.

mod identity;
mod oauth;
mod options;
mod scope;
mod token;

use engine::registry::{Registry, RegistryError};

pub use options::{Application, Options};

/// Offers the steps of this plugin.
pub fn register(_registry: &mut Registry, _options: Options) -> Result<(), RegistryError> {
    Ok(())
}
