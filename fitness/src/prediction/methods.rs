//! What each method says of a distance.

use super::form::{Candidate, Form, rounded};
use super::{Estimate, Method};
use crate::best_effort::{HALF_MARATHON_M, MARATHON_M};
use crate::riegel::{self, Mark};
use crate::{vdot, vickers};

/// Vickers asked runners for races from here to the half marathon.
const SHORTEST_RACE_M: f64 = 5000.0;
/// Two of them are two where they are apart like that.
const APART: f64 = 1.5;

impl<'a> Form<'a> {
    /// What the methods that hold for a distance make of an effort with what is left of its VDOT.
    ///
    /// Up to the half marathon VDOT, Riegel and, from 2 to 30 minutes, the critical speed of the hard efforts; over
    /// the marathon, where endurance decides, Vickers, and Riegel where the athlete's own exponent is known.
    pub(super) fn estimates(&self, candidate: &Candidate<'_>, vdot_left: f64, meters: f64) -> Vec<Estimate> {
        let mark = mark_of(candidate, vdot_left);
        let riegel = |exponent| riegel::seconds(mark, meters, exponent);
        if meters > HALF_MARATHON_M {
            let vickers = self.vickers(candidate, mark).filter(|_| meters == MARATHON_M);
            let fitted =
                self.fitted.map(|exponent| by_riegel(Method::RiegelFitted, riegel(exponent), exponent));
            return vickers.into_iter().chain(fitted).collect();
        }
        let by_vdot =
            Estimate { method: Method::Vdot, seconds: vdot::seconds(vdot_left, meters), exponent: None };
        let exponent = self.fitted.unwrap_or(riegel::EXPONENT);
        let method = if self.fitted.is_some() { Method::RiegelFitted } else { Method::Riegel };
        let by_critical_speed = self.critical.and_then(|critical| critical.seconds(meters));
        let by_critical_speed = by_critical_speed.map(|seconds| Estimate {
            method: Method::CriticalSpeed,
            seconds,
            exponent: None,
        });
        [by_vdot, by_riegel(method, riegel(exponent), exponent)]
            .into_iter()
            .chain(by_critical_speed)
            .collect()
    }

    /// The effort that a distance is predicted from.
    pub(super) fn best_for(&self, meters: f64) -> &Candidate<'a> {
        let is_long = |candidate: &&Candidate<'_>| candidate.effort.distance_m >= SHORTEST_RACE_M;
        let best = self.hard.iter().filter(is_long).max_by(|one, other| one.order(other));
        best.filter(|_| meters > HALF_MARATHON_M).unwrap_or(&self.best)
    }

    fn vickers(&self, candidate: &Candidate<'_>, mark: Mark) -> Option<Estimate> {
        if mark.0 < SHORTEST_RACE_M {
            return None;
        }
        let second = self.hard.iter().filter(|other| {
            let (short, long) = (other.effort.distance_m.min(mark.0), other.effort.distance_m.max(mark.0));
            other.effort.activity != candidate.effort.activity
                && short >= SHORTEST_RACE_M
                && long >= APART * short
        });
        let second = second.max_by(|one, other| one.order(other)).map(Candidate::mark);
        let seconds = match second {
            Some(second) if second.0 < mark.0 => vickers::from_two(second, mark, self.weekly_m),
            Some(second) => vickers::from_two(mark, second, self.weekly_m),
            None => vickers::from_one(mark, self.weekly_m),
        };
        Some(Estimate { method: Method::Vickers, seconds, exponent: None })
    }
}

impl Estimate {
    pub(super) fn told(self) -> Self {
        let exponent = self.exponent.map(|exponent| (exponent * 10_000.0).round() / 10_000.0);
        Self { seconds: rounded(self.seconds), exponent, ..self }
    }
}

/// The distance of an effort and the time that it would take with what is left of its VDOT.
fn mark_of(candidate: &Candidate<'_>, vdot_left: f64) -> Mark {
    (candidate.effort.distance_m, vdot::seconds(vdot_left, candidate.effort.distance_m))
}

fn by_riegel(method: Method, seconds: f64, exponent: f64) -> Estimate {
    Estimate { method, seconds, exponent: Some(exponent) }
}
