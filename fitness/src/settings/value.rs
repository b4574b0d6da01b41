//! The names of the settings, and what a person may type for them.

use std::fmt;

use serde::{Serialize, Serializer};

use super::zones::{Zoned, Zones, ZonesError};
use crate::heart_rate::Sex;
use crate::load::{LoadOf, LoadOrder};

/// Metres of a statute mile.
const MILE_M: f64 = 1609.344;
/// Kilograms of a pound.
const POUND_KG: f64 = 0.453_592_37;

/// A setting of the athlete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    Sex,
    HrRest,
    HrMax,
    Lthr,
    /// Heart rate at the first and the second ventilatory threshold.
    Vt1,
    Vt2,
    Ftp,
    ThresholdPace,
    /// Critical swim speed.
    Css,
    /// What the loads of a group of sports are computed from.
    LoadBy(LoadOf),
    Weight,
    /// A race on the day that it is dated.
    Race,
    /// It holds for all days, whenever it is given.
    BirthYear,
    Zones(Zoned),
}

/// The value of a setting: beats per minute, watts, seconds per kilometre or per 100 m, kilograms, metres, a year, the sex,
/// an order of methods, or zones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Sex(Sex),
    Number(f64),
    Order(LoadOrder),
    Zones(Zones),
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingError {
    #[error("`{text}` is not a value of {name}; give it as `{example}`", example = name.example())]
    Unreadable { name: Name, text: String },
    #[error("`{text}` is not a value of {name}: {why}")]
    Zones { name: Name, text: String, why: ZonesError },
    #[error("{name} of `{text}` is out of range; it must be from {low} to {high}")]
    OutOfRange { name: Name, text: String, low: String, high: String },
    #[error(
        "{} of {} must be below {} of {}",
        lower.0,
        lower.0.show(lower.1),
        higher.0,
        higher.0.show(higher.1)
    )]
    OutOfOrder { lower: (Name, f64), higher: (Name, f64) },
}

impl Name {
    /// Every setting there is.
    pub const ALL: [Self; 25] = [
        Self::Sex,
        Self::HrRest,
        Self::HrMax,
        Self::Lthr,
        Self::Vt1,
        Self::Vt2,
        Self::Ftp,
        Self::ThresholdPace,
        Self::Css,
        Self::LoadBy(LoadOf::Running),
        Self::LoadBy(LoadOf::Cycling),
        Self::LoadBy(LoadOf::Swimming),
        Self::LoadBy(LoadOf::Other),
        Self::Weight,
        Self::Race,
        Self::BirthYear,
        Self::Zones(Zoned::HeartRate),
        Self::Zones(Zoned::HeartRateRunning),
        Self::Zones(Zoned::HeartRateCycling),
        Self::Zones(Zoned::HeartRateSwimming),
        Self::Zones(Zoned::Power),
        Self::Zones(Zoned::PowerRunning),
        Self::Zones(Zoned::PowerCycling),
        Self::Zones(Zoned::PaceRunning),
        Self::Zones(Zoned::PaceSwimming),
    ];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sex => "sex",
            Self::HrRest => "hr_rest",
            Self::HrMax => "hr_max",
            Self::Lthr => "lthr",
            Self::Vt1 => "vt1",
            Self::Vt2 => "vt2",
            Self::Ftp => "ftp",
            Self::ThresholdPace => "threshold_pace",
            Self::Css => "css",
            Self::LoadBy(LoadOf::Running) => "load_by_running",
            Self::LoadBy(LoadOf::Cycling) => "load_by_cycling",
            Self::LoadBy(LoadOf::Swimming) => "load_by_swimming",
            Self::LoadBy(LoadOf::Other) => "load_by_other",
            Self::Weight => "weight",
            Self::Race => "race",
            Self::BirthYear => "birth_year",
            Self::Zones(zoned) => zoned.as_str(),
        }
    }

    /// The setting of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// True where a load is computed from it. Of a birth year only an estimate is.
    pub fn affects_load(self) -> bool {
        !matches!(self, Self::Weight | Self::Race | Self::BirthYear)
    }

    /// True where what was never given is estimated otherwise with it.
    pub fn affects_estimates(self) -> bool {
        self == Self::BirthYear
    }

    /// True for what has no first day, because it holds for all of them.
    pub fn is_undated(self) -> bool {
        self == Self::BirthYear
    }

    fn example(self) -> &'static str {
        match self {
            Self::Sex => "m or f",
            Self::HrRest => "50",
            Self::HrMax => "190",
            Self::Lthr => "170",
            Self::Vt1 => "145",
            Self::Vt2 => "168",
            Self::Ftp => "250",
            Self::ThresholdPace => "3:50/km",
            Self::Css => "1:45/100m",
            Self::LoadBy(_) => "heart_rate,rpe,duration",
            Self::Weight => "70kg",
            Self::Race => "10k",
            Self::BirthYear => "1985",
            Self::Zones(zoned) => zoned.example(),
        }
    }

    /// Lowest and highest value that a person can have.
    fn range(self) -> (f64, f64) {
        match self {
            // Zones know the range of their edges.
            Self::Sex | Self::LoadBy(_) | Self::Zones(_) => (f64::MIN, f64::MAX),
            Self::HrRest => (25.0, 110.0),
            Self::HrMax => (100.0, 240.0),
            Self::Lthr | Self::Vt1 | Self::Vt2 => (80.0, 230.0),
            Self::Ftp => (40.0, 600.0),
            Self::ThresholdPace => (120.0, 900.0),
            Self::Css => (45.0, 300.0),
            Self::Weight => (25.0, 300.0),
            // Of no length is a race that was called off.
            Self::Race => (0.0, 500_000.0),
            Self::BirthYear => (1900.0, 2100.0),
        }
    }

    /// A number of this setting with its unit, as a person writes it.
    pub fn show(self, number: f64) -> String {
        match self {
            Self::Sex | Self::LoadBy(_) | Self::Zones(_) => String::new(),
            Self::BirthYear => number.to_string(),
            Self::HrRest | Self::HrMax | Self::Lthr | Self::Vt1 | Self::Vt2 => format!("{number} bpm"),
            Self::Ftp => format!("{number} W"),
            Self::ThresholdPace => format!("{}/km", clock(number)),
            Self::Css => format!("{}/100m", clock(number)),
            Self::Weight => format!("{number} kg"),
            Self::Race if number == 0.0 => "called off".to_owned(),
            Self::Race => format!("{} km", number / 1000.0),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zones(zoned) => return zoned.fmt(f),
            Self::BirthYear => "birth year",
            Self::Sex => "sex",
            Self::HrRest => "resting heart rate",
            Self::HrMax => "maximum heart rate",
            Self::Lthr => "threshold heart rate",
            Self::Vt1 => "first ventilatory threshold",
            Self::Vt2 => "second ventilatory threshold",
            Self::Ftp => "threshold power",
            Self::ThresholdPace => "threshold pace",
            Self::Css => "critical swim speed",
            Self::LoadBy(of) => return write!(f, "load of {}", of.as_str()),
            Self::Weight => "weight",
            Self::Race => "race",
        })
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round();
    format!("{}:{:02}", (seconds / 60.0).floor(), seconds % 60.0)
}

