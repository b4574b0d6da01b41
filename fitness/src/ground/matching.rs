//! Finds where a walk follows a line, and how long that took.
//!
//! The start of the line is passed, its progress followed within a window so that a road that is used twice does not
//! confuse it, and the end passed; times are interpolated between samples. Tried against 51 efforts of one ride as
//! Strava tells them: the seconds differ by 1.5 (median) and 4.9 (most), since Strava cuts at samples.

use super::{DEGREE_M, Line, Place, Plane, Walk};

/// Raises with every constant and rule below: what another version found is looked for again.
pub const VERSION: i64 = 1;

/// Start and end are passed within so many metres: of 102 gates of Strava's segments 95 % were.
const GATE_M: f64 = 25.0;
/// Farther than this from the line is off the way; receivers and drawn lines together err less.
const OFF_M: f64 = 40.0;
/// How far progress may fall: noise, or a few steps back.
const BACK_M: f64 = 30.0;
/// How far ahead of the last progress the next one is looked for, or three steps where these are longer.
const AHEAD_M: f64 = 60.0;
/// So much track off the way in one go is another way.
const LOST_M: f64 = 60.0;
/// And so much of the line in sum.
const LOST_SHARE: f64 = 0.1;
/// The track may be so much longer or shorter than the line.
const LENGTH_SHARE: f64 = 0.15;
const LENGTH_LEAST_M: f64 = 40.0;
/// Of a run past the start the last of equally near approaches counts, so that standing there does not.
const AS_NEAR_M: f64 = 1.0;
/// A longer effort is a watch that was forgotten.
const LONGEST_MS: i64 = 86_400_000;

/// A point of a walk: the index of the place before it, and which share of the step behind that it is at.
pub type Point = (usize, f64);

/// Where a walk followed a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub from: Point,
    pub to: Point,
    pub start_ms: i64,
    pub elapsed_s: f64,
    pub meters: f64,
}

/// A line as matching needs it, made once for many walks.
#[derive(Debug, Clone)]
pub struct Prepared {
    plane: Plane,
    xy: Vec<(f64, f64)>,
    along_m: Vec<f64>,
    /// South, north, west and east of the start's gate in degrees.
    gate: [f64; 4],
}

impl Prepared {
    /// Prepares a line; nothing where it has fewer than two places.
    pub fn of(line: &Line) -> Option<Self> {
        let start = *line.places.first().filter(|_| line.places.len() > 1)?;
        let plane = Plane::at(start);
        let xy: Vec<(f64, f64)> = line.places.iter().map(|place| plane.xy(*place)).collect();
        let mut along_m = vec![0.0];
        for pair in xy.windows(2) {
            along_m.push(along_m[along_m.len() - 1] + between(pair[0], pair[1]));
        }
        Some(Self { plane, xy, along_m, gate: gate(start) })
    }

    fn meters(&self) -> f64 {
        self.along_m[self.along_m.len() - 1]
    }

    /// True where a step may come near the start: the small box around it meets that of the gate.
    fn may_pass(&self, from: Place, to: Place) -> bool {
        let [south, north, west, east] = self.gate;
        let is_between = |a: f64, b: f64, low: f64, high: f64| a.max(b) >= low && a.min(b) <= high;
        is_between(from.latitude, to.latitude, south, north)
            && is_between(from.longitude, to.longitude, west, east)
    }
}

fn gate(start: Place) -> [f64; 4] {
    let high = GATE_M / DEGREE_M;
    // Beyond the box of a pole or over the date line every step is looked at.
    let wide = high / start.latitude.to_radians().cos().max(1e-6);
    let is_plain = start.longitude.abs() + wide < 180.0;
    let (west, east) =
        if is_plain { (start.longitude - wide, start.longitude + wide) } else { (-180.0, 180.0) };
    [start.latitude - high, start.latitude + high, west, east]
}

