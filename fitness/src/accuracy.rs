//! How our figures of the same activities compare with a source's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Share of the activities that [`Agreement::ninety`] leaves out.
const OUTER_SHARE: f64 = 0.1;
/// How many of the activities that differ most are named.
const NAMED: usize = 3;

/// A figure that both tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    DistanceM,
    ElapsedS,
    MovingS,
    AvgHr,
    MaxHr,
    AscentM,
    AvgPower,
    /// Against the source's weighted power.
    Np,
    /// Against the source's grade-adjusted pace.
    GapHrMps,
    GapMinettiMps,
}

/// How the difference of a figure is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Of the source's figure.
    Percent,
    Seconds,
    Bpm,
}

impl Figure {
    pub const ALL: [Self; 10] = [
        Self::DistanceM,
        Self::ElapsedS,
        Self::MovingS,
        Self::AvgHr,
        Self::MaxHr,
        Self::AscentM,
        Self::AvgPower,
        Self::Np,
        Self::GapHrMps,
        Self::GapMinettiMps,
    ];

    /// How its difference is told.
    pub const fn unit(self) -> Unit {
        match self {
            Self::DistanceM
            | Self::AscentM
            | Self::AvgPower
            | Self::Np
            | Self::GapHrMps
            | Self::GapMinettiMps => Unit::Percent,
            Self::ElapsedS | Self::MovingS => Unit::Seconds,
            Self::AvgHr | Self::MaxHr => Unit::Bpm,
        }
    }

    /// The difference up to which two figures are the same for a reader.
    pub const fn tolerance(self) -> f64 {
        match self {
            Self::DistanceM => 0.1,
            Self::ElapsedS | Self::MovingS => 2.0,
            Self::AvgHr | Self::MaxHr | Self::AvgPower => 1.0,
            // Power and grades are smoothed by everyone's own rule, and so are climbs.
            Self::Np | Self::GapHrMps | Self::GapMinettiMps => 2.0,
            Self::AscentM => 5.0,
        }
    }

    /// Ours less theirs, in the unit of the figure; nothing of what has no share of nothing.
    fn difference(self, ours: f64, theirs: f64) -> Option<f64> {
        let difference = match self.unit() {
            Unit::Percent => (ours - theirs) / theirs * 100.0,
            Unit::Seconds | Unit::Bpm => ours - theirs,
        };
        difference.is_finite().then_some(difference)
    }
}

/// A figure of one activity as either tells it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Told {
    pub figure: Figure,
    pub ours: f64,
    pub theirs: f64,
}

/// An activity of which both tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub activity_id: String,
    pub sport: String,
    pub start_ms: Option<i64>,
    pub told: Vec<Told>,
}

/// How one figure agrees over all the activities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    pub figure: Figure,
    pub unit: Unit,
    pub tolerance: f64,
    /// Activities that both tell the figure of.
    pub n: usize,
    /// Share of them within the tolerance.
    pub within: f64,
    /// Of the differences with their signs: what we tell more, by and large.
    pub median: f64,
    /// Nine of ten activities differ by no more than this.
    pub ninety: f64,
    /// The difference farthest from none, with its sign.
    pub worst: f64,
    /// The activities that differ most, the worst first.
    pub differ_most: Vec<Difference>,
}

/// By how much one activity differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub activity_id: String,
    pub sport: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    pub ours: f64,
    pub theirs: f64,
    pub difference: f64,
}

/// Compares figure by figure; one that nobody tells twice is left out.
pub fn compare(pairs: &[Pair]) -> Vec<Agreement> {
    Figure::ALL.into_iter().filter_map(|figure| agreement(figure, pairs)).collect()
}

fn agreement(figure: Figure, pairs: &[Pair]) -> Option<Agreement> {
    let mut differences: Vec<Difference> = pairs.iter().filter_map(|pair| difference(figure, pair)).collect();
    let n = differences.len();
    differences.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    let worst = differences.first()?.difference;
    let is_within = |differs: &&Difference| differs.difference.abs() <= figure.tolerance();
    let within = differences.iter().filter(is_within).count() as f64 / n as f64;
    let ninety = differences[(n as f64 * OUTER_SHARE).floor() as usize].difference.abs();
    let mut signed: Vec<f64> = differences.iter().map(|differs| differs.difference).collect();
    signed.sort_by(f64::total_cmp);
    let median = f64::midpoint(signed[(n - 1) / 2], signed[n / 2]);
    differences.truncate(NAMED);
    differences.retain(|differs| differs.difference != 0.0);
    Some(Agreement {
        figure,
        unit: figure.unit(),
        tolerance: figure.tolerance(),
        n,
        within,
        median,
        ninety,
        worst,
        differ_most: differences,
    })
}

fn difference(figure: Figure, pair: &Pair) -> Option<Difference> {
    let told = pair.told.iter().find(|told| told.figure == figure)?;
    Some(Difference {
        activity_id: pair.activity_id.clone(),
        sport: pair.sport.clone(),
        start_ms: pair.start_ms,
        ours: told.ours,
        theirs: told.theirs,
        difference: figure.difference(told.ours, told.theirs)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(id: &str, figure: Figure, ours: f64, theirs: f64) -> Pair {
        Pair {
            activity_id: id.to_owned(),
            sport: "running".to_owned(),
            start_ms: None,
            told: vec![Told { figure, ours, theirs }],
        }
    }

    fn check(figure: Figure, pairs: &[(f64, f64)]) -> Agreement {
        let pairs: Vec<_> =
            pairs.iter().map(|(ours, theirs)| pair(&format!("{ours}"), figure, *ours, *theirs)).collect();
        let mut agreements = compare(&pairs);
        assert_eq!(agreements.len(), 1);
        agreements.remove(0)
    }

    #[test]
    fn distances_differ_by_a_share_of_the_source() {
        let agreement = check(Figure::DistanceM, &[(1001.0, 1000.0), (990.0, 1000.0), (5000.0, 5000.0)]);
        assert_eq!((agreement.n, agreement.unit, agreement.worst), (3, Unit::Percent, -1.0));
        assert!((agreement.within - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(agreement.median, 0.0);
    }

    #[test]
    fn times_and_heart_rates_differ_as_they_are() {
        let agreement = check(Figure::ElapsedS, &[(102.0, 100.0), (97.0, 100.0)]);
        assert_eq!((agreement.within, agreement.median, agreement.worst), (0.5, -0.5, -3.0));
    }

    #[test]
    fn nine_of_ten_are_within_the_ninetieth() {
        let pairs: Vec<_> = (1..=10).map(|extra| (100.0 + f64::from(extra), 100.0)).collect();
        assert_eq!(check(Figure::AvgHr, &pairs).ninety, 9.0);
    }

    #[test]
    fn the_worst_three_are_named_worst_first() {
        let agreement =
            check(Figure::MaxHr, &[(101.0, 100.0), (95.0, 100.0), (103.0, 100.0), (102.0, 100.0)]);
        let named: Vec<_> = agreement.differ_most.iter().map(|differs| differs.difference).collect();
        assert_eq!(named, [-5.0, 3.0, 2.0]);
    }

    #[test]
    fn what_differs_by_nothing_is_not_named() {
        assert_eq!(check(Figure::MaxHr, &[(100.0, 100.0)]).differ_most, []);
    }

    #[test]
    fn a_share_of_nothing_is_no_difference() {
        assert_eq!(compare(&[pair("a", Figure::DistanceM, 10.0, 0.0)]), []);
        assert_eq!(compare(&[]), []);
    }
}
