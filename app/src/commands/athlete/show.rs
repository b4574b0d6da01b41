//! `paceline athlete show`: what holds today, who says so, and what an estimate rests on.

use clap::Args;
use engine::clock::Clock;
use fitness::records::setting_overview::{self, Estimate, Evidence, Held, Overview};
use fitness::settings::{ALWAYS, Dated, Name, Source};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::Left;
use crate::table::Table;
use crate::{error, output, program};

const AFTER_HELP: &str = "\
Examples:
  paceline athlete show
  paceline athlete show --estimates  what was estimated, month by month, and from which activity
  paceline athlete show --json       with every dated setting and estimate";

/// Shows what holds today, and whether it was given or estimated
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Show {
    /// Show the estimates by month, with the activity that each rests on
    #[arg(long)]
    estimates: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Show {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let today = Timestamp::from_millisecond(Clock::system().now_ms())?.to_zoned(zone.clone()).date();
        let athlete = self.whose.athlete.clone();
        let overview = store.read(move |tx| setting_overview::read(tx, &athlete, today)).await?;
        let zone = zone.iana_name().unwrap_or("UTC");
        if self.form.json {
            output::json(&json!({
                "athlete": self.whose.athlete,
                "timezone": zone,
                "date": today,
                "settings": overview.settings,
                "given": overview.given.iter().map(given).collect::<Vec<_>>(),
                "estimates": overview.estimates.iter().map(estimate).collect::<Vec<_>>(),
            }))?;
        } else if self.estimates {
            output::line(estimates(&overview.estimates).to_string())?;
        } else {
            output::line(format!("{}, {today}, {zone}\n\n{}", self.whose.athlete, table(&overview, today)))?;
        }
        Ok(error::DONE)
    }
}

fn given(dated: &Dated) -> Json {
    let mut json = json!({ "name": dated.name, "value": dated.value });
    if dated.from != ALWAYS {
        json["from"] = json!(dated.from);
    }
    json
}

fn estimate(Estimate { name, from, value, evidence }: &Estimate) -> Json {
    let mut json = json!({ "name": name, "from": from, "value": value });
    if let Some(evidence) = evidence {
        json["evidence"] = json!(evidence);
    }
    json
}

fn table(overview: &Overview, today: Date) -> Table {
    let mut table = Table::new(&[
        ("Setting", Left),
        ("Value", Left),
        ("Source", Left),
        ("Since", Left),
        ("Evidence", Left),
    ]);
    for name in Name::ALL.into_iter().filter(|name| *name != Name::Race) {
        match overview.now.iter().find(|held| held.name == name) {
            Some(held) => table.row(row(held)),
            None if is_expected(name) => {
                table.row([name.to_string(), "-".to_owned(), "never given".to_owned()]);
            }
            None => {}
        }
    }
    let races = overview.given.iter().filter(|dated| dated.name == Name::Race && dated.from >= today);
    for race in races {
        let (value, source) = (race.value.show(Name::Race), race.source.as_str());
        table.row([Name::Race.to_string(), value, source.to_owned(), race.from.to_string()]);
    }
    table
}

/// What few athletes know or want is shown where it was given.
fn is_expected(name: Name) -> bool {
    !matches!(name, Name::Zones(_) | Name::LoadBy(_) | Name::Vt1 | Name::Vt2 | Name::Css)
}

fn row(held: &Held) -> [String; 5] {
    let Held { name, value, source, since, evidence } = held;
    let since = since.filter(|from| *from != ALWAYS).map(|from| from.to_string()).unwrap_or_default();
    let evidence = evidence.as_ref().map(|evidence| told(*name, evidence)).unwrap_or_default();
    let is_derived = matches!(name, Name::Zones(_)) && *source == Source::Estimated;
    let source = if is_derived { "from the threshold" } else { source.as_str() };
    [name.to_string(), value.show(*name), source.to_owned(), since, evidence]
}

/// What was read, and on which day.
fn told(name: Name, evidence: &Evidence) -> String {
    let read = if name == Name::Ftp { Name::Ftp } else { Name::HrMax };
    format!("{} on {}", read.show(evidence.reading.round()), evidence.date)
}

fn estimates(estimates: &[Estimate]) -> Table {
    let mut table = Table::new(&[
        ("From", Left),
        ("Setting", Left),
        ("Estimate", Left),
        ("Evidence", Left),
        ("Activity", Left),
    ]);
    for Estimate { name, from, value, evidence } in estimates {
        let (told, activity) = evidence.as_ref().map_or_else(
            || ("none yet".to_owned(), String::new()),
            |seen| (told(*name, seen), seen.activity.clone()),
        );
        table.row([from.to_string(), name.to_string(), value.show(*name), told, activity]);
    }
    table
}

#[cfg(test)]
mod tests {
    use fitness::settings::{SettingsHistory, Value};

    use super::*;

    const DAY: Date = Date::constant(2026, 3, 1);

    fn held(name: Name, number: f64, source: Source) -> Held {
        let since = (source == Source::Given).then_some(DAY);
        Held { name, value: Value::Number(number), source, since, evidence: None }
    }

    fn seen(reading: f64) -> Option<Evidence> {
        Some(Evidence { activity: "a".to_owned(), date: Date::constant(2025, 8, 7), reading })
    }

    fn overview(now: Vec<Held>, given: Vec<Dated>) -> Overview {
        let settings = SettingsHistory::new(&[], []).at(DAY);
        Overview { settings, now, given, estimates: Vec::new() }
    }

    #[test]
    fn a_race_to_come_is_shown_with_its_day() {
        let on = |day| Dated {
            name: Name::Race,
            from: day,
            value: Value::Number(10_000.0),
            source: Source::Given,
        };
        let races = vec![on(Date::constant(2026, 2, 1)), on(Date::constant(2026, 5, 3))];
        let text = table(&overview(Vec::new(), races), DAY).to_string();
        assert_eq!(text.lines().filter(|line| line.starts_with("race")).count(), 1, "{text}");
        assert!(text.trim_end().ends_with("2026-05-03"), "{text}");
    }

    #[test]
    fn each_setting_says_who_gave_it_or_what_shows_it() {
        let max = Held { evidence: seen(187.0), ..held(Name::HrMax, 187.0, Source::Estimated) };
        let text = table(&overview(vec![max, held(Name::Ftp, 250.0, Source::Given)], Vec::new()), DAY);
        let text: Vec<String> = text.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
        let wanted = "\
Setting               Value    Source       Since       Evidence
sex                   -        never given
resting heart rate    -        never given
maximum heart rate    187 bpm  estimated                187 bpm on 2025-08-07
threshold heart rate  -        never given
threshold power       250 W    given        2026-03-01
threshold pace        -        never given
weight                -        never given
birth year            -        never given";
        assert_eq!(text.join("\n"), wanted);
    }

    #[test]
    fn an_estimate_names_its_activity_or_that_there_is_none() {
        let of = |name, value, evidence| Estimate { name, from: DAY, value: Value::Number(value), evidence };
        let text = estimates(&[of(Name::HrRest, 60.0, None), of(Name::Ftp, 238.0, seen(250.4))]).to_string();
        assert!(text.contains("60 bpm    none yet"), "{text}");
        assert!(text.contains("238 W     250 W on 2025-08-07  a"), "{text}");
    }
}
