//! Every number of one activity that follows from its samples alone and is kept beside its summary.
//!
//! They are computed from the samples as they are stored, so that a new version of a formula reaches what was
//! imported long ago.

use crate::best_effort::{self, BestEffort, HALF_MARATHON_M, MILE_M};
use crate::decoupling::{self, Output};
use crate::grade::{Graded, Model};
use crate::heart_rate::HrSeconds;
use crate::held::Held;
use crate::load::is_swimming;
use crate::mean_max::{Best, Curve, Pieces, Total};
use crate::moving::PAUSE_MS;
use crate::prediction::SHORTEST_BASIS_S;
use crate::recording::{Channel, Samples};
use crate::{distance, govss, power, vdot};

/// Raised when a formula changes, so that what is stored is computed anew.
pub const VERSION: u32 = 2;
/// Steps of a speed, per m/s, in which seconds are counted.
pub const SPEED_STEPS: f64 = 100.0;
/// The highest step of a graded speed, 40 m/s: nobody runs up the steepest grade faster.
const SPEED_HIGHEST: usize = 4000;
const POWER_HIGHEST: usize = 4000;
/// Faster than this on wheels, skis or water is a jump of the receiver.
const FASTEST_M_PER_S: f64 = 33.0;
const BEST_POWER_S: u32 = 20 * 60;

/// What the samples of an activity amount to; what is unknown is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    pub xpower: Option<f64>,
    /// Mean speed over the time in motion, as if on the level, by Minetti's model.
    pub gap_minetti_mps: Option<f64>,
    /// The same by the model fitted to heart rates.
    pub gap_hr_mps: Option<f64>,
    /// Normalized graded speed, by the model fitted to heart rates.
    pub ngp_mps: Option<f64>,
    /// Lactate-normalized power of a run.
    pub lnp_w_per_kg: Option<f64>,
    pub decoupling_pct: Option<f64>,
    pub efficiency_factor: Option<f64>,
    pub vdot: Option<f64>,
    pub power_curve: Option<Curve>,
    pub hr_curve: Option<Curve>,
    pub pace_curve: Option<Curve>,
    /// Seconds at each watt.
    pub power_seconds: Option<Held>,
    /// Seconds at each graded speed, in steps of 0.01 m/s.
    pub speed_seconds: Option<Held>,
}

/// What the import computes too, and a new version computes anew.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Again {
    pub np: Option<f64>,
    pub best_20min_power: Option<f64>,
    pub hr_seconds: Option<HrSeconds>,
    pub best_efforts: Vec<BestEffort>,
}

/// The samples of an activity and what it was.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    pub sport: &'a str,
    pub samples: &'a Samples,
}

