//! What warm and moist air costs a runner.
//!
//! Mark Hadley's chart (Maximum Performance Running, 2013): temperature plus dew point in degrees Fahrenheit.
//! Evidence: a coach's rule, not a study.

/// Upper ends of temperature plus dew point, and by how many percent they slow at most.
const CHART: [(f64, f64); 9] = [
    (100.0, 0.0),
    (110.0, 0.5),
    (120.0, 1.0),
    (130.0, 2.0),
    (140.0, 3.0),
    (150.0, 4.5),
    (160.0, 6.0),
    (170.0, 8.0),
    (180.0, 10.0),
];

/// Temperature plus dew point in degrees Fahrenheit.
pub fn hadley_f(temperature_c: f64, dew_point_c: f64) -> f64 {
    fahrenheit(temperature_c) + fahrenheit(dew_point_c)
}

/// By how many percent the chart says that pace slows, from and to; beyond the chart nobody should run hard.
pub fn slower_percent(hadley_f: f64) -> Option<(f64, f64)> {
    let row = CHART.iter().position(|(upper, _)| hadley_f <= *upper)?;
    let least = row.checked_sub(1).map_or(0.0, |before| CHART[before].1);
    Some((least, CHART[row].1))
}

/// The one number that the chart is read as where a time is corrected: the line through the ends of its rows.
pub fn cost_percent(hadley_f: f64) -> Option<f64> {
    let row = CHART.iter().position(|(upper, _)| hadley_f <= *upper)?;
    let Some(before) = row.checked_sub(1) else {
        return Some(0.0);
    };
    let ((from_f, least), (to_f, most)) = (CHART[before], CHART[row]);
    Some(least + (most - least) * (hadley_f - from_f) / (to_f - from_f))
}

/// Dew point by Magnus: Td = 243.04 g / (17.625 - g), g = ln(RH) + 17.625 T / (243.04 + T). Evidence: physics.
pub fn dew_point_c(temperature_c: f64, humidity: f64) -> f64 {
    let g = humidity.ln() + 17.625 * temperature_c / (243.04 + temperature_c);
    243.04 * g / (17.625 - g)
}

fn fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn celsius(fahrenheit: f64) -> f64 {
        (fahrenheit - 32.0) / 1.8
    }

    #[test]
    fn the_chart_says_3_to_4_5_percent_at_145() {
        for (temperature_f, dew_point_f) in [(74.0, 71.0), (80.0, 65.0)] {
            let sum = hadley_f(celsius(temperature_f), celsius(dew_point_f));
            assert!((sum - 145.0).abs() < 1e-9);
            assert_eq!(slower_percent(sum), Some((3.0, 4.5)));
        }
        // Nine minutes a mile become 9:16 to 9:24.
        let (least, most) = slower_percent(145.0).unwrap();
        let slowed = [least, most].map(|percent| (540.0 * (1.0 + percent / 100.0)).round());
        assert_eq!(slowed, [9.0 * 60.0 + 16.0, 9.0 * 60.0 + 24.0]);
    }

    #[test]
    fn the_rows_of_the_chart_are_those_that_were_published() {
        let rows = [
            (100.0, 0.0, 0.0),
            (105.0, 0.0, 0.5),
            (115.0, 0.5, 1.0),
            (125.0, 1.0, 2.0),
            (135.0, 2.0, 3.0),
            (145.0, 3.0, 4.5),
            (155.0, 4.5, 6.0),
            (165.0, 6.0, 8.0),
            (175.0, 8.0, 10.0),
            (180.0, 8.0, 10.0),
        ];
        for (sum, least, most) in rows {
            assert_eq!(slower_percent(sum), Some((least, most)), "{sum}");
        }
        assert_eq!(slower_percent(181.0), None);
    }

    #[test]
    fn the_cost_is_read_on_a_line_within_the_rows() {
        assert_eq!([60.0, 100.0, 145.0, 180.0].map(cost_percent), [0.0, 0.0, 3.75, 10.0].map(Some));
        assert_eq!(cost_percent(180.5), None);
    }

    #[test]
    fn moist_air_has_its_dew_point_below_its_temperature() {
        assert!((dew_point_c(30.0, 0.5) - 18.45).abs() < 0.05, "{}", dew_point_c(30.0, 0.5));
        assert!((dew_point_c(30.0, 1.0) - 30.0).abs() < 1e-9);
    }
}
