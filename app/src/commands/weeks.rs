//! `paceline weeks`: how much was done in each week, month or year, by sport.

use clap::{Args, ValueEnum};
use fitness::Scope;
use fitness::records::volume;
use fitness::volume::{Period, Span, Volume, periods};
use jiff::civil::Date;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline weeks                    the last twelve weeks, by sport
  paceline weeks --by month --sport running
  paceline weeks --by year --json   one object a line, every year";

/// What a person reads at once, where no day is given.
const SCREENFUL: usize = 12;

/// Sums time, distance, climb and load of each week, month or year
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Weeks {
    /// The span of a row
    #[arg(long, value_enum, default_value_t = By::Week)]
    by: By,
    /// Only this sport, such as running
    #[arg(long, value_name = "SPORT")]
    sport: Option<String>,
    /// From the week, month or year of this day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// Up to that of this day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Week,
    Month,
    Year,
}

impl Weeks {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        cli::in_order(self.from, self.to)?;
        let span = match self.by {
            By::Week => Span::Week,
            By::Month => Span::Month,
            By::Year => Span::Year,
        };
        let days = (
            span.first_of(self.from.unwrap_or(Date::ZERO)),
            self.to.map_or(Date::MAX, |to| span.last_of(to)),
        );
        let store = program::store(config).await?;
        cli::known_sport(&store, &self.whose.athlete, self.sport.as_deref()).await?;
        let is_filtered = self.from.is_some() || self.to.is_some() || self.sport.is_some();
        let (athlete, sport) = (self.whose.athlete, self.sport);
        let read = store.read(move |tx| volume::between(tx, &athlete, Scope::All, days, sport.as_deref()));
        let mut periods = periods(span, &read.await?);
        if self.form.json {
            periods.iter().try_for_each(output::json)?;
            return Ok(error::DONE);
        }
        if self.from.is_none() {
            periods.drain(..periods.len().saturating_sub(SCREENFUL));
        }
        if periods.is_empty() {
            cli::nothing("activities", is_filtered);
        } else {
            output::line(table(&periods).to_string())?;
        }
        Ok(error::DONE)
    }
}

fn table(periods: &[Period]) -> Table {
    let mut table = Table::new(&[
        ("From", Left),
        ("To", Left),
        ("Sport", Left),
        ("Activities", Right),
        ("Time", Right),
        ("Distance", Right),
        ("Climb", Right),
        ("Load", Right),
    ]);
    for period in periods {
        table.row(cells([period.from.to_string(), period.to.to_string(), "all".to_owned()], &period.total));
        // One sport alone says the same again.
        let sports = period.sports.iter().filter(|_| period.sports.len() > 1);
        for (sport, volume) in sports {
            table.row(cells([String::new(), String::new(), sport.clone()], volume));
        }
    }
    table
}

fn cells([from, to, sport]: [String; 3], volume: &Volume) -> [String; 8] {
    let known = |value: f64, text: String| if value > 0.0 { text } else { String::new() };
    [
        from,
        to,
        sport,
        volume.activities.to_string(),
        known(volume.timer_s, units::duration(volume.timer_s)),
        known(volume.distance_m, units::distance(volume.distance_m)),
        known(volume.ascent_m, format!("{:.0} m", volume.ascent_m)),
        known(volume.load, units::number(volume.load, 0)),
    ]
}

#[cfg(test)]
mod tests {
    use fitness::volume::Outings;

    use super::*;

    #[test]
    fn a_week_shows_its_sum_and_its_sports() {
        let outing = |day, sport: &str, distance_m| Outings {
            date: Date::constant(2026, 5, day),
            sport: sport.to_owned(),
            volume: Volume { activities: 1, timer_s: 3600.0, distance_m, load: 50.0, ..Volume::default() },
        };
        let outings =
            [outing(4, "running", 10_000.0), outing(5, "cycling", 30_000.0), outing(12, "running", 5000.0)];
        let wanted = "\
From        To          Sport    Activities     Time  Distance  Climb  Load
2026-05-04  2026-05-10  all               2  2:00:00  40.00 km          100
                        cycling           1  1:00:00  30.00 km           50
                        running           1  1:00:00  10.00 km           50
2026-05-11  2026-05-17  all               1  1:00:00   5.00 km           50";
        assert_eq!(table(&periods(Span::Week, &outings)).to_string(), wanted);
    }
}
