//! `paceline gear`: shoes, bicycles and what is mounted on them.

mod component;
mod say;
mod wear;

use clap::{Args, Subcommand};
use engine::clock::Clock;
use fitness::Scope;
use fitness::gear::{Due, key};
use fitness::records::gear::{self, Broken, Care, Cared, Component, Gear, GearError};
use jiff::civil::Date;
use serde_json::json;
use store::Store;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline gear
  paceline gear show Daily
  paceline gear add Daily --kind shoes --before-km 120
  paceline gear retire \"Old blue ones\"
  paceline gear component add \"Grey gravel\" chain --name CN-HG701 --from 2026-05-01
  paceline gear service \"Grey gravel\" --what washed
  paceline gear use 2447hfyga3vqdfsd6h5bdll3ly --gear Daily

Gear comes from your exports and from Strava, with the activities that name it. What you say of it
holds through every later import.
What is due is said by scripts in `scripts/gear`; docs/SCRIPTS.md tells how to write one.";
const QUERY: &str = "gear.overview";
const SHOW_HELP: &str = "\
Examples:
  paceline gear show \"Grey gravel\"
  paceline gear show \"Grey gravel\" --json";

/// Tells how far shoes, bicycles and their components went, and what is due of them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct GearCommand {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(Show),
    Add(say::Add),
    Rename(say::Rename),
    Retire(say::Retire),
    Revive(say::Revive),
    Service(say::Service),
    Forget(say::Forget),
    Component(component::ComponentCommand),
    Use(wear::Use),
}

/// Shows gear with its components and services
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
struct Show {
    /// Its id or its name
    gear: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl GearCommand {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Show(show)) => show.run(config).await,
            Some(Verb::Add(add)) => add.run(config).await,
            Some(Verb::Rename(rename)) => rename.run(config).await,
            Some(Verb::Retire(retire)) => retire.run(config).await,
            Some(Verb::Revive(revive)) => revive.run(config).await,
            Some(Verb::Service(service)) => service.run(config).await,
            Some(Verb::Forget(forget)) => forget.run(config).await,
            Some(Verb::Component(component)) => component.run(config).await,
            Some(Verb::Use(wear)) => wear.run(config).await,
            None => self.list(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Show(show)) => show.form,
            Some(Verb::Add(add)) => add.form,
            Some(Verb::Rename(rename)) => rename.form,
            Some(Verb::Retire(retire)) => retire.form,
            Some(Verb::Revive(revive)) => revive.form,
            Some(Verb::Service(service)) => service.form,
            Some(Verb::Forget(forget)) => forget.form,
            Some(Verb::Component(component)) => component.form(),
            Some(Verb::Use(wear)) => wear.form,
            None => self.form,
        }
    }

    async fn list(self, config: &Config) -> anyhow::Result<u8> {
        let Care { items, errors } = care(config, &self.whose.athlete).await?;
        warn(&errors);
        if self.form.json {
            items.iter().try_for_each(output::json)?;
        } else if items.is_empty() {
            output::note("no gear yet; an export tells of it, and `paceline gear add NAME` adds some");
        } else {
            output::line(table(&items).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Show {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let id = named(&all(&store, &self.whose.athlete).await?, &self.gear)?.id.clone();
        show(config, &self.whose.athlete, &id, self.form).await
    }
}

/// Shows the gear of an id, or that which a component of that id is mounted on.
async fn show(config: &Config, athlete: &str, id: &str, form: Form) -> anyhow::Result<u8> {
    let Care { items, errors } = care(config, athlete).await?;
    let found = items.iter().find(|cared| cared.is(id));
    let cared = found.ok_or_else(|| problem(&GearError::UnknownItem(id.to_owned())))?;
    warn(&errors);
    if form.json {
        output::json(cared)?;
        return Ok(error::DONE);
    }
    let gear = &cared.gear;
    output::line(table(std::slice::from_ref(cared)).to_string())?;
    if !gear.components.is_empty() {
        output::line(format!("\n{}", components(&gear.components)))?;
    }
    let of_gear = gear.services.iter().map(|service| (gear.name.as_str(), service));
    let of_components = gear.components.iter().flat_map(|component| {
        component.services.iter().map(move |service| (component.kind.as_str(), service))
    });
    for (name, service) in of_gear.chain(of_components) {
        output::line(format!("{}  {name}: {}", service.date, service.what))?;
    }
    for due in &cared.due {
        let said = format!("{}: {} ({}, version {})", words(gear, due), due.why, due.script, due.version);
        output::line(said)?;
    }
    Ok(error::DONE)
}

/// All gear with what is due of it.
async fn care(config: &Config, athlete: &str) -> anyhow::Result<Care> {
    let answer = question::ask(config, athlete.to_owned(), QUERY, json!({})).await?;
    Ok(serde_json::from_value(answer)?)
}

/// Says why scripts are silent that should not be.
fn warn(errors: &[Broken]) {
    errors.iter().for_each(|error| output::note(format!("warning: {}", error.message)));
}

async fn all(store: &Store, athlete: &str) -> anyhow::Result<Vec<Gear>> {
    let athlete = athlete.to_owned();
    Ok(store.read(move |tx| gear::overview(tx, &athlete, Scope::All)).await?)
}

/// The gear of an id or a name.
fn named<'a>(all: &'a [Gear], id_or_name: &str) -> anyhow::Result<&'a Gear> {
    let name = key(id_or_name);
    let mut found = all.iter().filter(|gear| gear.id == id_or_name || key(&gear.name) == name);
    match (found.next(), found.next()) {
        (Some(gear), None) => Ok(gear),
        (None, _) => Err(problem(&GearError::Unknown(id_or_name.to_owned())).into()),
        (Some(_), Some(_)) => {
            let message = format!("several pieces of gear are called `{id_or_name}`");
            let problem = Problem::new("invalid_parameter", message);
            let problem = problem.hint("`paceline gear --json` lists the ids");
            Err(Problem { exit: error::USAGE, ..problem }.into())
        }
    }
}

