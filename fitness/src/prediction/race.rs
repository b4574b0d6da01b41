//! Distances that may be asked for.

use std::str::FromStr;

use crate::best_effort::{DISTANCES, HALF_MARATHON_M, MARATHON_M};

/// Methods hold from here to the half marathon; beyond, endurance decides, and only the marathon has a method.
const SHORTEST_M: f64 = 1000.0;

/// A distance to predict.
#[derive(Debug, Clone, PartialEq)]
pub struct Race {
    /// As a runner says it: `5k`.
    pub name: String,
    pub meters: f64,
}

/// A text that is no distance, or none that can be predicted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RaceError {
    #[error("`{0}` is no distance such as `5k`, `1500m`, `mile` or `half`")]
    Unknown(String),
    #[error("`{0}` cannot be predicted; distances from `1k` to `half` can, and the `marathon`")]
    OutOfRange(String),
}

impl Race {
    /// Those that are predicted unless others are asked for.
    pub fn usual() -> Vec<Self> {
        [("5k", 5000.0), ("10k", 10_000.0), ("half", HALF_MARATHON_M), ("marathon", MARATHON_M)]
            .map(|(name, meters)| Self { name: name.to_owned(), meters })
            .into()
    }
}

impl FromStr for Race {
    type Err = RaceError;

    fn from_str(text: &str) -> Result<Self, RaceError> {
        let word = text.trim().to_ascii_lowercase();
        let meters =
            named(&word).or_else(|| counted(&word)).ok_or_else(|| RaceError::Unknown(text.to_owned()))?;
        if !(SHORTEST_M..=HALF_MARATHON_M).contains(&meters) && meters != MARATHON_M {
            return Err(RaceError::OutOfRange(text.to_owned()));
        }
        let known = DISTANCES.iter().find(|distance| distance.meters == meters);
        let name = known.map_or(word, |distance| distance.name.to_owned());
        Ok(Self { name, meters })
    }
}

fn named(word: &str) -> Option<f64> {
    DISTANCES
        .iter()
        .find(|distance| [distance.name, distance.key].contains(&word))
        .map(|distance| distance.meters)
}

/// `7.5k`, `7.5km`, `1500m`.
fn counted(word: &str) -> Option<f64> {
    let units = [("km", 1000.0), ("k", 1000.0), ("m", 1.0)];
    let (number, unit_m) =
        units.iter().find_map(|(unit, meters)| Some((word.strip_suffix(unit)?, meters)))?;
    let is_plain = number.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
    number.parse::<f64>().ok().filter(|_| is_plain).map(|number| number * unit_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        let found = match text.parse::<Race>() {
            Ok(race) => format!("{} {}", race.name, race.meters),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_distance_is_read_as_a_runner_says_it() {
        check("5k", "5k 5000");
        check("10 K", "`10 K` is no distance such as `5k`, `1500m`, `mile` or `half`");
        check("10KM", "10k 10000");
        check("half", "half 21097.5");
        check("marathon", "marathon 42195");
        check("mile", "mile 1609.344");
        check("1mi", "mile 1609.344");
        check("2mi", "2-mile 3218.688");
        check("1500m", "1500m 1500");
        check("7.5k", "7.5k 7500");
    }

    #[test]
    fn what_no_method_predicts_is_refused() {
        check("30k", "`30k` cannot be predicted; distances from `1k` to `half` can, and the `marathon`");
        check("400m", "`400m` cannot be predicted; distances from `1k` to `half` can, and the `marathon`");
        check("-5k", "`-5k` is no distance such as `5k`, `1500m`, `mile` or `half`");
        check("infk", "`infk` is no distance such as `5k`, `1500m`, `mile` or `half`");
        check("", "`` is no distance such as `5k`, `1500m`, `mile` or `half`");
    }
}
