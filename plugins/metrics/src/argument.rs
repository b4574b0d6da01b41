//! What metrics are given: an activity, the athlete's settings, the samples, a day. What is unknown is absent.

use std::collections::BTreeMap;

use engine::script::Series;
use fitness::daily_metric::DailyMetrics;
use fitness::distance;
use fitness::recording::{Channel, Samples};
use fitness::records::activity::ActivityRow;
use fitness::settings::{ALWAYS, SettingsHistory};
use fitness::stream::Column;
use fitness::week::DayFigures;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

/// Names and texts that others wrote are data, and no script acts on them; weather comes later than what is asked, and
/// nobody would be asked again.
const NOT_GIVEN: [&str; 16] = [
    "file",
    "sha256",
    "index",
    "provenance",
    "name",
    "description",
    "gear",
    "visibility",
    "linked",
    "also",
    "lent",
    "duplicate_of",
    "temperature_c",
    "wind_mps",
    "attribution",
    "samples",
];
/// What a metric that stands in place of the load is not given either.
const OF_LOADS: [&str; 3] = ["load", "load_method", "estimated"];

const PLACES: [Channel; 2] = [Channel::Latitude, Channel::Longitude];

/// An activity.
pub(crate) fn activity(
    row: &ActivityRow,
    (sub_sport, date): (Option<&str>, Option<Date>),
    replaces_load: bool,
) -> Result<Value, serde_json::Error> {
    let mut all = object(serde_json::to_value(row)?);
    let is_given = |key: &str| !(NOT_GIVEN.contains(&key) || replaces_load && OF_LOADS.contains(&key));
    all.retain(|key, _| is_given(key));
    all.insert("commute".to_owned(), json!(row.commute));
    all.insert("competition".to_owned(), json!(row.competition));
    all.insert("sub_sport".to_owned(), json!(sub_sport));
    all.extend(date.into_iter().flat_map(dated));
    Ok(Value::Object(all))
}

/// What the athlete's settings were on a day, and which of them are estimated.
pub(crate) fn athlete(history: &SettingsHistory, date: Option<Date>) -> Result<Value, serde_json::Error> {
    let settings = object(serde_json::to_value(history.at(date.unwrap_or(ALWAYS)))?);
    let (mut all, mut estimated) = (Map::new(), Map::new());
    for (name, setting) in settings {
        if let (Some(value), Some(source)) = (setting.get("value"), setting.get("source")) {
            estimated.insert(name.clone(), json!(source == "estimated"));
            all.insert(name, value.clone());
        }
    }
    all.insert("estimated".to_owned(), Value::Object(estimated));
    let age = history.birth_year().zip(date).map(|(born, date)| (f64::from(date.year()) - born).max(0.0));
    all.insert("age".to_owned(), json!(age));
    Ok(Value::Object(all))
}

/// A day, with what was measured on it.
pub(crate) fn day(
    date: Date,
    figures: Option<&DayFigures>,
    measured: Option<&DailyMetrics>,
) -> Result<Value, serde_json::Error> {
    let mut all = figures.map(serde_json::to_value).transpose()?.map(object).unwrap_or_default();
    all.extend(measured.map(serde_json::to_value).transpose()?.map(object).unwrap_or_default());
    all.extend(dated(date));
    Ok(Value::Object(all))
}

/// The samples of an activity by second: all that was recorded but where it was. Numbers are shown to others, and so
/// must not tell of places that the athlete hides.
pub(crate) fn streams(blocks: &[(Column, Vec<u8>)]) -> Series {
    let samples = Samples::unpack(blocks);
    // Between positions where no device counted: what activities, splits and best times go by.
    let along = distance::along(&samples);
    let Samples { time_ms, channels, .. } = samples;
    let first = time_ms.first().copied().unwrap_or_default();
    let seconds = time_ms.iter().map(|time| (time - first) as f64 / 1000.0).collect();
    let name = |channel| Column::Channel(channel).as_str().to_owned();
    let told = channels.into_iter().filter(|(channel, _)| !PLACES.contains(channel));
    let mut columns: BTreeMap<_, _> = told.map(|(channel, values)| (name(channel), values)).collect();
    columns.extend(along.map(|along| (name(Channel::Distance), along)));
    // What has no times is no series; nothing is known of it.
    Series::new(seconds, columns).unwrap_or_else(|_| Series::empty())
}

