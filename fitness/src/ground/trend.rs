//! Whether figures rise or fall over the years.

const DAYS_OF_A_YEAR: f64 = 365.25;
/// Fewer points tell nothing.
const POINTS_LEAST: usize = 5;
/// Nor do points of so few days.
const DAYS_LEAST: f64 = 28.0;
/// Pairs grow with the square of the points: of more than these the newest count.
const POINTS_MOST: usize = 500;

/// A trend, and from how many points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    pub per_year: f64,
    pub count: usize,
}

/// The median slope of all pairs of points, each a day and a value, in the order of their days.
///
/// Theil (1950) and Sen (1968). Evidence: robust, up to 29 % of the points may be wrong without moving it far.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<Slope> {
    let points = &points[points.len().saturating_sub(POINTS_MOST)..];
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < POINTS_LEAST || last.0 - first.0 < DAYS_LEAST {
        return None;
    }
    let pairs = points.iter().enumerate().flat_map(|(index, from)| {
        let later = points[index + 1..].iter().filter(|to| to.0 > from.0);
        later.map(|to| (to.1 - from.1) / (to.0 - from.0))
    });
    let mut slopes: Vec<f64> = pairs.collect();
    let middle = slopes.len() / 2;
    let (_, median, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    Some(Slope { per_year: *median * DAYS_OF_A_YEAR, count: points.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(points: &[(f64, f64)], wanted: Option<f64>) {
        assert_eq!(theil_sen(points).map(|slope| slope.per_year.round()), wanted);
    }

    #[test]
    fn a_second_a_day_is_365_a_year_whatever_one_bad_day_says() {
        check(&[(0.0, 0.0), (10.0, 10.0), (20.0, 900.0), (30.0, 30.0), (40.0, 40.0)], Some(365.0));
    }

    #[test]
    fn few_points_or_few_days_have_no_trend() {
        check(&[(0.0, 0.0), (10.0, 10.0), (20.0, 20.0), (40.0, 40.0)], None);
        check(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (4.0, 4.0)], None);
        check(&[], None);
    }

    #[test]
    fn points_of_one_day_have_no_slope_between_them() {
        check(&[(0.0, 5.0), (0.0, 9.0), (0.0, 1.0), (0.0, 7.0), (50.0, 5.0)], Some(-0.0));
    }

    #[test]
    fn of_many_points_the_newest_count() {
        let points: Vec<(f64, f64)> =
            (0..2000).map(|day| (f64::from(day), f64::from(day.max(1400)))).collect();
        assert_eq!(theil_sen(&points).map(|slope| (slope.per_year.round(), slope.count)), Some((365.0, 500)));
    }
}
