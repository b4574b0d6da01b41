//! `paceline activities`: what is stored, newest first, and which records tell of one activity.

mod records;

use clap::{Args, Subcommand};
use fitness::records::activity::{self, ActivityRow, PageKey};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::Tx;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::{Table, shortened};
use crate::{cli, error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline activities --from 2026-05-01 --to 2026-05-31
  paceline activities --limit 5
  paceline activities --json        every activity, one object a line; what is unknown is absent
  paceline activities records ID    the records of one activity

An activity that was recorded twice is listed once, with (+1) after its name; `also` in the JSON has
the ids of the other records. `split` and `join` correct what was taken for one, or for two.
`paceline explain activity ID` tells how its numbers came about, docs/METRICS.md what each is.";

/// What a person reads at once, where no limit is given.
const SCREENFUL: u32 = 30;
/// Rows that are read at once.
const PAGE: u32 = 500;
const NAME_WIDTH: usize = 28;

/// Lists activities, newest first, and says which records are of one
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Activities {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Records(records::Show),
    Split(records::Split),
    Join(records::Join),
    Forget(records::Forget),
}

#[derive(Debug, Args)]
struct Listing {
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    /// At most this many; 30 where nothing else is said, all with --json
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// From one moment up to but without the other, in epoch milliseconds.
#[derive(Debug, Clone, Copy)]
struct Span {
    from_ms: i64,
    until_ms: i64,
}

impl Activities {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Records(show)) => show.run(config).await,
            Some(Verb::Split(split)) => split.run(config).await,
            Some(Verb::Join(join)) => join.run(config).await,
            Some(Verb::Forget(forget)) => forget.run(config).await,
            None => self.listing.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Records(show)) => show.form,
            Some(Verb::Split(split)) => split.form,
            Some(Verb::Join(join)) => join.form,
            Some(Verb::Forget(forget)) => forget.form,
            None => self.listing.form,
        }
    }
}

impl Listing {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        cli::in_order(self.from, self.to)?;
        let store = program::store(config).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let span = Span::of(self.from, self.to, &zone);
        let usual = if self.form.json { u32::MAX } else { SCREENFUL };
        let (athlete, limit) = (self.whose.athlete.clone(), self.limit.unwrap_or(usual));
        let rows = store.read(move |tx| read(tx, &athlete, span, limit)).await?;
        if self.form.json {
            rows.iter().try_for_each(output::json)?;
            return Ok(error::DONE);
        }
        if rows.is_empty() {
            cli::nothing("activities", self.from.is_some() || self.to.is_some());
            return Ok(error::DONE);
        }
        output::line(table(&rows, &zone).to_string())?;
        if self.limit.is_none() && rows.len() >= SCREENFUL as usize {
            output::note("only the newest; `--limit` and `--from` show more");
        }
        Ok(error::DONE)
    }
}

impl Span {
    fn of(from: Option<Date>, to: Option<Date>, zone: &TimeZone) -> Self {
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_millisecond());
        Self {
            from_ms: from.and_then(midnight).unwrap_or(i64::MIN),
            until_ms: to.and_then(|day| day.tomorrow().ok()).and_then(midnight).unwrap_or(i64::MAX),
        }
    }
}

fn read(tx: &mut Tx<'_>, athlete: &str, span: Span, limit: u32) -> store::Result<Vec<ActivityRow>> {
    // Keys go down from here, and no id is below the empty one.
    let mut key = PageKey { start_ms: span.until_ms, ..PageKey::newest() };
    let mut rows: Vec<ActivityRow> = Vec::new();
    loop {
        let wanted = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX)).min(PAGE);
        let page = activity::list(tx, athlete, &key, wanted)?;
        let full = page.len() == wanted as usize;
        let Some(last) = page.last() else { return Ok(rows) };
        key = PageKey::of(last);
        let fits = |row: &ActivityRow| row.start_ms.unwrap_or(0) >= span.from_ms;
        let older = page.iter().any(|row| !fits(row));
        rows.extend(page.into_iter().filter(fits));
        if older || !full || rows.len() >= limit as usize {
            return Ok(rows);
        }
    }
}

fn table(rows: &[ActivityRow], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Start", Left),
        ("Sport", Left),
        ("Distance", Right),
        ("Moving", Right),
        ("Speed", Right),
        ("Climb", Right),
        ("HR", Right),
        ("Load", Right),
        ("Name", Left),
    ]);
    rows.iter().for_each(|row| table.row(cells(row, zone)));
    table
}

fn cells(row: &ActivityRow, zone: &TimeZone) -> [String; 9] {
    let times_s = [row.moving_s, row.timer_s, row.elapsed_s];
    let moving_s = times_s.into_iter().flatten().next();
    let speed = row.distance_m.and_then(|meters| units::speed(&row.sport, meters, times_s));
    let load =
        row.load.map(|load| format!("{}{}", if row.estimated { "~" } else { "" }, units::number(load, 0)));
    [
        row.start_ms
            .filter(|at| Timestamp::from_millisecond(*at).is_ok())
            .map(|at| units::local_time(at, None, zone)),
        Some(row.sport.clone()),
        row.distance_m.map(units::distance),
        moving_s.map(units::duration),
        speed,
        row.ascent_m.map(|meters| format!("{meters:.0} m")),
        row.avg_hr.map(|bpm| units::number(bpm, 0)),
        load,
        name(row),
    ]
    .map(Option::unwrap_or_default)
}

/// The name, and how many other records of the activity there are.
fn name(row: &ActivityRow) -> Option<String> {
    let name = row.name.as_deref().map(|name| shortened(name, NAME_WIDTH));
    match (name, row.also.len()) {
        (name, 0) => name,
        (None, others) => Some(format!("(+{others})")),
        (Some(name), others) => Some(format!("{name} (+{others})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_what_is_known_and_nothing_else() {
        let row: ActivityRow = serde_json::from_str(
            r#"{"id":"a","file":"a.fit","sha256":"","index":0,"provenance":"file","sport":"running","samples":9,
                "start_ms":1709335800000,"distance_m":10000.0,"moving_s":2750.0,"load":61.4,"estimated":true}"#,
        )
        .unwrap();
        let text = table(&[row], &TimeZone::UTC).to_string();
        let wanted = "2024-03-01 23:30  running  10.00 km   45:50  4:35/km              ~61";
        assert_eq!(text.lines().nth(1), Some(wanted));
    }

    #[test]
    fn other_records_of_an_activity_stand_after_its_name() {
        let row = |name: Option<&str>, also: &[&str]| -> ActivityRow {
            let row = serde_json::json!({
                "id": "a", "file": "a.fit", "sha256": "", "index": 0, "provenance": "file", "sport": "running",
                "samples": 9, "name": name, "also": also,
            });
            serde_json::from_value(row).unwrap()
        };
        let cases = [
            (row(Some("Lunch"), &[]), Some("Lunch")),
            (row(Some("Lunch"), &["b"]), Some("Lunch (+1)")),
            (row(None, &["b", "c"]), Some("(+2)")),
            (row(None, &[]), None),
        ];
        for (row, wanted) in cases {
            assert_eq!(name(&row).as_deref(), wanted);
        }
    }

    #[test]
    fn the_last_day_counts_in_full() {
        let day = Date::constant(2024, 3, 1);
        let span = Span::of(Some(day), Some(day), &TimeZone::UTC);
        assert_eq!(span.until_ms - span.from_ms, 24 * 3_600_000);
    }
}
