//! The steps: what is new, everything, the details, and what becomes of what is not fetched again.

mod activities;
mod athlete;
mod details;
mod expire;
mod fetch;
mod hints;
mod segments;
mod streams;
mod sweep;

use engine::registry::{Registry, RegistryError};

use crate::options::Options;

/// Offers all steps.
pub(crate) fn register(registry: &mut Registry, options: &Options) -> Result<(), RegistryError> {
    activities::register(registry, options)?;
    sweep::register(registry, options)?;
    details::register(registry, options)?;
    streams::register(registry, options)?;
    segments::register(registry, options)?;
    athlete::register(registry, options)?;
    hints::register(registry, options)?;
    expire::register(registry, options)
}
