//! Deprecated: takes over what the system before this one had worked out, from its folder of JSON files.
//!
//! `docs/ARTIFACTS.md` says what is read.

mod artifact;
mod folder;
mod keep;
mod take_over;

use engine::registry::{Registry, RegistryError};

pub use take_over::{TakeOver, TakeOverConfig};

/// What is told wherever this is used.
pub const DEPRECATED: &str =
    "taking over the artifacts of the former system is deprecated and will be removed in a later version";

/// What only the program knows.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether the operator allows it.
    pub is_enabled: bool,
    /// IANA name of the time zone that a new athlete starts with.
    pub time_zone: String,
}

/// Offers the step of this plugin.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    registry.step_made::<TakeOver>(move |config| TakeOver::with(&config, options.clone()))
}
