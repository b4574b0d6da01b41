//! `paceline predict`: what you would run from 5 km to the marathon, what that rests on, and how far off it was.

use anyhow::Context;
use clap::Args;
use fitness::best_effort::{DISTANCES, MARATHON_M};
use fitness::prediction::{Backtest, Basis, Estimate, Method, Prediction, Predictions};
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline predict
  paceline predict --distance mile --distance half
  paceline predict --date 2026-05-02
  paceline predict --json           one object, with every method, the basis and the back-test

A time is for a flat way in cool air. Tested tells how far off predictions of your own races and
hard efforts were, each foretold from those before it; (all) where the distance has too few.

docs/NUMBERS.md tells how the numbers come about.";

/// What the plugin that predicts is asked.
const QUERY: &str = "insights.predictions";

/// Predicts 5 km to the marathon, with the error of former predictions
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Predict {
    /// As known on another day
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Date>,
    /// Another distance, from 1k to half, or marathon; may be repeated
    #[arg(long, value_name = "DISTANCE")]
    distance: Vec<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Predict {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let mut params = Map::new();
        params.extend(self.date.map(|date| ("date".to_owned(), date.to_string().into())));
        if !self.distance.is_empty() {
            params.insert("distances".to_owned(), self.distance.into());
        }
        let answer: Value = question::ask(config, self.whose.athlete, QUERY, params.into()).await?;
        if self.form.json {
            output::json(&answer)?;
        } else {
            let predictions = serde_json::from_value(answer).context("cannot read the predictions")?;
            output::line(shown(&predictions))?;
        }
        Ok(error::DONE)
    }
}

fn shown(predictions: &Predictions) -> String {
    let Some(first) = predictions.items.first() else {
        let needs = predictions.needs.as_ref().map_or("nothing is known", |needs| needs.message.as_str());
        return format!("No prediction for {}: {needs}", predictions.date);
    };
    let missing = predictions.missing.iter();
    let missing: String =
        missing.map(|lack| format!("\n{}: {}", lack.distance, lack.needs.message)).collect();
    format!("{}{missing}\n\n{}", table(&predictions.items), ground(first, &predictions.items))
}

fn table(items: &[Prediction]) -> Table {
    let mut table = Table::new(&[
        ("Distance", Left),
        ("Time", Right),
        ("Range", Left),
        ("Pace", Right),
        ("28 days", Right),
        ("Tested", Left),
        ("Confidence", Left),
    ]);
    for item in items {
        table.row([
            item.distance.clone(),
            units::duration(item.seconds),
            format!("{} to {}", units::duration(item.low), units::duration(item.high)),
            format!("{}/km", units::duration(item.pace_s_per_km)),
            item.change_s.map(change).unwrap_or_default(),
            item.backtest.as_ref().map(tested).unwrap_or_default(),
            item.confidence.as_str().to_owned(),
        ]);
    }
    table
}

/// `-0:12` is faster than before.
fn change(seconds: f64) -> String {
    let sign = match seconds.round() {
        more if more > 0.0 => "+",
        less if less < 0.0 => "-",
        _ => "",
    };
    format!("{sign}{}", units::duration(seconds.abs()))
}

/// `2.1 % of 14`; `(all)` where it is not of the distance itself.
fn tested(backtest: &Backtest) -> String {
    let all = if backtest.over == "all" { " (all)" } else { "" };
    format!("{} % of {}{all}", units::number(backtest.error_pct, 1), backtest.tests)
}

