//! The ground as a plane, good for some hundred kilometres around a place.

use super::{DEGREE_M, Place, eastward};

/// Metres east and north of a place; equirectangular, within 0.1 % over 50 km outside of the polar regions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    middle: Place,
    meters_of_longitude: f64,
}

impl Plane {
    /// The plane that touches the Earth at a place.
    pub fn at(middle: Place) -> Self {
        Self { middle, meters_of_longitude: DEGREE_M * middle.latitude.to_radians().cos() }
    }

    /// Metres east and north.
    pub fn xy(&self, place: Place) -> (f64, f64) {
        let east = eastward(self.middle.longitude, place.longitude) * self.meters_of_longitude;
        (east, (place.latitude - self.middle.latitude) * DEGREE_M)
    }
}

/// How far a point of a plane is from a straight piece of a way.
pub(super) fn away_m((x, y): (f64, f64), (from_x, from_y): (f64, f64), (to_x, to_y): (f64, f64)) -> f64 {
    let (east, north) = (to_x - from_x, to_y - from_y);
    let (x, y) = (x - from_x, y - from_y);
    let square = east * east + north * north;
    let share = if square > 0.0 { ((x * east + y * north) / square).clamp(0.0, 1.0) } else { 0.0 };
    (share * east - x).hypot(share * north - y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: (f64, f64), to: (f64, f64), wanted: (f64, f64)) {
        let place = |(latitude, longitude)| Place { latitude, longitude };
        let (east, north) = Plane::at(place(from)).xy(place(to));
        assert_eq!((east.round(), north.round()), wanted);
    }

    #[test]
    fn a_degree_is_shorter_where_it_is_colder() {
        check((0.0, 8.0), (0.0, 9.0), (111_195.0, 0.0));
        check((60.0, 8.0), (60.0, 9.0), (55_598.0, 0.0));
        check((60.0, 8.0), (61.0, 8.0), (0.0, 111_195.0));
    }

    #[test]
    fn a_piece_is_as_far_as_its_nearest_point() {
        let away = |point| away_m(point, (0.0, 10.0), (100.0, 10.0));
        assert_eq!([(50.0, 40.0), (-30.0, 50.0), (103.0, 6.0)].map(away), [30.0, 50.0, 5.0]);
        assert_eq!(away_m((3.0, 4.0), (0.0, 0.0), (0.0, 0.0)), 5.0);
    }

    #[test]
    fn the_date_line_is_no_wall() {
        check((0.0, 179.999), (0.0, -179.999), (222.0, 0.0));
        check((0.0, -179.999), (0.0, 179.999), (-222.0, 0.0));
    }
}
