//! Strava: what an athlete published there, by the rules of its API.

mod check;
mod client;
mod connection;
mod decode;
mod gone;
mod identity;
mod listing;
mod mark;
mod oauth;
mod options;
mod part;
mod quota;
mod refusal;
mod report;
mod scope;
mod sport;
mod steps;
pub mod subscription;
#[cfg(test)]
mod tests;
mod token;
mod webhook;
mod wire;
mod word;

use engine::registry::{Registry, RegistryError};

pub use options::{Application, Options};

/// Offers what this plugin has.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    check::register(registry, &options);
    steps::register(registry, &options)?;
    registry.hook(webhook::Webhook)?;
    registry.query(report::DataReport::with(&options))?;
    registry.connection(connection::Strava { options })
}