impl Recorded<'_> {
    /// Computes all of it.
    pub fn numbers(&self) -> (Numbers, Again) {
        let (samples, times) = (self.samples, &self.samples.time_ms);
        let bpm = samples.channel(Channel::HeartRate);
        // A device without a meter writes zeros all the way.
        let watts = samples.channel(Channel::Power).filter(|watts| watts.iter().any(|watts| *watts > 0.0));
        let mut along = if times.is_empty() { None } else { distance::along(samples) };
        let graded = along.as_deref().map(|along| Graded::of(samples, along));
        let on_foot = best_effort::is_on_foot(self.sport);
        let is_running = best_effort::is_running(self.sport);
        let stepped = graded.as_ref().filter(|_| on_foot);
        let best_power = watts.map(|watts| power::best(times, watts));
        let np = watts.and_then(|watts| power::normalized(times, watts));
        let ngp_mps = stepped.and_then(|graded| graded.normalized(Model::DEFAULT));
        let best_efforts = along.as_mut().and_then(|along| self.clean_way(along));
        let numbers = Numbers {
            xpower: watts.and_then(|watts| power::xpower(times, watts)),
            gap_minetti_mps: stepped.and_then(|graded| graded.mean(Model::Minetti)),
            gap_hr_mps: stepped.and_then(|graded| graded.mean(Model::HeartRate)),
            ngp_mps,
            lnp_w_per_kg: graded.as_ref().filter(|_| is_running).and_then(govss::normalized),
            decoupling_pct: bpm.and_then(|bpm| self.decoupling(bpm, watts, graded.as_ref())),
            efficiency_factor: bpm.and_then(|bpm| self.efficiency(bpm, np, ngp_mps)),
            vdot: self.vdot(best_efforts.as_deref().unwrap_or_default()),
            power_curve: best_power.as_ref().and_then(|best| Curve::of(|seconds| best.rate(seconds))),
            hr_curve: bpm.and_then(|bpm| {
                let pieces = Pieces::of(times, bpm, PAUSE_MS);
                Curve::of(|seconds| pieces.best_mean(seconds))
            }),
            pace_curve: along.filter(|_| best_efforts.is_some()).and_then(|along| {
                let way = Best::of(Total::new(times.clone(), along));
                Curve::of(|seconds| Some(way.rate(seconds)? * 1000.0))
            }),
            power_seconds: watts.and_then(|watts| Held::count(times, watts, 1.0, POWER_HIGHEST)),
            speed_seconds: graded.as_ref().and_then(|graded| self.speed_seconds(graded)),
        };
        let again = Again {
            np,
            best_20min_power: best_power.as_ref().and_then(|best| best.rate(BEST_POWER_S)),
            hr_seconds: bpm.and_then(|bpm| HrSeconds::count(times, bpm)),
            best_efforts: best_efforts.unwrap_or_default(),
        };
        (numbers, again)
    }

    /// Takes out of the way what cannot be, and tells the best efforts where there are any of this sport; `None`
    /// where the way is none.
    fn clean_way(&self, along: &mut [f64]) -> Option<Vec<BestEffort>> {
        if best_effort::is_told(self.sport) {
            return best_effort::of_way(&self.samples.time_ms, along);
        }
        strike_fast(&self.samples.time_ms, along);
        Some(Vec::new())
    }

    /// On foot the seconds at each graded speed, in the water those at each mean speed: a pool tells a length at a time.
    fn speed_seconds(&self, graded: &Graded) -> Option<Held> {
        let count =
            |speeds: &mut dyn Iterator<Item = f64>| Held::count_seconds(speeds, SPEED_STEPS, SPEED_HIGHEST);
        if best_effort::is_on_foot(self.sport) {
            count(&mut graded.speeds(Model::DEFAULT))
        } else if is_swimming(self.sport) {
            count(&mut graded.mean_speeds())
        } else {
            None
        }
    }

    /// On foot the graded speed is the output, else power, where there is any.
    fn decoupling(&self, bpm: &[f64], watts: Option<&[f64]>, graded: Option<&Graded>) -> Option<f64> {
        let output =
            if best_effort::is_on_foot(self.sport) { Output::GradedSpeed } else { Output::Power(watts?) };
        decoupling::percent(&self.samples.time_ms, bpm, graded, output)
    }

    /// Normalized power over the mean heart rate, on foot the normalized graded speed in m/min.
    ///
    /// Friel; Allen and Coggan. Evidence: a convention.
    fn efficiency(&self, bpm: &[f64], np: Option<f64>, ngp_mps: Option<f64>) -> Option<f64> {
        let known = bpm.iter().filter(|rate| !rate.is_nan());
        let (sum, count) = known.fold((0.0, 0_u32), |(sum, count), rate| (sum + rate, count + 1));
        let output = if best_effort::is_on_foot(self.sport) { ngp_mps? * 60.0 } else { np? };
        (count > 0).then(|| output / (sum / f64::from(count)))
    }

    fn vdot(&self, efforts: &[BestEffort]) -> Option<f64> {
        let is_basis = |effort: &&BestEffort| {
            (MILE_M..=HALF_MARATHON_M).contains(&effort.distance_m) && effort.elapsed_s >= SHORTEST_BASIS_S
        };
        let running = efforts.iter().filter(|_| best_effort::is_running(self.sport));
        running.filter(is_basis).map(|effort| vdot::of(effort.distance_m, effort.elapsed_s)).reduce(f64::max)
    }
}

/// Takes out the way of steps that nobody makes.
fn strike_fast(times: &[i64], along: &mut [f64]) {
    let mut struck_m = 0.0;
    let mut before_m = along.first().copied().unwrap_or(0.0);
    for step in 1..times.len() {
        let way_m = along[step] - before_m;
        before_m = along[step];
        if way_m * 1000.0 > FASTEST_M_PER_S * (times[step] - times[step - 1]) as f64 {
            struck_m += way_m;
        }
        along[step] -= struck_m;
    }
}

#[cfg(test)]
mod tests;