impl Value {
    /// The text that is stored.
    pub fn to_stored(self) -> String {
        match self {
            Self::Order(order) => order.to_string(),
            Self::Sex(Sex::Male) => "m".to_owned(),
            Self::Sex(Sex::Female) => "f".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Zones(zones) => zones.to_stored(),
        }
    }

    /// The value of a stored text.
    pub fn from_stored(name: Name, text: &str) -> Option<Self> {
        match name {
            Name::Sex => sex(text),
            Name::Zones(zoned) => Zones::parse(zoned, text).map(Self::Zones),
            Name::LoadBy(_) => LoadOrder::parse(text).map(Self::Order),
            _ => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Number),
        }
    }

    /// The value with its unit, as a person writes it.
    pub fn show(self, name: Name) -> String {
        match self {
            Self::Sex(_) | Self::Order(_) => self.to_stored(),
            Self::Number(number) => name.show(number),
            Self::Zones(zones) => match name {
                Name::Zones(zoned) => zones.show(zoned),
                _ => zones.to_stored(),
            },
        }
    }
}

/// Reads what a person typed for a setting, such as `3:50/km`, `170`, `154lb` or `f`.
pub fn parse(name: Name, text: &str) -> Result<Value, SettingError> {
    let typed = text.trim().to_lowercase();
    let value = match name {
        Name::Sex => sex(&typed),
        Name::HrRest | Name::HrMax | Name::Lthr | Name::Vt1 | Name::Vt2 => number(&typed, "bpm"),
        Name::LoadBy(_) => LoadOrder::parse(&typed).map(Value::Order),
        Name::Ftp => number(&typed, "w"),
        Name::ThresholdPace => pace(&typed),
        Name::Css => time(typed.strip_suffix("/100m").unwrap_or(&typed)).map(Value::Number),
        Name::Weight => weight(&typed),
        Name::Race => race(&typed),
        Name::BirthYear => number(&typed, "").filter(is_whole),
        Name::Zones(zoned) => match Zones::typed(zoned, &typed) {
            Some(edges) => return zones(name, zoned, &edges, text),
            None => None,
        },
    };
    let value = value.ok_or_else(|| SettingError::Unreadable { name, text: text.to_owned() })?;
    within(name, value, text)
}

