//! `paceline segments add`: makes a segment, and looks for it in all that there is.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{ArgGroup, Args};
use engine::Engine;
use engine::registry::{QueryContext, QueryError};
use fitness::ground::Place;
use fitness::records::segment::{self, New, SegmentError};
use serde::Deserialize;
use serde_json::json;

use super::{find, problem, show};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::{cli, output, program, units, walk};

const AFTER_HELP: &str = "\
Examples:
  paceline segments add Lakeside --activity 2447hfyga3vqdfsd6h5bdll3ly --from-km 3.2 --to-km 5.1
  paceline segments add --gpx ./lakeside.gpx --sport running
  paceline segments add --starred 1109718

A line is 100 m to 100 km long. Making the same one twice gives it the new name.
ID of --starred is the number in the address of the segment at Strava. What follows such a line is
kept for as long as you have it starred and are connected; docs/STRAVA.md tells why.";

/// Reads the line of a GPX text.
const LINE: &str = "files.line";

/// Makes a segment of a part of an activity, a GPX line or a segment starred at Strava
#[derive(Debug, Args)]
#[command(
    after_help = AFTER_HELP,
    group(ArgGroup::new("line").required(true).args(["activity", "gpx", "starred"])),
)]
pub(super) struct Add {
    /// What it is called; a GPX line and a starred segment have names of their own
    #[arg(required_unless_present_any = ["gpx", "starred"])]
    name: Option<String>,
    /// Cuts the line out of this activity
    #[arg(long, value_name = "ID", requires = "from_km", requires = "to_km")]
    activity: Option<String>,
    /// Kilometres from the start of the activity, as its device counted them
    #[arg(long, value_name = "KM", requires = "activity")]
    from_km: Option<f64>,
    #[arg(long, value_name = "KM", requires = "activity")]
    to_km: Option<f64>,
    /// Takes the first track or route of this file
    #[arg(long, value_name = "FILE")]
    gpx: Option<PathBuf>,
    /// Follows the line of this segment, which you have starred at Strava
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    starred: Option<i64>,
    /// Whose group is compared on a GPX line; any if left out
    #[arg(long, value_name = "SPORT", requires = "gpx")]
    sport: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// The line of a GPX text.
#[derive(Debug, Deserialize)]
struct Line {
    name: Option<String>,
    points: Vec<[f64; 2]>,
}

impl Add {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let id = self.define(&engine).await?.map_err(|refused| problem(&refused))?;
        walk::walk(config, &engine, &self.whose.athlete, &progress).await?;
        let (athlete, of) = (self.whose.athlete, id);
        let Some(made) = engine.store().read(move |tx| find(tx, &athlete, &of)).await? else {
            return Ok(error::DONE);
        };
        if self.form.json {
            output::json(&made)?;
            return Ok(error::DONE);
        }
        let efforts = units::count(made.efforts as usize, "effort", "efforts");
        let best =
            made.best_s.map(|best| format!(", the best in {}", show::seconds(best))).unwrap_or_default();
        output::line(format!("{} ({}): {efforts}{best}", made.name, units::distance(made.meters)))?;
        Ok(error::DONE)
    }

    /// Keeps the segment, and answers its id.
    async fn define(&self, engine: &Engine) -> anyhow::Result<Result<String, SegmentError>> {
        let (athlete, now_ms) = (self.whose.athlete.clone(), engine.clock().now_ms());
        if let Some(strava_id) = self.starred {
            let name = self.name.clone();
            let define = move |tx: &mut store::Tx<'_>| {
                segment::define_starred(tx, &athlete, name.as_deref(), strava_id, now_ms)
            };
            return Ok(engine.store().write(define).await?);
        }
        let new = match self.drawn(engine).await? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        Ok(Ok(engine.store().write(move |tx| segment::define(tx, &athlete, &new, now_ms)).await?))
    }

    async fn drawn(&self, engine: &Engine) -> anyhow::Result<Result<New, SegmentError>> {
        let name = self.name.clone();
        if let Some(file) = &self.gpx {
            cli::known_sport(engine.store(), &self.whose.athlete, self.sport.as_deref()).await?;
            let line = line(engine, &self.whose.athlete, file).await?;
            let places = line
                .points
                .iter()
                .map(|[latitude, longitude]| Place { latitude: *latitude, longitude: *longitude });
            let name = name.or(line.name).unwrap_or_default();
            return Ok(New::of_gpx(&name, self.sport.as_deref(), places.collect()));
        }
        let part_m = (self.from_km.unwrap_or(0.0) * 1000.0, self.to_km.unwrap_or(0.0) * 1000.0);
        if !(part_m.0 >= 0.0 && part_m.1 > part_m.0 && part_m.1.is_finite()) {
            let message = "--to-km: must lie beyond --from-km";
            return Err(Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) }.into());
        }
        let (athlete, id) = (self.whose.athlete.clone(), self.activity.clone().unwrap_or_default());
        let cut = engine
            .store()
            .read(move |tx| segment::cut(tx, &athlete, name.as_deref().unwrap_or_default(), &id, part_m));
        Ok(cut.await?)
    }
}

async fn line(engine: &Engine, athlete: &str, file: &Path) -> anyhow::Result<Line> {
    let name = file.display().to_string();
    let text = std::fs::read(file).with_context(|| format!("cannot read `{name}`"))?;
    let query = engine.registry().find_query(LINE).context("nobody reads GPX lines here")?;
    let ctx = QueryContext {
        partition: athlete.to_owned(),
        clock: engine.clock().clone(),
        scripts: engine.library(),
        mistakes: Vec::new(),
    };
    let asked = query.ask(engine.store(), ctx, json!({ "gpx": String::from_utf8_lossy(&text) }));
    match asked.await {
        Ok(line) => Ok(serde_json::from_value(line)?),
        Err(QueryError::Invalid { code, message }) => {
            Err(Problem::new(code, format!("`{name}`: {message}")).into())
        }
        Err(error) => Err(error.into()),
    }
}
