//! `paceline athlete show`: what holds today, and who says so.

use clap::Args;
use engine::clock::Clock;
use fitness::records::{activity, athlete_setting};
use fitness::settings::{ALWAYS, Dated, Name, Setting, Settings, SettingsHistory, Source, Value};
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
  paceline athlete show --json      with every dated setting";

/// Shows what holds today, and whether it was given or estimated
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Show {
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
        let read =
            store.read(move |tx| Ok((athlete_setting::list(tx, &athlete)?, activity::peaks(tx, &athlete)?)));
        let (dated, peaks) = read.await?;
        let settings = SettingsHistory::new(&dated, peaks).at(today);
        let zone = zone.iana_name().unwrap_or("UTC");
        if self.form.json {
            output::json(&json!({
                "athlete": self.whose.athlete,
                "timezone": zone,
                "date": today,
                "settings": settings,
                "given": given(&dated),
            }))?;
        } else {
            output::line(format!(
                "{}, {today}, {zone}\n\n{}",
                self.whose.athlete,
                table(&settings, &dated, today)
            ))?;
        }
        Ok(error::DONE)
    }
}

fn given(dated: &[Dated]) -> Vec<Json> {
    let given = dated.iter().filter(|dated| dated.source == Source::Given);
    let json = |dated: &Dated| {
        let value = match dated.value {
            Value::Number(number) => json!(number),
            Value::Sex(sex) => json!(sex),
            Value::Order(order) => json!(order),
        };
        let mut json = json!({ "name": dated.name, "value": value });
        if dated.from != ALWAYS {
            json["from"] = json!(dated.from);
        }
        json
    };
    given.map(json).collect()
}

fn table(settings: &Settings, dated: &[Dated], today: Date) -> Table {
    let mut table = Table::new(&[("Setting", Left), ("Value", Left), ("Source", Left), ("Since", Left)]);
    for (name, known) in values(settings) {
        let Some((value, source)) = known else {
            table.row([name.to_string(), "-".to_owned(), "never given".to_owned(), String::new()]);
            continue;
        };
        let since = if source == Source::Given { since(name, dated, today) } else { String::new() };
        table.row([name.to_string(), value.show(name), source.as_str().to_owned(), since]);
    }
    let races = dated.iter().filter(|dated| dated.name == Name::Race && dated.from >= today);
    for race in races {
        let (value, source) = (race.value.show(Name::Race), race.source.as_str());
        table.row([Name::Race.to_string(), value, source.to_owned(), race.from.to_string()]);
    }
    table
}

fn values(settings: &Settings) -> Vec<(Name, Option<(Value, Source)>)> {
    let number = |setting: Setting<f64>| (Value::Number(setting.value), setting.source);
    let orders = settings.load_by.iter();
    let orders = orders.map(|(of, order)| (Name::LoadBy(*of), Some((Value::Order(*order), Source::Given))));
    let thresholds =
        [(Name::Vt1, settings.vt1), (Name::Vt2, settings.vt2), (Name::Css, settings.css_s_per_100m)];
    let given = thresholds.into_iter().filter_map(|(name, setting)| Some((name, Some(number(setting?)))));
    let always = [
        (Name::Sex, Some((Value::Sex(settings.sex.value), settings.sex.source))),
        (Name::HrRest, Some(number(settings.hr_rest))),
        (Name::HrMax, Some(number(settings.hr_max))),
        (Name::Lthr, Some(number(settings.lthr))),
        (Name::Ftp, settings.ftp.map(number)),
        (Name::ThresholdPace, settings.threshold_pace_s_per_km.map(number)),
        (Name::Weight, settings.weight_kg.map(number)),
    ];
    // What few athletes know is told where it was given.
    always.into_iter().chain(given).chain(orders).collect()
}

fn since(name: Name, dated: &[Dated], today: Date) -> String {
    let given = dated.iter().filter(|dated| dated.name == name && dated.source == Source::Given);
    let latest = given.map(|dated| dated.from).filter(|from| *from <= today).max();
    latest.filter(|from| *from != ALWAYS).map(|from| from.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_to_come_is_shown_with_its_day() {
        let on = |day| Dated {
            name: Name::Race,
            from: day,
            value: Value::Number(10_000.0),
            source: Source::Given,
        };
        let today = Date::constant(2026, 3, 1);
        let races = [on(Date::constant(2026, 2, 1)), on(Date::constant(2026, 5, 3))];
        let settings = SettingsHistory::new(&races, []).at(today);
        let text = table(&settings, &races, today).to_string();
        assert_eq!(text.lines().filter(|line| line.starts_with("race")).count(), 1, "{text}");
        assert!(text.ends_with("2026-05-03"), "{text}");
    }

    #[test]
    fn each_setting_says_who_gave_it() {
        let from = Date::constant(2026, 3, 1);
        let ftp = Dated { name: Name::Ftp, from, value: Value::Number(250.0), source: Source::Given };
        let settings = SettingsHistory::new(std::slice::from_ref(&ftp), []).at(from);
        let text = table(&settings, &[ftp], from).to_string();
        let wanted = "\
Setting               Value    Source       Since
sex                   m        estimated
resting heart rate    60 bpm   estimated
maximum heart rate    190 bpm  estimated
threshold heart rate  171 bpm  estimated
threshold power       250 W    given        2026-03-01
threshold pace        -        never given
weight                -        never given";
        assert_eq!(text, wanted);
    }
}