/// Takes a number in the setting's own unit, as a program gives it: a pace in seconds per kilometre, a race in metres.
pub fn of_number(name: Name, number: f64) -> Result<Value, SettingError> {
    let text = number.to_string();
    let value = Some(Value::Number(number)).filter(|value| match name {
        Name::Sex | Name::LoadBy(_) | Name::Zones(_) => false,
        Name::BirthYear => is_whole(value),
        _ => number.is_finite(),
    });
    within(name, value.ok_or_else(|| SettingError::Unreadable { name, text: text.clone() })?, &text)
}

/// Takes the edges of zones in their own unit.
pub fn of_edges(name: Name, edges: &[f64]) -> Result<Value, SettingError> {
    let text = edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    match name {
        Name::Zones(zoned) => zones(name, zoned, edges, &text),
        _ => Err(SettingError::Unreadable { name, text }),
    }
}

fn zones(name: Name, zoned: Zoned, edges: &[f64], text: &str) -> Result<Value, SettingError> {
    let zones =
        Zones::new(zoned, edges).map_err(|why| SettingError::Zones { name, text: text.to_owned(), why });
    zones.map(Value::Zones)
}

fn within(name: Name, value: Value, text: &str) -> Result<Value, SettingError> {
    let (low, high) = name.range();
    if let Value::Number(number) = value
        && !(low..=high).contains(&number)
    {
        let (low, high) = (name.show(low), name.show(high));
        return Err(SettingError::OutOfRange { name, text: text.to_owned(), low, high });
    }
    Ok(value)
}

fn sex(text: &str) -> Option<Value> {
    match text {
        "m" | "male" => Some(Value::Sex(Sex::Male)),
        "f" | "female" => Some(Value::Sex(Sex::Female)),
        _ => None,
    }
}

fn number(text: &str, unit: &str) -> Option<Value> {
    let digits = text.strip_suffix(unit).unwrap_or(text).trim();
    digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Number)
}

fn is_whole(value: &Value) -> bool {
    matches!(value, Value::Number(number) if number.fract() == 0.0)
}

fn weight(text: &str) -> Option<Value> {
    let pounds = text.strip_suffix("lbs").or_else(|| text.strip_suffix("lb"));
    match (number(pounds.unwrap_or(text), "kg")?, pounds) {
        (Value::Number(pounds), Some(_)) => Some(Value::Number((pounds * POUND_KG * 10.0).round() / 10.0)),
        (value, _) => Some(value),
    }
}

/// Metres of `10k`, `21.1km`, `10mi`, `5000m`, `half` or `marathon`; none at all for a race that is off.
fn race(text: &str) -> Option<Value> {
    let meters = match text {
        "none" | "off" => 0.0,
        "half" => 21_097.5,
        "marathon" => 42_195.0,
        _ => {
            let units = [("km", 1000.0), ("k", 1000.0), ("mi", MILE_M), ("m", 1.0)];
            let of = |(unit, meters): (&str, f64)| {
                let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
                Some((number * meters * 10.0).round() / 10.0)
            };
            units.into_iter().find_map(of).filter(|meters| meters.is_finite())?
        }
    };
    Some(Value::Number(meters))
}

/// Seconds per kilometre of `3:50`, `3:50/km` or `6:10/mi`.
fn pace(text: &str) -> Option<Value> {
    let miles = text.strip_suffix("/mi").or_else(|| text.strip_suffix("/mile"));
    let total_s = time(miles.unwrap_or_else(|| text.strip_suffix("/km").unwrap_or(text)))?;
    let per_km_s = if miles.is_some() { (total_s * 10_000.0 / MILE_M).round() / 10.0 } else { total_s };
    Some(Value::Number(per_km_s))
}

