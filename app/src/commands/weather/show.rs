//! `paceline weather show`: of an activity, or of a day.

use clap::Args;
use engine::clock::Clock;
use fitness::day;
use fitness::records::activity::{self, ActivityRow, PageKey};
use fitness::records::activity_weather::{self, Overview, Shown};
use fitness::records::weather_home;
use fitness::weather::{ATTRIBUTION, Air, Outlook, Spell, wind};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use store::Tx;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline weather show                                today
  paceline weather show 2026-05-02
  paceline weather show ejlnplolwatsywwes7pz37tiki
  paceline weather show 2026-05-02 --json

`paceline activities --json` has the ids.";

/// Shows the weather of an activity or a day
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    /// An activity's id, or a day; today, if not given
    #[arg(value_name = "ID|DATE")]
    what: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// The weather of a day.
#[derive(Debug, Serialize)]
struct Day {
    date: String,
    /// Where the athlete lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<Outlook>,
    activities: Vec<OfActivity>,
    overview: Overview,
}

#[derive(Debug, Serialize)]
struct OfActivity {
    id: String,
    sport: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weather: Option<Shown>,
}

impl Show {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        let (athlete, asked) = (self.whose.athlete.clone(), self.what.clone().unwrap_or_default());
        let date = if asked.is_empty() {
            day::local_date(Clock::system().now_ms(), None, &zone)
        } else {
            day::parse(&asked)
        };
        if let Some(date) = date {
            let own = zone.clone();
            let found = store.read(move |tx| Day::read(tx, &athlete, date, &own)).await?;
            return self.day(&found, &zone);
        }
        let id = asked.clone();
        let found = store.read(move |tx| {
            let Some(shown) = activity::get(tx, &athlete, &id)? else { return Ok(None) };
            OfActivity::read(tx, &athlete, shown.row).map(Some)
        });
        let Some(found) = found.await? else {
            let problem =
                Problem::new("not_found", format!("there is no activity `{asked}`, and no such day"));
            return Err(problem.hint("`paceline activities --json` has the ids").into());
        };
        if self.form.json {
            output::json(&found)?;
        } else {
            output::line(found.text(&zone))?;
        }
        Ok(error::DONE)
    }

    fn day(&self, of: &Day, zone: &TimeZone) -> anyhow::Result<u8> {
        if self.form.json {
            output::json(of)?;
            return Ok(error::DONE);
        }
        let now_ms = Clock::system().now_ms();
        let is_today = day::local_date(now_ms, None, zone).is_some_and(|today| today.to_string() == of.date);
        let home = of.home.as_ref().map(|outlook| {
            let age = if is_today { format!(" · {}", age(outlook, now_ms)) } else { String::new() };
            format!("home: {}{age}", in_short(outlook))
        });
        let parts: Vec<String> =
            home.into_iter().chain(of.activities.iter().map(|activity| activity.text(zone))).collect();
        if parts.is_empty() {
            output::note(format!("nothing is known of {}", of.date));
        } else {
            output::line(parts.join("\n\n"))?;
            if of.home.is_some() {
                output::line(format!("\n{ATTRIBUTION}"))?;
            }
        }
        if of.overview.due > 0 {
            let due = units::count(of.overview.due as usize, "activity has", "activities have");
            output::note(format!("{due} no weather yet; `paceline weather backfill` looks it up"));
        }
        Ok(error::DONE)
    }
}

impl Day {
    fn read(tx: &mut Tx<'_>, athlete: &str, date: Date, zone: &TimeZone) -> store::Result<Self> {
        let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_millisecond());
        let from_ms = midnight(date).unwrap_or(i64::MIN);
        let until_ms = date.tomorrow().ok().and_then(midnight).unwrap_or(i64::MAX);
        let key = PageKey { start_ms: until_ms, ..PageKey::newest() };
        let mut activities = Vec::new();
        for row in activity::list(tx, athlete, &key, 50)? {
            if row.start_ms.is_some_and(|start_ms| (from_ms..until_ms).contains(&start_ms)) {
                activities.push(OfActivity::read(tx, athlete, row)?);
            }
        }
        Ok(Self {
            date: date.to_string(),
            home: weather_home::outlook(tx, athlete, date)?,
            activities,
            overview: activity_weather::overview(tx, athlete)?,
        })
    }
}

