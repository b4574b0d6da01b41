//! The question how far gear went, and what maintenance scripts say is due of it.

mod form;
mod item;
mod proof;
mod script;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use engine::registry::{QueryContext, QueryError, Study};
use engine::script::rule::{self, Panel};
use fitness::Scope;
use fitness::day::{self, TimeZoneError};
use fitness::gear::Due;
use fitness::records::athlete;
use fitness::records::gear::{self, Broken, Care, Cared, Gear};
use fitness::shareable::Shareable;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

pub(crate) use form::FORM;
pub(crate) use proof::mistakes;
use script::Script;

/// Answers with all gear and what is due of it.
#[derive(Debug, Default)]
pub struct OverviewQuery;

/// Whose eyes it is for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OverviewParams {
    /// `shareable` leaves out what the Strava API told, and what follows from it.
    scope: Scope,
}

impl Default for OverviewParams {
    fn default() -> Self {
        Self { scope: Scope::All }
    }
}

/// What the answer rests on.
#[derive(Debug)]
pub struct OverviewFacts {
    gear: Vec<Gear>,
    today: Date,
}

impl Study for OverviewQuery {
    const NAME: &'static str = "gear.overview";
    const ABOUT: &'static str =
        "How far gear and its components went, and what maintenance scripts say is due.";
    type Params = OverviewParams;
    type Facts = OverviewFacts;

    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: OverviewParams,
    ) -> Result<OverviewFacts, QueryError> {
        let gear = match params.scope {
            Scope::All => gear::overview(tx, &ctx.partition, Scope::All)?,
            Scope::Shareable => Shareable::<Vec<Gear>>::gear(tx, &ctx.partition)?.to_vec(),
        };
        let today = today(tx, &ctx.partition, ctx.clock.now_ms())?;
        Ok(OverviewFacts { gear, today })
    }

    fn conclude(&self, ctx: &QueryContext, facts: OverviewFacts) -> Result<Value, QueryError> {
        let (scripts, mut errors) = Script::all(&ctx.scripts);
        let asked = rule::panel(|panel| facts.ask(panel, &scripts));
        let no_thread = || Error::Other("the system gave no thread to ask maintenance scripts on".to_owned());
        let (due, failed) = asked.ok_or_else(no_thread)?;
        errors.extend(failed);
        let items = facts.gear.into_iter().zip(due).map(|(gear, due)| Cared { gear, due }).collect();
        Ok(serde_json::to_value(Care { items, errors }).map_err(Error::abort)?)
    }
}

impl OverviewFacts {
    /// What is due of each piece of gear, the most urgent first, and what is wrong with scripts. Runs script code.
    fn ask(&self, panel: &mut Panel, scripts: &[Script]) -> (Vec<Vec<Due>>, Vec<Broken>) {
        let items = item::in_use(&self.gear, self.today);
        let mut due = vec![Vec::new(); self.gear.len()];
        let mut failed = Vec::new();
        for script in scripts {
            failed.extend(script.ask_all(panel, &items, &mut due));
        }
        for due in &mut due {
            due.sort_by_key(|due: &Due| Reverse(due.urgency));
        }
        (due, failed)
    }
}

/// The athlete's local day; in UTC where the athlete is not known yet.
fn today(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<Date> {
    let athlete = athlete::get(tx, athlete)?;
    let zone = athlete.map_or(Ok(TimeZone::UTC), |athlete| day::time_zone(&athlete.timezone));
    let zone = zone.map_err(|error: TimeZoneError| Error::abort(error))?;
    day::local_date(now_ms, None, &zone)
        .ok_or_else(|| Error::Other(format!("the clock says {now_ms} ms, which no calendar has")))
}
