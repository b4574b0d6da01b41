//! What the efforts of late say of a day: the one to start from, and those nearly as good.

use jiff::civil::Date;

use super::{
    Basis, BasisMethod, Confidence, Effort, Estimate, FIRST_WINDOW_DAYS, LAST_WINDOW_DAYS, Method,
    Prediction, Race,
};
use crate::{riegel, vdot};

/// An effort holds for so many days …
const HOLDS_DAYS: i64 = 28;
/// … and loses this share of its VDOT in each thirty days after. An assumption for who goes on training.
const LOST_IN_30_DAYS: f64 = 0.01;
/// An effort with this share of the best VDOT was hard too.
const HARD: f64 = 0.97;
/// The range is at least this wide to either side.
///
/// Hopkins and Hewson (2001, *Med Sci Sports Exerc* 33:1588): a runner's results vary by 1 to 4 % from race to race.
const DAY_TO_DAY: f64 = 0.015;
/// A lone effort that is older leaves much open.
const LONE_EFFORT_DAYS: i64 = 42;
/// So many hard efforts, the newest of the last 28 days, are sure ground for a distance that is near.
const SURE_EFFORTS: u32 = 4;
const NEAR: f64 = 2.2;
const FAR: f64 = 4.0;
/// A window whose best effort falls this far behind the year's had no hard one.
const EASY: f64 = 0.9;

/// The efforts that speak for a day.
pub(super) struct Form<'a> {
    best: Candidate<'a>,
    /// One of each activity, the best among them included.
    hard: Vec<Candidate<'a>>,
    window_days: i64,
    is_easy: bool,
    fitted: Option<f64>,
}

/// An effort at its age.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    effort: &'a Effort,
    age_days: i64,
    vdot_now: f64,
}

impl<'a> Form<'a> {
    /// None where the last 365 days have no effort.
    pub(super) fn on(date: Date, efforts: &'a [Effort]) -> Option<Self> {
        let year = best_of_each_activity(date, efforts);
        let is_recent = |candidate: &Candidate<'_>| candidate.age_days <= FIRST_WINDOW_DAYS;
        let has_recent = year.iter().any(is_recent);
        let best_of_year = year.iter().max_by(|one, other| one.order(other))?.vdot_now;
        let window_days = if has_recent { FIRST_WINDOW_DAYS } else { LAST_WINDOW_DAYS };
        let mut hard = year;
        hard.retain(|candidate| candidate.age_days <= window_days);
        let best = *hard.iter().max_by(|one, other| one.order(other))?;
        hard.retain(|candidate| candidate.vdot_now >= HARD * best.vdot_now);
        let marks: Vec<_> = hard.iter().map(Candidate::mark).collect();
        let is_easy = best.vdot_now < EASY * best_of_year;
        Some(Self { best, hard, window_days, is_easy, fitted: riegel::exponent(&marks) })
    }

    /// Predicts a distance, and what changed since another day.
    pub(super) fn predict(&self, race: &Race, before: Option<&Form<'_>>) -> Prediction {
        let seconds = self.seconds(race.meters);
        let (low_s, high_s) = self.range(race.meters, seconds);
        Prediction {
            distance: race.name.clone(),
            distance_m: race.meters,
            seconds: rounded(seconds),
            low_s: rounded(low_s),
            high_s: rounded(high_s),
            pace_s_per_km: rounded(seconds / race.meters * 1000.0),
            change_s: before.map(|before| rounded(rounded(seconds) - rounded(before.seconds(race.meters)))),
            confidence: self.confidence(race.meters),
            methods: self.methods(race.meters),
            basis: self.basis(),
        }
    }

    /// The mean of the two methods, which is their median.
    fn seconds(&self, meters: f64) -> f64 {
        let [by_vdot, by_riegel] = self.both(&self.best, self.best.vdot_now, meters);
        f64::midpoint(by_vdot, by_riegel)
    }

    /// What VDOT and Riegel make of an effort with what is left of its VDOT.
    fn both(&self, candidate: &Candidate<'_>, vdot_left: f64, meters: f64) -> [f64; 2] {
        let from_m = candidate.effort.distance_m;
        let from_s = vdot::seconds(vdot_left, from_m);
        [vdot::seconds(vdot_left, meters), riegel::seconds((from_m, from_s), meters, self.exponent())]
    }

    fn exponent(&self) -> f64 {
        self.fitted.unwrap_or(riegel::EXPONENT)
    }

