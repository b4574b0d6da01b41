//! What the efforts of late say of a day: the one to start from, and those nearly as good.

use jiff::civil::Date;

use super::{
    Backtest, Basis, BasisMethod, Confidence, Effort, Estimate, FIRST_WINDOW_DAYS, LAST_WINDOW_DAYS, Method,
    Prediction, Race,
};
use crate::best_effort::HALF_MARATHON_M;
use crate::critical::Critical;
use crate::{riegel, vdot, vickers};

/// An effort holds for so many days …
const HOLDS_DAYS: i64 = 28;
/// … and loses this share of its VDOT in each thirty days after. An assumption for who goes on training.
const LOST_IN_30_DAYS: f64 = 0.01;
/// An effort with this share of the best VDOT was hard too.
pub(super) const HARD: f64 = 0.97;
/// The range is at least this wide to either side.
///
/// Hopkins and Hewson (2001, *Med Sci Sports Exerc* 33:1588): a runner's results vary by 1 to 4 % from race to race.
const DAY_TO_DAY: f64 = 0.015;
/// The most that the faster end of a range leaves off, however far off predictions were.
const FASTEST: f64 = 0.5;
/// A lone effort that is older leaves much open.
const LONE_EFFORT_DAYS: i64 = 42;
/// So many hard efforts, the newest of the last 28 days, are sure ground for a distance that is near.
const SURE_EFFORTS: u32 = 4;
const NEAR: f64 = 2.2;
const FAR: f64 = 4.0;
/// Predictions that were further off than this, in percent, are not sure, and further than that, unsure.
const SURE_PCT: f64 = 3.0;
const UNSURE_PCT: f64 = 5.0;
/// A window whose best effort falls this far behind the year's had no hard one.
const EASY: f64 = 0.9;

/// The efforts that speak for a day.
pub(super) struct Form<'a> {
    pub(super) best: Candidate<'a>,
    /// One of each activity, the best among them included.
    pub(super) hard: Vec<Candidate<'a>>,
    window_days: i64,
    is_easy: bool,
    pub(super) fitted: Option<f64>,
    /// In m/s, with D' in m.
    pub(super) critical: Option<Critical>,
    pub(super) weekly_m: f64,
}

/// An effort at its age.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) effort: &'a Effort,
    age_days: i64,
    vdot_now: f64,
}

impl<'a> Form<'a> {
    /// None where the last 365 days have no effort. `weekly_m` is the way of a week up to the day.
    pub(super) fn on(date: Date, efforts: &'a [Effort], weekly_m: f64) -> Option<Self> {
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
        let timed: Vec<_> = marks.iter().map(|(meters, seconds)| (*seconds, *meters)).collect();
        let is_easy = best.vdot_now < EASY * best_of_year;
        let (fitted, critical) = (riegel::exponent(&marks), Critical::of(&timed));
        Some(Self { best, hard, window_days, is_easy, fitted, critical, weekly_m })
    }

    /// Predicts a distance, and what changed since another day; `None` where no method holds for it.
    pub(super) fn predict(
        &self,
        race: &Race,
        before: Option<&Form<'_>>,
        backtest: Option<Backtest>,
    ) -> Option<Prediction> {
        let seconds = self.seconds(race.meters)?;
        let before_s = before.and_then(|before| before.seconds(race.meters));
        let (low, high) = self.range(race.meters, seconds, backtest.as_ref());
        let best = self.best_for(race.meters);
        let methods = self.estimates(best, best.vdot_now, race.meters);
        Some(Prediction {
            distance: race.name.clone(),
            distance_m: race.meters,
            seconds: rounded(seconds),
            low: rounded(low),
            high: rounded(high),
            pace_s_per_km: rounded(seconds / race.meters * 1000.0),
            change_s: before_s.map(|before_s| rounded(rounded(seconds) - rounded(before_s))),
            confidence: self.confidence(race.meters).min(tested(backtest.as_ref())),
            basis: self.basis(best, &methods),
            methods: methods.into_iter().map(Estimate::told).collect(),
            backtest_error_pct: backtest.as_ref().map(|backtest| backtest.error_pct),
            backtest,
        })
    }

    /// The median of the methods.
    pub(super) fn seconds(&self, meters: f64) -> Option<f64> {
        let best = self.best_for(meters);
        let said = self.estimates(best, best.vdot_now, meters);
        let mut seconds: Vec<f64> = said.iter().map(|said| said.seconds).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        let low = seconds.get(seconds.len().checked_sub(1)? / 2)?;
        Some(f64::midpoint(*low, seconds[seconds.len() / 2]))
    }

