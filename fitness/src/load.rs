//! One load for every activity, by a stated chain: power, graded pace, swim pace, heart rate, exertion, duration.

mod method;

pub use method::{LoadMethod, LoadOf, LoadOrder};

use crate::best_effort;
use crate::govss;
use crate::heart_rate::{HeartScale, HrSeconds};
use crate::held::Held;
use crate::numbers::SPEED_STEPS;
use crate::power;
use crate::running_index;
use crate::settings::{self, Setting, Settings};
use crate::zone::Edges;

/// Load of an hour when only the duration is known.
///
/// 100 × IF² with an intensity of 0.65, an easy endurance pace in Coggan's scale: 42.25 an hour.
/// Evidence: an assumption, in the middle of what coaches book for an hour without data (40 to 50).
const LOAD_PER_HOUR: f64 = 100.0 * 0.65 * 0.65;
/// Load of an hour for each point of perceived exertion: 100 at 8 and 50 at 4, as in TrainingPeaks' table for an
/// activity without data. Evidence: a convention of coaches.
const LOAD_PER_EXERTION_HOUR: f64 = 12.5;
/// A heart rate known for less of the effort than this (a strap that died) does not stand for all of it.
const HEART_RATE_COVERS: f64 = 0.5;
/// Motion known for less of the effort than this does not stand for its way.
const MOTION_COVERS: f64 = 0.5;
/// A recording that ran on past this does not stand for effort.
const LONGEST_EFFORT_S: f64 = 24.0 * 3600.0;

/// What of an activity its load depends on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effort {
    pub sport: String,
    pub sub_sport: Option<String>,
    pub elapsed_s: Option<f64>,
    pub timer_s: Option<f64>,
    pub moving_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub np: Option<f64>,
    pub best_20min_power: Option<f64>,
    pub hr_seconds: Option<HrSeconds>,
    /// Normalized graded speed.
    pub ngp_mps: Option<f64>,
    /// Lactate-normalized power of a run.
    pub lnp_w_per_kg: Option<f64>,
    /// Seconds at each watt.
    pub power_seconds: Option<Held>,
    /// Seconds at each graded speed, in steps of 0.01 m/s.
    pub speed_seconds: Option<Held>,
    /// 0 to 10, as the athlete felt it.
    pub perceived_exertion: Option<f64>,
    /// What stands in place of its load.
    pub own: Option<OwnLoad>,
}

/// The number of a metric of the athlete's own that stands in place of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnLoad {
    /// The metric's name.
    pub metric: String,
    pub load: f64,
}

/// What the athlete's settings make of an effort; absent where it cannot be known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    pub trimp: Option<f64>,
    pub trimp_edwards: Option<f64>,
    pub trimp_lucia: Option<f64>,
    pub hrtss: Option<f64>,
    /// Intensity factor (IF).
    pub intensity: Option<f64>,
    pub tss: Option<f64>,
    pub rtss: Option<f64>,
    /// Skiba's score of a run by its power.
    pub govss: Option<f64>,
    /// Swim TSS.
    pub stss: Option<f64>,
    pub session_rpe: Option<f64>,
    pub running_index: Option<f64>,
    /// Seconds in each zone, from the easiest on.
    pub zones_hr_s: Option<Vec<f64>>,
    pub zones_power_s: Option<Vec<f64>>,
    pub zones_pace_s: Option<Vec<f64>>,
    pub load: Option<f64>,
    pub method: Option<LoadMethod>,
    /// True where the load rests on a setting that the athlete never gave.
    pub estimated: bool,
    /// The metric of the athlete's own whose number the load is.
    pub own_metric: Option<String>,
}

