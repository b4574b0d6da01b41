//! The rows of the field in the store: one file per table, each with the statements it uses.
//!
//! Every function works inside the caller's transaction and may run again with it.

pub mod accuracy;
pub mod activity;
pub mod activity_load;
pub mod activity_number;
pub mod activity_place;
pub mod activity_stream;
pub mod activity_weather;
pub mod athlete;
pub mod athlete_setting;
pub mod best_effort;
pub mod change_number;
pub mod curve;
pub mod daily_metric;
pub mod day;
pub mod explain;
pub mod explain_day;
pub mod explain_own;
pub mod export_item;
pub mod export_row;
pub mod gear;
pub mod import_file;
pub mod insight;
pub mod intake;
pub mod kept;
pub mod lap;
pub mod load_position;
pub mod merge_choice;
pub mod old_best;
pub mod old_weather;
pub mod original;
pub mod outside_record;
pub mod own_metric;
pub mod own_number;
pub mod privacy_zone;
pub mod purge_receipt;
pub mod route;
pub mod segment;
pub mod segment_effort;
pub mod session;
pub mod setting_change;
pub mod setting_overview;
pub mod shareable;
pub mod source_file;
pub mod stale_day;
pub mod strava;
pub mod volume;
pub mod watched_file;
pub mod way;
pub mod weather_home;
pub mod weather_hour;
pub mod weather_quota;

use jiff::civil::Date;
use store::{Error, Result, Row};

/// A date column.
fn date(row: &Row<'_>, index: usize) -> Result<Date> {
    stored(row.text(index)?, |text| text.parse().ok())
}

/// A date column that may be empty.
fn optional_date(row: &Row<'_>, index: usize) -> Result<Option<Date>> {
    row.get::<Option<String>>(index)?.map(|text| stored(&text, |text| text.parse().ok())).transpose()
}

/// Reads a stored word; a word that this program does not know is the database's fault.
fn stored<T>(word: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    read(word).ok_or_else(|| Error::Corrupt(format!("`{word}` is not a word that is stored there")))
}

/// A date as text that sorts as dates do; years before 0 have a sign and would not.
fn sortable(day: Date) -> String {
    day.max(Date::ZERO).to_string()
}

/// A count column.
fn count(row: &Row<'_>, index: usize) -> Result<u32> {
    let count: i64 = row.get(index)?;
    u32::try_from(count).map_err(|_| Error::Corrupt(format!("{count} is not a count")))
}

/// Writes a JSON column.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(Error::abort)
}

/// A JSON column that may be empty.
fn optional_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<Option<T>> {
    let text: Option<String> = row.get(index)?;
    text.map(|text| stored(&text, |text| serde_json::from_str(text).ok())).transpose()
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T> {
    serde_json::from_str(row.text(index)?).map_err(|error| Error::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests;
