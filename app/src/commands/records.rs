//! `paceline records`: personal records and when they fell, streaks, and Eddington's number.

use clap::{Args, ValueEnum};
use engine::clock::Clock;
use fitness::Scope;
use fitness::curve::{Fallen, Kind};
use fitness::eddington::Eddington;
use fitness::records::{curve, volume};
use fitness::streak::{Streak, Streaks};
use jiff::civil::Date;
use serde::Serialize;
use store::Tx;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline records                  the records that stand, streaks, Eddington's number
  paceline records --all            with those that fell, each with what it was better by
  paceline records --kind power
  paceline records --json           one object

Eddington's number is the largest E so that on E days at least E kilometres were covered.";

/// The sport whose records are shown where none is named.
const RUNNING: &str = "running";

/// Shows personal records and when they fell, streaks, and Eddington's number
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Records {
    /// Their kind
    #[arg(long, value_enum, default_value_t = Of::Pace)]
    kind: Of,
    /// The sport, also that of streaks
    #[arg(long, value_name = "SPORT", default_value = RUNNING)]
    sport: String,
    /// Records that no longer stand too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// What curves and records are of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Of {
    Pace,
    Power,
    HeartRate,
}

#[derive(Debug, Serialize)]
struct Told {
    records: Vec<Fallen>,
    streaks: Streaks,
    /// In kilometres.
    eddington: Eddington,
}

impl From<Of> for Kind {
    fn from(of: Of) -> Self {
        match of {
            Of::Pace => Self::Pace,
            Of::Power => Self::Power,
            Of::HeartRate => Self::HeartRate,
        }
    }
}

impl Records {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let is_ride = [RUNNING, "cycling"].contains(&self.sport.as_str());
        anyhow::ensure!(
            matches!(self.kind, Of::Pace | Of::HeartRate) || is_ride,
            "records of power are those on a bicycle; leave `--sport` out"
        );
        let store = program::store(config).await?;
        cli::known_sport(&store, &self.whose.athlete, Some(&self.sport)).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let today = fitness::day::local_date(Clock::system().now_ms(), None, &zone).unwrap_or(Date::ZERO);
        let (athlete, kind) = (self.whose.athlete, Kind::from(self.kind));
        let sport = if kind == Kind::Power { "cycling".to_owned() } else { self.sport };
        let asked = sport.clone();
        let mut told = store.read(move |tx| read(tx, &athlete, kind, &asked, today)).await?;
        told.records.retain(|record| self.all || record.stands);
        if self.form.json {
            output::json(&told)?;
            return Ok(error::DONE);
        }
        if told.records.is_empty() {
            cli::nothing("records", kind != Kind::Pace || sport != RUNNING);
        } else {
            output::line(table(&told.records).to_string())?;
        }
        output::line(format!("\n{}", lines(&told)))?;
        Ok(error::DONE)
    }
}

fn read(tx: &mut Tx<'_>, athlete: &str, kind: Kind, sport: &str, today: Date) -> store::Result<Told> {
    let active = volume::active_days(tx, athlete, Scope::All, Some(sport))?;
    let days = volume::between(tx, athlete, Scope::All, (Date::ZERO, Date::MAX), Some(sport))?;
    Ok(Told {
        records: curve::records(tx, athlete, Scope::All, kind, sport)?,
        streaks: Streaks::of(&active, today),
        eddington: Eddington::of(days.iter().map(|day| day.volume.distance_m / 1000.0)),
    })
}

fn table(records: &[Fallen]) -> Table {
    let mut table = Table::new(&[
        ("Record", Left),
        ("Best", Right),
        ("Better by", Right),
        ("Day", Left),
        ("", Left),
        ("Activity", Left),
    ]);
    for record in records {
        let point = &record.point;
        let value = |number: f64| match (point.watts, point.bpm) {
            (Some(_), _) => format!("{number:.0} W"),
            (_, Some(_)) => format!("{number:.0} bpm"),
            _ => units::duration(number),
        };
        table.row([
            point.name.clone(),
            value(point.watts.or(point.bpm).unwrap_or(point.seconds)),
            record.gain.map(value).unwrap_or_default(),
            point.date.to_string(),
            if record.stands { "stands".to_owned() } else { String::new() },
            point.activity.clone(),
        ]);
    }
    table
}

fn lines(told: &Told) -> String {
    let next = told.eddington.next.iter().map(|step| format!("{} in {} days", step.number, step.days_needed));
    let next: Vec<String> = next.take(3).collect();
    format!(
        "Days in a row   {}\nWeeks in a row  {}\nEddington       {} km; {}",
        streak(&told.streaks.days),
        streak(&told.streaks.weeks),
        told.eddington.number,
        next.join(", "),
    )
}

fn streak(streak: &Streak) -> String {
    let span = streak.longest_from.zip(streak.longest_to);
    let span = span.map(|(from, to)| format!(", {from} to {to}")).unwrap_or_default();
    format!("{} now; at most {}{span}", streak.current, streak.longest)
}

#[cfg(test)]
mod tests {
    use fitness::curve::{Point, fallen};

    use super::*;

    #[test]
    fn a_record_shows_when_it_fell_and_by_how_much() {
        let run =
            |day, seconds| Point::of_pace(5000.0, seconds, Date::constant(2026, 5, day), format!("run{day}"));
        let wanted = "\
Record   Best  Better by  Day                 Activity
5km     21:40             2026-05-01          run1
5km     21:10       0:30  2026-05-09  stands  run9";
        assert_eq!(table(&fallen(vec![run(1, 1300.0), run(9, 1270.0)])).to_string(), wanted);
    }

    #[test]
    fn streaks_and_eddington_are_told_in_lines() {
        let day = |day| Date::constant(2026, 5, day);
        let told = Told {
            records: Vec::new(),
            streaks: Streaks::of(&[day(4), day(5)], day(6)),
            eddington: Eddington::of([10.0, 8.0, 5.0, 4.0, 3.0]),
        };
        let wanted = "\
Days in a row   2 now; at most 2, 2026-05-04 to 2026-05-05
Weeks in a row  1 now; at most 1, 2026-05-04 to 2026-05-06
Eddington       4 km; 5 in 2 days, 6 in 4 days, 7 in 5 days";
        assert_eq!(lines(&told), wanted);
    }
}
