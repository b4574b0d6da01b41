//! A change of settings: what it would touch, said before it is made.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Error, Result, Tx};

use super::{activity, athlete_setting, change_number};
use crate::settings::{ALWAYS, Dated, Name, SettingError, SettingsHistory, Source, Value, differing};

/// A setting that is to hold from a day on, or that is to be taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    pub name: Name,
    pub from: Date,
    /// Nothing takes back what was given for exactly that day.
    pub value: Option<Value>,
}

impl Wish {
    /// The wish that a setting holds, for all days where it is one without a date.
    pub fn new(name: Name, from: Date, value: Option<Value>) -> Self {
        Self { name, from: if name.is_undated() { ALWAYS } else { from }, value }
    }
}

/// What a change touches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// The settings that have another value from then on.
    pub changed: Vec<Name>,
    /// Activities whose load is computed again.
    pub activities: usize,
    /// Those of them that get another load, or other zones.
    pub loads: usize,
    /// Days that are computed again: from the first of these loads up to today.
    pub days: usize,
    pub first_day: Option<Date>,
}

/// Tells what a change would touch, and writes nothing.
///
/// Aborts with a [`SettingError`] where the settings would contradict each other.
pub fn preview(tx: &mut Tx<'_>, athlete: &str, wishes: &[Wish], today: Date) -> Result<Touched> {
    let stored = athlete_setting::list(tx, athlete)?;
    let given: Vec<Dated> = stored.iter().filter(|dated| dated.source == Source::Given).cloned().collect();
    let wanted = granted(&given, wishes);
    check(&wanted).map_err(Error::abort)?;
    check_birth(wishes, today).map_err(Error::abort)?;
    let changed = changed(&given, wishes);
    if !changed.iter().any(|name| name.affects_load() || name.affects_estimates()) {
        return Ok(Touched { changed, ..Touched::default() });
    }
    let peaks = activity::peaks(tx, athlete)?;
    let through = peaks.last_key_value().map_or(today, |(month, _)| today.max(*month));
    let history = SettingsHistory::new(&wanted, peaks);
    let ranges = differing(&stored, &[wanted, history.estimates(through)].concat());
    let mut touched = Touched { changed, ..Touched::default() };
    let mut last = today;
    for range in ranges {
        for (measured, load) in activity::measured(tx, athlete, range)? {
            touched.activities += 1;
            if measured.load(&history) != load {
                touched.loads += 1;
                let counted = measured.local_date.filter(|_| measured.is_counted);
                touched.first_day = touched.first_day.into_iter().chain(counted).min();
            }
            last = last.max(measured.local_date.unwrap_or(last));
        }
    }
    touched.days = touched.first_day.map_or(0, |first| days_between(first, last));
    Ok(touched)
}

/// Makes a change, and answers the settings that have another value now. What follows from them a run computes.
///
/// Aborts with a [`SettingError`] where the settings would contradict each other.
pub fn make(tx: &mut Tx<'_>, athlete: &str, wishes: &[Wish], now_ms: i64) -> Result<Vec<Name>> {
    let stored = athlete_setting::list(tx, athlete)?;
    let given: Vec<Dated> = stored.into_iter().filter(|dated| dated.source == Source::Given).collect();
    check(&granted(&given, wishes)).map_err(Error::abort)?;
    check_birth(wishes, utc_date(now_ms)).map_err(Error::abort)?;
    let mut is_changed = false;
    for wish in wishes {
        let dated = |value| Dated { name: wish.name, from: wish.from, value, source: Source::Given };
        is_changed |= match (wish.value, holds(&given, wish)) {
            (Some(value), _) => athlete_setting::set(tx, athlete, &dated(value), now_ms)?,
            (None, Some(value)) => athlete_setting::remove(tx, athlete, &dated(value))?,
            (None, None) => false,
        };
    }
    if is_changed {
        change_number::next(tx, athlete)?;
    }
    Ok(changed(&given, wishes))
}

