//! Finds the place of recorded answers among the paths of this server.

use serde_json::Value;

use super::ask::number;

/// The hosts choose a point of a grid near the one that was asked for.
const NEAR_DEGREES: f64 = 0.06;

/// Where this server answers what the real host answers.
pub(crate) fn path_of(host: &str, path: &str) -> Option<String> {
    let host = host.strip_suffix("open-meteo.com")?;
    let name = match host.strip_prefix("customer-").unwrap_or(host) {
        "api." => "forecast",
        "historical-forecast-api." => "historical",
        other => other.strip_suffix("-api.")?,
    };
    Some(format!("/open-meteo/{name}{path}"))
}

/// Whether the answer is for this place, exactly these days, and at least these variables.
pub(crate) fn is_answer_to(answer: &Value, path: &str, query: &[(String, String)]) -> bool {
    let param = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let is_near = |key: &str| {
        let asked = param(key).and_then(number);
        asked.zip(answer[key].as_f64()).is_some_and(|(asked, there)| (asked - there).abs() <= NEAR_DEGREES)
    };
    let times = answer["hourly"]["time"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_on = |key: &str, time: Option<&Value>| {
        let day = time.and_then(Value::as_str).and_then(|time| time.split('T').next());
        day.is_some() && day == param(key)
    };
    let hourly = param("hourly").unwrap_or_default();
    path.starts_with("/open-meteo/")
        && is_near("latitude")
        && is_near("longitude")
        && is_on("start_date", times.first())
        && is_on("end_date", times.last())
        && hourly.split(',').all(|name| answer["hourly"][name].is_array())
}
