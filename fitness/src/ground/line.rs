//! A way that is kept: its places and how far along each is.

use super::{CHANNELS, Place, Walk};
use crate::distance;
use crate::recording::Samples;
use crate::stream;

/// A point this close behind the last one is left out of a line.
pub const POINTS_APART_M: f64 = 10.0;
/// Where the end that was asked for lies so little beyond the recorded one, the recorded one is meant.
const BEYOND_M: f64 = 50.0;

/// Places in their order, with the metres from the first one on.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub places: Vec<Place>,
    pub along_m: Vec<f64>,
}

/// Why a part of an activity is no line.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum LineError {
    #[error("the activity has no track with positions")]
    NoTrack,
    #[error("the track has a gap between {} and {} km", km(*.from_m), km(*.to_m))]
    Gap { from_m: f64, to_m: f64 },
    #[error("the activity ends at {} km", km(*.0))]
    Beyond(f64),
}

fn km(meters: f64) -> String {
    format!("{:.2}", meters / 1000.0)
}

impl Line {
    /// The line through places.
    pub fn of(places: Vec<Place>) -> Self {
        let mut along_m = Vec::with_capacity(places.len());
        let mut total = 0.0;
        let mut last: Option<Place> = None;
        for place in &places {
            total += last.map_or(0.0, |last| last.meters_to(*place));
            along_m.push(total);
            last = Some(*place);
        }
        Self { places, along_m }
    }

