//! Places as they are sent and kept: rounded, so that neighbours share an answer and no door is told.

/// A place in hundredths of a degree, about a kilometre across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// -9000 to 9000, north positive.
    pub latitude: i32,
    /// -18000 to 17999, east positive; 0 at the poles, where every longitude is the same place.
    pub longitude: i32,
}

const EARTH_KM: f64 = 6_371.008_8;
/// Metres of a hundredth of a degree of latitude.
const HUNDREDTH_M: f64 = 1_111.95;
/// Steps in hundredths of a degree that a place in a privacy zone is rounded to: one decimal, or whatever is as wide as
/// the zone. Each divides the globe without a rest.
const COARSE: [i32; 7] = [10, 20, 50, 100, 200, 500, COARSEST];
const COARSEST: i32 = 1_000;

impl Cell {
    /// The most decimals that are kept.
    pub const DECIMALS_MOST: u8 = 2;

    /// The cell of a position in degrees, at so many decimals; nothing where it is no position.
    pub fn of(latitude: f64, longitude: f64, decimals: u8) -> Option<Self> {
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return None;
        }
        let steps = 10_f64.powi(i32::from(decimals.min(Self::DECIMALS_MOST)));
        let hundredths = 100.0 / steps;
        let rounded = |degrees: f64| ((degrees * steps).round() * hundredths).round() as i32;
        let (latitude, longitude) = (rounded(latitude), rounded(longitude));
        Some(Self::normal(latitude, longitude))
    }

    /// The cell of a position that nobody may find to within so many metres: at one decimal or fewer, and no narrower
    /// than that from north to south or from west to east.
    pub fn hiding(latitude: f64, longitude: f64, decimals: u8, wide_m: f64) -> Option<Self> {
        let usual = Self::of(latitude, longitude, decimals)?;
        let finest = 10_i32.pow(u32::from(Self::DECIMALS_MOST.saturating_sub(decimals)));
        let narrow_m = HUNDREDTH_M * usual.degrees().0.to_radians().cos();
        let is_wide = |step: &i32| *step >= finest && f64::from(*step) * narrow_m >= wide_m;
        let step = COARSE.into_iter().find(is_wide).unwrap_or(COARSEST);
        let rounded = |degrees: f64| (degrees * 100.0 / f64::from(step)).round() as i32 * step;
        Some(Self::normal(rounded(latitude), rounded(longitude)))
    }

    /// The cell of stored numbers; nothing where no cell has them.
    pub fn stored(latitude: i64, longitude: i64) -> Option<Self> {
        let (latitude, longitude) = (i32::try_from(latitude).ok()?, i32::try_from(longitude).ok()?);
        let is_there = (-9000..=9000).contains(&latitude) && (-18000..=18000).contains(&longitude);
        is_there.then(|| Self::normal(latitude, longitude))
    }

    fn normal(latitude: i32, longitude: i32) -> Self {
        let longitude = match (latitude.abs(), longitude) {
            (9000, _) => 0,
            (_, 18000) => -18000,
            _ => longitude,
        };
        Self { latitude, longitude }
    }

    /// Latitude and longitude in degrees.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / 100.0, f64::from(self.longitude) / 100.0)
    }

    /// The shortest way between the middles of two cells; the date line is no wall.
    pub fn km_to(self, other: Self) -> f64 {
        let ((lat_a, lon_a), (lat_b, lon_b)) = (self.degrees(), other.degrees());
        let (north, east) = ((lat_b - lat_a).to_radians(), (lon_b - lon_a).to_radians());
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let part = half(north) + lat_a.to_radians().cos() * lat_b.to_radians().cos() * half(east);
        2.0 * EARTH_KM * part.sqrt().min(1.0).asin()
    }
}
