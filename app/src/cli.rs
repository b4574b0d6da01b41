//! The command line.

use std::ffi::OsStr;

use clap::{Args, Parser, Subcommand};
use fitness::records::activity;
use jiff::civil::Date;
use store::Store;

use crate::commands::{
    accuracy, activities, artifacts, athlete, backfill, check, curves, daily_metrics, days, db, dead_letters,
    definitions, demo, doctor, explain, gear, import, metrics, new, own_data, pipelines, places, pools,
    predict, privacy_zones, records, routes, rules, run, runs, segments, serve, steps, strava, sync, today,
    weather, weeks, work, workers,
};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::output;

/// Who is meant where nobody is named.
pub(crate) const ATHLETE: &str = "me";

const AFTER_HELP: &str = "\
Examples:
  paceline import ~/recordings      read files and folders
  paceline today                    what to do today, and why

Exit codes:
  0   done
  1   it failed; stderr says why
  2   the command line is wrong
  78  a setting is wrong, or the database does not fit this program

Settings are environment variables; docs/CONFIGURATION.md lists them.";

/// Reads what you trained and says what to do today, and why.
#[derive(Debug, Parser)]
#[command(name = "paceline", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Import(import::Import),
    Artifacts(artifacts::Artifacts),
    Sync(sync::Sync),
    Today(today::Today),
    Predict(predict::Predict),
    Activities(activities::Activities),
    Days(days::Days),
    Weeks(weeks::Weeks),
    Weather(weather::Weather),
    Strava(strava::Strava),
    Records(records::Records),
    Curves(curves::Curves),
    Segments(segments::Segments),
    Routes(routes::Routes),
    Places(places::Places),
    PrivacyZones(privacy_zones::PrivacyZones),
    Gear(gear::GearCommand),
    DailyMetrics(daily_metrics::DailyMetricsCommand),
    Explain(explain::Explain),
    Accuracy(accuracy::Accuracy),
    Athlete(athlete::Athlete),
    Data(own_data::Data),
    Pipelines(pipelines::Pipelines),
    Pools(pools::Pools),
    Run(run::Run),
    Runs(runs::Runs),
    DeadLetters(dead_letters::DeadLetters),
    Backfill(backfill::Backfill),
    Serve(serve::Serve),
    Work(work::Work),
    Workers(workers::Workers),
    Steps(steps::Steps),
    Rules(rules::Rules),
    Metrics(metrics::Metrics),
    Check(check::Check),
    New(new::New),
    Definitions(definitions::Definitions),
    Doctor(doctor::Doctor),
    Db(db::Db),
    Demo(demo::Demo),
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Form {
    /// Answer in JSON on stdout, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whose data it is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct Whose {
    /// Whose data it is about
    #[arg(long, value_name = "ID", default_value = ATHLETE, value_parser = athlete_id)]
    pub(crate) athlete: String,
}

impl Command {
    /// Does what the command says and answers the exit code.
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self {
            Self::Import(command) => command.run(config).await,
            Self::Artifacts(command) => command.run(config).await,
            Self::Sync(command) => command.run(config).await,
            Self::Today(command) => command.run(config).await,
            Self::Predict(command) => command.run(config).await,
            Self::Activities(command) => command.run(config).await,
            Self::Days(command) => command.run(config).await,
            Self::Weeks(command) => command.run(config).await,
            Self::Weather(command) => command.run(config).await,
            Self::Strava(command) => command.run(config).await,
            Self::Records(command) => command.run(config).await,
            Self::Curves(command) => command.run(config).await,
            Self::Segments(command) => command.run(config).await,
            Self::Routes(command) => command.run(config).await,
            Self::Places(command) => command.run(config).await,
            Self::PrivacyZones(command) => command.run(config).await,
            Self::Gear(command) => command.run(config).await,
            Self::DailyMetrics(command) => command.run(config).await,
            Self::Explain(command) => command.run(config).await,
            Self::Accuracy(command) => command.run(config).await,
            Self::Athlete(command) => command.run(config).await,
            Self::Data(command) => command.run(config).await,
            Self::Pipelines(command) => command.run(config).await,
            Self::Pools(command) => command.run(config).await,
            Self::Run(command) => command.run(config).await,
            Self::Runs(command) => command.run(config).await,
            Self::DeadLetters(command) => command.run(config).await,
            Self::Backfill(command) => command.run(config).await,
            Self::Serve(command) => command.run(config).await,
            Self::Work(command) => command.run(config).await,
            Self::Workers(command) => command.run(config).await,
            Self::Steps(command) => command.run(config),
            Self::Rules(command) => command.run(config).await,
            Self::Metrics(command) => command.run(config).await,
            Self::Check(command) => command.run(config).await,
            Self::New(command) => command.run(config),
            Self::Definitions(command) => command.run(config),
            Self::Doctor(command) => command.run(config).await,
            Self::Db(command) => command.run(config).await,
            Self::Demo(command) => command.run(),
        }
    }

    /// True where stdout is read by a program.
    pub(crate) fn is_for_programs(&self) -> bool {
        match self {
            Self::Import(command) => command.form.json,
            Self::Artifacts(command) => command.form.json,
            Self::Sync(command) => command.form.json,
            Self::Today(command) => command.form.json,
            Self::Predict(command) => command.form.json,
            Self::Activities(command) => command.form().json,
            Self::Days(command) => command.form.json,
            Self::Weeks(command) => command.form.json,
            Self::Weather(command) => command.form().json,
            Self::Strava(command) => command.form().json,
            Self::Records(command) => command.form.json,
            Self::Curves(command) => command.form.json,
            Self::Segments(command) => command.form().json,
            Self::Routes(command) => command.form().json,
            Self::Places(command) => command.form.json,
            Self::PrivacyZones(command) => command.form().json,
            Self::Gear(command) => command.form().json,
            Self::DailyMetrics(command) => command.form().json,
            Self::Explain(command) => command.form().json,
            Self::Accuracy(command) => command.form.json,
            Self::Athlete(command) => command.form().json,
            Self::Data(command) => command.form().json,
            Self::Pipelines(command) => command.form().json,
            Self::Pools(command) => command.form().json,
            Self::Run(command) => command.form.json,
            Self::Runs(command) => command.form().json,
            Self::DeadLetters(command) => command.form().json,
            Self::Workers(command) => command.form.json,
            Self::Backfill(command) => command.form().json,
            Self::Steps(command) => command.form.json,
            Self::Rules(command) => command.form().json,
            Self::Metrics(command) => command.form().json,
            Self::Check(command) => command.form.json,
            Self::New(command) => command.form.json,
            Self::Definitions(command) => command.form.json,
            Self::Doctor(command) => command.form.json,
            Self::Db(command) => command.form().json,
            Self::Demo(command) => command.form.json,
            Self::Serve(_) | Self::Work(_) => false,
        }
    }

    /// True for what runs until it is told to stop.
    pub(crate) fn is_a_server(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Work(_))
    }
}