impl OfActivity {
    fn read(tx: &mut Tx<'_>, athlete: &str, row: ActivityRow) -> store::Result<Self> {
        let weather = activity_weather::of(tx, athlete, &row.id)?;
        Ok(Self { id: row.id, sport: row.sport, name: row.name, weather })
    }

    fn text(&self, zone: &TimeZone) -> String {
        let name = self.name.as_deref().unwrap_or(&self.sport);
        let Some(weather) = &self.weather else {
            return format!("{name}: not looked up yet; `paceline weather backfill` does it");
        };
        let Some(conditions) = &weather.conditions else {
            return format!("{name}: {}", without(weather));
        };
        let start = [Spell { at_ms: i64::MIN, air: conditions.start }];
        let spells = if weather.spells.is_empty() { &start } else { weather.spells.as_slice() };
        let cost = conditions.wind_cost_percent.and_then(of_wind).map(|cost| format!("\n{cost}"));
        let source = match weather.attribution {
            Some(attribution) => format!("{attribution}, {}", weather.state),
            None => "as the export tells it".to_owned(),
        };
        format!("{name}\n{}{}\n{source}", table(spells, zone), cost.unwrap_or_default())
    }
}

/// Why there is no weather, in words.
fn without(weather: &Shown) -> &'static str {
    match weather.reason {
        Some("duplicate") => "another record of the same activity has its weather",
        Some("hidden_start") => "its start is hidden, so its weather is not looked up",
        Some("indoors") => "it was indoors",
        Some("no_time") => "nobody knows when it was",
        Some("no_position") => "nobody knows where it was",
        Some("out_of_range") => "the archive begins in 1940",
        Some("refused") => "the weather service refused it",
        Some("strava_api") => "not asked: Strava's terms forbid to hand its data on",
        _ if weather.state == "final" => "nobody knows its weather",
        _ => "its weather is not looked up yet; `paceline weather backfill` does it",
    }
}

/// What the wind cost, or gave; nothing where that does not show.
fn of_wind(percent: f64) -> Option<String> {
    let share = units::number(percent.abs(), 1);
    let word = if percent > 0.0 { "dearer" } else { "cheaper" };
    (share != "0.0").then(|| format!("the wind made this way {share} % {word} than still air"))
}

fn table(spells: &[Spell], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Time", Left),
        ("Sky", Left),
        ("Air", Right),
        ("Feels", Right),
        ("Dew point", Right),
        ("Humidity", Right),
        ("Rain", Right),
        ("Wind", Right),
        ("Gusts", Right),
    ]);
    let times: Vec<String> = spells.iter().map(|spell| units::local_time(spell.at_ms, None, zone)).collect();
    let mut day = "";
    for (Spell { at_ms, air }, time) in spells.iter().zip(&times) {
        // The day stands where it begins: a longer cell would be cut to the width of the table.
        let (date, clock) = time.split_once(' ').unwrap_or(("", "start"));
        if *at_ms != i64::MIN && date != day {
            day = date;
            table.row([date.to_owned()]);
        }
        table.row([vec![clock.to_owned()], cells(air)].concat());
    }
    table
}

fn cells(air: &Air) -> Vec<String> {
    let told = |value: Option<f64>, digits, unit: &str| {
        value.map_or_else(String::new, |value| format!("{} {unit}", units::number(value, digits)))
    };
    let percent = |share: Option<f64>| told(share.map(|share| share * 100.0), 0, "%");
    let from = air.wind_direction_deg.map(|degrees| format!(" {}", wind::compass(degrees)));
    vec![
        air.sky().unwrap_or_default().to_owned(),
        told(air.temperature_c, 1, "°C"),
        told(air.apparent_c, 1, "°C"),
        told(air.dew_point_c, 1, "°C"),
        percent(air.humidity),
        told(air.precipitation_mm, 1, "mm"),
        told(air.wind_mps, 1, "m/s") + from.as_deref().unwrap_or_default(),
        told(air.gust_mps, 1, "m/s"),
    ]
}