/// What is given for exactly the day of a wish.
fn holds(given: &[Dated], wish: &Wish) -> Option<Value> {
    given.iter().find(|dated| (dated.name, dated.from) == (wish.name, wish.from)).map(|dated| dated.value)
}

fn changed(given: &[Dated], wishes: &[Wish]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for wish in wishes.iter().filter(|wish| holds(given, wish) != wish.value) {
        if !names.contains(&wish.name) {
            names.push(wish.name);
        }
    }
    names
}

/// What would be given then.
fn granted(given: &[Dated], wishes: &[Wish]) -> Vec<Dated> {
    let mut wanted = given.to_vec();
    for wish in wishes {
        wanted.retain(|dated| (dated.name, dated.from) != (wish.name, wish.from));
        let dated = |value| Dated { name: wish.name, from: wish.from, value, source: Source::Given };
        wanted.extend(wish.value.map(dated));
    }
    wanted
}

/// Checks every day on which a given setting begins.
fn check(given: &[Dated]) -> std::result::Result<(), SettingError> {
    let history = SettingsHistory::new(given, []);
    given.iter().try_for_each(|dated| history.at(dated.from).check())
}

/// Nobody is born later than this year.
fn check_birth(wishes: &[Wish], today: Date) -> std::result::Result<(), SettingError> {
    let latest = f64::from(today.year());
    let born = wishes.iter().filter(|wish| wish.name == Name::BirthYear).find_map(|wish| match wish.value {
        Some(Value::Number(year)) => Some(year),
        _ => None,
    });
    match born.filter(|born| *born > latest) {
        Some(born) => Err(SettingError::OutOfRange {
            name: Name::BirthYear,
            text: born.to_string(),
            low: "1900".to_owned(),
            high: latest.to_string(),
        }),
        None => Ok(()),
    }
}

fn utc_date(now_ms: i64) -> Date {
    Timestamp::from_millisecond(now_ms).map_or(Date::MAX, |now| now.to_zoned(TimeZone::UTC).date())
}

/// Both included.
fn days_between(first: Date, last: Date) -> usize {
    let days = first.until(last).map_or(0, |span| span.get_days());
    usize::try_from(days).map_or(0, |days| days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: Name, value: f64, from: Date) -> Dated {
        Dated { name, from, value: Value::Number(value), source: Source::Given }
    }

    #[test]
    fn settings_that_contradict_each_other_later_are_refused() {
        let later = Date::constant(2026, 3, 1);
        let settings = [given(Name::HrMax, 190.0, ALWAYS), given(Name::Lthr, 195.0, later)];
        assert!(check(&settings[..1]).is_ok());
        assert!(check(&settings).is_err());
    }

    #[test]
    fn a_wish_takes_the_place_of_what_was_given_for_its_day() {
        let (march, may) = (Date::constant(2026, 3, 1), Date::constant(2026, 5, 1));
        let before = [given(Name::Ftp, 250.0, march), given(Name::Ftp, 260.0, may)];
        let wish = |from, value: Option<f64>| Wish::new(Name::Ftp, from, value.map(Value::Number));
        let wanted = granted(&before, &[wish(march, Some(240.0)), wish(may, None)]);
        assert_eq!(wanted, [given(Name::Ftp, 240.0, march)]);
        assert_eq!(changed(&before, &[wish(march, Some(250.0)), wish(ALWAYS, None)]), []);
    }

    #[test]
    fn a_birth_year_holds_for_all_days() {
        let wish = Wish::new(Name::BirthYear, Date::constant(2026, 3, 1), None);
        assert_eq!(wish.from, ALWAYS);
    }

    #[test]
    fn a_span_of_days_has_both_its_ends() {
        let (first, last) = (Date::constant(2023, 12, 31), Date::constant(2025, 1, 1));
        assert_eq!(
            [days_between(first, first), days_between(first, last), days_between(last, first)],
            [1, 368, 0]
        );
    }
}
