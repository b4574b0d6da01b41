//! `paceline privacy-zones`: circles that nobody but you is shown.

use clap::{ArgGroup, Args, Subcommand};
use fitness::ground::Place;
use fitness::records::privacy_zone::{self, New, PrivacyZone, ZoneError};
use serde_json::json;
use store::Store;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, walk};

const AFTER_HELP: &str = "\
Examples:
  paceline privacy-zones
  paceline privacy-zones add Home --at 47.0502,8.3093 --radius 300
  paceline privacy-zones remove Home

What lies in one is left out of tracks, tiles, heat and segments that anybody but you may see. The
circle that cuts is larger and lies otherwise, so that its middle does not tell where you live.";
const ADD_HELP: &str = "\
Examples:
  paceline privacy-zones add Home --at 47.0502,8.3093 --radius 300
  paceline privacy-zones add Home --start-of 2447hfyga3vqdfsd6h5bdll3ly";
const REMOVE_HELP: &str = "\
Examples:
  paceline privacy-zones remove Home";

/// Hides the ground around places from everybody but you
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct PrivacyZones {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Add(Add),
    Remove(Remove),
}

/// Hides a circle
#[derive(Debug, Args)]
#[command(after_help = ADD_HELP, group(ArgGroup::new("middle").required(true).args(["at", "start_of"])))]
struct Add {
    /// What you call it
    name: String,
    /// Its middle in degrees
    #[arg(long, value_name = "LAT,LON", value_parser = place, allow_hyphen_values = true)]
    at: Option<Place>,
    /// Around the start of this activity
    #[arg(long, value_name = "ID")]
    start_of: Option<String>,
    /// 50 to 5000
    #[arg(long, value_name = "METRES", default_value_t = 300.0)]
    radius: f64,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// Shows a circle again
#[derive(Debug, Args)]
#[command(after_help = REMOVE_HELP)]
struct Remove {
    /// Its id or its name
    zone: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl PrivacyZones {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Add(add)) => add.run(config).await,
            Some(Verb::Remove(remove)) => remove.run(config).await,
            None => self.list(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Add(add)) => add.form,
            Some(Verb::Remove(remove)) => remove.form,
            None => self.form,
        }
    }

    async fn list(self, config: &Config) -> anyhow::Result<u8> {
        let zones = all(&program::store(config).await?, &self.whose.athlete).await?;
        if self.form.json {
            zones.iter().try_for_each(output::json)?;
        } else if zones.is_empty() {
            output::note("no privacy zones; `paceline privacy-zones add --help` shows how to make one");
        } else {
            output::line(table(&zones).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Add {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let middle = self.middle(engine.store()).await?;
        let new = New::of(&self.name, middle, self.radius).map_err(|refused| problem(&refused))?;
        let (athlete, now_ms) = (self.whose.athlete.clone(), engine.clock().now_ms());
        let added = engine.store().write(move |tx| privacy_zone::add(tx, &athlete, &new, now_ms)).await?;
        let id = added.map_err(|refused| problem(&refused))?;
        walk::walk(config, &engine, &self.whose.athlete, &progress).await?;
        let zones = all(engine.store(), &self.whose.athlete).await?;
        match zones.iter().find(|zone| zone.id == id) {
            Some(zone) if self.form.json => output::json(zone)?,
            _ => output::line(format!("`{}` hides {:.0} m around its middle", self.name, self.radius))?,
        }
        Ok(error::DONE)
    }

    async fn middle(&self, store: &Store) -> anyhow::Result<Place> {
        if let Some(place) = self.at {
            return Ok(place);
        }
        let id = self.start_of.clone().unwrap_or_default();
        let (athlete, of) = (self.whose.athlete.clone(), id.clone());
        let start = store.read(move |tx| privacy_zone::start_of(tx, &athlete, &of)).await?;
        start.ok_or_else(|| problem(&ZoneError::NoTrack(id)).into())
    }
}

impl Remove {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        let id = named(engine.store(), &self.whose.athlete, &self.zone).await?;
        let (athlete, of) = (self.whose.athlete.clone(), id.clone());
        engine.store().write(move |tx| privacy_zone::remove(tx, &athlete, &of)).await?;
        walk::walk(config, &engine, &self.whose.athlete, &progress).await?;
        if self.form.json {
            output::json(&json!({ "removed": id }))?;
        } else {
            output::line(format!("`{}` hides nothing any more", self.zone))?;
        }
        Ok(error::DONE)
    }
}

async fn all(store: &Store, athlete: &str) -> anyhow::Result<Vec<PrivacyZone>> {
    let athlete = athlete.to_owned();
    Ok(store.read(move |tx| privacy_zone::list(tx, &athlete)).await?)
}

async fn named(store: &Store, athlete: &str, id_or_name: &str) -> anyhow::Result<String> {
    let zones = all(store, athlete).await?;
    let mut ids = zones.into_iter().filter(|zone| zone.id == id_or_name || zone.name == id_or_name);
    match (ids.next(), ids.next()) {
        (Some(zone), None) => Ok(zone.id),
        (None, _) => Err(problem(&ZoneError::Unknown(id_or_name.to_owned())).into()),
        (Some(_), Some(_)) => {
            let message = format!("several privacy zones are called `{id_or_name}`");
            let problem = Problem::new("invalid_parameter", message);
            let problem = problem.hint("`paceline privacy-zones` lists the ids");
            Err(Problem { exit: error::USAGE, ..problem }.into())
        }
    }
}

/// A place as it is written on the command line.
fn place(text: &str) -> Result<Place, String> {
    let degrees = text.split_once(',').and_then(|(latitude, longitude)| {
        Place::of(latitude.trim().parse().ok()?, longitude.trim().parse().ok()?)
    });
    degrees.ok_or_else(|| format!("`{text}` is no place like 47.0502,8.3093"))
}

fn problem(refused: &ZoneError) -> Problem {
    let hint = match refused {
        ZoneError::Unknown(_) | ZoneError::TooMany => Some("`paceline privacy-zones` lists them"),
        ZoneError::NoTrack(_) => Some("`--at LAT,LON` names a place"),
        ZoneError::Name | ZoneError::Radius | ZoneError::Place => None,
    };
    Problem {
        exit: error::USAGE,
        hint: hint.map(str::to_owned),
        ..Problem::new(refused.code(), refused.to_string())
    }
}

fn table(zones: &[PrivacyZone]) -> Table {
    let mut table = Table::new(&[("Name", Left), ("Id", Left), ("Middle", Left), ("Radius", Right)]);
    for zone in zones {
        let middle = format!("{:.4}, {:.4}", zone.latitude, zone.longitude);
        table.row([zone.name.clone(), zone.id.clone(), middle, format!("{:.0} m", zone.radius_m)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_two_numbers_on_the_globe() {
        assert_eq!(place("-47.5, 8"), Ok(Place { latitude: -47.5, longitude: 8.0 }));
        for text in ["47", "47,8,9", "91,8", "a,b", "0,0"] {
            assert!(place(text).is_err(), "{text}");
        }
    }
}