/// The id of gear by its id or name, or of a component by its id.
fn item(all: &[Gear], text: &str) -> anyhow::Result<String> {
    let is_component = |gear: &Gear| gear.components.iter().any(|component| component.id == text);
    if all.iter().any(is_component) {
        return Ok(text.to_owned());
    }
    named(all, text).map(|gear| gear.id.clone())
}

/// The athlete's day.
async fn today(store: &Store, athlete: &str) -> anyhow::Result<Date> {
    let zone = program::time_zone(store, athlete).await?;
    Ok(fitness::day::local_date(Clock::system().now_ms(), None, &zone).unwrap_or_default())
}

fn problem(refused: &GearError) -> Problem {
    let hint = match refused {
        GearError::Unknown(_) => Some("`paceline gear` lists it"),
        GearError::UnknownComponent(_) | GearError::UnknownItem(_) => {
            Some("`paceline gear show GEAR` lists the components with their ids")
        }
        GearError::UnknownActivity(_) => Some("`paceline activities --json` lists the ids"),
        _ => None,
    };
    Problem {
        exit: error::USAGE,
        hint: hint.map(str::to_owned),
        ..Problem::new(refused.code(), refused.to_string())
    }
}

fn table(items: &[Cared]) -> Table {
    let mut table = Table::new(&[
        ("Name", Left),
        ("Kind", Left),
        ("Distance", Right),
        ("Time", Right),
        ("Uses", Right),
        ("Last", Left),
        ("Retired", Left),
        ("Due", Left),
    ]);
    for Cared { gear, due } in items {
        let retired = match gear.retired_on {
            Some(day) => day.to_string(),
            None if gear.is_retired => "yes".to_owned(),
            None => String::new(),
        };
        table.row([
            gear.name.clone(),
            gear.kind.as_str().to_owned(),
            units::distance(gear.totals.meters),
            units::duration(gear.totals.seconds),
            gear.totals.uses.to_string(),
            gear.last.map(|day| day.to_string()).unwrap_or_default(),
            retired,
            due.iter().map(|due| words(gear, due)).collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}

/// What is due, and how soon.
fn words(gear: &Gear, due: &Due) -> String {
    let part = gear.components.iter().find(|component| component.id == due.item);
    let of = part.map(|component| format!(" {}", component.kind)).unwrap_or_default();
    format!("{}{of} {}", due.what, due.urgency.as_str())
}

fn components(components: &[Component]) -> Table {
    let mut table = Table::new(&[
        ("Component", Left),
        ("Name", Left),
        ("Id", Left),
        ("Distance", Right),
        ("Since service", Right),
        ("From", Left),
        ("To", Left),
    ]);
    for of in components {
        table.row([
            of.kind.clone(),
            of.name.clone(),
            of.id.clone(),
            units::distance(of.totals.meters),
            units::distance(of.since.meters),
            of.from.map(|day| day.to_string()).unwrap_or_default(),
            of.to.map(|day| day.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use fitness::gear::{Kind, Totals, Urgency};

    use super::*;

    fn gear(id: &str, name: &str) -> Gear {
        let totals = Totals { meters: 612_300.0, seconds: 201_000.0, uses: 74 };
        Gear {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: Kind::Shoes,
            brand: None,
            model: None,
            sources: Vec::new(),
            totals,
            since: totals,
            before_m: 0.0,
            before_s: 0.0,
            first: None,
            last: Some(Date::constant(2026, 10, 30)),
            is_retired: false,
            retired_on: None,
            components: Vec::new(),
            services: Vec::new(),
        }
    }

    fn due(item: &str, what: &str, urgency: Urgency) -> Due {
        Due {
            item: item.to_owned(),
            script: "scripts/gear/x.rhai".to_owned(),
            version: "3f2a91c07d55".to_owned(),
            what: what.to_owned(),
            urgency,
            why: "Worn.".to_owned(),
        }
    }

    #[test]
    fn gear_stands_in_columns() {
        let wanted = "\
Name   Kind    Distance      Time  Uses  Last        Retired  Due
Daily  shoes  612.30 km  55:50:00    74  2026-10-30           replace now, dry insole soon
Old    shoes  612.30 km  55:50:00    74  2026-10-30  yes";
        let totals = Totals::default();
        let insole = Component {
            id: "i".to_owned(),
            kind: "insole".to_owned(),
            name: String::new(),
            from: None,
            to: None,
            totals,
            since: totals,
            services: Vec::new(),
        };
        let daily = Gear { components: vec![insole], ..gear("a", "Daily") };
        let due = vec![due("a", "replace", Urgency::Now), due("i", "dry", Urgency::Soon)];
        let old = Gear { is_retired: true, ..gear("b", "Old") };
        let items = [Cared { gear: daily, due }, Cared { gear: old, due: Vec::new() }];
        assert_eq!(table(&items).to_string(), wanted);
    }

    #[test]
    fn gear_is_named_by_its_id_or_its_name() {
        let all = [gear("a", "Daily"), gear("b", "Race"), gear("c", "race ")];
        assert_eq!(named(&all, " daily").unwrap().id, "a");
        assert_eq!(named(&all, "c").unwrap().id, "c");
        assert!(named(&all, "Race").unwrap_err().to_string().contains("several"));
        assert!(named(&all, "x").is_err());
    }
}
