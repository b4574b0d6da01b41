//! Files in: FIT, GPX and TCX, from this machine's disks and from uploads.

mod archive;
pub mod decode;
pub mod demo;
mod export;
mod keep;
mod known;
mod line;
mod prepare;
mod read;
mod sources;
pub mod watch;

use engine::registry::{Registry, RegistryError};

pub use line::LineQuery;
pub use read::{Read, ReadConfig};

/// What only the program knows.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether a run that was asked for over HTTP may read files of this machine.
    pub local_paths_over_http: bool,
    /// IANA name of the time zone that a new athlete starts with.
    pub time_zone: String,
}

impl Options {
    fn standard() -> Self {
        Self { local_paths_over_http: false, time_zone: "UTC".to_owned() }
    }
}

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    registry.step_made::<Read>(move |config| Read::with(&config, options.clone()))?;
    registry.query(LineQuery)
}
