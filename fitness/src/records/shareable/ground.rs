//! Where somebody went, as others may see it: without what lies in privacy zones.

use store::{Result, Tx};

use super::Shareable;
use crate::ground::Place;
use crate::ground::explorer::{Heat, Tiles};
use crate::ground::zone::Zones;
use crate::recording::{Channel, Samples};
use crate::records::activity_place::{self, Filter};
use crate::records::privacy_zone;
use crate::records::route::{self, Route};
use crate::records::segment::{self, Listed};
use crate::records::segment_effort::{self, Ranked};
use crate::scope::Scope;

impl Shareable<Tiles> {
    /// The tiles of a zoom that the athlete has been to.
    pub fn tiles(tx: &mut Tx<'_>, athlete: &str, filter: &Filter, zoom: u32) -> Result<Self> {
        let outings = activity_place::outings(tx, athlete, Scope::Shareable, filter)?;
        Ok(Self(Tiles::of(zoom, outings.iter().map(|outing| &outing.cells))))
    }
}

impl Shareable<Heat> {
    /// How often the athlete has been to each of them.
    pub fn heat(tx: &mut Tx<'_>, athlete: &str, filter: &Filter, zoom: u32) -> Result<Self> {
        let outings = activity_place::outings(tx, athlete, Scope::Shareable, filter)?;
        Ok(Self(Heat::of(zoom, outings.iter().map(|outing| &outing.cells))))
    }
}

impl Shareable<Vec<Listed>> {
    /// The segments whose lines touch no privacy zone.
    pub fn segments(tx: &mut Tx<'_>, athlete: &str) -> Result<Self> {
        let zones = privacy_zone::zones(tx, athlete)?;
        let hidden: Vec<String> = segment::all(tx, athlete)?
            .into_iter()
            .filter(|segment| zones.meets(&segment.line.places))
            .map(|segment| segment.id)
            .collect();
        let mut listed = segment::list(tx, athlete, Scope::Shareable)?;
        listed.retain(|segment| !hidden.contains(&segment.id));
        Ok(Self(listed))
    }
}

impl Shareable<Vec<Ranked>> {
    /// The efforts on such a segment, the fastest first; none on another.
    pub fn efforts(tx: &mut Tx<'_>, athlete: &str, segment: &str) -> Result<Self> {
        let is_shown = Shareable::segments(tx, athlete)?.iter().any(|listed| listed.id == segment);
        if !is_shown {
            return Ok(Self(Vec::new()));
        }
        segment_effort::ranked(tx, athlete, Scope::Shareable, segment).map(Self)
    }
}

impl Shareable<Vec<route::Listed>> {
    /// The routes, which tell no place, from what the Strava API did not tell.
    pub fn routes(tx: &mut Tx<'_>, athlete: &str) -> Result<Self> {
        route::list(tx, athlete, Scope::Shareable, None).map(Self)
    }
}

impl Shareable<Option<Route>> {
    /// A route, of its line the longest part that no privacy zone parts: what is drawn on behind a zone leads through it.
    pub fn route(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Self> {
        let zones = privacy_zone::zones(tx, athlete)?;
        let mut route = route::get(tx, athlete, Scope::Shareable, id)?;
        if let Some(route) = &mut route {
            route.line = outside(&zones, &route.line);
        }
        Ok(Self(route))
    }
}

/// The longest part of a line that goes through no zone.
fn outside(zones: &Zones, line: &[Place]) -> Vec<Place> {
    let mut parts: Vec<Vec<Place>> = vec![Vec::new()];
    for place in line {
        let before = parts.last().and_then(|part| part.last()).copied();
        if zones.cuts(*place) || before.is_some_and(|before| zones.meets(&[before, *place])) {
            parts.push(Vec::new());
        }
        if !zones.cuts(*place)
            && let Some(part) = parts.last_mut()
        {
            part.push(*place);
        }
    }
    parts.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

/// Takes the positions in privacy zones out of samples.
pub(super) fn cut(tx: &mut Tx<'_>, athlete: &str, samples: &mut Samples) -> Result<()> {
    let zones = privacy_zone::zones(tx, athlete)?;
    let (Some(mut latitude), Some(mut longitude)) =
        (samples.channels.remove(&Channel::Latitude), samples.channels.remove(&Channel::Longitude))
    else {
        // Half a position tells something too.
        samples.channels.remove(&Channel::Latitude);
        samples.channels.remove(&Channel::Longitude);
        return Ok(());
    };
    for (latitude, longitude) in latitude.iter_mut().zip(&mut longitude) {
        let is_half = latitude.is_nan() || longitude.is_nan();
        if is_half || zones.cuts(Place { latitude: *latitude, longitude: *longitude }) {
            (*latitude, *longitude) = (f64::NAN, f64::NAN);
        }
    }
    samples.channels.extend([(Channel::Latitude, latitude), (Channel::Longitude, longitude)]);
    Ok(())
}
