//! The way that samples tell of: places in their order, and where it breaks off.

use super::Place;
use crate::recording::{Channel, Samples};
use crate::stream::Column;

/// A longer step between two samples tells nothing of the way between them.
const STEP_MOST_M: f64 = 2_000.0;
/// Nobody is as fast under their own power for long; a receiver that finds itself again is.
const FASTEST_MPS: f64 = 33.0;
/// Up to here a step may be as fast as it likes: it is noise.
const JUMP_LEAST_M: f64 = 100.0;

/// Places of an activity in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walk {
    /// Epoch milliseconds at each place, or empty for a track without times.
    pub time_ms: Vec<i64>,
    pub places: Vec<Place>,
    /// The sample of each place.
    pub at: Vec<usize>,
    /// Places to which no way leads from the one before.
    pub breaks: Vec<usize>,
}

impl Walk {
    /// The columns that it is made of.
    pub const COLUMNS: [Column; 4] = [
        Column::Time,
        Column::Segments,
        Column::Channel(Channel::Latitude),
        Column::Channel(Channel::Longitude),
    ];

    /// The way of stored columns; nothing where they tell of fewer than two places.
    pub fn unpack(blocks: &[(Column, Vec<u8>)]) -> Option<Self> {
        Self::of(&Samples::unpack(blocks))
    }

    /// The way of samples; nothing where they tell of fewer than two places.
    pub fn of(samples: &Samples) -> Option<Self> {
        let (latitude, longitude) =
            (samples.channel(Channel::Latitude)?, samples.channel(Channel::Longitude)?);
        let mut walk = Self::default();
        let mut next_break = samples.breaks.iter().copied().peekable();
        let mut is_broken = false;
        for (index, (latitude, longitude)) in latitude.iter().zip(longitude).enumerate() {
            is_broken |= next_break.next_if(|place| *place <= index).is_some();
            let Some(place) = Place::of(*latitude, *longitude) else { continue };
            walk.add(place, index, samples.time_ms.get(index).copied(), std::mem::take(&mut is_broken));
        }
        (walk.places.len() >= 2).then_some(walk)
    }

    fn add(&mut self, place: Place, index: usize, time_ms: Option<i64>, is_broken: bool) {
        if let Some(last) = self.places.last() {
            let meters = last.meters_to(place);
            let before_ms = self.time_ms.last().copied();
            if is_broken || is_jump(meters, before_ms.zip(time_ms)) {
                self.breaks.push(self.places.len());
            }
        }
        self.places.push(place);
        self.at.push(index);
        self.time_ms.extend(time_ms);
    }

    /// Pairs of places with a way between them: the index of the first, and both.
    pub fn steps(&self) -> impl Iterator<Item = (usize, Place, Place)> {
        let mut breaks = self.breaks.iter().copied().peekable();
        let pairs = self.places.windows(2).enumerate();
        pairs.filter_map(move |(index, pair)| {
            breaks.next_if_eq(&(index + 1)).is_none().then_some((index, pair[0], pair[1]))
        })
    }

    /// True where a way leads from the place before to this one.
    pub fn leads_to(&self, place: usize) -> bool {
        place > 0 && self.breaks.binary_search(&place).is_err()
    }
}

fn is_jump(meters: f64, times_ms: Option<(i64, i64)>) -> bool {
    let is_fast =
        || times_ms.is_some_and(|(from_ms, to_ms)| meters * 1000.0 > FASTEST_MPS * (to_ms - from_ms) as f64);
    meters > STEP_MOST_M || (meters > JUMP_LEAST_M && is_fast())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places on a meridian by their metres north of the equator, a second apart; a NaN is no fix.
    fn walk(north_m: &[f64], breaks: &[usize]) -> Walk {
        let latitude: Vec<f64> = north_m.iter().map(|meters| meters / super::super::DEGREE_M).collect();
        let longitude = latitude.iter().map(|latitude| if latitude.is_nan() { f64::NAN } else { 8.0 });
        let channels = [(Channel::Longitude, longitude.collect()), (Channel::Latitude, latitude.clone())];
        let time_ms = (0..north_m.len() as i64).map(|second| second * 1000).collect();
        Walk::of(&Samples { time_ms, channels: channels.into(), breaks: breaks.to_vec() }).unwrap()
    }

    fn check(north_m: &[f64], breaks: &[usize], at: &[usize], wanted: &[usize]) {
        let walk = walk(north_m, breaks);
        assert_eq!((walk.at.as_slice(), walk.breaks.as_slice()), (at, wanted));
        assert_eq!(walk.steps().count(), at.len() - 1 - wanted.len());
    }

    #[test]
    fn a_sample_without_a_fix_is_stepped_over() {
        check(&[0.0, f64::NAN, 6.0], &[], &[0, 2], &[]);
    }

    #[test]
    fn a_segment_of_the_track_breaks_the_way_also_where_it_begins_without_a_fix() {
        check(&[0.0, 3.0, 6.0, 9.0], &[2], &[0, 1, 2, 3], &[2]);
        check(&[0.0, 3.0, f64::NAN, 9.0], &[2], &[0, 1, 3], &[2]);
    }

    #[test]
    fn a_jump_breaks_the_way_and_noise_does_not() {
        check(&[0.0, 3.0, 200.0, 203.0], &[], &[0, 1, 2, 3], &[2]);
        check(&[0.0, 3.0, 90.0, 93.0], &[], &[0, 1, 2, 3], &[]);
    }

    #[test]
    fn one_place_is_no_way() {
        let channels = [(Channel::Latitude, vec![47.0, f64::NAN]), (Channel::Longitude, vec![8.0, 8.0])];
        let samples = Samples { time_ms: vec![0, 1], channels: channels.into(), breaks: Vec::new() };
        assert_eq!(Walk::of(&samples), None);
    }
}
