//! Columns of an answer in our units, whatever units they came in.

use fitness::weather::Air;

/// The ten variables that are asked for: so many cost exactly one call a place.
pub(crate) const VARIABLES: [&str; 10] = [
    "temperature_2m",
    "apparent_temperature",
    "relative_humidity_2m",
    "dew_point_2m",
    "precipitation",
    "weather_code",
    "cloud_cover",
    "wind_speed_10m",
    "wind_direction_10m",
    "wind_gusts_10m",
];

/// What a unit is brought to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    factor: f64,
    offset: f64,
}

impl Scale {
    const SAME: Self = Self { factor: 1.0, offset: 0.0 };

    /// Of a variable in a unit, as the service writes it; nothing where that is no unit of it.
    pub(crate) fn of(variable: &str, unit: &str) -> Option<Self> {
        let times = |factor| Some(Self { factor, ..Self::SAME });
        match (variable, unit) {
            ("temperature_2m" | "apparent_temperature" | "dew_point_2m", "°C") => times(1.0),
            ("temperature_2m" | "apparent_temperature" | "dew_point_2m", "°F") => {
                Some(Self { factor: 1.0 / 1.8, offset: -32.0 / 1.8 })
            }
            ("relative_humidity_2m" | "cloud_cover", "%") => times(0.01),
            ("precipitation", "mm") => times(1.0),
            ("precipitation", "inch") => times(25.4),
            ("weather_code", "wmo code" | "") | ("wind_direction_10m", "°") => times(1.0),
            ("wind_speed_10m" | "wind_gusts_10m", unit) => match unit {
                "m/s" => times(1.0),
                "km/h" => times(1.0 / 3.6),
                "mp/h" | "mph" => times(0.447_04),
                "kn" => times(1852.0 / 3600.0),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn apply(self, value: f64) -> f64 {
        // What lies beyond is noise of the arithmetic: 83 % are 0.83.
        const FINEST: f64 = 1e9;
        ((value * self.factor + self.offset) * FINEST).round() / FINEST
    }
}

/// Puts a value into the air of its hour; one that no weather has is none.
pub(crate) fn put(air: &mut Air, variable: &str, value: f64) {
    let within = |low: f64, high: f64| (low..=high).contains(&value).then_some(value);
    match variable {
        "temperature_2m" => air.temperature_c = within(-100.0, 70.0),
        "apparent_temperature" => air.apparent_c = within(-130.0, 90.0),
        "relative_humidity_2m" => air.humidity = within(0.0, 1.0),
        "dew_point_2m" => air.dew_point_c = within(-130.0, 50.0),
        "precipitation" => air.precipitation_mm = within(0.0, 500.0),
        "weather_code" => air.weather_code = within(0.0, 99.0).map(|code| code as i64),
        "cloud_cover" => air.cloud_cover = within(0.0, 1.0),
        "wind_speed_10m" => air.wind_mps = within(0.0, 150.0),
        "wind_direction_10m" => air.wind_direction_deg = within(0.0, 360.0).map(|from| from % 360.0),
        "wind_gusts_10m" => air.gust_mps = within(0.0, 200.0),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &str, unit: &str, value: f64, wanted: f64) {
        let scaled = Scale::of(variable, unit).unwrap().apply(value);
        assert!((scaled - wanted).abs() < 1e-9, "{variable} {unit}: {scaled}");
    }

    #[test]
    fn units_become_ours() {
        check("temperature_2m", "°F", 50.0, 10.0);
        check("dew_point_2m", "°C", -3.5, -3.5);
        check("wind_speed_10m", "km/h", 36.0, 10.0);
        check("wind_gusts_10m", "mp/h", 10.0, 4.4704);
        check("wind_speed_10m", "kn", 10.0, 5.144_444_444_444_444);
        check("precipitation", "inch", 0.5, 12.7);
        check("relative_humidity_2m", "%", 83.0, 0.83);
    }

    #[test]
    fn no_noise_of_the_arithmetic_is_kept() {
        for percent in 0..=100 {
            let share = Scale::of("relative_humidity_2m", "%").unwrap().apply(f64::from(percent));
            assert!(share.to_string().len() <= 4, "{percent} % are {share}");
        }
    }

    #[test]
    fn a_unit_that_a_variable_cannot_have_is_none() {
        for (variable, unit) in
            [("temperature_2m", "K"), ("wind_speed_10m", "Bft"), ("soil_moisture", "m³/m³")]
        {
            assert_eq!(Scale::of(variable, unit), None);
        }
    }

    #[test]
    fn what_no_weather_has_is_unknown() {
        let mut air = Air::default();
        for (variable, value) in
            [("temperature_2m", 999.0), ("wind_direction_10m", -1.0), ("cloud_cover", f64::NAN)]
        {
            put(&mut air, variable, value);
        }
        assert!(air.is_unknown());
        put(&mut air, "wind_direction_10m", 360.0);
        assert_eq!(air.wind_direction_deg, Some(0.0));
    }
}