fn ground(first: &Prediction, items: &[Prediction]) -> String {
    let basis = &first.basis;
    let known = DISTANCES.iter().find(|distance| distance.meters == basis.distance_m);
    let distance =
        known.map_or_else(|| units::distance(basis.distance_m), |distance| distance.name.to_owned());
    let marathon = items.iter().find(|item| item.distance_m == MARATHON_M && items.len() > 1);
    let of_marathon = marathon.map(|item| format!("; marathon: {}", said(&item.methods)));
    let method = format!("{}{}", said(&first.methods), of_marathon.unwrap_or_default());
    let efforts = units::count(basis.hard_efforts as usize, "hard effort", "hard efforts");
    format!(
        "Basis    {distance} in {} on {}, {} ago (VDOT {}{})\n\
         Ground   {efforts} in {} days, the newest {} old; {} km a week\nMethod   {method}\nActivity {}",
        units::duration(basis.seconds),
        basis.date,
        days(basis.age_days),
        units::number(basis.vdot, 1),
        cost(basis),
        basis.window_days,
        days(basis.newest_days),
        units::number(basis.weekly_km, 0),
        basis.activity,
    )
}

/// What the effort would have been without heat, wind and hills is what counts of it.
fn cost(basis: &Basis) -> String {
    let of = |percent: Option<f64>, what: &str| {
        let percent = percent.filter(|percent| *percent >= 0.05)?;
        Some(format!(", {what} cost {} %", units::number(percent, 1)))
    };
    let costs = [
        of(basis.cost.heat_percent, "heat"),
        of(basis.cost.wind_percent, "wind"),
        of(basis.cost.hills_percent, "hills"),
    ];
    costs.into_iter().flatten().collect()
}

fn said(methods: &[Estimate]) -> String {
    let name = |estimate: &Estimate| match estimate.method {
        Method::Vdot => "VDOT",
        Method::Riegel => "Riegel",
        Method::RiegelFitted => "Riegel with your own exponent",
        Method::CriticalSpeed => "critical speed",
        Method::Vickers => "Vickers",
    };
    methods.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn days(days: i64) -> String {
    units::count(usize::try_from(days).unwrap_or(0), "day", "days")
}

#[cfg(test)]
mod tests {
    use fitness::Scope;
    use fitness::prediction::{Effort, Evidence, Race};
    use jiff::ToSpan;

    use super::*;

    const TODAY: Date = Date::constant(2026, 5, 30);

    fn shown_for(efforts: &[(i64, f64)]) -> String {
        let efforts: Vec<_> = efforts
            .iter()
            .map(|(days, seconds)| Effort::new(TODAY - days.days(), format!("run{days}"), (5000.0, *seconds)))
            .collect();
        let evidence = Evidence { efforts, runs: 4, ways: vec![(TODAY, 480_000.0)] };
        shown(&Predictions::of(TODAY, Scope::All, &evidence, &Race::usual()))
    }

    #[test]
    fn the_table_tells_time_range_change_and_basis() {
        let wanted = "\
Distance     Time  Range                  Pace  28 days  Tested            Confidence
5k          20:00  19:42 to 20:18      4:00/km    -0:30  2.9 % of 1 (all)  medium
10k         41:35  40:57 to 42:12      4:09/km    -1:02  2.9 % of 1 (all)  medium
half      1:31:55  1:30:32 to 1:33:18  4:21/km    -2:19  2.9 % of 1 (all)  low
marathon  3:33:01  3:17:55 to 3:48:07  5:03/km   -16:08  2.9 % of 1 (all)  low

Basis    5k in 20:00 on 2026-05-21, 9 days ago (VDOT 49.8)
Ground   1 hard effort in 90 days, the newest 9 days old; 40 km a week
Method   VDOT, Riegel; marathon: Vickers
Activity run9";
        assert_eq!(shown_for(&[(50, 1230.0), (9, 1200.0)]), wanted);
    }

    #[test]
    fn without_an_effort_it_says_what_is_missing() {
        assert_eq!(
            shown_for(&[]),
            "No prediction for 2026-05-30: needs one hard effort of a mile or more: none of the 4 runs of the last 365 days \
             has a mile whose distance and time are known"
        );
    }

    #[test]
    fn no_change_has_no_sign() {
        assert_eq!(
            [change(0.2), change(-0.4), change(12.0), change(-65.0)],
            ["0:00", "0:00", "+0:12", "-1:05"]
        );
    }
}
