//! What a figure can be; whatever lies outside is a fault of a sensor or of a program.

use std::ops::RangeInclusive;

use fitness::samples::{ALTITUDE, HEART_RATE, POWER};

use super::names::Field;

/// Seconds: sixty days, more than anybody has recorded in one piece.
const SECONDS: f64 = 60.0 * 86_400.0;
/// Metres: once around the Earth.
pub(super) const METERS: f64 = 40_075_000.0;

/// The least and the most that a figure of this kind can be, in the unit of its column.
pub(super) fn of(field: Field) -> RangeInclusive<f64> {
    let (least, most) = match field {
        Field::Elapsed | Field::Timer | Field::Moving => (0.0, SECONDS),
        Field::Distance | Field::GradeAdjustedDistance | Field::DirtDistance => (0.0, METERS),
        Field::PoolLength => (0.0, 1_000.0),
        Field::Ascent | Field::Descent => (0.0, 200_000.0),
        Field::MinAltitude | Field::MaxAltitude => ALTITUDE,
        // The speed of sound; a receiver that jumps is faster.
        Field::AvgSpeed | Field::MaxSpeed | Field::GradeAdjustedSpeed => (0.0, 340.0),
        Field::AvgHr | Field::MaxHr => HEART_RATE,
        Field::AvgPower | Field::MaxPower | Field::WeightedPower => POWER,
        Field::Work => (0.0, 1e9),
        Field::AvgCadence | Field::MaxCadence => (0.0, 500.0),
        Field::Steps => (0.0, 1e7),
        Field::Calories => (0.0, 1e6),
        Field::RelativeEffort | Field::PerceivedRelativeEffort | Field::TrainingLoad => (0.0, 100_000.0),
        Field::Intensity => (0.0, 1_000.0),
        Field::PerceivedExertion => (0.0, 10.0),
        Field::AthleteWeight => (0.0, 700.0),
        Field::BikeWeight => (0.0, 200.0),
        Field::Lifted => (0.0, 1e6),
        Field::AvgTemperature
        | Field::MaxTemperature
        | Field::WeatherTemperature
        | Field::WeatherApparent
        | Field::WeatherDewPoint => (-100.0, 100.0),
        Field::WeatherHumidity | Field::WeatherPrecipitationProbability | Field::WeatherCloudCover => {
            (0.0, 1.0)
        }
        Field::WeatherPressure => (0.0, 1_200.0),
        Field::WeatherWindSpeed | Field::WeatherWindGust => (0.0, 150.0),
        Field::WeatherWindBearing => (0.0, 360.0),
        Field::WeatherPrecipitation => (0.0, 2_000.0),
        Field::WeatherUvIndex => (0.0, 50.0),
        // Seconds since 1970, up to the year 2100.
        Field::WeatherTime => (0.0, 4_102_444_800.0),
        _ => (f64::MIN, f64::MAX),
    };
    least..=most
}

/// True where a figure stands for what nobody measured: nought, or a height that a rounding sum left below it.
pub(super) fn is_nothing(field: Field, figure: f64) -> bool {
    if matches!(field, Field::Ascent | Field::Descent) {
        return (-100.0..0.0).contains(&figure);
    }
    let is_measured = matches!(
        field,
        Field::AvgHr
            | Field::MaxHr
            | Field::AvgCadence
            | Field::MaxCadence
            | Field::PoolLength
            | Field::PerceivedExertion
            | Field::AthleteWeight
            | Field::BikeWeight
            | Field::Lifted
    );
    is_measured && figure == 0.0
}
