//! Where the weather service is asked.

use engine::http::Base;
use plugins::open_meteo::{Key, Options};

use super::wrong;
use crate::error::Problem;

const FORECAST: &str = "FITNESS_OPEN_METEO_FORECAST_URL";
const ARCHIVE: &str = "FITNESS_OPEN_METEO_ARCHIVE_URL";
const HISTORICAL: &str = "FITNESS_OPEN_METEO_HISTORICAL_URL";
const KEY: &str = "FITNESS_OPEN_METEO_API_KEY";

/// Reads the addresses and the key.
pub(super) fn read(
    text: impl Fn(&'static str) -> Result<Option<String>, Problem>,
) -> Result<Options, Problem> {
    let base = |name: &'static str| {
        let base = text(name)?.map(|value| Base::parse(&value).map_err(|why| wrong(name, &why.to_string())));
        base.transpose()
    };
    let key = text(KEY)?.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    Ok(Options {
        forecast: base(FORECAST)?,
        archive: base(ARCHIVE)?,
        historical_forecast: base(HISTORICAL)?,
        key: key.map(Key::new),
        ..Options::standard()
    })
}
