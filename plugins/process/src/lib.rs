//! Programs from outside as steps: JSON lines through pipes, within limits, and taps that speak Singer.
//!
//! A script says which program by its name; what that name is, the operator's folder says (`programs`).

mod bookmark;
mod check;
mod exec;
mod feed;
mod form;
mod group;
mod intake;
mod key;
mod limits;
mod lines;
mod members;
mod programs;
mod rehearsal;
mod room;
mod said;
mod talk;
mod tap;
#[cfg(test)]
mod tests;
mod trouble;

use std::path::PathBuf;

use engine::registry::{Registry, RegistryError};

pub use exec::{Exec, ExecConfig};
pub use form::Form;
pub use limits::LimitsConfig;
pub use rehearsal::rehearse;
pub use tap::{OnSchemaChange, Tap, TapConfig};

/// What only the program knows.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder whose programs scripts may name; without it none is run.
    pub programs: Option<PathBuf>,
}

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    registry.check(check::Programs::of(&options));
    let of_exec = options.clone();
    registry.step_made::<Exec>(move |config| Exec::with(config, &of_exec))?;
    registry.step_made::<Tap>(move |config| Tap::with(config, &options))
}