/// Every time that a walk followed a line from its start to its end, in their order.
pub fn efforts(line: &Prepared, walk: &Walk) -> Vec<Passage> {
    let mut found = Vec::new();
    if walk.time_ms.len() != walk.places.len() {
        return found;
    }
    let track = Track { walk, line };
    let mut step = 0;
    while step + 1 < walk.places.len() {
        let Some((start, behind)) = track.start(step) else {
            step += 1;
            continue;
        };
        match track.follow(start) {
            Some((passage, end)) => {
                // The next lap may begin in the step in which this one ends.
                step = (end - 1).max(step + 1);
                found.push(passage);
            }
            None => step = behind,
        }
    }
    found
}

/// A walk in the plane of a line.
struct Track<'a> {
    walk: &'a Walk,
    line: &'a Prepared,
}

/// The end as far as it was found.
#[derive(Clone, Copy)]
struct End {
    apart_m: f64,
    at: Point,
    way_m: f64,
}

impl Track<'_> {
    fn xy(&self, place: usize) -> (f64, f64) {
        self.line.plane.xy(self.walk.places[place])
    }

    /// The moment at a point.
    fn time_ms(&self, (place, share): Point) -> f64 {
        let (from, to) = (self.walk.time_ms[place], self.walk.time_ms[place + 1]);
        from as f64 + share * (to - from) as f64
    }

    /// How near a step comes to a gate, and at which share of it.
    fn approach(&self, step: usize, gate: (f64, f64)) -> (f64, f64) {
        let (from, to) = (self.xy(step), self.xy(step + 1));
        let share = share_of(from, to, gate);
        (between(mixed(from, to, share), gate), share)
    }

    /// The point at which the run of steps that begins here passes the start, and the first step behind that run.
    fn start(&self, first: usize) -> Option<(Point, usize)> {
        let (mut nearest_m, share) = self.near_start(first)?;
        let mut start = (first, share);
        let mut step = first + 1;
        while step + 1 < self.walk.places.len() {
            let Some((apart_m, share)) = self.near_start(step) else { break };
            // A step whose begin is nearest only leads away.
            if share > 0.0 && apart_m <= nearest_m + AS_NEAR_M {
                start = (step, share);
            }
            nearest_m = nearest_m.min(apart_m);
            step += 1;
        }
        Some((start, step))
    }

    /// How near a step comes to the start, where it does, and at which share of it; who stands there leaves in the end.
    fn near_start(&self, step: usize) -> Option<(f64, f64)> {
        let (from, to) = (self.walk.places[step], self.walk.places[step + 1]);
        if !self.walk.leads_to(step + 1) || !self.line.may_pass(from, to) {
            return None;
        }
        let (apart_m, share) = self.approach(step, self.line.xy[0]);
        let share = if from == to { 1.0 } else { share };
        (apart_m <= GATE_M).then_some((apart_m, share))
    }

    /// Follows the line from a point on, and answers the passage and the place behind its end.
    fn follow(&self, start: Point) -> Option<(Passage, usize)> {
        let whole_m = self.line.meters();
        let gate = self.line.xy[self.line.xy.len() - 1];
        let mut progress = Progress::default();
        let (mut way_m, mut end): (f64, Option<End>) = (0.0, None);
        for place in start.0 + 1..self.walk.places.len() {
            let is_too_long = self.walk.time_ms[place] - self.walk.time_ms[start.0] > LONGEST_MS;
            if is_too_long || !self.walk.leads_to(place) {
                break;
            }
            let step = place - 1;
            let step_m = between(self.xy(step), self.xy(place));
            let begun = if step == start.0 { start.1 } else { 0.0 };
            let walked_m = step_m * (1.0 - begun);
            if !progress.take(self.line, self.xy(place), walked_m) {
                break;
            }
            if progress.at_m >= whole_m - OFF_M - walked_m {
                let (apart_m, share) = self.approach(step, gate);
                let is_near = apart_m <= GATE_M && share >= begun;
                if is_near && end.is_none_or(|end| apart_m < end.apart_m) {
                    end = Some(End { apart_m, at: (step, share), way_m: way_m + step_m * (share - begun) });
                } else if end.is_some() && apart_m > GATE_M {
                    break;
                }
            }
            way_m += walked_m;
            if way_m > (1.0 + LENGTH_SHARE) * whole_m + 100.0 {
                break;
            }
        }
        let end =
            end.filter(|end| (end.way_m - whole_m).abs() <= (LENGTH_SHARE * whole_m).max(LENGTH_LEAST_M))?;
        let (from_ms, to_ms) = (self.time_ms(start), self.time_ms(end.at));
        let elapsed_s = (to_ms - from_ms) / 1000.0;
        let passage = Passage {
            from: start,
            to: end.at,
            start_ms: from_ms.round() as i64,
            elapsed_s,
            meters: end.way_m,
        };
        (elapsed_s > 0.0).then_some((passage, end.at.0 + 1))
    }
}

