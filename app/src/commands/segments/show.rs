//! `paceline segments show`: the efforts on a segment.

use clap::{Args, ValueEnum};
use fitness::Scope;
use fitness::ground::trend::Slope;
use fitness::records::segment::{self, Segment, SegmentError};
use fitness::records::segment_effort::{self, Ranked};

use super::{named, problem};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline segments show Lakeside
  paceline segments show Lakeside --sort date --limit 10
  paceline segments show Lakeside --json      one effort a line

Load is that of the day, form that of its morning.";

/// What a person reads at once.
const SCREENFUL: usize = 30;

/// Lists the efforts on a segment
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    /// Its id or its name
    segment: String,
    /// The fastest first, or the newest
    #[arg(long, value_enum, default_value_t = Sort::Time)]
    sort: Sort,
    /// At most this many; 30 where nothing else is said, all with --json
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    Time,
    Date,
}

impl Show {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let id = named(&store, &self.whose.athlete, &self.segment).await?;
        let usual = if self.form.json { usize::MAX } else { SCREENFUL };
        let (athlete, limit, sort) = (self.whose.athlete, self.limit.unwrap_or(usual), self.sort);
        let read = store.read(move |tx| {
            let Some(segment) = segment::get(tx, &athlete, &id)? else { return Ok(None) };
            let mut ranked = segment_effort::ranked(tx, &athlete, Scope::All, &id)?;
            let trend = segment_effort::trend(&ranked);
            if sort == Sort::Date {
                ranked.sort_by_key(|effort| std::cmp::Reverse(effort.start_ms));
            }
            ranked.truncate(limit);
            segment_effort::rain_or_shine(tx, &athlete, &mut ranked)?;
            Ok(Some((segment, ranked, trend)))
        });
        let (segment, efforts, trend) =
            read.await?.ok_or_else(|| problem(&SegmentError::Unknown(self.segment)))?;
        if self.form.json {
            efforts.iter().try_for_each(output::json)?;
        } else if efforts.is_empty() {
            output::note(if segment.is_matched {
                "no activity followed it from its start to its end"
            } else {
                "it was not looked for yet; `paceline run ways` does"
            });
        } else {
            output::line(shown(&segment, &efforts, trend))?;
        }
        Ok(error::DONE)
    }
}

/// `6:41.3`: tenths tell efforts apart.
pub(super) fn seconds(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    format!("{}.{}", units::duration((tenths / 10) as f64), tenths % 10)
}

fn shown(segment: &Segment, efforts: &[Ranked], trend: Option<Slope>) -> String {
    let head = format!("{}, {}", segment.name, units::distance(segment.meters));
    let trend = trend.map(|slope| {
        let way = if slope.per_year > 0.0 { "slower" } else { "faster" };
        let by = units::number(slope.per_year.abs(), 1);
        format!("\n\nTrend: {by} s a year {way} over {} efforts", slope.count)
    });
    let attribution = efforts.iter().find_map(|effort| effort.attribution);
    let attribution = attribution.map(|text| format!("\n{text}")).unwrap_or_default();
    format!("{head}\n\n{}{}{attribution}", table(efforts), trend.unwrap_or_default())
}

fn table(efforts: &[Ranked]) -> Table {
    let mut table = Table::new(&[
        ("Rank", Right),
        ("Time", Right),
        ("Day", Left),
        ("HR", Right),
        ("Power", Right),
        ("Air", Right),
        ("Wind", Right),
        ("Load", Right),
        ("Form", Right),
        ("Activity", Left),
    ]);
    for effort in efforts {
        let cell = |value: Option<f64>, digits, unit: &str| {
            value.map(|value| format!("{}{unit}", units::number(value, digits))).unwrap_or_default()
        };
        table.row([
            effort.rank.to_string(),
            seconds(effort.elapsed_s),
            effort.date.map(|date| date.to_string()).unwrap_or_default(),
            cell(effort.avg_hr, 0, " bpm"),
            cell(effort.avg_power, 0, " W"),
            cell(effort.temperature_c, 0, " °C"),
            cell(effort.wind_mps, 1, " m/s"),
            cell(effort.load, 0, ""),
            effort.tsb.map(|form| units::signed(form, 0)).unwrap_or_default(),
            effort.activity.clone(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_tenths() {
        assert_eq!([59.96, 401.34, 3723.0].map(seconds), ["1:00.0", "6:41.3", "1:02:03.0"]);
    }

    #[test]
    fn an_effort_shows_what_is_known() {
        let effort = Ranked {
            rank: 1,
            activity: "2447hfyga3vqdfsd6h5bdll3ly".to_owned(),
            start_ms: 0,
            date: Some(jiff::civil::Date::constant(2026, 5, 2)),
            elapsed_s: 401.34,
            meters: 1903.0,
            avg_hr: Some(168.2),
            avg_power: None,
            temperature_c: Some(12.1),
            wind_mps: Some(2.1),
            load: Some(54.0),
            tsb: Some(6.1),
            attribution: None,
        };
        let wanted = "\
Rank    Time  Day              HR  Power    Air     Wind  Load  Form  Activity
   1  6:41.3  2026-05-02  168 bpm         12 °C  2.1 m/s    54    +6  2447hfyga3vqdfsd6h5bdll3ly";
        assert_eq!(table(&[effort]).to_string(), wanted);
    }
}
