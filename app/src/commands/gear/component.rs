//! What is mounted on gear.

use clap::{Args, Subcommand};
use engine::clock::Clock;
use fitness::records::gear::{self, ComponentChange, NewComponent, Standing};
use jiff::civil::Date;

use super::{all, named, problem, show, today};
use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::program;

const AFTER_HELP: &str = "\
Examples:
  paceline gear component add \"Grey gravel\" chain --name CN-HG701 --from 2026-05-01
  paceline gear component end q7a4noaxlwfeg3kcbhxq2xvs7y --on 2026-10-01

`paceline gear show GEAR` lists the components with their ids, `paceline gear forget ID` takes one
off that you added by mistake.";
const ADD_HELP: &str = "\
Examples:
  paceline gear component add \"Grey gravel\" chain --name CN-HG701 --from 2026-05-01
  paceline gear component add \"Grey gravel\" tire";
const END_HELP: &str = "\
Examples:
  paceline gear component end q7a4noaxlwfeg3kcbhxq2xvs7y
  paceline gear component end q7a4noaxlwfeg3kcbhxq2xvs7y --on 2026-10-01";

/// Mounts components on gear and ends them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ComponentCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Add(Add),
    End(End),
}

/// Mounts a component
#[derive(Debug, Args)]
#[command(after_help = ADD_HELP)]
struct Add {
    /// The gear's id or name
    gear: String,
    /// Such as chain or tire
    kind: String,
    /// What it is called
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    /// The first day; the first use of the gear if left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// Says that a component is not mounted any more
#[derive(Debug, Args)]
#[command(after_help = END_HELP)]
struct End {
    /// The id of the component
    id: String,
    /// The last day; today if left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    on: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl ComponentCommand {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Add(add) => add.run(config).await,
            Verb::End(end) => end.run(config).await,
        }
    }

    pub(super) fn form(&self) -> Form {
        match &self.verb {
            Verb::Add(add) => add.form,
            Verb::End(end) => end.form,
        }
    }
}

impl Add {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let new = NewComponent::of(&self.kind, &self.name, self.from).map_err(|refused| problem(&refused))?;
        let store = program::store(config).await?;
        let id = named(&all(&store, &self.whose.athlete).await?, &self.gear)?.id.clone();
        let (athlete, now_ms) = (self.whose.athlete.clone(), Clock::system().now_ms());
        let said = store.write(move |tx| gear::mount(tx, &athlete, &id, &new, now_ms)).await?;
        let component = said.map_err(|refused| problem(&refused))?;
        show(config, &self.whose.athlete, &component, self.form).await
    }
}

impl End {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let day = match self.on {
            Some(day) => day,
            None => today(&store, &self.whose.athlete).await?,
        };
        let change = ComponentChange { standing: Some(Standing::Retired(day)), ..ComponentChange::default() };
        let (athlete, id) = (self.whose.athlete.clone(), self.id.clone());
        let now_ms = Clock::system().now_ms();
        let said = store.write(move |tx| gear::change_component(tx, &athlete, &id, &change, now_ms)).await?;
        said.map_err(|refused| problem(&refused))?;
        show(config, &self.whose.athlete, &self.id, self.form).await
    }
}
