//! `paceline days`: load, fitness, fatigue and form, day by day.

use clap::Args;
use fitness::Scope;
use fitness::records::day;
use fitness::week::DayFigures;
use jiff::civil::Date;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline days --from 2026-05-01
  paceline days --json              one object a line, with all that is known of a day

Form is that of the morning. Ramp is the fitness gained in seven days, monotony the mean load of the
last seven days over their spread, at most 10, and strain their load times that.";

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
        let days = store.read(move |tx| day::figures(tx, &athlete, Scope::All, range)).await?;
        if self.form.json {
            days.iter().try_for_each(output::json)?;
        } else if days.is_empty() {
            cli::nothing("days", self.from.is_some() || self.to.is_some());
        } else {
            output::line(table(&days).to_string())?;
        }
        Ok(error::DONE)
    }
}

fn table(days: &[DayFigures]) -> Table {
    let mut table = Table::new(&[
        ("Day", Left),
        ("Activities", Right),
        ("Time", Right),
        ("Distance", Right),
        ("Load", Right),
        ("Fitness", Right),
        ("Fatigue", Right),
        ("Form", Right),
        ("Ramp", Right),
        ("Monotony", Right),
        ("Strain", Right),
    ]);
    for day in days {
        let rest = day.activities == 0;
        let shown = |text: String| if rest { String::new() } else { text };
        table.row([
            day.row.date.to_string(),
            shown(day.activities.to_string()),
            shown(units::duration(day.timer_s)),
            shown(units::distance(day.distance_m)),
            shown(units::number(day.row.load, 0)),
            units::number(day.row.ctl, 1),
            units::number(day.row.atl, 1),
            units::signed(day.row.tsb, 1),
            day.ramp.map(|ramp| units::signed(ramp, 1)).unwrap_or_default(),
            day.monotony.map(|monotony| units::number(monotony, 1)).unwrap_or_default(),
            day.strain.map(|strain| units::number(strain, 0)).unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use fitness::calendar::DayRow;
    use fitness::week;

    use super::*;

    fn row(day: i8, activities: u32, load: f64) -> DayRow {
        DayRow {
            date: Date::constant(2026, 5, day),
            load,
            ctl: 48.04 + f64::from(day),
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
Day         Activities     Time  Distance  Load  Fitness  Fatigue  Form  Ramp  Monotony  Strain
2026-05-02           1  1:02:03  12.35 km    61     50.0     55.5  -7.5";
        assert_eq!(table(&week::figures(&[row(2, 1, 61.2)])).to_string(), wanted);
    }

    #[test]
    fn a_day_of_rest_shows_form_alone() {
        let text = table(&week::figures(&[row(2, 0, 0.0)])).to_string();
        assert!(
            text.ends_with("2026-05-02                                       50.0     55.5  -7.5"),
            "{text}"
        );
    }

    #[test]
    fn the_eighth_day_shows_ramp_monotony_and_strain() {
        let rows: Vec<DayRow> = (1..=8).map(|day| row(day, 1, 50.0)).collect();
        let text = table(&week::figures(&rows)).to_string();
        assert!(text.ends_with("56.0     55.5  -7.5  +7.0      10.0    3500"), "{text}");
    }
}
