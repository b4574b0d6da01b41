//! `paceline athlete set`: writes dated settings, and lets the numbers follow.

use anyhow::bail;
use clap::Args;
use engine::clock::Clock;
use engine::run::Cause;
use engine::{Engine, Request};
use fitness::day;
use fitness::load::{LoadMethod, LoadOf};
use fitness::records::{activity, athlete, athlete_setting};
use fitness::settings::{ALWAYS, Dated, Name, SettingError, SettingsHistory, Source, Value, parse};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::json;
use store::Tx;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::{output, program, units, work};

const AFTER_HELP: &str = "\
Examples:
  paceline athlete set --sex m --hr-rest 50 --hr-max 190 --lthr 170 --ftp 250 \\
      --threshold-pace 3:50/km --weight 70
  paceline athlete set --ftp 260 --from 2026-03-01      what was before stays as it was
  paceline athlete set --load-by cycling=heart_rate     what its load is made of
  paceline athlete set --race 10k@2026-12-06            a race to come; none@2026-12-06 calls it off
  paceline athlete set --timezone Europe/Berlin

What depends on a setting is computed again at once, from the day on which it holds.";

/// What is said where `--from` stands beside `--timezone`.
const UNDATED: &str = "a time zone has no date: it holds for what is stored from now on";

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
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Given {
    /// `m` or `f`
    #[arg(long, value_name = "SEX", value_parser = sex)]
    sex: Option<Value>,
    /// Resting heart rate
    #[arg(long, value_name = "BPM", value_parser = hr_rest)]
    hr_rest: Option<Value>,
    /// Maximum heart rate
    #[arg(long, value_name = "BPM", value_parser = hr_max)]
    hr_max: Option<Value>,
    /// Heart rate at the lactate threshold
    #[arg(long, value_name = "BPM", value_parser = lthr)]
    lthr: Option<Value>,
    /// Threshold power on the bicycle
    #[arg(long, value_name = "WATTS", value_parser = ftp)]
    ftp: Option<Value>,
    /// Threshold pace on foot, such as 3:50/km or 6:10/mi
    #[arg(long, value_name = "PACE", value_parser = threshold_pace)]
    threshold_pace: Option<Value>,
    /// Heart rate at the first ventilatory threshold, from a laboratory
    #[arg(long, value_name = "BPM", value_parser = vt1)]
    vt1: Option<Value>,
    /// Heart rate at the second ventilatory threshold
    #[arg(long, value_name = "BPM", value_parser = vt2)]
    vt2: Option<Value>,
    /// Critical swim speed, such as 1:45/100m
    #[arg(long, value_name = "PACE", value_parser = css)]
    css: Option<Value>,
    /// What the load of a sport is made of, as running=heart_rate,rpe
    #[arg(long, value_name = "SPORT=METHODS", value_parser = load_by)]
    load_by: Vec<LoadBy>,
    /// Weight in kilograms, or such as 154lb
    #[arg(long, value_name = "KG", value_parser = weight)]
    weight: Option<Value>,
    /// A race and its day, such as half@2026-05-03
    #[arg(long, value_name = "DISTANCE@DATE", value_parser = race)]
    race: Option<Race>,
    /// Where the days begin and end, such as Europe/Berlin; it has no date
    #[arg(long, value_name = "ZONE", value_parser = timezone)]
    timezone: Option<String>,
}

/// A race with its own day.
#[derive(Debug, Clone, Copy)]
struct Race {
    day: Date,
    distance: Value,
}

fn race(text: &str) -> Result<Race, String> {
    let (distance, day) = text.split_once('@').ok_or("give it as `10k@2026-12-06`")?;
    let distance = parse(Name::Race, distance).map_err(|error| error.to_string())?;
    Ok(Race { day: date(day)?, distance })
}

/// An order of methods for a group of sports.
#[derive(Debug, Clone, Copy)]
struct LoadBy {
    of: LoadOf,
    order: Value,
}

fn load_by(text: &str) -> Result<LoadBy, String> {
    let (sport, methods) = text.split_once('=').ok_or("give it as `running=heart_rate,rpe`")?;
    let of = LoadOf::parse(sport.trim()).ok_or_else(|| {
        let sports = LoadOf::ALL.map(LoadOf::as_str).join(", ");
        format!("`{sport}` is none of {sports}")
    })?;
    let order = parse(Name::LoadBy(of), methods).map_err(|error| {
        let methods = LoadMethod::ALL.map(LoadMethod::as_str).join(", ");
        format!("{error}, of {methods}")
    })?;
    Ok(LoadBy { of, order })
}

