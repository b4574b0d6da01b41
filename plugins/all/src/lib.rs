//! Every plugin, one line each.

use engine::registry::{Registry, RegistryError};

/// What only the program knows, by plugin.
#[derive(Debug, Clone)]
pub struct Options {
    pub files: files::Options,
}

/// Adds what all plugins offer.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    files::register(registry, options.files)?;
    rollup::register(registry)?;
    insights::register(registry)?;
    Ok(())
}