/// Seconds of `3:50`.
fn time(clock: &str) -> Option<f64> {
    let (minutes, seconds) = clock.trim().split_once(':')?;
    let (minutes, seconds): (u32, f64) = (minutes.parse().ok()?, seconds.parse().ok()?);
    (0.0..60.0).contains(&seconds).then(|| f64::from(minutes) * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Name, text: &str, wanted: &str) {
        let answer = parse(name, text);
        assert_eq!(answer.map_or_else(|error| error.to_string(), Value::to_stored), wanted);
    }

    #[test]
    fn a_pace_is_minutes_and_seconds() {
        check(Name::ThresholdPace, "3:50/km", "230");
        check(Name::ThresholdPace, "4:05", "245");
    }

    #[test]
    fn a_pace_per_mile_is_turned_into_kilometres() {
        assert_eq!(parse(Name::ThresholdPace, "6:26.24/mi"), Ok(Value::Number(240.0)));
    }

    #[test]
    fn a_pace_without_a_colon_is_explained() {
        check(Name::ThresholdPace, "350", "`350` is not a value of threshold pace; give it as `3:50/km`");
    }

    #[test]
    fn a_swim_speed_is_a_pace_over_100_m() {
        check(Name::Css, "1:45/100m", "105");
        check(Name::Css, "1:40.5", "100.5");
        assert_eq!(Value::Number(105.0).show(Name::Css), "1:45/100m");
        check(Name::Css, "100", "`100` is not a value of critical swim speed; give it as `1:45/100m`");
    }

    #[test]
    fn an_order_of_methods_is_a_list_of_words() {
        let name = Name::LoadBy(LoadOf::Running);
        check(name, "Heart_rate, rpe", "heart_rate,rpe");
        check(name, "mood", "`mood` is not a value of load of running; give it as `heart_rate,rpe,duration`");
    }

    #[test]
    fn seconds_stop_at_fifty_nine() {
        assert!(parse(Name::ThresholdPace, "3:60/km").is_err());
    }

    #[test]
    fn units_may_be_left_out() {
        check(Name::Weight, "70", "70");
        check(Name::Weight, "154 lb", "69.9");
        check(Name::Ftp, "250W", "250");
        check(Name::HrMax, " 190 bpm", "190");
    }

    #[test]
    fn a_race_is_a_distance_as_runners_say_it() {
        check(Name::Race, "10k", "10000");
        check(Name::Race, "Half", "21097.5");
        check(Name::Race, "10 mi", "16093.4");
        check(Name::Race, "1500m", "1500");
        check(Name::Race, "none", "0");
        check(Name::Race, "far", "`far` is not a value of race; give it as `10k`");
    }

    #[test]
    fn the_sex_is_one_letter_or_a_word() {
        check(Name::Sex, "M", "m");
        check(Name::Sex, "female", "f");
        check(Name::Sex, "x", "`x` is not a value of sex; give it as `m or f`");
    }

    #[test]
    fn a_heart_that_stands_still_is_out_of_range() {
        check(
            Name::HrRest,
            "5",
            "resting heart rate of `5` is out of range; it must be from 25 bpm to 110 bpm",
        );
    }

    #[test]
    fn not_a_number_is_not_a_value() {
        assert!(parse(Name::Ftp, "nan").is_err());
    }

    #[test]
    fn a_birth_year_is_a_whole_year() {
        check(Name::BirthYear, "1985", "1985");
        check(Name::BirthYear, "1985.5", "`1985.5` is not a value of birth year; give it as `1985`");
        check(Name::BirthYear, "85", "birth year of `85` is out of range; it must be from 1900 to 2100");
    }

    #[test]
    fn zones_say_what_they_should_be() {
        let name = Name::Zones(Zoned::HeartRateRunning);
        check(name, "114,133,152", "114,133,152");
        check(
            name,
            "133,114",
            "`133,114` is not a value of heart-rate zones of running: 114 bpm is not harder than 133 bpm, which stands before it",
        );
    }

    #[test]
    fn a_program_gives_numbers_in_the_settings_own_unit() {
        assert_eq!(of_number(Name::ThresholdPace, 230.0), parse(Name::ThresholdPace, "3:50/km"));
        let wrong = |name, number| of_number(name, number).unwrap_err().to_string();
        assert_eq!(
            wrong(Name::ThresholdPace, 3.5),
            "threshold pace of `3.5` is out of range; it must be from 2:00/km to 15:00/km"
        );
        assert_eq!(wrong(Name::Sex, 1.0), "`1` is not a value of sex; give it as `m or f`");
        assert_eq!(
            wrong(Name::BirthYear, 1985.5),
            "`1985.5` is not a value of birth year; give it as `1985`"
        );
        let zones = Name::Zones(Zoned::PaceRunning);
        assert_eq!(of_edges(zones, &[330.0, 290.0]), parse(zones, "5:30,4:50"));
        assert!(of_edges(zones, &[290.0, 330.0]).is_err() && of_edges(Name::Ftp, &[1.0, 2.0]).is_err());
    }

    #[test]
    fn every_name_is_found_by_its_word() {
        for name in Name::ALL {
            assert_eq!(Name::parse(name.as_str()), Some(name));
        }
        let zones = Name::ALL.iter().filter(|name| matches!(name, Name::Zones(_))).count();
        assert_eq!(zones, Zoned::ALL.len());
    }

    #[test]
    fn what_is_stored_reads_back() {
        let zones = Name::Zones(Zoned::PaceRunning);
        for (name, text) in [
            (Name::Sex, "f"),
            (Name::ThresholdPace, "3:50.5/km"),
            (Name::Weight, "70.2"),
            (Name::BirthYear, "1985"),
            (zones, "5:30,4:50.5"),
        ] {
            let value = parse(name, text).unwrap();
            assert_eq!(Value::from_stored(name, &value.to_stored()), Some(value));
        }
    }

    #[test]
    fn a_stored_pace_shows_as_one() {
        assert_eq!(Value::Number(230.0).show(Name::ThresholdPace), "3:50/km");
    }
}
