//! `paceline accuracy`: our figures against those that came with an export.

use clap::Args;
use fitness::accuracy::{Agreement, Difference, Figure, Unit, compare};
use fitness::records::accuracy;
use jiff::tz::TimeZone;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline accuracy
  paceline accuracy --json          one object a line for each figure, with what differs most";

/// Compares our figures with those of the export that the files came with
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Accuracy {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Accuracy {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let athlete = self.whose.athlete;
        let pairs = store.read(move |tx| accuracy::pairs(tx, &athlete)).await?;
        let agreements = compare(&pairs);
        if self.form.json {
            agreements.iter().try_for_each(output::json)?;
            return Ok(error::DONE);
        }
        if agreements.is_empty() {
            output::note("nothing to compare; `paceline import EXPORT.zip` reads an export with its figures");
            return Ok(error::DONE);
        }
        output::line(format!("{} of an export and of their files", activities(pairs.len())))?;
        output::line(format!("\n{}", summary(&agreements)))?;
        let differing = differing(&agreements, &zone);
        differing.map_or(Ok(()), |table| output::line(format!("\nWhat differs most\n\n{table}")))?;
        Ok(error::DONE)
    }
}

fn activities(number: usize) -> String {
    units::count(number, "activity", "activities")
}

fn summary(agreements: &[Agreement]) -> Table {
    let mut table = Table::new(&[
        ("Figure", Left),
        ("n", Right),
        ("Within", Right),
        ("Share", Right),
        ("Median", Right),
        ("90 % within", Right),
        ("Worst", Right),
    ]);
    for agreement in agreements {
        let (figure, unit) = (agreement.figure, agreement.unit);
        table.row([
            name(figure).to_owned(),
            agreement.n.to_string(),
            amount(unit, agreement.tolerance),
            format!("{:.0} %", (agreement.within * 100.0).floor()),
            signed(unit, agreement.median),
            amount(unit, agreement.ninety),
            signed(unit, agreement.worst),
        ]);
    }
    table
}

fn differing(agreements: &[Agreement], zone: &TimeZone) -> Option<Table> {
    let mut table = Table::new(&[
        ("Figure", Left),
        ("Start", Left),
        ("Sport", Left),
        ("Ours", Right),
        ("Theirs", Right),
        ("Difference", Right),
        ("Id", Left),
    ]);
    let mut any = false;
    for agreement in agreements {
        let is_told = |differs: &&Difference| differs.difference.abs() > agreement.tolerance;
        for differs in agreement.differ_most.iter().filter(is_told) {
            table.row(cells(agreement, differs, zone));
            any = true;
        }
    }
    any.then_some(table)
}

fn cells(agreement: &Agreement, differs: &Difference, zone: &TimeZone) -> [String; 7] {
    let figure = agreement.figure;
    [
        name(figure).to_owned(),
        differs.start_ms.map(|at| units::local_time(at, None, zone)).unwrap_or_default(),
        differs.sport.clone(),
        value(figure, differs.ours),
        value(figure, differs.theirs),
        signed(agreement.unit, differs.difference),
        differs.activity_id.clone(),
    ]
}

fn name(figure: Figure) -> &'static str {
    match figure {
        Figure::DistanceM => "Distance",
        Figure::ElapsedS => "Elapsed",
        Figure::MovingS => "Moving",
        Figure::AvgHr => "Average HR",
        Figure::MaxHr => "Maximum HR",
        Figure::AscentM => "Ascent",
        Figure::AvgPower => "Average power",
        Figure::Np => "Normalized power",
        Figure::GapHrMps => "GAP, heart rate",
        Figure::GapMinettiMps => "GAP, Minetti",
    }
}

fn value(figure: Figure, value: f64) -> String {
    match figure {
        Figure::DistanceM => units::distance(value),
        Figure::ElapsedS | Figure::MovingS => units::duration(value),
        Figure::AvgHr | Figure::MaxHr => format!("{value:.0} bpm"),
        Figure::AscentM => format!("{value:.0} m"),
        Figure::AvgPower | Figure::Np => format!("{value:.0} W"),
        Figure::GapHrMps | Figure::GapMinettiMps => format!("{value:.2} m/s"),
    }
}

fn amount(unit: Unit, amount: f64) -> String {
    with_unit(unit, &units::number(amount, digits(unit, amount)))
}

fn signed(unit: Unit, difference: f64) -> String {
    with_unit(unit, &units::signed(difference, digits(unit, difference)))
}

/// Small shares need their hundredths, large ones do not.
fn digits(unit: Unit, amount: f64) -> usize {
    match unit {
        Unit::Percent if amount.abs() < 10.0 => 2,
        Unit::Seconds if amount.abs() >= 10.0 => 0,
        _ => 1,
    }
}

fn with_unit(unit: Unit, number: &str) -> String {
    match unit {
        Unit::Percent => format!("{number} %"),
        Unit::Seconds => format!("{number} s"),
        Unit::Bpm => format!("{number} bpm"),
    }
}

#[cfg(test)]
mod tests {
    use fitness::accuracy::{Pair, Told};

    use super::*;

    fn pair(id: &str, figure: Figure, ours: f64, theirs: f64) -> Pair {
        Pair {
            activity_id: id.to_owned(),
            sport: "running".to_owned(),
            start_ms: Some(1_709_335_800_000),
            told: vec![Told { figure, ours, theirs }],
        }
    }

    #[test]
    fn a_figure_is_a_line_with_its_units() {
        let pairs =
            [pair("a", Figure::DistanceM, 9_990.0, 10_000.0), pair("b", Figure::ElapsedS, 3723.0, 3720.0)];
        let wanted = "\
Figure    n  Within  Share   Median  90 % within    Worst
Distance  1  0.10 %  100 %  -0.10 %       0.10 %  -0.10 %
Elapsed   1   2.0 s    0 %   +3.0 s        3.0 s   +3.0 s";
        assert_eq!(summary(&compare(&pairs)).to_string(), wanted);
    }

    #[test]
    fn what_differs_most_is_shown_with_both_figures() {
        let agreements = compare(&[pair("a", Figure::ElapsedS, 3723.0, 3720.0)]);
        let text = differing(&agreements, &TimeZone::UTC).unwrap().to_string();
        let wanted = "Elapsed  2024-03-01 23:30  running  1:02:03  1:02:00      +3.0 s  a";
        assert_eq!(text.lines().nth(1), Some(wanted));
    }

    #[test]
    fn what_agrees_has_nothing_to_show() {
        let agreements = compare(&[pair("a", Figure::AvgHr, 140.5, 140.0)]);
        assert!(differing(&agreements, &TimeZone::UTC).is_none());
    }
}
