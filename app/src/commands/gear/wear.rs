//! What activities were done with.

use clap::{ArgGroup, Args};
use fitness::records::gear::{self, Choice};
use serde_json::json;
use store::Store;

use super::{all, named, problem};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::{error, output, program, units};

const USE_HELP: &str = "\
Examples:
  paceline gear use 2447hfyga3vqdfsd6h5bdll3ly --gear Daily
  paceline gear use 2447hfyga3vqdfsd6h5bdll3ly q7a4noaxlwfeg3kcbhxq2xvs7y --none
  paceline gear use 2447hfyga3vqdfsd6h5bdll3ly --as-told

That holds for all records of an activity, whatever is imported later; `--as-told` takes it back.";

/// Says what activities were done with
#[derive(Debug, Args)]
#[command(
    after_help = USE_HELP,
    group(ArgGroup::new("with").required(true).args(["gear", "none", "as_told"]))
)]
pub(super) struct Use {
    /// Ids of the activities
    #[arg(required = true, value_name = "ACTIVITY")]
    activities: Vec<String>,
    /// The gear's id or name
    #[arg(long, value_name = "GEAR")]
    gear: Option<String>,
    /// With no gear
    #[arg(long)]
    none: bool,
    /// With what their sources say
    #[arg(long)]
    as_told: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Use {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let choice = self.choice(&store).await?;
        let (athlete, activities) = (self.whose.athlete.clone(), self.activities.clone());
        let said = store.write(move |tx| gear::choose_all(tx, &athlete, &activities, &choice)).await?;
        said.map_err(|refused| problem(&refused))?;
        if self.form.json {
            output::json(&json!({ "activities": self.activities }))?;
        } else {
            output::line(units::count(self.activities.len(), "activity", "activities"))?;
        }
        Ok(error::DONE)
    }

    async fn choice(&self, store: &Store) -> anyhow::Result<Choice> {
        match &self.gear {
            Some(gear) => {
                let all = all(store, &self.whose.athlete).await?;
                Ok(Choice::Gear(named(&all, gear)?.id.clone()))
            }
            None if self.none => Ok(Choice::Nothing),
            None => Ok(Choice::AsTold),
        }
    }
}