impl Load {
    /// Computes every load of an effort and picks one: the first in the athlete's order for the sport that is known.
    ///
    /// Heart rate counts where it is known for half of the effort at least.
    pub fn of(effort: &Effort, settings: &Settings, edges: &Edges) -> Self {
        let (intensity, tss) = by_power(effort, settings).unzip();
        let held = effort.hr_seconds.as_ref();
        let scale = scale(settings);
        let trimp = held.map(|held| held.trimp(&scale));
        let (vt1, vt2) = (settings.vt1.map(|vt| vt.value), settings.vt2.map(|vt| vt.value));
        let load = Self {
            trimp,
            trimp_edwards: held.map(|held| held.trimp_edwards(settings.hr_max.value)),
            trimp_lucia: held.and_then(|held| Some(held.trimp_lucia(vt1?, vt2?))),
            hrtss: trimp.and_then(|trimp| scale.hrtss(trimp, settings.lthr.value)),
            intensity,
            tss,
            rtss: by_graded_pace(effort, settings),
            govss: by_running_power(effort, settings),
            stss: by_swim_pace(effort, settings),
            session_rpe: effort.session_rpe(),
            running_index: effort.running_index(settings.hr_max.value),
            zones_hr_s: held.map(|held| held.zones(&edges.hr)),
            zones_power_s: zones(effort.power_seconds.as_ref(), edges.power.as_deref(), 1.0),
            zones_pace_s: zones(effort.speed_seconds.as_ref(), edges.speed.as_deref(), SPEED_STEPS),
            ..Self::default()
        };
        load.chosen(effort, settings)
    }

    fn chosen(self, effort: &Effort, settings: &Settings) -> Self {
        if let Some(OwnLoad { metric, load }) = effort.own.clone() {
            let method = Some(LoadMethod::Own);
            return Self { load: Some(load), method, own_metric: Some(metric), ..self };
        }
        let load = |method: LoadMethod| match method {
            LoadMethod::Power => self.tss,
            LoadMethod::GradedPace => self.rtss,
            LoadMethod::SwimPace => self.stss,
            LoadMethod::HeartRate => self.hrtss.filter(|_| effort.heart_rate_covers()),
            LoadMethod::Rpe => self.session_rpe.map(|rpe| rpe / 60.0 * LOAD_PER_EXERTION_HOUR),
            LoadMethod::Duration => effort.duration_s().map(|seconds| LOAD_PER_HOUR * seconds / 3600.0),
            // It was looked at before.
            LoadMethod::Own => None,
        };
        let order = settings.load_order(LoadOf::of(&effort.sport, effort.sub_sport.as_deref()));
        let (load, method) = order.iter().find_map(|method| Some((load(method)?, method))).unzip();
        let is_estimated =
            |setting: Option<Setting<f64>>| setting.is_some_and(|setting| setting.is_estimated());
        let estimated = match method {
            Some(LoadMethod::Power) => is_estimated(settings.ftp),
            Some(LoadMethod::GradedPace) => is_estimated(settings.threshold_pace_s_per_km),
            Some(LoadMethod::HeartRate) => settings.estimates_heart_rate(),
            _ => false,
        };
        Self { load, method, estimated, ..self }
    }
}

impl Effort {
    /// Seconds of effort: the timer's, else those in motion, else all of them, at most a day.
    pub fn duration_s(&self) -> Option<f64> {
        at_most_a_day(self.timer_s.or(self.moving_s).or(self.elapsed_s))
    }

    fn heart_rate_covers(&self) -> bool {
        let known_s = self.hr_seconds.as_ref().map_or(0.0, HrSeconds::total_s);
        self.duration_s().is_none_or(|seconds| known_s >= HEART_RATE_COVERS * seconds)
    }

    /// Perceived exertion times minutes.
    ///
    /// Foster et al. 2001, J Strength Cond Res 15:109. Evidence: follows loads by heart rate well in groups.
    fn session_rpe(&self) -> Option<f64> {
        let exertion = self.perceived_exertion.filter(|exertion| (0.0..=10.0).contains(exertion))?;
        Some(exertion * self.duration_s()? / 60.0)
    }

    /// The index of a run whose heart rate is known for half of it at least; its time is that in motion, where known.
    fn running_index(&self, max_bpm: f64) -> Option<f64> {
        let held = self.hr_seconds.as_ref().filter(|_| best_effort::is_running(&self.sport))?;
        let lasted_s = self.duration_s()?;
        let seconds = self.moving_s.filter(|seconds| *seconds > 0.0).unwrap_or(lasted_s);
        // Few samples of a whole run tell a short time for all of its way.
        if seconds < MOTION_COVERS * lasted_s {
            return None;
        }
        let way = (self.distance_m?, seconds);
        let mean_bpm = held.mean_bpm().filter(|_| self.heart_rate_covers())?;
        running_index::of(way, mean_bpm, max_bpm)
    }

