//! `paceline days`: load, fitness, fatigue and form, day by day.

use clap::Args;
use fitness::Scope;
use fitness::calendar::DayRow;
use fitness::records::day;
use jiff::civil::Date;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline days --from 2026-05-01
  paceline days --json              one object a line: date, load, ctl, atl, tsb";

/// Shows load, fitness (CTL), fatigue (ATL) and form (TSB) of each day
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Days {
    /// The first day to show
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day to show
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Days {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        cli::in_order(self.from, self.to)?;
        let store = program::store(config).await?;
        let range = (self.from.unwrap_or(Date::ZERO), self.to.unwrap_or(Date::MAX));
        let athlete = self.whose.athlete;
        let days = store.read(move |tx| day::list(tx, &athlete, Scope::All, range)).await?;
        if self.form.json {
            days.iter().try_for_each(output::json)?;
        } else if days.is_empty() {
            output::note("no days yet; `paceline import PATH` reads your files");
        } else {
            output::line(table(&days).to_string())?;
        }
        Ok(error::DONE)
    }
}

fn table(days: &[DayRow]) -> Table {
    let mut table = Table::new(&[
        ("Day", Left),
        ("Activities", Right),
        ("Time", Right),
        ("Distance", Right),
        ("Load", Right),
        ("Fitness", Right),
        ("Fatigue", Right),
        ("Form", Right),
    ]);
    for day in days {
        let rest = day.activities == 0;
        let shown = |text: String| if rest { String::new() } else { text };
        table.row([
            day.date.to_string(),
            shown(day.activities.to_string()),
            shown(units::duration(day.timer_s)),
            shown(units::distance(day.distance_m)),
            shown(units::number(day.load, 0)),
            units::number(day.ctl, 1),
            units::number(day.atl, 1),
            units::signed(day.tsb, 1),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(activities: u32) -> DayRow {
        let date = Date::constant(2026, 5, 2);
        DayRow {
            date,
            load: 61.2,
            ctl: 48.04,
            atl: 55.51,
            tsb: -7.5,
            activities,
            timer_s: 3723.0,
            elapsed_s: 3800.0,
            distance_m: 12_345.0,
        }
    }

    #[test]
    fn a_day_shows_numbers_with_their_units() {
        let wanted = "\
Day         Activities     Time  Distance  Load  Fitness  Fatigue  Form
2026-05-02           1  1:02:03  12.35 km    61     48.0     55.5  -7.5";
        assert_eq!(table(&[row(1)]).to_string(), wanted);
    }

    #[test]
    fn a_day_of_rest_shows_form_alone() {
        let text = table(&[row(0)]).to_string();
        assert!(
            text.ends_with("2026-05-02                                       48.0     55.5  -7.5"),
            "{text}"
        );
    }
}
