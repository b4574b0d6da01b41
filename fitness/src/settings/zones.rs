//! Zones of effort by heart rate, power or pace, each with its lower edge, for every sport or for one.

use std::fmt;

use serde::{Serialize, Serializer};

/// As many zones as there may be.
const MOST: usize = 9;
/// Fewer divide nothing.
const LEAST: usize = 2;
/// What the zones divide, and of which sport; those of a sport stand before those of every sport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zoned {
    HeartRate,
    HeartRateRunning,
    HeartRateCycling,
    HeartRateSwimming,
    Power,
    PowerRunning,
    PowerCycling,
    PaceRunning,
    PaceSwimming,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// In beats per minute.
    HeartRate,
    /// In watts.
    Power,
    /// In seconds per kilometre, in the water per 100 m; less is harder.
    Pace,
}

impl Zoned {
    pub const ALL: [Self; 9] = [
        Self::HeartRate,
        Self::HeartRateRunning,
        Self::HeartRateCycling,
        Self::HeartRateSwimming,
        Self::Power,
        Self::PowerRunning,
        Self::PowerCycling,
        Self::PaceRunning,
        Self::PaceSwimming,
    ];

    /// The zones of a measure for a sport, as `running`, or for every sport; nothing where there are no such zones.
    pub fn of(measure: Measure, sport: Option<&str>) -> Option<Self> {
        Self::ALL.into_iter().find(|zoned| zoned.measure() == measure && zoned.sport() == sport)
    }

    pub fn measure(self) -> Measure {
        match self {
            Self::HeartRate | Self::HeartRateRunning | Self::HeartRateCycling | Self::HeartRateSwimming => {
                Measure::HeartRate
            }
            Self::Power | Self::PowerRunning | Self::PowerCycling => Measure::Power,
            Self::PaceRunning | Self::PaceSwimming => Measure::Pace,
        }
    }

    /// The sport, or nothing for every sport.
    pub fn sport(self) -> Option<&'static str> {
        match self {
            Self::HeartRate | Self::Power => None,
            Self::HeartRateRunning | Self::PowerRunning | Self::PaceRunning => Some("running"),
            Self::HeartRateCycling | Self::PowerCycling => Some("cycling"),
            Self::HeartRateSwimming | Self::PaceSwimming => Some("swimming"),
        }
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HeartRate => "hr_zones",
            Self::HeartRateRunning => "hr_zones_running",
            Self::HeartRateCycling => "hr_zones_cycling",
            Self::HeartRateSwimming => "hr_zones_swimming",
            Self::Power => "power_zones",
            Self::PowerRunning => "power_zones_running",
            Self::PowerCycling => "power_zones_cycling",
            Self::PaceRunning => "pace_zones_running",
            Self::PaceSwimming => "pace_zones_swimming",
        }
    }

    /// Lowest and highest edge that can be.
    fn range(self) -> (f64, f64) {
        match self.measure() {
            Measure::HeartRate => (25.0, 240.0),
            Measure::Power => (0.0, 2_500.0),
            Measure::Pace if self == Self::PaceSwimming => (40.0, 600.0),
            Measure::Pace => (110.0, 1_800.0),
        }
    }

    /// What stands behind the edges.
    fn unit(self) -> &'static str {
        match self.measure() {
            Measure::HeartRate => " bpm",
            Measure::Power => " W",
            Measure::Pace if self == Self::PaceSwimming => "/100m",
            Measure::Pace => "/km",
        }
    }

    pub(super) fn example(self) -> &'static str {
        match self.measure() {
            Measure::HeartRate => "95,114,133,152,171",
            Measure::Power => "0,140,190,225,265,300,375",
            Measure::Pace if self == Self::PaceSwimming => "2:20,2:00,1:50,1:40",
            Measure::Pace => "7:00,5:30,4:50,4:20,3:50",
        }
    }
}

impl Serialize for Zoned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Zoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.measure() {
            Measure::HeartRate => "heart-rate zones",
            Measure::Power => "power zones",
            Measure::Pace => "pace zones",
        })?;
        self.sport().map_or(Ok(()), |sport| write!(f, " of {sport}"))
    }
}