    /// True where threshold power on the bicycle is the measure of power.
    pub fn is_cycling(&self) -> bool {
        is_cycling(&self.sport, self.sub_sport.as_deref())
    }
}

fn at_most_a_day(seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| *seconds > 0.0).map(|seconds| seconds.min(LONGEST_EFFORT_S))
}

/// True for sports on a bicycle, trainers included; a runner's or rower's watts have another threshold.
pub fn is_cycling(sport: &str, sub_sport: Option<&str>) -> bool {
    let names_it = |word: &str| word.contains("cycling") || word.contains("biking") || word.contains("ride");
    names_it(sport) || sub_sport.is_some_and(|word| names_it(word) || word == "spin")
}

/// True for swimming, in a pool or not.
pub fn is_swimming(sport: &str) -> bool {
    sport.contains("swimming")
}

/// The threshold power that an effort is measured against: an estimate from easy months gives way to what the effort
/// itself proves.
pub fn threshold_power(settings: &Settings, best_20min_power: Option<f64>) -> Option<f64> {
    let setting = settings.ftp?;
    let proven = best_20min_power.filter(|_| setting.is_estimated()).map(settings::ftp_of);
    Some(setting.value.max(proven.unwrap_or(0.0)))
}

fn scale(settings: &Settings) -> HeartScale {
    HeartScale { sex: settings.sex.value, rest_bpm: settings.hr_rest.value, max_bpm: settings.hr_max.value }
}

fn by_power(effort: &Effort, settings: &Settings) -> Option<(f64, f64)> {
    if !effort.is_cycling() {
        return None;
    }
    let ftp = threshold_power(settings, effort.best_20min_power)?;
    let (np, seconds) = (effort.np?, effort.timer_s.or(effort.moving_s).or(effort.elapsed_s)?);
    Some((power::intensity(np, ftp), power::training_stress(seconds, np, ftp)))
}

/// rTSS: 100 × hours × (normalized graded speed / threshold speed)².
///
/// The running form of TSS. Evidence: a convention.
fn by_graded_pace(effort: &Effort, settings: &Settings) -> Option<f64> {
    if !best_effort::is_running(&effort.sport) {
        return None;
    }
    let threshold_mps = 1000.0 / settings.threshold_pace_s_per_km?.value;
    let intensity = effort.ngp_mps? / threshold_mps;
    Some(100.0 * effort.duration_s()? / 3600.0 * intensity * intensity)
}

/// Skiba's score; the threshold's power follows from the threshold pace by the same model.
fn by_running_power(effort: &Effort, settings: &Settings) -> Option<f64> {
    let threshold_mps = 1000.0 / settings.threshold_pace_s_per_km?.value;
    let power = effort.lnp_w_per_kg.filter(|_| best_effort::is_running(&effort.sport))?;
    Some(govss::score(effort.duration_s()?, power, threshold_mps))
}

/// Swim TSS: 100 × hours × (speed / critical swim speed)³, as drag grows with the square of the speed.
///
/// Evidence: a convention.
fn by_swim_pace(effort: &Effort, settings: &Settings) -> Option<f64> {
    if !is_swimming(&effort.sport) {
        return None;
    }
    let seconds = at_most_a_day(
        effort.moving_s.filter(|seconds| *seconds > 0.0).or(effort.timer_s).or(effort.elapsed_s),
    )?;
    let critical_mps = 100.0 / settings.css_s_per_100m?.value;
    let share = effort.distance_m.filter(|meters| *meters > 0.0)? / seconds / critical_mps;
    Some(100.0 * seconds / 3600.0 * share * share * share)
}

fn zones(held: Option<&Held>, edges: Option<&[f64]>, steps: f64) -> Option<Vec<f64>> {
    let edges: Vec<f64> = edges?.iter().map(|edge| edge * steps).collect();
    held.map(|held| held.zones(&edges))
}

#[cfg(test)]
mod tests;
