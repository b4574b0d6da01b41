//! How fast a recording on foot covered the classic distances.
//!
//! The time is the elapsed one, pauses included, of the shortest stretch that covers the distance: on a way that is
//! straight between samples such a stretch has one end on a sample, and the other is interpolated.
//! What nobody ever ran is an error of the receiver: its way does not count, its time does.

use crate::distance;
use crate::moving::PAUSE_MS;
use crate::recording::Recording;

/// A mile, of which the half and the double are run too.
pub const MILE_M: f64 = 1609.344;
pub const HALF_MARATHON_M: f64 = 21_097.5;
pub const MARATHON_M: f64 = 42_195.0;

/// A distance that is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    pub meters: f64,
    /// As a runner says it.
    pub name: &'static str,
    /// As programs call it.
    pub key: &'static str,
    /// The fastest that anyone covered it.
    pub record_s: f64,
}

/// Every distance that is looked for, from short to long.
///
/// Records are the fastest that anyone was timed, ratified or not, of men as of 2025: 43.03 (van Niekerk 2016),
/// 800 m 1:40.91 (Rudisha 2012), 2:11.96 (Ngeny 1999), 3:43.13 (El Guerrouj 1999), 7:54.10 (Ingebrigtsen 2023),
/// 12:35.36 and 26:11.00 (Cheptegei 2020), 39:47 and 56:42 (Kiplimo 2025), 1:59:40.2 (Kipchoge 2019).
/// The half mile, 20, 30 and 50 km stand at the speed of the next shorter record.
pub const DISTANCES: [Distance; 13] = [
    Distance { meters: 400.0, name: "400m", key: "400m", record_s: 43.03 },
    Distance {
        meters: MILE_M / 2.0,
        name: "half-mile",
        key: "0.5mi",
        record_s: 100.91 * (MILE_M / 2.0) / 800.0,
    },
    Distance { meters: 1000.0, name: "1k", key: "1km", record_s: 131.96 },
    Distance { meters: MILE_M, name: "mile", key: "1mi", record_s: 223.13 },
    Distance { meters: MILE_M * 2.0, name: "2-mile", key: "2mi", record_s: 474.10 },
    Distance { meters: 5000.0, name: "5k", key: "5km", record_s: 755.36 },
    Distance { meters: 10_000.0, name: "10k", key: "10km", record_s: 1571.0 },
    Distance { meters: 15_000.0, name: "15k", key: "15km", record_s: 2387.0 },
    Distance { meters: 20_000.0, name: "20k", key: "20km", record_s: 2387.0 * 20.0 / 15.0 },
    Distance { meters: HALF_MARATHON_M, name: "half", key: "half", record_s: 3402.0 },
    Distance { meters: 30_000.0, name: "30k", key: "30km", record_s: 3402.0 * 30_000.0 / HALF_MARATHON_M },
    Distance { meters: MARATHON_M, name: "marathon", key: "marathon", record_s: 7180.2 },
    Distance { meters: 50_000.0, name: "50k", key: "50km", record_s: 7180.2 * 50_000.0 / MARATHON_M },
];

impl Distance {
    /// The distance of so many metres, where it is one that is looked for.
    pub fn of(meters: f64) -> Option<&'static Self> {
        DISTANCES.iter().find(|distance| (distance.meters - meters).abs() < 0.5)
    }
}

/// Nobody runs a step faster: the record over 100 m peaks at 12.4 m/s.
const FASTEST_M_PER_S: f64 = 12.5;
/// A signal that was lost comes back this much further at most; more was no running.
const LOST_M_PER_USUAL_M: f64 = 1.25;
/// Stretches faster than a record are struck out this often; a recording with more of them is no run.
const STRAYS_AT_MOST: u32 = 4;

/// The fastest stretch of a recording over a distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestEffort {
    pub distance_m: f64,
    /// From its begin to its end, pauses included.
    pub elapsed_s: f64,
    /// Seconds from the first sample to its begin.
    pub start_s: f64,
}

/// The best efforts of a recording with clean samples (see [`crate::samples::clean`]), from short to long.
///
/// None where the sport is not on foot or the samples do not tell when the way was made. A sport that the file does
/// not know is looked at too, because whoever keeps the activity may know it.
pub fn of(recording: &Recording) -> Vec<BestEffort> {
    if !is_told(&recording.sport) {
        return Vec::new();
    }
    distance::along(&recording.samples)
        .map_or_else(Vec::new, |mut along| of_way(&recording.samples.time_ms, &mut along).unwrap_or_default())
}

/// True where efforts of a sport are looked for.
pub(crate) fn is_told(sport: &str) -> bool {
    is_on_foot(sport) || sport == "other"
}

/// The efforts of a way on foot, out of which what cannot be is taken; `None` where that is too much to be a run.
pub(crate) fn of_way(times: &[i64], along: &mut [f64]) -> Option<Vec<BestEffort>> {
    if times.len() < 2 {
        return None;
    }
    strike_jumps(times, along);
    for _ in 0..=STRAYS_AT_MOST {
        match fastest_each(times, along) {
            Ok(efforts) => return Some(efforts),
            Err(stray) => strike(times, along, &stray),
        }
    }
    None
}

/// True for the sports whose efforts are told.
pub fn is_on_foot(sport: &str) -> bool {
    is_running(sport) || matches!(sport, "walking" | "hiking")
}

