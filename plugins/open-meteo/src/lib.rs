//! Weather from Open-Meteo: what it was like where an athlete was, and what it will be at home.
//!
//! One request at a time, many places in each, and never a call while a window of the service's quota is spent.

mod answer;
mod client;
mod column;
mod forecast;
mod history;
mod options;
mod quota;
mod refusal;
#[cfg(test)]
mod tests;
mod work;

use engine::registry::{Registry, RegistryError};

pub use forecast::{Forecast, ForecastConfig};
pub use history::{History, HistoryConfig};
pub use options::{Key, Options};
pub use quota::QuotaConfig;

/// Offers the steps of this plugin.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    let of_forecast = options.clone();
    registry.step_made::<Forecast>(move |config| Forecast::with(&config, of_forecast.clone()))?;
    registry.step_made::<History>(move |config| History::with(&config, options.clone()))
}
