//! Strava: what an athlete published there, by the rules of its API.

mod check;
mod connection;
mod identity;
mod oauth;
mod options;
mod report;
mod scope;
pub mod subscription;
mod token;
mod webhook;
mod word;

use engine::registry::{Registry, RegistryError};

pub use options::{Application, Options};

/// Offers what this plugin has.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    check::register(registry, &options);
    registry.hook(webhook::Webhook)?;
    registry.query(report::DataReport::with(&options))?;
    registry.connection(connection::Strava { options })
}