fn vt1(text: &str) -> Result<Value, SettingError> {
    parse(Name::Vt1, text)
}

fn vt2(text: &str) -> Result<Value, SettingError> {
    parse(Name::Vt2, text)
}

fn css(text: &str) -> Result<Value, SettingError> {
    parse(Name::Css, text)
}

fn sex(text: &str) -> Result<Value, SettingError> {
    parse(Name::Sex, text)
}

fn hr_rest(text: &str) -> Result<Value, SettingError> {
    parse(Name::HrRest, text)
}

fn hr_max(text: &str) -> Result<Value, SettingError> {
    parse(Name::HrMax, text)
}

fn lthr(text: &str) -> Result<Value, SettingError> {
    parse(Name::Lthr, text)
}

fn ftp(text: &str) -> Result<Value, SettingError> {
    parse(Name::Ftp, text)
}

fn threshold_pace(text: &str) -> Result<Value, SettingError> {
    parse(Name::ThresholdPace, text)
}

fn weight(text: &str) -> Result<Value, SettingError> {
    parse(Name::Weight, text)
}

fn timezone(text: &str) -> Result<String, day::TimeZoneError> {
    day::time_zone(text).map(|_| text.to_owned())
}

impl Given {
    fn dated(&self, from: Date) -> Vec<Dated> {
        let given = [
            (Name::Sex, self.sex),
            (Name::HrRest, self.hr_rest),
            (Name::HrMax, self.hr_max),
            (Name::Lthr, self.lthr),
            (Name::Ftp, self.ftp),
            (Name::Vt1, self.vt1),
            (Name::Vt2, self.vt2),
            (Name::ThresholdPace, self.threshold_pace),
            (Name::Css, self.css),
            (Name::Weight, self.weight),
        ];
        let dated = |(name, value): (Name, Option<Value>)| {
            Some(Dated { name, from, value: value?, source: Source::Given })
        };
        let race = self.race.map(|race| Dated {
            name: Name::Race,
            from: race.day,
            value: race.distance,
            source: Source::Given,
        });
        let orders = self.load_by.iter().map(|LoadBy { of, order }| Dated {
            name: Name::LoadBy(*of),
            from,
            value: *order,
            source: Source::Given,
        });
        given.into_iter().filter_map(dated).chain(orders).chain(race).collect()
    }
}

/// What was written, and what follows from it.
#[derive(Debug, Clone, Default, Serialize)]
struct Written {
    /// Names of the settings that have another value now.
    changed: Vec<&'static str>,
    timezone_changed: bool,
    /// Whether one of them is what loads are computed by.
    loads_changed: bool,
    /// Activities whose load is looked at again.
    activities: usize,
}