    /// From the fastest to the slowest of what both methods make of the hard efforts: of the best one as if it had
    /// lost nothing, and as if it had lost twice as much.
    fn range(&self, meters: f64, seconds: f64) -> (f64, f64) {
        let (shown, now) = (self.best.effort.vdot(), self.best.vdot_now);
        let of_best = [shown, 2.0 * now - shown].map(|vdot_left| self.both(&self.best, vdot_left, meters));
        let of_hard = self.hard.iter().map(|candidate| self.both(candidate, candidate.vdot_now, meters));
        let around = [[seconds * (1.0 - DAY_TO_DAY), seconds * (1.0 + DAY_TO_DAY)]];
        let all = of_best.into_iter().chain(of_hard).chain(around).flatten();
        all.fold((seconds, seconds), |(low, high), one| (low.min(one), high.max(one)))
    }

    fn confidence(&self, meters: f64) -> Confidence {
        let from_m = self.best.effort.distance_m;
        let stretch = (meters / from_m).max(from_m / meters);
        let hard_efforts = self.hard.len() as u32;
        let is_lone = hard_efforts == 1 && self.best.age_days > LONE_EFFORT_DAYS;
        if self.window_days > FIRST_WINDOW_DAYS || self.is_easy || is_lone || stretch > FAR {
            return Confidence::Low;
        }
        let is_sure = hard_efforts >= SURE_EFFORTS && self.newest_days() <= HOLDS_DAYS && stretch <= NEAR;
        if is_sure { Confidence::High } else { Confidence::Medium }
    }

    fn newest_days(&self) -> i64 {
        self.hard.iter().map(|candidate| candidate.age_days).min().unwrap_or(self.best.age_days)
    }

    fn methods(&self, meters: f64) -> Vec<Estimate> {
        let [by_vdot, by_riegel] = self.both(&self.best, self.best.vdot_now, meters);
        let method = if self.fitted.is_some() { Method::RiegelFitted } else { Method::Riegel };
        let exponent = Some((self.exponent() * 10_000.0).round() / 10_000.0);
        vec![
            Estimate { method: Method::Vdot, seconds: rounded(by_vdot), exponent: None },
            Estimate { method, seconds: rounded(by_riegel), exponent },
        ]
    }

    fn basis(&self) -> Basis {
        let Candidate { effort, age_days, vdot_now } = self.best;
        let is_fitted = self.fitted.is_some();
        Basis {
            activity: effort.activity.clone(),
            date: effort.date,
            age_days,
            distance_m: effort.distance_m,
            seconds: rounded(effort.seconds),
            vdot: rounded(effort.vdot()),
            vdot_now: rounded(vdot_now),
            method: if is_fitted { BasisMethod::VdotRiegelFitted } else { BasisMethod::VdotRiegel },
            window_days: self.window_days,
            hard_efforts: self.hard.len() as u32,
            newest_days: self.newest_days(),
        }
    }
}

impl<'a> Candidate<'a> {
    fn of(date: Date, effort: &'a Effort) -> Option<Self> {
        let age_days = i64::from((date - effort.date).get_days());
        if !(0..=LAST_WINDOW_DAYS).contains(&age_days) {
            return None;
        }
        let lost = LOST_IN_30_DAYS * (age_days - HOLDS_DAYS).max(0) as f64 / 30.0;
        Some(Self { effort, age_days, vdot_now: effort.vdot() * (1.0 - lost) })
    }

    /// The distance and the time that it would take now.
    fn mark(&self) -> riegel::Mark {
        (self.effort.distance_m, vdot::seconds(self.vdot_now, self.effort.distance_m))
    }

    /// By what is left of it; among equals the newer, and then the id and the distance, so that one always wins.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_vdot = self.vdot_now.total_cmp(&other.vdot_now);
        let by_age = || other.age_days.cmp(&self.age_days);
        let by_id = || other.effort.activity.cmp(&self.effort.activity);
        let by_distance = || self.effort.distance_m.total_cmp(&other.effort.distance_m);
        by_vdot.then_with(by_age).then_with(by_id).then_with(by_distance)
    }
}

/// The parts of one race are not independent of it, so that each activity speaks once.
fn best_of_each_activity<'a>(date: Date, efforts: &'a [Effort]) -> Vec<Candidate<'a>> {
    let mut best: Vec<Candidate<'a>> = Vec::new();
    for candidate in efforts.iter().filter_map(|effort| Candidate::of(date, effort)) {
        match best.last_mut().filter(|last| last.effort.activity == candidate.effort.activity) {
            Some(last) if last.order(&candidate).is_lt() => *last = candidate,
            Some(_) => {}
            None => best.push(candidate),
        }
    }
    best
}

/// To a hundredth.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