/// Edges that make no zones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZonesError {
    #[error("there must be {LEAST} to {MOST} edges, not {0}")]
    Count(usize),
    #[error("{edge} is out of range; it must be from {low} to {high}")]
    OutOfRange { edge: String, low: String, high: String },
    #[error("{edge} is not harder than {before}, which stands before it")]
    OutOfOrder { edge: String, before: String },
}

/// The lower edge of each zone, from the easiest on. A value on an edge belongs to the zone above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zones {
    edges: [f64; MOST],
    count: usize,
}

impl Zones {
    /// Zones with these lower edges.
    pub fn new(zoned: Zoned, edges: &[f64]) -> Result<Self, ZonesError> {
        let (low, high) = zoned.range();
        let is_easier = |pair: &&[f64]| match zoned.measure() {
            Measure::Pace => pair[1] >= pair[0],
            Measure::HeartRate | Measure::Power => pair[0] >= pair[1],
        };
        if !(LEAST..=MOST).contains(&edges.len()) {
            return Err(ZonesError::Count(edges.len()));
        }
        let shown = |edge: f64| Self::of(&[edge]).show(zoned);
        if let Some(edge) = edges.iter().find(|edge| !(low..=high).contains(*edge)) {
            let (low, high) = (shown(low), shown(high));
            return Err(ZonesError::OutOfRange { edge: shown(*edge), low, high });
        }
        match edges.windows(2).find(is_easier) {
            Some(pair) => Err(ZonesError::OutOfOrder { edge: shown(pair[1]), before: shown(pair[0]) }),
            None => Ok(Self::of(edges)),
        }
    }

    fn of(edges: &[f64]) -> Self {
        let mut zones = Self { edges: [0.0; MOST], count: edges.len().min(MOST) };
        zones.edges.iter_mut().zip(edges).for_each(|(edge, given)| *edge = *given);
        zones
    }

    /// Zones that were computed, to a tenth of their unit.
    pub fn computed(edges: &[f64]) -> Self {
        let tenths: Vec<f64> = edges.iter().take(MOST).map(|edge| (edge * 10.0).round() / 10.0).collect();
        Self::of(&tenths)
    }

    pub fn edges(&self) -> &[f64] {
        &self.edges[..self.count]
    }

    /// Which zone a value of the measure lies in, from 1; 0 below the first.
    pub fn zone(&self, measure: Measure, value: f64) -> usize {
        let reaches = |edge: &&f64| match measure {
            Measure::Pace => value <= **edge,
            Measure::HeartRate | Measure::Power => value >= **edge,
        };
        self.edges().iter().take_while(reaches).count()
    }

    /// What is stored.
    pub(super) fn parse(zoned: Zoned, text: &str) -> Option<Self> {
        Self::new(zoned, &Self::typed(zoned, text)?).ok()
    }

    /// The edges that a person typed; a pace may be `4:20` or seconds.
    pub(super) fn typed(zoned: Zoned, text: &str) -> Option<Vec<f64>> {
        let read = |word: &str| {
            let word = word.trim().trim_end_matches(zoned.unit().trim()).trim();
            match word.split_once(':') {
                Some((minutes, seconds)) if zoned.measure() == Measure::Pace => {
                    let (minutes, seconds): (u32, f64) = (minutes.parse().ok()?, seconds.parse().ok()?);
                    (0.0..60.0).contains(&seconds).then(|| f64::from(minutes) * 60.0 + seconds)
                }
                _ => word.parse().ok(),
            }
        };
        text.split(',').map(read).collect()
    }

    pub(super) fn to_stored(self) -> String {
        self.edges().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// The edges as a person writes them, with their unit behind the last.
    pub(super) fn show(self, zoned: Zoned) -> String {
        let edge = |edge: &f64| match zoned.measure() {
            Measure::Pace => {
                let seconds = edge.round();
                format!("{}:{:02}", (seconds / 60.0).floor(), seconds % 60.0)
            }
            Measure::HeartRate | Measure::Power => edge.to_string(),
        };
        format!("{}{}", self.edges().iter().map(edge).collect::<Vec<_>>().join(","), zoned.unit())
    }
}

impl Serialize for Zones {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.edges().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::heart_rate::edwards_edges;

