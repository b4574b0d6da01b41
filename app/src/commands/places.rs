//! `paceline places`: how much ground you have been to.

use clap::Args;
use engine::clock::Clock;
use fitness::Scope;
use fitness::ground::explorer::Tiles;
use fitness::records::activity_place::{self, Filter, Outing};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::Right;
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline places
  paceline places --sport cycling --from 2026-01-01
  paceline places --zoom 16 --json

A tile of zoom 14 is some 1.7 km wide in middle latitudes, one of zoom 17 some 200 m. A square is
visited all over; a cluster is of connected tiles whose four neighbours were visited too.";

/// What tiles are usually collected at.
const ZOOMS: [u32; 2] = [14, 17];
const NEW_DAYS: i64 = 30;

/// Counts the tiles of the map that you have been to
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Places {
    /// The tiles of this zoom alone
    #[arg(long, value_name = "ZOOM", value_parser = clap::value_parser!(u32).range(8..=19))]
    zoom: Option<u32>,
    /// Of this sport alone
    #[arg(long, value_name = "SPORT")]
    sport: Option<String>,
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// The tiles of a zoom.
#[derive(Debug, PartialEq, Serialize)]
struct Counted {
    zoom: u32,
    tiles: usize,
    /// Tiles along a side of the largest square.
    square: u32,
    cluster: usize,
    /// That nobody had been to before the last 30 days.
    new: usize,
}

impl Places {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        cli::in_order(self.from, self.to)?;
        let store = program::store(config).await?;
        cli::known_sport(&store, &self.whose.athlete, self.sport.as_deref()).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let today = fitness::day::local_date(Clock::system().now_ms(), None, &zone).unwrap_or(Date::MAX);
        let new_from = today.saturating_sub(NEW_DAYS.days());
        let filter = Filter { sport: self.sport, from: self.from, to: self.to };
        let athlete = self.whose.athlete;
        let outings =
            store.read(move |tx| activity_place::outings(tx, &athlete, Scope::All, &filter)).await?;
        let zooms = self.zoom.map_or_else(|| ZOOMS.to_vec(), |zoom| vec![zoom]);
        let counted: Vec<Counted> =
            zooms.into_iter().map(|zoom| Counted::of(zoom, &outings, new_from)).collect();
        if self.form.json {
            counted.iter().try_for_each(output::json)?;
        } else if outings.is_empty() {
            output::note("no places are known; `paceline run ways` looks for them");
        } else {
            output::line(table(&counted).to_string())?;
            output::line(units::count(
                outings.len(),
                "activity with positions",
                "activities with positions",
            ))?;
        }
        Ok(error::DONE)
    }
}

impl Counted {
    fn of(zoom: u32, outings: &[Outing], new_from: Date) -> Self {
        let tiles = Tiles::of(zoom, outings.iter().map(|outing| &outing.cells));
        let before = outings.iter().filter(|outing| outing.date.is_none_or(|date| date < new_from));
        let before = Tiles::of(zoom, before.map(|outing| &outing.cells));
        Self {
            zoom,
            tiles: tiles.len(),
            square: tiles.square().map_or(0, |square| square.side),
            cluster: tiles.cluster(),
            new: tiles.beyond(&before),
        }
    }
}

fn table(counted: &[Counted]) -> Table {
    let head = ["Zoom", "Tiles", "Square", "Cluster", "New in 30 days"].map(|head| (head, Right));
    let mut table = Table::new(&head);
    for Counted { zoom, tiles, square, cluster, new } in counted {
        let square = format!("{square} x {square}");
        table.row([zoom.to_string(), tiles.to_string(), square, cluster.to_string(), new.to_string()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_stand_in_columns() {
        let counted = Counted { zoom: 14, tiles: 812, square: 7, cluster: 143, new: 3 };
        let wanted = "\
Zoom  Tiles  Square  Cluster  New in 30 days
  14    812   7 x 7      143               3";
        assert_eq!(table(&[counted]).to_string(), wanted);
    }
}
