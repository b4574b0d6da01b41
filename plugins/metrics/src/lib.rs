//! Scripts of the athlete's own: metrics answer a number for an activity or a day, others when gear is due.

mod argument;
mod ask;
mod catalog;
mod compute;
mod days;
mod form;
mod gear;
mod list;
mod load;
mod metric;
mod patience;
mod proof;
mod settings;
mod trial;

use engine::registry::{Registry, RegistryError};

pub use compute::{Compute, ComputeConfig, Of};
pub use gear::{OverviewParams, OverviewQuery};
pub use list::{ListParams, ListQuery};
pub use metric::Metric;
pub use trial::{TryParams, TryQuery};

/// The scripts that are asked unless a pipeline names others.
const METRICS: &str = "metrics/*.rhai";

/// Adds what this plugin offers.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.scripts("metrics", proof::mistakes)?;
    registry.script_form(form::FORM)?;
    registry.conflicts(catalog::conflicts);
    registry.scripts("gear", gear::mistakes)?;
    registry.script_form(gear::FORM)?;
    registry.step::<Compute>()?;
    registry.study(OverviewQuery)?;
    registry.study(ListQuery)?;
    registry.study(TryQuery)
}

#[cfg(test)]
mod tests;