    /// From the fastest to the slowest of what the methods make of the hard efforts: of the best one as if it had
    /// lost nothing, and as if it had lost twice as much. At least as wide as the day-to-day variation or, over
    /// the marathon, as the error of the method, and as that of the back-test over the distance; never faster than half the time.
    fn range(&self, meters: f64, seconds: f64, backtest: Option<&Backtest>) -> (f64, f64) {
        let best = self.best_for(meters);
        let (shown, now) = (best.effort.vdot(), best.vdot_now);
        let of_best = [shown, 2.0 * now - shown].map(|vdot_left| self.estimates(best, vdot_left, meters));
        let of_hard = self.hard.iter().map(|candidate| self.estimates(candidate, candidate.vdot_now, meters));
        let tested = backtest.filter(|backtest| backtest.is_of_the_distance());
        let of_method = if meters > HALF_MARATHON_M { vickers::ERROR_S / seconds } else { DAY_TO_DAY };
        let wide = tested.map_or(of_method, |backtest| of_method.max(backtest.error_pct / 100.0));
        let around = [seconds * (1.0 - wide.min(FASTEST)), seconds * (1.0 + wide)];
        let all = of_best.into_iter().chain(of_hard).flatten().map(|said| said.seconds).chain(around);
        all.fold((seconds, seconds), |(low, high), one| (low.min(one), high.max(one)))
    }

    fn confidence(&self, meters: f64) -> Confidence {
        let from_m = self.best_for(meters).effort.distance_m;
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

    fn basis(&self, best: &Candidate<'_>, methods: &[Estimate]) -> Basis {
        let Candidate { effort, age_days, vdot_now } = *best;
        Basis {
            activity: effort.activity.clone(),
            date: effort.date,
            age_days,
            distance_m: effort.distance_m,
            seconds: rounded(effort.seconds),
            vdot: rounded(effort.vdot()),
            vdot_now: rounded(vdot_now),
            cost: effort.cost.told(),
            is_race: effort.is_race,
            weekly_km: rounded(self.weekly_m / 1000.0),
            method: in_one_word(methods),
            window_days: self.window_days,
            hard_efforts: self.hard.len() as u32,
            newest_days: self.newest_days(),
        }
    }
}

/// The most that can be said by what former predictions were worth; few tests say nothing.
fn tested(backtest: Option<&Backtest>) -> Confidence {
    let error_pct = backtest.filter(|backtest| backtest.is_telling()).map(|backtest| backtest.error_pct);
    match error_pct {
        Some(error_pct) if error_pct > UNSURE_PCT => Confidence::Low,
        Some(error_pct) if error_pct > SURE_PCT => Confidence::Medium,
        _ => Confidence::High,
    }
}

fn in_one_word(methods: &[Estimate]) -> BasisMethod {
    let has = |method| methods.iter().any(|said| said.method == method);
    match (has(Method::Vickers), has(Method::RiegelFitted), has(Method::CriticalSpeed)) {
        (true, true, _) => BasisMethod::VickersRiegelFitted,
        (true, false, _) => BasisMethod::Vickers,
        (_, true, _) if !has(Method::Vdot) => BasisMethod::RiegelFitted,
        (_, true, true) => BasisMethod::VdotRiegelFittedCriticalSpeed,
        (_, true, false) => BasisMethod::VdotRiegelFitted,
        (_, false, true) => BasisMethod::VdotRiegelCriticalSpeed,
        (_, false, false) => BasisMethod::VdotRiegel,
    }
}

impl<'a> Candidate<'a> {
    fn of(date: Date, effort: &'a Effort) -> Option<Self> {
        let age_days = i64::from((date - effort.date).get_days());
        // A marathon shows endurance more than fitness; it is foretold and foretells nothing.
        if !(0..=LAST_WINDOW_DAYS).contains(&age_days) || effort.distance_m > HALF_MARATHON_M {
            return None;
        }
        let lost = LOST_IN_30_DAYS * (age_days - HOLDS_DAYS).max(0) as f64 / 30.0;
        Some(Self { effort, age_days, vdot_now: effort.vdot() * (1.0 - lost) })
    }

    /// The distance and the time that it would take now.
    pub(super) fn mark(&self) -> riegel::Mark {
        (self.effort.distance_m, vdot::seconds(self.vdot_now, self.effort.distance_m))
    }

    /// By what is left of it; among equals the newer, and then the id and the distance, so that one always wins.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
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
pub(super) fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
