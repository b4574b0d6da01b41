//! What a person may give of himself or herself on the command line.

use clap::Args;
use fitness::day;
use fitness::load::{LoadMethod, LoadOf};
use fitness::records::setting_change::Wish;
use fitness::settings::{Measure, Name, SettingError, Value, Zoned, parse};
use jiff::civil::Date;

use crate::cli::date;

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Given {
    /// `m` or `f`
    #[arg(long, value_name = "SEX", value_parser = sex)]
    sex: Option<Value>,
    /// Resting heart rate
    #[arg(long, value_name = "BPM", value_parser = hr_rest)]
    hr_rest: Option<Value>,
    /// Maximum heart rate
    #[arg(long, value_name = "BPM", value_parser = hr_max)]
    hr_max: Option<Value>,
    /// Heart rate at the lactate threshold
    #[arg(long, value_name = "BPM", value_parser = lthr)]
    lthr: Option<Value>,
    /// Threshold power on the bicycle
    #[arg(long, value_name = "WATTS", value_parser = ftp)]
    ftp: Option<Value>,
    /// Threshold pace on foot, such as 3:50/km or 6:10/mi
    #[arg(long, value_name = "PACE", value_parser = threshold_pace)]
    threshold_pace: Option<Value>,
    /// Heart rate at the first ventilatory threshold, from a laboratory
    #[arg(long, value_name = "BPM", value_parser = vt1)]
    vt1: Option<Value>,
    /// Heart rate at the second ventilatory threshold
    #[arg(long, value_name = "BPM", value_parser = vt2)]
    vt2: Option<Value>,
    /// Critical swim speed, such as 1:45/100m
    #[arg(long, value_name = "PACE", value_parser = css)]
    css: Option<Value>,
    /// What the load of a sport is made of, as running=heart_rate,rpe
    #[arg(long, value_name = "SPORT=METHODS", value_parser = load_by)]
    load_by: Vec<LoadBy>,
    /// Weight in kilograms, or such as 154lb
    #[arg(long, value_name = "KG", value_parser = weight)]
    weight: Option<Value>,
    /// Year of birth; it holds for all days
    #[arg(long, value_name = "YEAR", value_parser = birth_year)]
    birth_year: Option<Value>,
    /// Where heart-rate zones begin: [SPORT:]95,114,133,152,171
    #[arg(long, value_name = "ZONES", value_parser = hr_zones)]
    hr_zones: Vec<Zone>,
    /// Where power zones begin: [SPORT:]0,140,190,225,265
    #[arg(long, value_name = "ZONES", value_parser = power_zones)]
    power_zones: Vec<Zone>,
    /// Where pace zones begin, as running:7:00,5:30,4:50
    #[arg(long, value_name = "ZONES", value_parser = pace_zones)]
    pace_zones: Vec<Zone>,
    /// A race and its day, such as half@2026-05-03
    #[arg(long, value_name = "DISTANCE@DATE", value_parser = race)]
    race: Option<Race>,
    /// Where the days begin and end, such as Europe/Berlin; it has no date
    #[arg(long, value_name = "ZONE", value_parser = timezone)]
    pub(super) timezone: Option<String>,
}

/// A race with its own day.
#[derive(Debug, Clone, Copy)]
struct Race {
    day: Date,
    distance: Value,
}

fn race(text: &str) -> Result<Race, String> {
    let (distance, day) = text.split_once('@').ok_or("give it as `10k@2026-12-06`")?;
    let distance = parse(Name::Race, distance).map_err(|error| error.to_string())?;
    Ok(Race { day: date(day)?, distance })
}

fn sex(text: &str) -> Result<Value, SettingError> {
    parse(Name::Sex, text)
}

fn hr_rest(text: &str) -> Result<Value, SettingError> {
    parse(Name::HrRest, text)
}

fn hr_max(text: &str) -> Result<Value, SettingError> {
    parse(Name::HrMax, text)
}

fn lthr(text: &str) -> Result<Value, SettingError> {
    parse(Name::Lthr, text)
}

fn ftp(text: &str) -> Result<Value, SettingError> {
    parse(Name::Ftp, text)
}

fn threshold_pace(text: &str) -> Result<Value, SettingError> {
    parse(Name::ThresholdPace, text)
}

fn weight(text: &str) -> Result<Value, SettingError> {
    parse(Name::Weight, text)
}

/// An order of methods for a group of sports.
#[derive(Debug, Clone, Copy)]
struct LoadBy {
    of: LoadOf,
    order: Value,
}

fn load_by(text: &str) -> Result<LoadBy, String> {
    let (sport, methods) = text.split_once('=').ok_or("give it as `running=heart_rate,rpe`")?;
    let of = LoadOf::parse(sport.trim()).ok_or_else(|| {
        let sports = LoadOf::ALL.map(LoadOf::as_str).join(", ");
        format!("`{sport}` is none of {sports}")
    })?;
    let order = parse(Name::LoadBy(of), methods).map_err(|error| {
        let methods = LoadMethod::ALL.map(LoadMethod::as_str).join(", ");
        format!("{error}, of {methods}")
    })?;
    Ok(LoadBy { of, order })
}

