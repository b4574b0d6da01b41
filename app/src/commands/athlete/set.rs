//! `paceline athlete set`: writes dated settings, and lets the numbers follow.

mod given;

use std::io::{IsTerminal, stdin};

use anyhow::bail;
use clap::Args;
use engine::clock::Clock;
use engine::run::Cause;
use engine::{Engine, Request};
use fitness::records::athlete;
use fitness::records::setting_change::{self, Touched, Wish};
use fitness::settings::{ALWAYS, Name, SettingError};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::confirm::confirm;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::{output, program, units, work};
use given::Given;

const AFTER_HELP: &str = "\
Examples:
  paceline athlete set --sex m --hr-rest 50 --hr-max 190 --lthr 170 --ftp 250 \\
      --threshold-pace 3:50/km --weight 70 --birth-year 1985
  paceline athlete set --ftp 260 --from 2026-03-01      what was before stays as it was
  paceline athlete set --ftp 260 --from 2026-03-01 --dry-run
  paceline athlete set --hr-zones running:110,130,150,165,175
  paceline athlete set --load-by cycling=heart_rate     what its load is made of
  paceline athlete set --race 10k@2026-12-06            a race to come; none@2026-12-06 calls it off
  paceline athlete set --timezone Europe/Berlin

What depends on a setting is computed again at once, from the day on which it holds.
On a terminal it is said before how much that is, and asked.";

/// What is said where `--from` stands beside `--timezone`.
const UNDATED_ZONE: &str = "a time zone has no date: it holds for what is stored from now on";
/// What is said where `--from` stands beside `--birth-year`.
const UNDATED_YEAR: &str = "a birth year has no date: it holds for all days";

/// Brings loads, days and advice up to date.
const PIPELINE: &str = "daily";

/// Sets what loads are measured against; without --from it holds for all days
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, override_usage = "paceline athlete set [OPTIONS] <SETTING>...")]
pub(crate) struct Set {
    #[command(flatten)]
    given: Given,
    /// The first day on which they hold; all days where none is given
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// Only show what would be computed again
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// What was written.
#[derive(Debug, Clone, Default)]
struct Written {
    /// Settings that have another value now.
    changed: Vec<Name>,
    timezone_changed: bool,
}

impl Set {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let wishes = self.given.wishes(self.from.unwrap_or(ALWAYS));
        self.say_what_has_no_date(&wishes)?;
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        let touched = self.preview(&engine, &wishes).await?;
        if self.dry_run {
            self.show(&touched)?;
            return Ok(error::DONE);
        }
        // A script that sets something has decided already.
        if touched.activities > 0 && !self.yes && !self.form.json && stdin().is_terminal() {
            output::note(consequences(&touched));
            confirm("change it?").await?;
        }
        program::meet(engine.store(), &self.whose.athlete).await?;
        let written = self.write(&engine, wishes).await?;
        if !self.form.json {
            output::line(told(&written, &touched, self.from))?;
        }
        let run = self.follow(config, &engine, &progress).await?;
        if self.form.json {
            let mut answer = self.json(&touched);
            answer["timezone_changed"] = json!(written.timezone_changed);
            answer["run"] = json!(run);
            output::json(&answer)?;
        }
        Ok(error::DONE)
    }

    fn say_what_has_no_date(&self, wishes: &[Wish]) -> Result<(), Problem> {
        let Some(from) = self.from else {
            return Ok(());
        };
        let has_year = wishes.iter().any(|wish| wish.name.is_undated());
        let said = [(UNDATED_ZONE, self.given.timezone.is_some()), (UNDATED_YEAR, has_year)];
        let said: Vec<&str> =
            said.into_iter().filter_map(|(why, is_given)| is_given.then_some(why)).collect();
        let Some(first) = said.first() else {
            return Ok(());
        };
        if !wishes.iter().any(|wish| wish.from == from) {
            let problem = Problem::new("invalid_parameter", format!("--from: {first}"));
            return Err(Problem { exit: error::USAGE, ..problem.hint("leave `--from` out") });
        }
        said.into_iter().for_each(output::note);
        Ok(())
    }

    async fn preview(&self, engine: &Engine, wishes: &[Wish]) -> anyhow::Result<Touched> {
        let (athlete, wishes) = (self.whose.athlete.clone(), wishes.to_vec());
        let zone = program::time_zone(engine.store(), &athlete).await?;
        let today = Timestamp::from_millisecond(Clock::system().now_ms())?.to_zoned(zone).date();
        let read = engine.store().read(move |tx| setting_change::preview(tx, &athlete, &wishes, today));
        read.await.map_err(refused)
    }

    async fn write(&self, engine: &Engine, wishes: Vec<Wish>) -> anyhow::Result<Written> {
        let (athlete, timezone) = (self.whose.athlete.clone(), self.given.timezone.clone());
        let now_ms = Clock::system().now_ms();
        let written = engine.store().write(move |tx| {
            let changed = setting_change::make(tx, &athlete, &wishes, now_ms)?;
            let timezone_changed =
                timezone.as_ref().map_or(Ok(false), |zone| athlete::set_timezone(tx, &athlete, zone))?;
            Ok(Written { changed, timezone_changed })
        });
        written.await.map_err(refused)
    }

