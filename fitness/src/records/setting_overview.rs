//! The settings of an athlete as they stand: what holds on a day, what was given, and what is estimated on which evidence.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Serialize;
use store::{Result, Tx};

use super::{activity, athlete_setting};
use crate::load::Effort;
use crate::settings::{Dated, Name, Setting, Settings, SettingsHistory, Source, Value, Zoned, Zones};
use crate::zone::Edges;

/// Everything that is known of the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// What loads of the day are measured against.
    pub settings: Settings,
    /// What holds on the day, by name; without what was never given and has no estimate.
    pub now: Vec<Held>,
    /// By date.
    pub given: Vec<Dated>,
    /// By month, where they change.
    pub estimates: Vec<Estimate>,
}

/// A setting that holds on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub name: Name,
    pub value: Value,
    pub source: Source,
    /// The first day for which it was given; nothing for an estimate.
    pub since: Option<Date>,
    pub evidence: Option<Evidence>,
}

/// What a setting is estimated to be from a month on.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub name: Name,
    /// The first day of the month.
    pub from: Date,
    pub value: Value,
    /// Nothing for what no activity shows.
    pub evidence: Option<Evidence>,
}

/// What an estimate rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    pub activity: String,
    pub date: Date,
    /// Beats per minute, or the watts of the best 20 minutes.
    pub reading: f64,
}

/// Reads the settings as of a day.
pub fn read(tx: &mut Tx<'_>, athlete: &str, day: Date) -> Result<Overview> {
    let stored = athlete_setting::list(tx, athlete)?;
    let peaks = activity::peaks(tx, athlete)?;
    let given: Vec<Dated> = stored.into_iter().filter(|dated| dated.source == Source::Given).collect();
    let history = SettingsHistory::new(&given, peaks);
    let mut proofs = Proofs { history: &history, found: HashMap::new() };
    let mut now = Vec::new();
    for (name, Setting { value, source }) in held(&history, day) {
        let is_given = source == Source::Given;
        let since = is_given.then(|| since(&given, name, day)).flatten();
        let evidence = if is_given { None } else { proofs.find(tx, athlete, name, day)? };
        now.push(Held { name, value, source, since, evidence });
    }
    let mut estimates = Vec::new();
    for Dated { name, from, value, .. } in history.estimates(day) {
        let evidence = proofs.find(tx, athlete, name, from)?;
        estimates.push(Estimate { name, from, value, evidence });
    }
    Ok(Overview { settings: history.at(day), now, given, estimates })
}

/// Activities that prove an estimate, each looked up once.
struct Proofs<'a> {
    history: &'a SettingsHistory,
    found: HashMap<(bool, Date), Option<Evidence>>,
}

impl Proofs<'_> {
    fn find(&mut self, tx: &mut Tx<'_>, athlete: &str, name: Name, day: Date) -> Result<Option<Evidence>> {
        let Some((month, reading)) = self.history.evidence(name, day) else {
            return Ok(None);
        };
        let key = (name == Name::Ftp, month);
        if let Some(found) = self.found.get(&key) {
            return Ok(found.clone());
        }
        let found = activity::with_reading(tx, athlete, (name, month), reading)?;
        let evidence = found.map(|(activity, date)| Evidence { activity, date, reading });
        self.found.insert(key, evidence.clone());
        Ok(evidence)
    }
}

fn since(given: &[Dated], name: Name, day: Date) -> Option<Date> {
    given.iter().filter(|dated| dated.name == name && dated.from <= day).map(|dated| dated.from).max()
}

fn held(history: &SettingsHistory, day: Date) -> Vec<(Name, Setting<Value>)> {
    let settings = history.at(day);
    let number = |setting: Setting<f64>| setting.map(Value::Number);
    let given = |value| Setting { value, source: Source::Given };
    let figures = [
        (Name::Sex, Some(settings.sex.map(Value::Sex))),
        (Name::BirthYear, history.birth_year().map(|year| given(Value::Number(year)))),
        (Name::HrRest, Some(number(settings.hr_rest))),
        (Name::HrMax, Some(number(settings.hr_max))),
        (Name::Lthr, Some(number(settings.lthr))),
        (Name::Vt1, settings.vt1.map(number)),
        (Name::Vt2, settings.vt2.map(number)),
        (Name::Ftp, settings.ftp.map(number)),
        (Name::ThresholdPace, settings.threshold_pace_s_per_km.map(number)),
        (Name::Css, settings.css_s_per_100m.map(number)),
        (Name::Weight, settings.weight_kg.map(number)),
    ];
    let orders =
        settings.load_by.iter().map(|(of, order)| (Name::LoadBy(*of), Some(given(Value::Order(*order)))));
    let zones = Zoned::ALL.into_iter().map(|zoned| (Name::Zones(zoned), zones(&settings, zoned)));
    let known = figures.into_iter().chain(orders).chain(zones);
    known.filter_map(|(name, setting)| Some((name, setting?))).collect()
}

/// Zones that were given, and those that the thresholds make: by heart rate for every sport, by power for the bicycle.
fn zones(settings: &Settings, zoned: Zoned) -> Option<Setting<Value>> {
    if let Some(zones) = settings.zones.get(&zoned) {
        return Some(Setting { value: Value::Zones(*zones), source: Source::Given });
    }
    let riding = Effort { sport: "cycling".to_owned(), ..Effort::default() };
    let usual = Edges::usual(&riding, settings);
    let edges = match zoned {
        Zoned::HeartRate => Some(usual.hr),
        Zoned::PowerCycling if !settings.zones.contains_key(&Zoned::Power) => usual.power,
        _ => None,
    };
    edges.map(|edges| Setting { value: Value::Zones(Zones::computed(&edges)), source: Source::Estimated })
}
