//! `paceline weather home`: the cell that a forecast is for.

use clap::Args;
use engine::clock::Clock;
use fitness::records::weather_home;
use fitness::weather::Cell;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::{error, output, program};

const AFTER_HELP: &str = "\
Examples:
  paceline weather home 47.05,8.31
  paceline weather home --forget
  paceline weather home

Two decimals are kept, about a kilometre; nothing finer is stored or sent.";

/// Shows or sets the place whose forecast is looked up
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Home {
    /// Latitude and longitude in degrees
    #[arg(value_name = "LAT,LON", value_parser = place, allow_hyphen_values = true, conflicts_with = "forget")]
    place: Option<Cell>,
    /// Look up no forecast any more
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

fn place(text: &str) -> Result<Cell, String> {
    let degrees = |text: &str| text.trim().parse::<f64>().ok();
    let (latitude, longitude) = text.split_once(',').unwrap_or_default();
    let cell = degrees(latitude)
        .zip(degrees(longitude))
        .and_then(|(latitude, longitude)| Cell::of(latitude, longitude, Cell::DECIMALS_MOST));
    cell.ok_or_else(|| format!("`{text}` is no place such as 47.05,8.31"))
}

impl Home {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let athlete = self.whose.athlete.clone();
        if self.forget || self.place.is_some() {
            program::meet(&store, &athlete).await?;
            let (athlete, now_ms) = (athlete.clone(), Clock::system().now_ms());
            store.write(move |tx| weather_home::set(tx, &athlete, self.place, now_ms)).await?;
        }
        let cell = store.read(move |tx| weather_home::get(tx, &athlete)).await?;
        let degrees = cell.map(Cell::degrees);
        if self.form.json {
            output::json(&json!({
                "latitude": degrees.map(|(latitude, _)| latitude),
                "longitude": degrees.map(|(_, longitude)| longitude),
            }))?;
        } else if let Some((latitude, longitude)) = degrees {
            output::line(format!("home is around {latitude:.2},{longitude:.2}"))?;
        } else {
            output::note("no home is set; `paceline weather home LAT,LON` sets one");
        }
        Ok(error::DONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers_of_degrees() {
        assert_eq!(place("47.0537, 8.3062").map(Cell::degrees), Ok((47.05, 8.31)));
        assert_eq!(place("-33.86,151.21").map(Cell::degrees), Ok((-33.86, 151.21)));
        for text in ["", "47.05", "north,8", "91,0", "0,181", "NaN,1"] {
            assert_eq!(place(text), Err(format!("`{text}` is no place such as 47.05,8.31")));
        }
    }
}