    fn show(&self, touched: &Touched) -> anyhow::Result<()> {
        if self.form.json {
            output::json(&self.json(touched))?;
            return Ok(());
        }
        let changed = self::changed(&touched.changed, self.from);
        let lines = changed.map(|changed| format!("would be {changed}"));
        let nothing = touched.changed.is_empty() && self.given.timezone.is_none();
        let rest = if nothing { NOTHING.to_owned() } else { consequences(touched) };
        output::line(lines.into_iter().chain([rest]).collect::<Vec<_>>().join("\n"))?;
        Ok(())
    }

    fn json(&self, touched: &Touched) -> Json {
        json!({
            "athlete": self.whose.athlete,
            "changed": touched.changed,
            "activities": touched.activities,
            "loads": touched.loads,
            "days": touched.days,
            "first_day": touched.first_day,
        })
    }

    /// Runs what brings the numbers up to date, and answers the run's id.
    async fn follow(&self, config: &Config, engine: &Engine, progress: &Progress) -> anyhow::Result<String> {
        let request = Request {
            pipeline: PIPELINE.to_owned(),
            partition: self.whose.athlete.clone(),
            params: json!({}),
            cause: Cause::Cli,
            // A run that is at work already may have read the settings before they changed.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let finished = work::carry_out(config, engine, request, progress).await?;
        match finished.problem() {
            Some(problem) => bail!(problem),
            None => Ok(finished.run.id),
        }
    }
}

fn refused(error: store::Error) -> anyhow::Error {
    match error.downcast_aborted::<SettingError>() {
        Ok(wrong) => {
            Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", wrong.to_string()) }.into()
        }
        Err(error) => error.into(),
    }
}

const NOTHING: &str = "nothing changed: this is how it stood";

fn changed(names: &[Name], from: Option<Date>) -> Option<String> {
    let dated: Vec<String> =
        names.iter().filter(|name| **name != Name::Race).map(ToString::to_string).collect();
    let since = from.map_or_else(|| "for all days".to_owned(), |day| format!("from {day} on"));
    (!dated.is_empty()).then(|| format!("set {since}: {}", dated.join(", ")))
}

/// What is computed again, in a sentence.
fn consequences(touched: &Touched) -> String {
    if touched.activities == 0 {
        return "no load is computed again".to_owned();
    }
    let activities = units::count(touched.activities, "activity", "activities");
    let loads =
        format!("loads and zones of {activities} are computed again, and {} others", gets(touched.loads));
    match touched.first_day {
        Some(first) => {
            let days = units::count(touched.days, "day", "days");
            format!("{loads}; so are {days} from {first} on")
        }
        None => loads,
    }
}

fn gets(loads: usize) -> String {
    match loads {
        0 => "none gets".to_owned(),
        1 => "1 gets".to_owned(),
        more => format!("{more} get"),
    }
}

fn told(written: &Written, touched: &Touched, from: Option<Date>) -> String {
    let mut lines = Vec::new();
    if written.changed.contains(&Name::Race) {
        lines.push("the race is noted; the advice leads up to it and away from it".to_owned());
    }
    lines.extend(changed(&written.changed, from));
    if touched.activities > 0 {
        lines.push(consequences(touched));
    }
    if written.timezone_changed {
        lines.push("the time zone is another now; activities that are stored stay on their days".to_owned());
    }
    if lines.is_empty() {
        lines.push(NOTHING.to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(names: &[Name]) -> Written {
        Written { changed: names.to_vec(), timezone_changed: false }
    }

    #[test]
    fn what_follows_is_said_first() {
        let day = Date::constant(2026, 3, 1);
        let touched =
            Touched { changed: Vec::new(), activities: 312, loads: 300, days: 120, first_day: Some(day) };
        let wanted = "\
set from 2026-03-01 on: threshold power, threshold heart rate
loads and zones of 312 activities are computed again, and 300 get others; so are 120 days from 2026-03-01 on";
        assert_eq!(told(&changed(&[Name::Ftp, Name::Lthr]), &touched, Some(day)), wanted);
    }

    #[test]
    fn loads_that_stay_as_they_were_are_said_too() {
        let touched = Touched { activities: 1, ..Touched::default() };
        assert_eq!(
            consequences(&touched),
            "loads and zones of 1 activity are computed again, and none gets others"
        );
    }

    #[test]
    fn a_weight_costs_no_load_anew() {
        assert!(!told(&changed(&[Name::Weight]), &Touched::default(), None).contains("computed again"));
    }

    #[test]
    fn a_race_costs_no_load_anew() {
        let told = told(&changed(&[Name::Race]), &Touched::default(), None);
        assert_eq!(told, "the race is noted; the advice leads up to it and away from it");
    }

    #[test]
    fn the_same_again_changes_nothing() {
        assert_eq!(told(&Written::default(), &Touched::default(), None), NOTHING);
    }
}
