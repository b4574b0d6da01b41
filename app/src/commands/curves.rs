//! `paceline curves`: the best over each distance or duration, of all time and by season.

use clap::Args;
use fitness::Scope;
use fitness::curve::{Curve, Kind, Point};
use fitness::records::curve;
use jiff::civil::Date;

use super::records::Of;
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline curves                   the best times of all time, with critical speed
  paceline curves --season 2025
  paceline curves --kind power
  paceline curves --json            one object a line: all time, then each season

Critical speed and power are those of the model: what can be held for about half an hour.";

/// Shows the best over each distance or duration, of all time or of a season
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Curves {
    /// Their kind
    #[arg(long, value_enum, default_value_t = Of::Pace)]
    kind: Of,
    /// One year alone
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1900..=2199))]
    season: Option<i16>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Curves {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let (athlete, kind, season) = (self.whose.athlete, Kind::from(self.kind), self.season);
        let all = (Date::ZERO, Date::MAX);
        let curves = store.read(move |tx| curve::curves(tx, &athlete, Scope::All, kind, all)).await?;
        let mut asked = curves.iter().filter(|curve| season.is_none() || curve.season == season);
        if self.form.json {
            asked.try_for_each(output::json)?;
            return Ok(error::DONE);
        }
        match asked.next() {
            Some(first) => output::line(shown(first, kind))?,
            None => cli::nothing("curves", season.is_some() || kind != Kind::Pace),
        }
        Ok(error::DONE)
    }
}

fn shown(curve: &Curve, kind: Kind) -> String {
    let when = curve.season.map_or_else(|| "all time".to_owned(), |year| year.to_string());
    format!("Best of {when}\n\n{}{}", table(&curve.points), critical(curve, kind))
}

fn table(points: &[Point]) -> Table {
    let mut table =
        Table::new(&[("Over", Left), ("Best", Right), ("Pace", Right), ("Day", Left), ("Activity", Left)]);
    for point in points {
        let best = match (point.watts, point.bpm) {
            (Some(watts), _) => format!("{watts:.0} W"),
            (_, Some(bpm)) => format!("{bpm:.0} bpm"),
            _ => units::duration(point.seconds),
        };
        let pace = point.distance_m.map(|meters| units::duration(point.seconds / meters * 1000.0));
        table.row([
            point.name.clone(),
            best,
            pace.map(|pace| format!("{pace}/km")).unwrap_or_default(),
            point.date.to_string(),
            point.activity.clone(),
        ]);
    }
    table
}

fn critical(curve: &Curve, kind: Kind) -> String {
    let Some(critical) = curve.critical else {
        return String::new();
    };
    match kind {
        Kind::HeartRate => String::new(),
        Kind::Pace => format!(
            "\n\nCritical speed  {}/km, D' {}",
            units::duration(1000.0 / critical.rate),
            units::distance(critical.above)
        ),
        Kind::Power => {
            let peak = curve.with_peak.map(|fit| {
                format!(
                    "; with a peak of {:.0} W: {:.0} W, W' {:.1} kJ",
                    fit.peak,
                    fit.rate,
                    fit.above / 1000.0
                )
            });
            format!(
                "\n\nCritical power  {:.0} W, W' {:.1} kJ{}",
                critical.rate,
                critical.above / 1000.0,
                peak.unwrap_or_default()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_shows_its_points_and_its_critical_speed() {
        let point =
            |meters, seconds| Point::of_pace(meters, seconds, Date::constant(2026, 5, 2), "run".to_owned());
        let curve = Curve::of(Some(2026), Kind::Pace, vec![point(1609.344, 310.0), point(5000.0, 1050.0)]);
        let wanted = "\
Best of 2026

Over   Best     Pace  Day         Activity
1mi    5:10  3:13/km  2026-05-02  run
5km   17:30  3:30/km  2026-05-02  run

Critical speed  3:38/km, D' 189 m";
        assert_eq!(shown(&curve, Kind::Pace), wanted);
    }
}
