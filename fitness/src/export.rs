//! What a source says of an activity in its own export, in SI units and as far as it says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A source's own figures of one activity; what it does not tell is absent.
///
/// They stand beside what is computed from the recording and never replace it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_note: Option<String>,
    /// In the words of [`crate::recording::Recording::sport`]; `other` where the source's word is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sport: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_sport: Option<String>,
    /// The source's own word for the sport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_sport: Option<String>,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    /// True where only the day of the start is told, because the athlete hides the time of day.
    #[serde(skip_serializing_if = "is_false")]
    pub start_hidden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    /// By the source's own notion of moving.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_adjusted_distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirt_distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_length_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ascent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_altitude_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_altitude_m: Option<f64>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_speed: Option<f64>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_speed: Option<f64>,
    /// Metres per second; the inverse of the pace that the source shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_adjusted_speed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_power: Option<f64>,
    /// Joules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_j: Option<f64>,
    /// Revolutions (or strides) per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_cadence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cadence: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<f64>,
    /// Kilocalories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calories: Option<f64>,
    /// Degrees Celsius, as the device measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_effort: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<f64>,
    /// 1 to 10, as the athlete felt it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceived_exertion: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perceived_relative_effort: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub athlete_weight_kg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bike_weight_kg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_kg: Option<f64>,
    /// Name of the shoes or the bicycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gear: Option<String>,
    /// The source's own id of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gear_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commute: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub competition: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_a_cause: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_pet: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_kid: Option<bool>,
    /// Who sees it there, in the source's own word: at Strava `everyone`, `followers_only` or `only_me`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// True where it is kept out of the feeds there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_from_home: Option<bool>,
    /// Where it began, as the name of a time zone such as `Europe/Berlin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// True where the athlete typed the activity in and no device recorded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<bool>,
    /// Names of pictures and films within the export.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weather: Option<Weather>,
}

/// The weather that a source notes at the start of an activity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Weather {
    /// The source's own code of the sky.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparent_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dew_point_c: Option<f64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_hpa: Option<f64>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_speed: Option<f64>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_gust: Option<f64>,
    /// Degrees from north that the wind comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_bearing_deg: Option<f64>,
    /// Millimetres per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation: Option<f64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation_probability: Option<f64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_cover: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uv_index: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_source_does_not_tell_is_absent() {
        assert_eq!(serde_json::to_string(&Figures::default()).unwrap(), "{}");
    }

    #[test]
    fn figures_come_back_as_they_were_written() {
        let weather = Weather { temperature_c: Some(-3.5), ..Weather::default() };
        let figures = Figures {
            name: Some("Lunch run".to_owned()),
            start_hidden: true,
            distance_m: Some(5_000.4),
            commute: Some(false),
            weather: Some(weather),
            ..Figures::default()
        };
        let text = serde_json::to_string(&figures).unwrap();
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
    }

    #[test]
    fn figures_of_another_version_are_read_as_far_as_they_are_known() {
        let figures: Figures = serde_json::from_str(r#"{"distance_m":1.0,"moon_phase":0.5}"#).unwrap();
        assert_eq!(figures, Figures { distance_m: Some(1.0), ..Figures::default() });
    }
}
