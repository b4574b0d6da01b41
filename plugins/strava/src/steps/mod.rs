//! The steps: what is new, everything, the details, and what becomes of what is not fetched again.

mod activities;
mod athlete;
mod details;
mod expire;
mod fetch;
mod hints;
mod pace;
mod segments;
mod streams;
mod sweep;
mod tried;

use engine::registry::{Registry, RegistryError};
use engine::step::{ConfigError, Step};

use crate::options::Options;

pub(crate) use activities::Activities;
pub(crate) use athlete::AthleteStep;
pub(crate) use details::Details;
pub(crate) use expire::Expire;
pub(crate) use hints::Hints;
pub(crate) use segments::Segments;
pub(crate) use streams::StreamsStep;
pub(crate) use sweep::Sweep;

/// A step that is made with what the operator set.
pub(crate) trait Made: Step {
    fn made(config: Self::Config, options: &Options) -> Result<Self, ConfigError>;
}

/// Offers all steps.
pub(crate) fn register(registry: &mut Registry, options: &Options) -> Result<(), RegistryError> {
    offer::<Activities>(registry, options)?;
    offer::<Sweep>(registry, options)?;
    offer::<Details>(registry, options)?;
    offer::<StreamsStep>(registry, options)?;
    offer::<Segments>(registry, options)?;
    offer::<AthleteStep>(registry, options)?;
    offer::<Hints>(registry, options)?;
    offer::<Expire>(registry, options)
}

fn offer<S: Made>(registry: &mut Registry, options: &Options) -> Result<(), RegistryError> {
    let options = options.clone();
    registry.step_made::<S>(move |config| S::made(config, &options))
}