/// How far along a line a walk is.
#[derive(Default)]
struct Progress {
    at_m: f64,
    farthest_m: f64,
    /// The piece of the line that it is on.
    piece: usize,
    /// Metres off the way, in one go and in sum.
    off_m: f64,
    off_sum_m: f64,
}

impl Progress {
    /// Goes on to a place; false where that is on another way.
    fn take(&mut self, line: &Prepared, place: (f64, f64), step_m: f64) -> bool {
        let window = (self.at_m - BACK_M, self.at_m + AHEAD_M.max(3.0 * step_m));
        let (apart_m, at_m, piece) = self.nearest(line, place, window);
        if apart_m > OFF_M {
            self.off_m += step_m;
            self.off_sum_m += step_m;
            // One long step of a recorder that saves its battery is no other way.
            let is_lost = self.off_m > LOST_M && self.off_m > step_m + 1.0;
            return !is_lost && self.off_sum_m <= LOST_SHARE * line.meters() + LOST_M;
        }
        (self.off_m, self.at_m, self.piece) = (0.0, at_m, piece);
        self.farthest_m = self.farthest_m.max(at_m);
        at_m >= self.farthest_m - BACK_M - BACK_M
    }

    /// The nearest point of the line within a window of progress: how far off, how far along, and on which piece. Where
    /// the line comes back on its own way, what lies ahead is preferred to what was passed.
    fn nearest(&self, line: &Prepared, place: (f64, f64), (low_m, high_m): (f64, f64)) -> (f64, f64, usize) {
        let mut piece = self.piece;
        while piece > 0 && line.along_m[piece] > low_m {
            piece -= 1;
        }
        let mut best = (f64::MAX, self.at_m, self.piece);
        let mut least = f64::MAX;
        while piece + 1 < line.xy.len() && line.along_m[piece] <= high_m {
            let (from, to) = (line.xy[piece], line.xy[piece + 1]);
            let share = share_of(from, to, place);
            let apart_m = between(mixed(from, to, share), place);
            let at_m = line.along_m[piece] + share * (line.along_m[piece + 1] - line.along_m[piece]);
            let cost = apart_m + (self.farthest_m - at_m).max(0.0);
            if cost < least - 1e-9 {
                (least, best) = (cost, (apart_m, at_m, piece));
            }
            piece += 1;
        }
        best
    }
}

fn between(from: (f64, f64), to: (f64, f64)) -> f64 {
    (to.0 - from.0).hypot(to.1 - from.1)
}

fn mixed(from: (f64, f64), to: (f64, f64), share: f64) -> (f64, f64) {
    (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
}

/// At which share of a straight way a point is nearest to it.
fn share_of(from: (f64, f64), to: (f64, f64), point: (f64, f64)) -> f64 {
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x * x + y * y;
    if length == 0.0 {
        return 0.0;
    }
    (((point.0 - from.0) * x + (point.1 - from.1) * y) / length).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