/// True for running of every kind: road, trail, track and treadmill.
pub fn is_running(sport: &str) -> bool {
    sport == "running"
}

/// Every effort, or the first that is faster than the record.
fn fastest_each(times: &[i64], along: &[f64]) -> Result<Vec<BestEffort>, BestEffort> {
    let total_m = along.last().copied().unwrap_or(0.0) - along.first().copied().unwrap_or(0.0);
    let covered = DISTANCES.iter().take_while(|distance| distance.meters <= total_m);
    let effort = |distance: &Distance| {
        let effort = fastest(times, along, distance.meters)?;
        Some(if effort.elapsed_s < distance.record_s { Err(effort) } else { Ok(effort) })
    };
    covered.filter_map(effort).collect()
}

/// The shortest stretch that covers a distance, in one pass.
fn fastest(times: &[i64], along: &[f64], meters: f64) -> Option<BestEffort> {
    let mut best = Shortest { lasts_ms: f64::INFINITY, begins_ms: 0.0 };
    let mut from = 0;
    for to in 1..times.len() {
        // Stretches that begin on a sample and end before this one.
        while along[to] - along[from] >= meters {
            if ((times[to - 1] - times[from]) as f64) < best.lasts_ms {
                let share = (along[from] + meters - along[to - 1]) / (along[to] - along[to - 1]);
                let ends_ms = times[to - 1] as f64 + share * (times[to] - times[to - 1]) as f64;
                best.offer(times[from] as f64, ends_ms);
            }
            from += 1;
        }
        // The one that ends on this sample and begins before the first that is too near.
        if from > 0 && ((times[to] - times[from]) as f64) < best.lasts_ms {
            let share = (along[from] + meters - along[to]) / (along[from] - along[from - 1]);
            let begins_ms = times[from] as f64 - share * (times[from] - times[from - 1]) as f64;
            best.offer(begins_ms, times[to] as f64);
        }
    }
    best.lasts_ms.is_finite().then(|| BestEffort {
        distance_m: meters,
        elapsed_s: best.lasts_ms / 1000.0,
        start_s: (best.begins_ms - times[0] as f64) / 1000.0,
    })
}

struct Shortest {
    lasts_ms: f64,
    begins_ms: f64,
}

impl Shortest {
    fn offer(&mut self, begins_ms: f64, ends_ms: f64) {
        if ends_ms - begins_ms < self.lasts_ms {
            *self = Self { lasts_ms: ends_ms - begins_ms, begins_ms };
        }
    }
}

/// Takes out the way of steps that are faster than anyone runs, and of pauses in which the athlete was driven.
///
/// A sensor that tells its way in lumps stands still and then jumps: where the way fits into the time since it last
/// grew, it is spread over that time instead.
fn strike_jumps(times: &[i64], along: &mut [f64]) {
    let pause_m_per_s = (usual_m_per_s(times, along) * LOST_M_PER_USUAL_M).min(FASTEST_M_PER_S);
    let (mut struck_m, mut last_grown) = (0.0, 0);
    for step in 1..times.len() {
        along[step] -= struck_m;
        let way_m = along[step] - along[step - 1];
        if way_m <= 0.0 {
            continue;
        }
        let lasts_ms = times[step] - times[step - 1];
        let limit_m_per_s = if lasts_ms > PAUSE_MS { pause_m_per_s } else { FASTEST_M_PER_S };
        let fits = |time_ms: i64| way_m * 1000.0 <= limit_m_per_s * time_ms as f64;
        if !fits(lasts_ms) {
            if fits(times[step] - times[last_grown]) {
                spread(times, along, last_grown, step);
            } else {
                struck_m += way_m;
                along[step] = along[step - 1];
            }
        }
        last_grown = step;
    }
}

/// Speed between samples that are no pause apart; without any, as fast as can be.
fn usual_m_per_s(times: &[i64], along: &[f64]) -> f64 {
    let steps =
        times.windows(2).zip(along.windows(2)).map(|(time, way)| (time[1] - time[0], way[1] - way[0]));
    let recorded = steps.filter(|(lasts_ms, _)| *lasts_ms <= PAUSE_MS);
    let (time_ms, way_m) =
        recorded.fold((0, 0.0), |(time, way), (step_ms, step_m)| (time + step_ms, way + step_m));
    if time_ms == 0 { FASTEST_M_PER_S } else { way_m * 1000.0 / time_ms as f64 }
}

/// Makes the way even from one sample to another.
fn spread(times: &[i64], along: &mut [f64], from: usize, to: usize) {
    let m_per_ms = (along[to] - along[from]) / (times[to] - times[from]) as f64;
    for between in from + 1..to {
        along[between] = along[from] + m_per_ms * (times[between] - times[from]) as f64;
    }
}

/// Takes out the way of a stretch that cannot be.
fn strike(times: &[i64], along: &mut [f64], stray: &BestEffort) {
    let begin_ms = times[0] as f64 + stray.start_s * 1000.0;
    let end_ms = begin_ms + stray.elapsed_s * 1000.0;
    let mut struck_m = 0.0;
    let mut before_m = along[0];
    for step in 1..times.len() {
        let way_m = along[step] - before_m;
        before_m = along[step];
        if times[step] as f64 > begin_ms && (times[step - 1] as f64) < end_ms {
            struck_m += way_m;
        }
        along[step] -= struck_m;
    }
}

#[cfg(test)]
mod tests;