fn vt1(text: &str) -> Result<Value, SettingError> {
    parse(Name::Vt1, text)
}

fn vt2(text: &str) -> Result<Value, SettingError> {
    parse(Name::Vt2, text)
}

fn css(text: &str) -> Result<Value, SettingError> {
    parse(Name::Css, text)
}

fn birth_year(text: &str) -> Result<Value, SettingError> {
    parse(Name::BirthYear, text)
}

/// Zones with what they divide.
#[derive(Debug, Clone, Copy)]
struct Zone {
    zoned: Zoned,
    edges: Value,
}

fn hr_zones(text: &str) -> Result<Zone, String> {
    zones(Measure::HeartRate, text)
}

fn power_zones(text: &str) -> Result<Zone, String> {
    zones(Measure::Power, text)
}

fn pace_zones(text: &str) -> Result<Zone, String> {
    zones(Measure::Pace, text)
}

/// A sport is a word; a pace has a colon too, but behind a number.
fn zones(measure: Measure, text: &str) -> Result<Zone, String> {
    let named = text.split_once(':').filter(|(sport, _)| sport.chars().all(char::is_alphabetic));
    let (sport, edges) = named.map_or((None, text), |(sport, edges)| (Some(sport), edges));
    let zoned = Zoned::of(measure, sport).ok_or_else(|| {
        let known = Zoned::ALL.into_iter().filter(|zoned| zoned.measure() == measure);
        let known: Vec<&str> = known.filter_map(Zoned::sport).collect();
        format!("begin with the sport and a colon: {}", known.join(", "))
    })?;
    let edges = parse(Name::Zones(zoned), edges).map_err(|error| error.to_string())?;
    Ok(Zone { zoned, edges })
}

fn timezone(text: &str) -> Result<String, day::TimeZoneError> {
    day::time_zone(text).map(|_| text.to_owned())
}

impl Given {
    /// The settings that are given, to hold from a day on.
    pub(super) fn wishes(&self, from: Date) -> Vec<Wish> {
        let given = [
            (Name::Sex, self.sex),
            (Name::HrRest, self.hr_rest),
            (Name::HrMax, self.hr_max),
            (Name::Lthr, self.lthr),
            (Name::Ftp, self.ftp),
            (Name::Vt1, self.vt1),
            (Name::Vt2, self.vt2),
            (Name::ThresholdPace, self.threshold_pace),
            (Name::Css, self.css),
            (Name::Weight, self.weight),
            (Name::BirthYear, self.birth_year),
        ];
        let zones = [&self.hr_zones, &self.power_zones, &self.pace_zones].into_iter().flatten();
        let zones = zones.map(|zone| (Name::Zones(zone.zoned), Some(zone.edges)));
        let orders = self.load_by.iter().map(|by| (Name::LoadBy(by.of), Some(by.order)));
        let race = self.race.map(|race| Wish::new(Name::Race, race.day, Some(race.distance)));
        let given = given.into_iter().chain(zones).chain(orders).filter(|(_, value)| value.is_some());
        given.map(|(name, value)| Wish::new(name, from, value)).chain(race).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_has_a_distance_and_a_day() {
        let noted = race("half@2026-05-03").unwrap();
        let wanted = (Date::constant(2026, 5, 3), Value::Number(21_097.5));
        assert_eq!((noted.day, noted.distance), wanted);
        assert_eq!(race("10k").unwrap_err(), "give it as `10k@2026-12-06`");
        assert_eq!(race("10k@soon").unwrap_err(), "`soon` is not a date like 2026-01-31, from 1900 to 2199");
    }

    #[test]
    fn an_order_of_methods_names_its_sport() {
        assert_eq!(load_by("running=heart_rate,rpe").unwrap().of, LoadOf::Running);
        assert_eq!(load_by("yoga=rpe").unwrap_err(), "`yoga` is none of running, cycling, swimming, other");
        assert_eq!(load_by("rpe").unwrap_err(), "give it as `running=heart_rate,rpe`");
        assert_eq!(
            load_by("other=mood").unwrap_err(),
            "`mood` is not a value of load of other; give it as `heart_rate,rpe,duration`, \
             of power, graded_pace, swim_pace, heart_rate, rpe, duration"
        );
    }

    #[test]
    fn zones_are_of_a_sport_or_of_every_sport() {
        let shown = |measure, text| {
            zones(measure, text).map(|zone| (zone.zoned, zone.edges.show(Name::Zones(zone.zoned))))
        };
        assert_eq!(shown(Measure::HeartRate, "95,114"), Ok((Zoned::HeartRate, "95,114 bpm".to_owned())));
        assert_eq!(
            shown(Measure::Pace, "running:5:30,4:50"),
            Ok((Zoned::PaceRunning, "5:30,4:50/km".to_owned()))
        );
        let sports = "begin with the sport and a colon: running, swimming".to_owned();
        assert_eq!(shown(Measure::Pace, "5:30,4:50"), Err(sports.clone()));
        assert_eq!(shown(Measure::Pace, "rowing:5:30,4:50"), Err(sports));
    }
}
