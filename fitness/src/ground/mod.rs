//! Where an athlete went: ways over the ground, and what they have in common.
//!
//! Pure: what is read of the store comes in, what is kept of it goes out.

mod cells;
pub mod explorer;
mod line;
pub mod matching;
pub mod mean;
pub mod outing;
mod plane;
pub mod polyline;
pub mod route;
mod tile;
pub mod trend;
mod walk;
pub mod zone;

use crate::recording::Channel;

pub use cells::{Cells, ZOOM as CELL_ZOOM};
pub use line::{Line, LineError, POINTS_APART_M};
pub use plane::Plane;
pub use tile::Tile;
pub use walk::Walk;

/// Metres of a degree on a great circle of the sphere with the mean radius of the Earth.
const DEGREE_M: f64 = 111_195.0;

/// A position in degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub latitude: f64,
    pub longitude: f64,
}

impl Place {
    /// A place on the globe. No fix is no place, and 0/0 is what a receiver without one writes.
    pub fn of(latitude: f64, longitude: f64) -> Option<Self> {
        let is_place =
            latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && (latitude != 0.0 || longitude != 0.0);
        is_place.then_some(Self { latitude, longitude })
    }

    /// Metres to another place nearby, as if the ground were flat between them.
    pub fn meters_to(self, other: Self) -> f64 {
        let (east, north) = Plane::at(self).xy(other);
        east.hypot(north)
    }

    /// The place at a share of the straight way to another one.
    pub fn toward(self, other: Self, share: f64) -> Self {
        let east = eastward(self.longitude, other.longitude);
        let longitude = eastward(0.0, self.longitude + share * east);
        Self { latitude: self.latitude + share * (other.latitude - self.latitude), longitude }
    }
}

/// Degrees east from one longitude to another, the shorter way round, also over the date line.
fn eastward(from: f64, to: f64) -> f64 {
    let east = to - from;
    if east.abs() <= 180.0 { east } else { (east + 540.0).rem_euclid(360.0) - 180.0 }
}

/// The two channels that tell a place.
pub const CHANNELS: [Channel; 2] = [Channel::Latitude, Channel::Longitude];
