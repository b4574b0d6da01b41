//! How far off predictions of an athlete's own hard runs would have been: `bench backtest FILE`.
//!
//! The file is a list of activities as JSON with `type`, `distance` (m), `moving_time` (`h:mm:ss`) and
//! `start_date_local`; each run counts as one effort over its whole way, so that races over odd distances count too.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use fitness::Scope;
use fitness::prediction::{Effort, Evidence, Predictions, Race, SHORTEST_BASIS_S};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

pub(crate) const COMMAND: &str = "backtest";
/// A mile, and a marathon with what a watch adds to it.
const SHORTEST_M: f64 = 1609.344;
const LONGEST_M: f64 = 43_500.0;

#[derive(Deserialize)]
struct Listed {
    r#type: String,
    distance: f64,
    moving_time: String,
    start_date_local: String,
}

#[expect(clippy::print_stdout, reason = "a report")]
pub(crate) fn of_a_list(path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let listed: Vec<Listed> = serde_json::from_slice(&text)?;
    let mut runs: Vec<(Date, f64, f64)> = listed.iter().filter_map(run).collect();
    runs.sort_by_key(|run| run.0);
    let mut evidence = Evidence { runs: runs.len() as u32, ..Evidence::default() };
    for (number, (date, meters, seconds)) in runs.iter().enumerate() {
        evidence.ways.push((*date, *meters));
        if (SHORTEST_M..=LONGEST_M).contains(meters) && *seconds >= SHORTEST_BASIS_S {
            evidence.efforts.push(Effort::new(*date, number.to_string(), (*meters, *seconds)));
        }
    }
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(()) };
    println!("{} runs from {} to {}", runs.len(), first.0, last.0);
    // Three years lie behind each of these days.
    let days = std::iter::successors(Some(last.0), |day| day.checked_sub(730.days()).ok());
    for day in days.take_while(|day| *day > first.0) {
        let started = Instant::now();
        let predictions = Predictions::of(day, Scope::All, &evidence, &Race::usual());
        println!("\nas of {day}, in {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
        for item in predictions.items {
            let tested = item.backtest.map_or_else(String::new, |test| {
                format!(
                    "{:.2} % off (bias {:+.2} %) in {} tests over {}",
                    test.error_pct, test.bias_pct, test.tests, test.over
                )
            });
            println!(
                "{:>9} {:>8.0} s, {:.0} to {:.0}  {tested}",
                item.distance, item.seconds, item.low, item.high
            );
        }
    }
    Ok(())
}

fn run(listed: &Listed) -> Option<(Date, f64, f64)> {
    let day = fitness::day::parse(listed.start_date_local.get(..10)?)?;
    let parts = listed.moving_time.rsplit(' ').next()?.split(':').map(|part| part.parse::<f64>().ok());
    let seconds = parts.collect::<Option<Vec<f64>>>()?.into_iter().fold(0.0, |sum, part| sum * 60.0 + part);
    (listed.r#type == "Run").then_some((day, listed.distance, seconds))
}
