//! Strava: what an athlete published there, by the rules of its API.

mod client;
mod decode;
mod gone;
mod identity;
mod listing;
mod mark;
mod oauth;
mod options;
mod quota;
mod refusal;
mod scope;
mod sport;
mod steps;
#[cfg(test)]
mod tests;
mod token;
mod wire;

use engine::registry::{Registry, RegistryError};

pub use options::{Application, Options};

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    steps::register(registry, &options)
}