fn dated(date: Date) -> [(String, Value); 2] {
    let weekday = date.weekday().to_monday_one_offset();
    [("date".to_owned(), json!(date.to_string())), ("weekday".to_owned(), json!(weekday))]
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fitness::daily_metric;
    use fitness::settings::{Dated, Name, Source, Value as Set};
    use fitness::stream::{encode, encode_times};

    use super::*;

    #[test]
    fn settings_are_told_with_what_is_estimated() {
        let given =
            |name, number| Dated { name, from: ALWAYS, value: Set::Number(number), source: Source::Given };
        let history = SettingsHistory::new(&[given(Name::Ftp, 250.0), given(Name::BirthYear, 1986.0)], []);
        let told = athlete(&history, Some(jiff::civil::date(2026, 5, 2))).unwrap();
        assert_eq!((&told["ftp"], &told["age"]), (&json!(250.0), &json!(40.0)));
        assert_eq!((&told["estimated"]["ftp"], &told["estimated"]["hr_max"]), (&json!(false), &json!(true)));
        assert!(told.get("zones").is_none() && told.get("css_s_per_100m").is_none());
    }

    /// The distances of three samples a second apart, as a series has them.
    #[track_caller]
    fn check_way(channels: &[(Channel, [f64; 3])], wanted: Option<[f64; 3]>) {
        let mut blocks = vec![(Column::Time, encode_times(&[1_000, 2_000, 3_000]))];
        blocks.extend(
            channels.iter().map(|(channel, values)| (Column::Channel(*channel), encode(*channel, values))),
        );
        let mut columns: BTreeMap<String, Vec<f64>> = channels
            .iter()
            .map(|(channel, values)| (Column::Channel(*channel).to_string(), values.to_vec()))
            .filter(|(name, _)| !["distance", "latitude", "longitude"].contains(&name.as_str()))
            .collect();
        columns.extend(wanted.map(|wanted| ("distance".to_owned(), wanted.to_vec())));
        assert_eq!(streams(&blocks), Series::new(vec![0.0, 1.0, 2.0], columns).unwrap());
    }

    #[test]
    fn the_way_is_that_of_the_device_else_that_between_positions() {
        let still = [(Channel::Latitude, [50.0; 3]), (Channel::Longitude, [8.0; 3])];
        check_way(&still, Some([0.0; 3]));
        let counted = (Channel::Distance, [5.0, 4.0, 9.0]);
        check_way(&[still[0], still[1], counted], Some([5.0, 5.0, 9.0]));
        check_way(&[(Channel::Distance, [1_000.0, 1_003.0, 1_006.0])], Some([0.0, 3.0, 6.0]));
        check_way(&[(Channel::Power, [200.0; 3])], None);
    }

    #[test]
    fn weather_and_what_others_wrote_are_no_part_of_an_activity() {
        let row = json!({
            "id": "a", "file": "a.fit", "sha256": "", "index": 0, "provenance": "file", "sport": "running",
            "name": "Ignore all rules", "elapsed_s": 60.0, "samples": 0, "temperature_c": 21.5, "wind_mps": 3.5,
        });
        let row: ActivityRow = serde_json::from_value(row).unwrap();
        let told = activity(&row, (None, None), false).unwrap();
        assert_eq!((&told["sport"], &told["elapsed_s"]), (&json!("running"), &json!(60.0)));
        for key in ["temperature_c", "wind_mps", "name", "file"] {
            assert!(told.get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn no_metric_is_told_where_it_was() {
        let recorded = [Channel::Latitude, Channel::Longitude, Channel::Power]
            .map(|channel| (Column::Channel(channel), encode(channel, &[50.0, 50.0])));
        let blocks: Vec<_> =
            [(Column::Time, encode_times(&[0, 1_000]))].into_iter().chain(recorded).collect();
        let told = streams(&blocks);
        let columns = [("distance".to_owned(), vec![0.0; 2]), ("power".to_owned(), vec![50.0; 2])].into();
        assert_eq!(told, Series::new(vec![0.0, 1.0], columns).unwrap());
    }

    #[test]
    fn a_day_says_which_it_is() {
        let told = day(jiff::civil::date(2026, 5, 2), None, None).unwrap();
        assert_eq!(told, json!({ "date": "2026-05-02", "weekday": 6 }));
    }

    #[test]
    fn what_metrics_are_given_is_described() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCRIPTS.md");
        let docs = std::fs::read_to_string(docs).unwrap();
        let numbers =
            [Name::Ftp, Name::ThresholdPace, Name::Css, Name::Vt1, Name::Vt2, Name::Weight, Name::BirthYear];
        let given =
            numbers.map(|name| Dated { name, from: ALWAYS, value: Set::Number(2.0), source: Source::Given });
        let told = athlete(&SettingsHistory::new(&given, []), Some(jiff::civil::date(2026, 5, 2))).unwrap();
        let settings = told.as_object().unwrap().keys().filter(|key| *key != "estimated").cloned();
        let measured = daily_metric::Name::ALL.map(|name| name.as_str().to_owned());
        let channels = [Channel::Altitude, Channel::Distance, Channel::Speed, Channel::HeartRate]
            .into_iter()
            .chain([Channel::Cadence, Channel::Power, Channel::Temperature])
            .map(|channel| Column::Channel(channel).as_str().to_owned());
        for name in settings.chain(measured).chain(channels) {
            assert!(docs.contains(&format!("`{name}`")), "docs/SCRIPTS.md says nothing of `{name}`");
        }
    }
}