    /// The part of an activity between two distances from its start, as its device counted them where it did.
    pub fn cut(samples: &Samples, (from_m, to_m): (f64, f64)) -> Result<Self, LineError> {
        let walk = Walk::of(samples).ok_or(LineError::NoTrack)?;
        let along = distance::along(samples).ok_or(LineError::NoTrack)?;
        let along: Vec<f64> = walk.at.iter().map(|sample| along[*sample]).collect();
        let last_m = along.last().copied().unwrap_or(0.0);
        if to_m > last_m + BEYOND_M || from_m >= last_m {
            return Err(LineError::Beyond(last_m));
        }
        let to_m = to_m.min(last_m);
        // Of the places where the athlete stood still at the begin the last one counts, and at the end the first one.
        let first = along.partition_point(|meters| *meters <= from_m).saturating_sub(1);
        let last = along.partition_point(|meters| *meters < to_m).max(first + 1);
        if (first + 1..=last).any(|place| !walk.leads_to(place)) {
            return Err(LineError::Gap { from_m, to_m });
        }
        let at = |before: usize, meters: f64| {
            let (from, to) = (along[before], along[before + 1]);
            let share = if to > from { ((meters - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
            walk.places[before].toward(walk.places[before + 1], share)
        };
        let middle = walk.places[first + 1..last].iter().copied();
        let places = [at(first, from_m)].into_iter().chain(middle).chain([at(last - 1, to_m)]);
        Ok(Self::of(places.collect()))
    }

    /// Metres from its first place to its last.
    pub fn meters(&self) -> f64 {
        self.along_m.last().copied().unwrap_or(0.0)
    }

    /// The line without places that are nearer than this to the one before; the last one stays.
    pub fn thinned(&self, apart_m: f64) -> Self {
        let mut kept: Vec<Place> = Vec::new();
        for place in &self.places {
            if kept.last().is_none_or(|last| last.meters_to(*place) >= apart_m) {
                kept.push(*place);
            }
        }
        if let (Some(end), Some(last)) = (self.places.last(), kept.last())
            && last != end
        {
            if kept.len() > 1 && last.meters_to(*end) < apart_m {
                kept.pop();
            }
            kept.push(*end);
        }
        Self::of(kept)
    }

    /// So many places at equal steps of the way, from the first one through the last.
    pub fn resampled(&self, count: usize) -> Vec<Place> {
        let mut next = 1;
        let step_m = self.meters() / (count.max(2) - 1) as f64;
        let place = |index: usize| {
            let meters = step_m * index as f64;
            while next + 1 < self.places.len() && self.along_m[next] < meters {
                next += 1;
            }
            let (from, to) = (self.along_m[next - 1], self.along_m[next]);
            let share = if to > from { ((meters - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
            self.places[next - 1].toward(self.places[next], share)
        };
        if self.places.len() < 2 { Vec::new() } else { (0..count).map(place).collect() }
    }

    /// Latitudes and longitudes as packed columns.
    pub fn pack(&self) -> [Vec<u8>; 2] {
        pack(&self.places)
    }

    /// The line of two columns that [`Line::pack`] made; nothing where they are damaged.
    pub fn unpack(latitude: &[u8], longitude: &[u8]) -> Option<Self> {
        unpack(latitude, longitude).map(Self::of)
    }
}

fn pack(places: &[Place]) -> [Vec<u8>; 2] {
    let column = |of: fn(&Place) -> f64| places.iter().map(of).collect::<Vec<f64>>();
    let columns = [column(|place| place.latitude), column(|place| place.longitude)];
    [stream::encode(CHANNELS[0], &columns[0]), stream::encode(CHANNELS[1], &columns[1])]
}

fn unpack(latitude: &[u8], longitude: &[u8]) -> Option<Vec<Place>> {
    let latitude = stream::decode(CHANNELS[0], latitude).ok()?;
    let longitude = stream::decode(CHANNELS[1], longitude).ok()?;
    if latitude.len() != longitude.len() {
        return None;
    }
    let places = latitude.into_iter().zip(longitude);
    Some(places.map(|(latitude, longitude)| Place { latitude, longitude }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Channel;

    /// A place so many metres north of the equator.
    fn north(meters: f64) -> Place {
        Place { latitude: meters / super::super::DEGREE_M, longitude: 8.0 }
    }

    fn line(meters: &[f64]) -> Line {
        Line::of(meters.iter().map(|meters| north(*meters)).collect())
    }

    fn norths(places: &[Place]) -> Vec<f64> {
        places.iter().map(|place| (place.latitude * super::super::DEGREE_M).round()).collect()
    }

    /// Northward at 3 m/s, a sample a second, with the distance that the device counted.
    fn run(count: usize, counted: f64, breaks: &[usize]) -> Samples {
        let seconds = || (0..count).map(|second| second as f64);
        let channels = [
            (Channel::Latitude, seconds().map(|second| north(3.0 * second).latitude).collect()),
            (Channel::Longitude, seconds().map(|_| 8.0).collect()),
            (Channel::Distance, seconds().map(|second| counted * second).collect()),
        ];
        let time_ms = (0..count as i64).map(|second| second * 1000).collect();
        Samples { time_ms, channels: channels.into(), breaks: breaks.to_vec() }
    }

    #[test]
    fn a_thinned_line_keeps_its_ends() {
        let thinned = line(&[0.0, 4.0, 9.0, 12.0, 19.0, 23.0, 25.0]).thinned(10.0);
        assert_eq!(norths(&thinned.places), [0.0, 12.0, 25.0]);
    }

    #[test]
    fn equal_steps_are_equal_wherever_the_places_were() {
        assert_eq!(norths(&line(&[0.0, 10.0, 90.0, 100.0]).resampled(5)), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(line(&[0.0]).resampled(5), []);
    }

    #[test]
    fn a_line_reads_back() {
        let line = line(&[0.0, 10.0, 90.0]);
        let [latitude, longitude] = line.pack();
        let read = Line::unpack(&latitude, &longitude).unwrap();
        assert_eq!(norths(&read.places), norths(&line.places));
        assert_eq!(Line::unpack(&latitude, &latitude[..2]), None);
    }

    #[test]
    fn a_part_is_cut_by_the_distance_that_the_device_counted() {
        let cut = Line::cut(&run(100, 3.3, &[]), (33.0, 99.0)).unwrap();
        assert_eq!(norths(&[cut.places[0], *cut.places.last().unwrap()]), [30.0, 90.0]);
        let between = Line::cut(&run(100, 3.0, &[]), (31.0, 32.0)).unwrap();
        assert_eq!(norths(&between.places), [31.0, 32.0]);
    }

    #[test]
    fn what_is_no_line_says_why() {
        let told = |samples: &Samples, part| Line::cut(samples, part).unwrap_err().to_string();
        assert_eq!(
            told(&run(100, 3.0, &[50]), (100.0, 200.0)),
            "the track has a gap between 0.10 and 0.20 km"
        );
        assert_eq!(told(&run(100, 3.0, &[]), (100.0, 900.0)), "the activity ends at 0.30 km");
        assert_eq!(told(&Samples::default(), (0.0, 1.0)), "the activity has no track with positions");
    }
}