    fn check(zoned: Zoned, text: &str, wanted: Option<&str>) {
        let shown = Zones::parse(zoned, text).map(|zones| zones.show(zoned));
        assert_eq!(shown.as_deref(), wanted, "{text}");
    }

    #[test]
    fn edges_are_read_as_they_are_shown() {
        check(Zoned::HeartRate, "95, 114,133", Some("95,114,133 bpm"));
        check(Zoned::PowerCycling, "0,140,190 W", Some("0,140,190 W"));
        check(Zoned::PaceRunning, "5:30/km,4:50", Some("5:30,4:50/km"));
        check(Zoned::PaceSwimming, "120,1:45", Some("2:00,1:45/100m"));
    }

    #[test]
    fn a_zone_begins_harder_than_the_one_before() {
        for text in ["114,95", "95,95", "95", "", "95,x", "95,nan", "1,2", "95,114,", "4:00,5:00"] {
            check(Zoned::HeartRate, text, None);
        }
        check(Zoned::PaceRunning, "4:50,5:30", None);
        check(Zoned::PaceRunning, "5:30,4:60", None);
        check(Zoned::Power, "1,2,3,4,5,6,7,8,9,10", None);
    }

    #[test]
    fn edges_that_make_no_zones_are_told_why() {
        let why = |zoned, edges: &[f64]| Zones::new(zoned, edges).unwrap_err().to_string();
        assert_eq!(why(Zoned::HeartRate, &[95.0]), "there must be 2 to 9 edges, not 1");
        assert_eq!(
            why(Zoned::HeartRate, &[95.0, 300.0]),
            "300 bpm is out of range; it must be from 25 bpm to 240 bpm"
        );
        assert_eq!(
            why(Zoned::PaceRunning, &[330.0, 290.0, 300.0]),
            "5:00/km is not harder than 4:50/km, which stands before it"
        );
        assert!(why(Zoned::Power, &[f64::NAN, 1.0]).contains("out of range"));
    }

    #[test]
    fn a_value_on_an_edge_belongs_above() {
        let zones = Zones::computed(&edwards_edges(190.0));
        assert_eq!(zones.edges(), [95.0, 114.0, 133.0, 152.0, 171.0]);
        let zone = |bpm| zones.zone(Measure::HeartRate, bpm);
        assert_eq!([94.9, 95.0, 113.0, 114.0, 171.0, 250.0].map(zone), [0, 1, 1, 2, 5, 5]);
        let paces = Zones::parse(Zoned::PaceRunning, "5:30,4:50").unwrap();
        assert_eq!([331.0, 330.0, 290.0, 200.0].map(|pace| paces.zone(Measure::Pace, pace)), [0, 1, 2, 2]);
    }

    #[test]
    fn each_kind_is_found_by_what_it_is() {
        for zoned in Zoned::ALL {
            assert_eq!(Zoned::of(zoned.measure(), zoned.sport()), Some(zoned));
            assert!(Zones::parse(zoned, zoned.example()).is_some(), "{zoned}");
        }
        assert_eq!(Zoned::of(Measure::Pace, None), None);
    }

    proptest! {
        /// What is stored is what was given, and a harder value never lies in an easier zone.
        #[test]
        fn zones_are_kept_and_rise(mut edges in prop::collection::btree_set(30_u32..240, 2..=9), a in 20.0_f64..260.0, b in 20.0_f64..260.0) {
            let edges: Vec<f64> = std::mem::take(&mut edges).into_iter().map(f64::from).collect();
            let zones = Zones::new(Zoned::HeartRate, &edges).unwrap();
            prop_assert_eq!(Zones::parse(Zoned::HeartRate, &zones.to_stored()), Some(zones));
            let zone = |bpm| zones.zone(Measure::HeartRate, bpm);
            prop_assert!(zone(a.min(b)) <= zone(a.max(b)));
            prop_assert!(zone(a) <= edges.len());
        }
    }
}
