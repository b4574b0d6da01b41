//! What you say of gear.

use clap::Args;
use engine::clock::Clock;
use fitness::gear::Kind;
use fitness::records::gear::{self, Change, New, Standing};
use jiff::civil::Date;
use serde_json::json;

use super::{all, item, named, problem, show, today};
use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::{output, program};

const ADD_HELP: &str = "\
Examples:
  paceline gear add Daily --kind shoes
  paceline gear add \"Grey gravel\" --kind bike --before-km 4200 --before-hours 190

What an export or Strava calls so is the same gear.";
const RENAME_HELP: &str = "\
Examples:
  paceline gear rename \"ASICS Gel-Nimbus 26\" Daily

Activities that are called by the old name count on.";
const RETIRE_HELP: &str = "\
Examples:
  paceline gear retire \"Old blue ones\"
  paceline gear retire \"Old blue ones\" --on 2026-03-31";
const REVIVE_HELP: &str = "\
Examples:
  paceline gear revive \"Old blue ones\"

That holds although Strava has it as retired.";
const SERVICE_HELP: &str = "\
Examples:
  paceline gear service \"Grey gravel\" --what washed
  paceline gear service q7a4noaxlwfeg3kcbhxq2xvs7y --on 2026-05-01 --what waxed
  paceline gear service q7a4noaxlwfeg3kcbhxq2xvs7y --on 2026-05-01 --undo

What was used up to that day counts no longer in `Since service`.";
const FORGET_HELP: &str = "\
Examples:
  paceline gear forget \"Old blue ones\"
  paceline gear forget q7a4noaxlwfeg3kcbhxq2xvs7y      a component alone

With gear goes what you said of its components, its services, and which activities you said were
done with it. What your exports and Strava tell of it stays, and so do the activities.";

const METERS_PER_KM: f64 = 1000.0;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// Adds gear, or says more of what a source calls so
#[derive(Debug, Args)]
#[command(after_help = ADD_HELP)]
pub(super) struct Add {
    /// What you call it
    name: String,
    /// shoes, bike or other; by its list or its sport if left out
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// What it had done before the first activity here
    #[arg(long, value_name = "KM")]
    before_km: Option<f64>,
    #[arg(long, value_name = "HOURS")]
    before_hours: Option<f64>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Gives gear another name
#[derive(Debug, Args)]
#[command(after_help = RENAME_HELP)]
pub(super) struct Rename {
    /// Its id or its name
    gear: String,
    /// The new name
    name: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Says that gear is not used any more
#[derive(Debug, Args)]
#[command(after_help = RETIRE_HELP)]
pub(super) struct Retire {
    /// Its id or its name
    gear: String,
    /// The last day; today if left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    on: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Says that gear is in use
#[derive(Debug, Args)]
#[command(after_help = REVIVE_HELP)]
pub(super) struct Revive {
    /// Its id or its name
    gear: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Notes what was done to gear or to a component
#[derive(Debug, Args)]
#[command(after_help = SERVICE_HELP)]
pub(super) struct Service {
    /// The gear's id or name, or the id of a component
    item: String,
    /// The day; today if left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    on: Option<Date>,
    /// What was done
    #[arg(long, value_name = "TEXT", default_value = "service")]
    what: String,
    /// Forget what was done on that day
    #[arg(long, conflicts_with = "what")]
    undo: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Forgets what you said of gear or of a component
#[derive(Debug, Args)]
#[command(after_help = FORGET_HELP)]
pub(super) struct Forget {
    /// The gear's id or name, or the id of a component
    item: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Add {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let before_m = self.before_km.map(|kilometers| kilometers * METERS_PER_KM);
        let before = (before_m, self.before_hours.map(|hours| hours * SECONDS_PER_HOUR));
        let new = New::of(&self.name, self.kind, before).map_err(|refused| problem(&refused))?;
        let store = program::store(config).await?;
        program::meet(&store, &self.whose.athlete).await?;
        let (athlete, now_ms) = (self.whose.athlete.clone(), Clock::system().now_ms());
        let id = store.write(move |tx| gear::add(tx, &athlete, &new, now_ms)).await?;
        show(config, &self.whose.athlete, &id, self.form).await
    }
}

impl Rename {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let change = Change { name: Some(self.name), ..Change::default() };
        say(config, &self.whose.athlete, &self.gear, change, self.form).await
    }
}

impl Retire {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let athlete = &self.whose.athlete;
        let day = match self.on {
            Some(day) => day,
            None => today(&program::store(config).await?, athlete).await?,
        };
        let change = Change { standing: Some(Standing::Retired(day)), ..Change::default() };
        say(config, athlete, &self.gear, change, self.form).await
    }
}

impl Revive {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let change = Change { standing: Some(Standing::InUse), ..Change::default() };
        say(config, &self.whose.athlete, &self.gear, change, self.form).await
    }
}

impl Service {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let id = item(&all(&store, &self.whose.athlete).await?, &self.item)?;
        let day = match self.on {
            Some(day) => day,
            None => today(&store, &self.whose.athlete).await?,
        };
        let (athlete, of) = (self.whose.athlete.clone(), id.clone());
        if self.undo {
            if !store.write(move |tx| gear::take_back_service(tx, &athlete, &of, day)).await? {
                return Err(nothing(&format!("nothing was done to `{}` on {day}", self.item)).into());
            }
        } else {
            let what = self.what;
            let said = store.write(move |tx| gear::service(tx, &athlete, &of, day, &what)).await?;
            said.map_err(|refused| problem(&refused))?;
        }
        show(config, &self.whose.athlete, &id, self.form).await
    }
}

impl Forget {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let id = item(&all(&store, &self.whose.athlete).await?, &self.item)?;
        let (athlete, of) = (self.whose.athlete.clone(), id.clone());
        let forgotten = store.write(move |tx| {
            Ok(gear::forget(tx, &athlete, &of)? || gear::forget_component(tx, &athlete, &of)?)
        });
        if !forgotten.await? {
            return Err(nothing(&format!("you said nothing of `{}`", self.item)).into());
        }
        if self.form.json {
            output::json(&json!({ "forgotten": id }))?;
        } else {
            output::line(format!("`{}` is as its sources have it", self.item))?;
        }
        Ok(error::DONE)
    }
}

async fn say(config: &Config, athlete: &str, gear: &str, change: Change, form: Form) -> anyhow::Result<u8> {
    let store = program::store(config).await?;
    let id = named(&all(&store, athlete).await?, gear)?.id.clone();
    let (whose, of, now_ms) = (athlete.to_owned(), id.clone(), Clock::system().now_ms());
    let said = store.write(move |tx| gear::change(tx, &whose, &of, &change, now_ms)).await?;
    said.map_err(|refused| problem(&refused))?;
    show(config, athlete, &id, form).await
}

fn nothing(message: &str) -> Problem {
    let problem = Problem::new("not_found", message).hint("`paceline gear show GEAR` shows what there is");
    Problem { exit: error::USAGE, ..problem }
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| format!("`{text}` is none of shoes, bike, other"))
}
