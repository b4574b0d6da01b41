//! Turns the cells of a row into the source's own figures.

use fitness::export::{Figures, Weather};
use fitness::recording::Warning;

use super::cells::Cells;
use super::date::Moment;
use super::names::Field;
use super::range::{self, METERS};
use super::{sport, text};

/// The first distance is kilometres cut to two decimals, so it is up to ten metres short.
const CUT_M: f64 = 10.0;
/// What rounding of the exact figure may add to that.
const ROUNDING_M: f64 = 1.5;

/// The figures of a row; what contradicts itself is told in the warnings.
pub(super) fn of(cells: &Cells<'_>, start: Option<Moment>, warnings: &mut Vec<Warning>) -> Figures {
    let source_sport = cells.text(Field::Sport).map(|word| text::line(&word));
    let named = source_sport.as_deref().map(sport::named);
    let (sport, sub_sport) = named.map_or((None, None), |(sport, kind)| (Some(sport), kind));
    let distance_m = distance_m(cells, sport.as_deref(), warnings);
    // What cannot be, such as a descent below nothing, is no figure; it stays among the columns.
    let figure = |field| cells.figure(field);
    let figures = Figures {
        name: cells.text(Field::Name).map(|name| text::line(&name)),
        description: cells.text(Field::Description),
        private_note: cells.text(Field::PrivateNote),
        sport,
        sub_sport,
        source_sport,
        start_ms: start.map(|start| start.ms),
        start_hidden: start.is_some_and(|start| !start.has_time),
        elapsed_s: figure(Field::Elapsed),
        timer_s: figure(Field::Timer),
        moving_s: figure(Field::Moving),
        distance_m,
        grade_adjusted_distance_m: figure(Field::GradeAdjustedDistance),
        dirt_distance_m: figure(Field::DirtDistance),
        pool_length_m: figure(Field::PoolLength),
        ascent_m: figure(Field::Ascent),
        descent_m: figure(Field::Descent),
        min_altitude_m: figure(Field::MinAltitude),
        max_altitude_m: figure(Field::MaxAltitude),
        avg_speed: figure(Field::AvgSpeed),
        max_speed: figure(Field::MaxSpeed),
        grade_adjusted_speed: figure(Field::GradeAdjustedSpeed),
        avg_hr: figure(Field::AvgHr),
        max_hr: figure(Field::MaxHr),
        avg_power: figure(Field::AvgPower),
        max_power: figure(Field::MaxPower),
        weighted_power: figure(Field::WeightedPower),
        work_j: figure(Field::Work),
        avg_cadence: figure(Field::AvgCadence),
        max_cadence: figure(Field::MaxCadence),
        steps: figure(Field::Steps),
        calories: figure(Field::Calories),
        avg_temperature_c: figure(Field::AvgTemperature),
        max_temperature_c: figure(Field::MaxTemperature),
        relative_effort: figure(Field::RelativeEffort),
        training_load: figure(Field::TrainingLoad),
        intensity: figure(Field::Intensity),
        perceived_exertion: figure(Field::PerceivedExertion),
        perceived_relative_effort: figure(Field::PerceivedRelativeEffort),
        athlete_weight_kg: figure(Field::AthleteWeight),
        bike_weight_kg: figure(Field::BikeWeight),
        lifted_kg: figure(Field::Lifted),
        gear: cells.text(Field::Gear).map(|gear| text::line(&gear)),
        // An export names gear and tells no ids of it.
        gear_id: None,
        commute: flag(cells, Field::Commute),
        competition: flag(cells, Field::Competition),
        long_run: flag(cells, Field::LongRun),
        recovery: flag(cells, Field::Recovery),
        for_a_cause: flag(cells, Field::ForACause),
        with_pet: flag(cells, Field::WithPet),
        with_kid: flag(cells, Field::WithKid),
        visibility: None,
        hidden_from_home: None,
        time_zone: None,
        manual: flag(cells, Field::FromUpload).map(|from_upload| !from_upload),
        media: media(cells),
        weather: weather(cells),
    };
    warnings.extend(cells.impossible());
    figures
}

/// Metres: of the second column, which is exact, or of the first where there is only that one.
fn distance_m(cells: &Cells<'_>, sport: Option<&str>, warnings: &mut Vec<Warning>) -> Option<f64> {
    // Water is measured in metres, and so was everything in 2018.
    let is_meters = cells.header.is_first_form || matches!(sport, Some("swimming" | "rowing"));
    let exact = cells.nth_number(Field::Distance, 2, &range::of(Field::Distance));
    let most = if is_meters { METERS } else { METERS / 1000.0 };
    let first = cells.nth_number(Field::Distance, 1, &(0.0..=most));
    let shown_m = first.map(|first| if is_meters { first } else { first * 1000.0 });
    let (Some(shown_m), Some(exact_m)) = (shown_m, exact) else { return exact.or(shown_m) };
    let short_m = exact_m - shown_m;
    if (-ROUNDING_M..=CUT_M + ROUNDING_M).contains(&short_m) {
        return Some(exact_m);
    }
    // Some translated exports write kilometres twice.
    if !is_meters && first.is_some_and(|first| first == exact_m) {
        return Some(shown_m);
    }
    let detail = format!("one column says {shown_m:.0} m, the other, which is kept, {exact_m:.0} m");
    warnings.push(Warning { code: "row_distances_differ".to_owned(), detail });
    Some(exact_m)
}

/// A flag of either spelling, a word or a number, in any of the columns.
fn flag(cells: &Cells<'_>, field: Field) -> Option<bool> {
    let word = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" | "wahr" | "ja" | "vrai" | "oui" => Some(true),
        "false" | "no" | "falsch" | "nein" | "faux" | "non" => Some(false),
        _ => None,
    };
    let first = cells.nth_text(field, 1).and_then(|text| word(&text));
    first.or_else(|| cells.figure(field).map(|number| number != 0.0))
}

fn media(cells: &Cells<'_>) -> Vec<String> {
    let names = cells.text(Field::Media).unwrap_or_default();
    let names = names.split('|').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn weather(cells: &Cells<'_>) -> Option<Weather> {
    let figure = |field| cells.figure(field);
    let seconds = figure(Field::WeatherTime);
    let weather = Weather {
        condition: cells.text(Field::WeatherCondition).map(|code| text::line(code.trim_end_matches(".0"))),
        observed_ms: seconds.map(|seconds| (seconds * 1000.0) as i64),
        temperature_c: figure(Field::WeatherTemperature),
        apparent_c: figure(Field::WeatherApparent),
        dew_point_c: figure(Field::WeatherDewPoint),
        humidity: figure(Field::WeatherHumidity),
        pressure_hpa: figure(Field::WeatherPressure),
        wind_speed: figure(Field::WeatherWindSpeed),
        wind_gust: figure(Field::WeatherWindGust),
        wind_bearing_deg: figure(Field::WeatherWindBearing),
        precipitation: figure(Field::WeatherPrecipitation),
        precipitation_probability: figure(Field::WeatherPrecipitationProbability),
        cloud_cover: figure(Field::WeatherCloudCover),
        uv_index: figure(Field::WeatherUvIndex),
    };
    (weather != Weather::default()).then_some(weather)
}