/// A forecast in a sentence.
pub(crate) fn in_short(outlook: &Outlook) -> String {
    let whole = |value| units::number(value, 0);
    let mut parts = vec![format!("{} to {} °C", whole(outlook.low_c), whole(outlook.high_c))];
    parts.extend(outlook.sky.clone());
    parts.extend(outlook.dew_point_c.map(|dew| format!("dew point {} °C", whole(dew))));
    if let Some(mean) = outlook.wind_mps {
        let from = outlook.wind_direction_deg.map(|degrees| format!(" {}", wind::compass(degrees)));
        let gusts = outlook.gust_mps.map(|gusts| format!(", gusts {gusts:.0}"));
        parts.push(format!("wind {mean:.0} m/s{}{}", from.unwrap_or_default(), gusts.unwrap_or_default()));
    }
    parts.extend(
        outlook.precipitation_mm.filter(|rain| *rain >= 0.1).map(|rain| format!("{rain:.1} mm of rain")),
    );
    parts.extend(outlook.coolest.as_ref().map(|hour| format!("coolest at {hour}")));
    parts.join(" · ")
}

/// How old a forecast is.
pub(crate) fn age(outlook: &Outlook, now_ms: i64) -> String {
    let old_ms = now_ms - outlook.told_ms;
    let note = if old_ms > Outlook::OLD_MS { ", too old for advice" } else { "" };
    format!("forecast of {}{note}", units::ago(old_ms))
}

#[cfg(test)]
mod tests {
    use fitness::weather::Conditions;

    use super::*;

    #[test]
    fn the_weather_of_an_activity_is_told_from_its_start_to_its_end() {
        let air = Air {
            temperature_c: Some(11.25),
            dew_point_c: Some(8.0),
            humidity: Some(0.8),
            weather_code: Some(61),
            wind_mps: Some(3.0),
            wind_direction_deg: Some(315.0),
            ..Air::default()
        };
        let weather = Shown {
            state: "final",
            source: Some("open_meteo"),
            reason: None,
            conditions: Some(Conditions { start: air, end: None, wind_cost_percent: Some(1.24) }),
            spells: vec![Spell { at_ms: 1_714_630_800_000, air }],
            attribution: Some(ATTRIBUTION),
        };
        let of = OfActivity {
            id: "a".to_owned(),
            sport: "running".to_owned(),
            name: None,
            weather: Some(weather),
        };
        let wanted = "\
running
Time        Sky             Air  Feels  Dew point  Humidity  Rain        Wind  Gusts
2024-05-02
06:20       light rain  11.2 °C            8.0 °C      80 %        3.0 m/s NW
the wind made this way 1.2 % dearer than still air
Weather data by Open-Meteo.com, final";
        assert_eq!(of.text(&TimeZone::UTC), wanted);
    }

    #[test]
    fn what_the_wind_gave_is_no_cost_below_zero() {
        let told = [1.24, -0.24, 0.04, -0.04].map(of_wind);
        let share = |text: Option<String>| text.and_then(|text| text.split(" % ").next().map(str::to_owned));
        assert!(told[1].as_ref().is_some_and(|text| text.contains("0.2 % cheaper")), "{told:?}");
        assert_eq!(told.map(share).map(|share| share.is_some()), [true, true, false, false]);
    }

    #[test]
    fn every_hour_is_told_whole_however_wide_the_rest_is() {
        let air = Air {
            temperature_c: Some(-21.5),
            apparent_c: Some(-31.5),
            dew_point_c: Some(-25.5),
            humidity: Some(1.0),
            precipitation_mm: Some(120.5),
            weather_code: Some(99),
            wind_mps: Some(21.5),
            wind_direction_deg: Some(315.0),
            gust_mps: Some(35.5),
            ..Air::default()
        };
        let spell = |hour: i64| Spell { at_ms: 1_714_690_800_000 + hour * 3_600_000, air };
        let text = table(&(0..4).map(spell).collect::<Vec<_>>(), &TimeZone::UTC).to_string();
        let times: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split("  ").next()).collect();
        assert_eq!(times, ["2024-05-02", "23:00", "2024-05-03", "00:00", "01:00", "02:00"]);
    }

    #[test]
    fn why_there_is_none_is_told_for_every_reason() {
        for reason in activity_weather::Reason::ALL {
            let weather = Shown {
                state: "none",
                source: None,
                reason: Some(reason.as_str()),
                conditions: None,
                spells: Vec::new(),
                attribution: None,
            };
            let is_told = reason.as_str() == "told" || !without(&weather).contains("not looked up yet");
            assert!(is_told, "{reason:?}");
        }
    }
}
