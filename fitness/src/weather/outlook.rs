//! A day's forecast in short: what there is to know before one goes out.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ATTRIBUTION, Air, Hour, rounded};
use crate::heat;

/// The hours of the wall in which people train.
const AWAKE: std::ops::RangeInclusive<i8> = 6..=21;

/// What the air of a day will be like, from 6 to 21 by the athlete's wall; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outlook {
    pub low_c: f64,
    pub high_c: f64,
    /// At the hour that is hardest on a runner, by temperature and dew point together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dew_point_c: Option<f64>,
    /// Temperature plus dew point of that hour in degrees Fahrenheit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hadley_f: Option<f64>,
    /// The hour that is easiest, such as `07:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coolest: Option<String>,
    /// Of the windiest hour, in metres per second ten metres up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// Degrees from north that it comes from then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_direction_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gust_mps: Option<f64>,
    /// Of the whole day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation_mm: Option<f64>,
    /// The heaviest sky of the day, in two or three words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sky: Option<String>,
    /// When it was told, in epoch milliseconds.
    pub told_ms: i64,
    /// What the licence of the data asks to be shown beside it.
    pub attribution: String,
}

/// An hour of a forecast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    pub hour: Hour,
    pub air: Air,
    pub told_ms: i64,
}

impl Outlook {
    /// A forecast that was told longer ago is nothing to go by.
    pub const OLD_MS: i64 = 24 * 3_600_000;

    /// The hours of a local day, the first and the last included.
    pub fn hours(date: Date, zone: &TimeZone) -> Option<(Hour, Hour)> {
        let at = |hour: i8| zone.to_timestamp(date.at(hour, 0, 0, 0)).ok();
        let (first, last) = (at(*AWAKE.start())?, at(*AWAKE.end())?);
        Some((Hour::after(first.as_millisecond()), Hour::before(last.as_millisecond())))
    }

    /// True where it was told more than a day before a moment, and before the last of its hours.
    ///
    /// What was told once the day was over is no forecast any more, and does not age.
    pub fn is_old(&self, last: Hour, now_ms: i64) -> bool {
        self.told_ms.saturating_add(Self::OLD_MS) < now_ms.min(last.start_ms())
    }

    /// What the hours of a day amount to; nothing where no temperature is known.
    pub fn of(hours: &[Told], zone: &TimeZone) -> Option<Self> {
        let all = |of: fn(&Air) -> Option<f64>| hours.iter().filter_map(move |told| of(&told.air));
        let temperatures = || all(|air| air.temperature_c);
        let hadley = |told: &Told| told.air.heat().map(|(air, dew)| heat::hadley_f(air, dew));
        let by_heat = || hours.iter().filter_map(|told| Some((hadley(told)?, told)));
        let hardest = by_heat().max_by(|a, b| a.0.total_cmp(&b.0));
        let easiest = by_heat().min_by(|a, b| a.0.total_cmp(&b.0));
        let windy = hours.iter().filter_map(|told| Some((told.air.wind_mps?, told)));
        let windiest = windy.max_by(|a, b| a.0.total_cmp(&b.0));
        let heaviest = hours.iter().max_by_key(|told| told.air.weather_code);
        let rain: Vec<f64> = all(|air| air.precipitation_mm).collect();
        Some(Self {
            low_c: temperatures().min_by(f64::total_cmp)?,
            high_c: temperatures().max_by(f64::total_cmp)?,
            dew_point_c: hardest.and_then(|(_, told)| Some(told.air.heat()?.1)),
            hadley_f: hardest.map(|(hadley, _)| rounded(hadley, 1)),
            coolest: easiest.map(|(_, told)| on_the_wall(told.hour, zone)),
            wind_mps: windiest.map(|(wind, _)| wind),
            wind_direction_deg: windiest.and_then(|(_, told)| told.air.wind_direction_deg),
            gust_mps: all(|air| air.gust_mps).max_by(f64::total_cmp),
            precipitation_mm: (!rain.is_empty()).then(|| rounded(rain.iter().sum(), 2)),
            sky: heaviest.and_then(|told| told.air.sky()).map(str::to_owned),
            told_ms: hours.iter().map(|told| told.told_ms).min()?,
            attribution: ATTRIBUTION.to_owned(),
        })
    }
}

fn on_the_wall(hour: Hour, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(hour.start_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(hour: i64, temperature_c: f64, wind_mps: f64, code: i64) -> Told {
        let air = Air {
            temperature_c: Some(temperature_c),
            dew_point_c: Some(temperature_c - 5.0),
            wind_mps: Some(wind_mps),
            wind_direction_deg: Some(wind_mps * 10.0),
            precipitation_mm: Some(0.5),
            weather_code: Some(code),
            ..Air::default()
        };
        Told { hour: Hour(hour), air, told_ms: hour }
    }

    #[test]
    fn a_day_is_told_by_its_edges() {
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        let (first, last) = Outlook::hours(jiff::civil::date(2024, 5, 2), &zone).unwrap();
        assert_eq!((last.0 - first.0, first.0.rem_euclid(24)), (15, 4));
        let hours =
            [told(first.0, 8.0, 2.0, 0), told(first.0 + 9, 24.0, 7.0, 61), told(first.0 + 10, 22.0, 6.0, 3)];
        let outlook = Outlook::of(&hours, &zone).unwrap();
        assert_eq!((outlook.low_c, outlook.high_c, outlook.coolest.as_deref()), (8.0, 24.0, Some("06:00")));
        assert_eq!((outlook.wind_mps, outlook.wind_direction_deg), (Some(7.0), Some(70.0)));
        assert_eq!((outlook.sky.as_deref(), outlook.precipitation_mm), (Some("light rain"), Some(1.5)));
        assert_eq!(outlook.dew_point_c, Some(19.0));
        assert_eq!(Outlook::of(&[], &zone), None);
    }

    #[test]
    fn a_forecast_is_old_after_a_day_and_what_was_told_afterwards_never() {
        const HOUR_MS: i64 = 3_600_000;
        let zone = TimeZone::UTC;
        let last = Hour(100);
        let of = |told_ms| Outlook::of(&[Told { told_ms, ..told(90, 8.0, 2.0, 0) }], &zone).unwrap();
        for (told, now, wanted) in [
            (60, 84, false),
            (60, 85, true),
            (80, 100, false),
            // The last hour of the day is what counts once the day is over.
            (80, 1_000, false),
            (75, 1_000, true),
            (101, 1_000, false),
        ] {
            assert_eq!(of(told * HOUR_MS).is_old(last, now * HOUR_MS), wanted, "{told} {now}");
        }
    }

    #[test]
    fn a_day_of_a_clock_change_has_the_hours_of_its_wall() {
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        for day in [jiff::civil::date(2024, 3, 31), jiff::civil::date(2024, 10, 27)] {
            let (first, last) = Outlook::hours(day, &zone).unwrap();
            assert_eq!([first, last].map(|hour| on_the_wall(hour, &zone)), ["06:00", "21:00"]);
        }
    }
}