/// Shows what clap has to say, help included, and answers the exit code.
pub(crate) fn refuse(error: &clap::Error) -> u8 {
    let _ = error.print();
    if !error.use_stderr() {
        return error::DONE;
    }
    if std::env::args_os().any(|argument| argument == OsStr::new("--json")) {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let _ = output::json(&Problem::new("invalid_parameter", first).to_json());
    }
    error::USAGE
}

/// A day as it is written on the command line.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    fitness::day::parse(text)
        .ok_or_else(|| format!("`{text}` is not a date like 2026-01-31, from 1900 to 2199"))
}

/// Refuses days that end before they begin.
pub(crate) fn in_order(from: Option<Date>, to: Option<Date>) -> Result<(), Problem> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            let message = format!("--to: {to} lies before --from {from}");
            Err(Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) })
        }
        _ => Ok(()),
    }
}

/// Refuses a word that names no sport.
pub(crate) async fn known_sport(store: &Store, athlete: &str, sport: Option<&str>) -> anyhow::Result<()> {
    let (athlete, sport) = (athlete.to_owned(), sport.map(str::to_owned));
    let checked = store.read(move |tx| activity::known_sport(tx, &athlete, sport.as_deref())).await?;
    checked.map_err(|unknown| {
        Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", format!("--sport {unknown}")) }
            .into()
    })
}

/// Says that there is nothing to list, and what to do about it.
pub(crate) fn nothing(what: &str, is_filtered: bool) {
    output::note(if is_filtered {
        format!("no {what} that fit; without the filters there may be some")
    } else {
        format!("no {what} yet; `paceline import PATH` reads your files")
    });
}

fn athlete_id(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if text.is_empty() || text.len() > 64 || !text.chars().all(fits) {
        return Err("1 to 64 letters, digits, `-`, `_` or `.`".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_shows_an_example() {
        fn check(command: &clap::Command) {
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                after.contains("Example") && after.contains("paceline"),
                "`{}` has none",
                command.get_name()
            );
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn no_line_of_help_is_too_long() {
        fn check(command: &mut clap::Command) {
            let help = command.render_help().to_string();
            let long = help.lines().find(|line| line.chars().count() > 100);
            assert_eq!(long, None, "in `{}`", command.get_name());
            command.get_subcommands_mut().for_each(check);
        }
        check(&mut Cli::command());
    }

    #[test]
    fn an_athlete_cannot_be_a_path() {
        assert!(Cli::try_parse_from(["paceline", "today", "--athlete", "../you"]).is_err());
    }

    #[test]
    fn days_that_end_before_they_begin_are_refused() {
        let day = |day| Some(Date::constant(2026, 1, day));
        assert!(in_order(day(1), day(1)).is_ok() && in_order(day(2), None).is_ok());
        let problem = in_order(day(2), day(1)).unwrap_err();
        assert_eq!(problem.message, "--to: 2026-01-01 lies before --from 2026-01-02");
    }

    #[test]
    fn what_is_no_date_is_told_in_our_words() {
        assert_eq!(date("2026-01-31"), Ok(Date::constant(2026, 1, 31)));
        assert_eq!(
            date("banana"),
            Err("`banana` is not a date like 2026-01-31, from 1900 to 2199".to_owned())
        );
        for arguments in [
            ["paceline", "days", "--to", "banana"].as_slice(),
            &["paceline", "days", "--from", "banana"],
            &["paceline", "activities", "--from", "banana"],
            &["paceline", "activities", "--to", "banana"],
            &["paceline", "today", "--date", "banana"],
            &["paceline", "athlete", "set", "--ftp", "250", "--from", "banana"],
        ] {
            let error = Cli::try_parse_from(arguments).unwrap_err().to_string();
            assert!(error.contains("`banana` is not a date like 2026-01-31"), "{error}");
        }
    }
}