impl Set {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        self.say_what_has_no_date()?;
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let written = self.write(&engine).await?;
        if !self.form.json {
            output::line(told(&written, self.from))?;
        }
        let run = self.follow(config, &engine, &progress).await?;
        if self.form.json {
            output::json(&json!({
                "athlete": self.whose.athlete,
                "changed": written.changed,
                "timezone_changed": written.timezone_changed,
                "activities": written.activities,
                "run": run,
            }))?;
        }
        Ok(error::DONE)
    }

    fn say_what_has_no_date(&self) -> Result<(), Problem> {
        let (Some(from), Some(_)) = (self.from, &self.given.timezone) else {
            return Ok(());
        };
        if self.given.dated(from).is_empty() {
            let problem = Problem::new("invalid_parameter", format!("--from: {UNDATED}"));
            return Err(Problem { exit: error::USAGE, ..problem.hint("leave `--from` out") });
        }
        output::note(UNDATED);
        Ok(())
    }

    async fn write(&self, engine: &Engine) -> anyhow::Result<Written> {
        let (athlete, timezone) = (self.whose.athlete.clone(), self.given.timezone.clone());
        let dated = self.given.dated(self.from.unwrap_or(ALWAYS));
        let now_ms = Clock::system().now_ms();
        let written = engine.store().write(move |tx| {
            let mut written = write(tx, &athlete, &dated, now_ms)?;
            if let Some(timezone) = &timezone {
                written.timezone_changed = athlete::set_timezone(tx, &athlete, timezone)?;
            }
            Ok(written)
        });
        written.await.map_err(|error| match error.downcast_aborted::<SettingError>() {
            Ok(wrong) => {
                Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", wrong.to_string()) }.into()
            }
            Err(error) => error.into(),
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

fn write(tx: &mut Tx<'_>, athlete: &str, dated: &[Dated], now_ms: i64) -> store::Result<Written> {
    let mut written = Written::default();
    for setting in dated {
        if athlete_setting::set(tx, athlete, setting, now_ms)? {
            written.changed.push(setting.name.as_str());
        }
    }
    check(&athlete_setting::list(tx, athlete)?).map_err(store::Error::abort)?;
    let of_load =
        |dated: &&Dated| dated.name.affects_load() && written.changed.contains(&dated.name.as_str());
    if let Some(first) = dated.iter().find(of_load) {
        written.loads_changed = true;
        written.activities = activity::contributions(tx, athlete, first.from)?.len();
    }
    Ok(written)
}

/// Checks every day on which a given setting begins.
fn check(settings: &[Dated]) -> Result<(), SettingError> {
    let history = SettingsHistory::new(settings, []);
    settings
        .iter()
        .filter(|dated| dated.source == Source::Given)
        .try_for_each(|dated| history.at(dated.from).check())
}

fn told(written: &Written, from: Option<Date>) -> String {
    let mut lines = Vec::new();
    let changed = || written.changed.iter().filter_map(|word| Name::parse(word));
    if changed().any(|name| name == Name::Race) {
        lines.push("the race is noted; the advice leads up to it and away from it".to_owned());
    }
    let names: Vec<String> =
        changed().filter(|name| *name != Name::Race).map(|name| name.to_string()).collect();
    if !names.is_empty() {
        let since = from.map_or_else(|| "for all days".to_owned(), |day| format!("from {day} on"));
        lines.push(format!("set {since}: {}", names.join(", ")));
    }
    if written.loads_changed {
        let activities = units::count(written.activities, "activity", "activities");
        lines.push(format!("the load of {activities} and the days after are computed again"));
    }
    if written.timezone_changed {
        lines.push("the time zone is another now; activities that are stored stay on their days".to_owned());
    }
    if lines.is_empty() {
        lines.push("nothing changed: this is how it stood".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: Name, value: f64, from: Date) -> Dated {
        Dated { name, from, value: Value::Number(value), source: Source::Given }
    }

    #[test]
    fn settings_that_contradict_each_other_later_are_refused() {
        let later = Date::constant(2026, 3, 1);
        let settings = [given(Name::HrMax, 190.0, ALWAYS), given(Name::Lthr, 195.0, later)];
        assert!(check(&settings[..1]).is_ok());
        assert!(check(&settings).is_err());
    }

    #[test]
    fn what_follows_is_said_first() {
        let written = Written {
            changed: vec!["ftp", "lthr"],
            timezone_changed: false,
            loads_changed: true,
            activities: 312,
        };
        let wanted = "\
set from 2026-03-01 on: threshold power, threshold heart rate
the load of 312 activities and the days after are computed again";
        assert_eq!(told(&written, Some(Date::constant(2026, 3, 1))), wanted);
    }

    #[test]
    fn a_race_has_a_distance_and_a_day() {
        let noted = race("half@2026-05-03").unwrap();
        let wanted = (Date::constant(2026, 5, 3), Value::Number(21_097.5));
        assert_eq!((noted.day, noted.distance), wanted);
        assert_eq!(race("10k").unwrap_err(), "give it as `10k@2026-12-06`");
        assert_eq!(race("10k@soon").unwrap_err(), "`soon` is not a date like 2026-01-31, from 1900 to 2199");
    }

    #[test]
    fn an_order_of_methods_names_its_sport() {
        assert_eq!(load_by("running=heart_rate,rpe").unwrap().of, LoadOf::Running);
        assert_eq!(load_by("yoga=rpe").unwrap_err(), "`yoga` is none of running, cycling, swimming, other");
        assert_eq!(load_by("rpe").unwrap_err(), "give it as `running=heart_rate,rpe`");
        assert_eq!(
            load_by("other=mood").unwrap_err(),
            "`mood` is not a value of load of other; give it as `heart_rate,rpe,duration`, \
             of power, graded_pace, swim_pace, heart_rate, rpe, duration"
        );
    }

    #[test]
    fn a_weight_costs_no_load_anew() {
        let written =
            Written { changed: vec!["weight"], timezone_changed: false, loads_changed: false, activities: 0 };
        assert!(!told(&written, None).contains("computed again"));
    }

    #[test]
    fn a_race_costs_no_load_anew() {
        let written =
            Written { changed: vec!["race"], timezone_changed: false, loads_changed: false, activities: 0 };
        assert_eq!(told(&written, None), "the race is noted; the advice leads up to it and away from it");
    }

    #[test]
    fn the_same_again_changes_nothing() {
        assert_eq!(told(&Written::default(), None), "nothing changed: this is how it stood");
    }
}
