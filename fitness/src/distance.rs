//! How far: the recorded distance where there is one, else the way between the positions.

use crate::recording::{Channel, Samples};

/// Mean Earth radius of the IUGG (R1), in metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// Recorded distances that begin further on than this belong to an earlier session of the same file.
const CARRIED_OVER_M: f64 = 100.0;

/// Metres since the start at every sample, never falling; `None` where nothing tells the distance.
///
/// The recorded distance comes first (its running maximum); positions count only where there is none.
/// Track segments are not joined.
pub fn along(samples: &Samples) -> Option<Vec<f64>> {
    samples.channel(Channel::Distance).and_then(recorded).or_else(|| between_positions(samples))
}

fn recorded(column: &[f64]) -> Option<Vec<f64>> {
    let first = column.iter().copied().find(|value| !value.is_nan())?;
    let offset = if first > CARRIED_OVER_M { first } else { 0.0 };
    let mut farthest = 0.0_f64;
    let along: Vec<f64> = column
        .iter()
        .map(|&value| {
            // `max` ignores a NaN, so a missing value keeps the distance so far.
            farthest = farthest.max(value - offset);
            farthest
        })
        .collect();
    // A device without a sensor writes zeros all the way.
    (farthest > 0.0).then_some(along)
}

fn between_positions(samples: &Samples) -> Option<Vec<f64>> {
    let latitude = samples.channel(Channel::Latitude)?;
    let longitude = samples.channel(Channel::Longitude)?;
    let mut breaks = samples.breaks.iter().copied().peekable();
    let mut last = None;
    let mut total = 0.0;
    let along = latitude.iter().zip(longitude).enumerate().map(|(index, (&lat, &lon))| {
        if breaks.next_if_eq(&index).is_some() {
            last = None;
        }
        if !lat.is_nan() && !lon.is_nan() {
            total += last.map_or(0.0, |from| haversine_m(from, (lat, lon)));
            last = Some((lat, lon));
        }
        total
    });
    Some(along.collect())
}

/// Great-circle distance of two positions in degrees.
///
/// Haversine formula (Sinnott 1984, *Sky and Telescope* 68:159) on a sphere. Evidence: exact on the sphere, within 0.5 % on Earth.
pub fn haversine_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (from.0.to_radians(), to.0.to_radians());
    let sin_lat = ((lat_b - lat_a) / 2.0).sin();
    let sin_lon = ((to.1 - from.1).to_radians() / 2.0).sin();
    let h = sin_lat * sin_lat + lat_a.cos() * lat_b.cos() * sin_lon * sin_lon;
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(channels: &[(Channel, &[f64])], breaks: &[usize]) -> Samples {
        Samples {
            time_ms: Vec::new(),
            channels: channels.iter().map(|(channel, column)| (*channel, column.to_vec())).collect(),
            breaks: breaks.to_vec(),
        }
    }

    #[test]
    fn one_degree_of_latitude_is_111_195_m() {
        assert!((haversine_m((47.0, 8.0), (48.0, 8.0)) - 111_195.08).abs() < 0.01);
    }

    #[test]
    fn recorded_distance_never_falls() {
        let samples = track(&[(Channel::Distance, &[0.0, 5.0, f64::NAN, 4.0, 9.0])], &[]);
        assert_eq!(along(&samples), Some(vec![0.0, 5.0, 5.0, 5.0, 9.0]));
    }

    #[test]
    fn a_session_that_carries_on_counts_from_its_own_start() {
        let samples = track(&[(Channel::Distance, &[5000.0, 5003.0])], &[]);
        assert_eq!(along(&samples), Some(vec![0.0, 3.0]));
    }

    #[test]
    fn zeros_all_the_way_give_place_to_positions() {
        let samples = track(
            &[
                (Channel::Distance, &[0.0, 0.0]),
                (Channel::Latitude, &[47.0, 48.0]),
                (Channel::Longitude, &[8.0, 8.0]),
            ],
            &[],
        );
        assert_eq!(along(&samples).unwrap()[1].round(), 111_195.0);
    }

    #[test]
    fn segments_are_not_joined() {
        let samples =
            track(&[(Channel::Latitude, &[47.0, 47.0, 48.0, 48.0]), (Channel::Longitude, &[8.0; 4])], &[2]);
        assert_eq!(along(&samples), Some(vec![0.0; 4]));
    }

    #[test]
    fn nothing_recorded_is_no_distance() {
        assert_eq!(along(&track(&[(Channel::HeartRate, &[100.0])], &[])), None);
    }
}
