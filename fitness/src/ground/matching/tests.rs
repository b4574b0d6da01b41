mod real;

use proptest::prelude::*;

use super::*;

/// A place so many metres east and north of 47 degrees north.
fn place((east_m, north_m): (f64, f64)) -> Place {
    let latitude = 47.0 + north_m / DEGREE_M;
    Place { latitude, longitude: 8.0 + east_m / DEGREE_M / 47.0_f64.to_radians().cos() }
}

/// Corners joined by points that are so many metres apart.
fn drawn(corners: &[(f64, f64)], apart_m: f64) -> Vec<(f64, f64)> {
    let mut points = vec![corners[0]];
    for pair in corners.windows(2) {
        let steps = (between(pair[0], pair[1]) / apart_m).round().max(1.0);
        points.extend((1..=steps as usize).map(|step| mixed(pair[0], pair[1], step as f64 / steps)));
    }
    points
}

fn prepared(corners: &[(f64, f64)]) -> Prepared {
    Prepared::of(&Line::of(drawn(corners, 10.0).into_iter().map(place).collect())).unwrap()
}

fn walk(points: &[(f64, f64)], seconds_apart: i64) -> Walk {
    let places: Vec<Place> = points.iter().map(|point| place(*point)).collect();
    let time_ms = (0..places.len() as i64).map(|index| index * seconds_apart * 1000).collect();
    Walk { time_ms, at: (0..places.len()).collect(), places, breaks: Vec::new() }
}

/// The seconds of every effort on a line by a walk at 4 m/s along corners.
fn check(line: &[(f64, f64)], way: &[(f64, f64)], wanted: &[f64]) {
    let found = efforts(&prepared(line), &walk(&drawn(way, 4.0), 1));
    let seconds: Vec<f64> = found.iter().map(|passage| passage.elapsed_s.round()).collect();
    assert_eq!(seconds, wanted, "{found:?}");
}

const STRAIGHT: [(f64, f64); 2] = [(0.0, 0.0), (0.0, 400.0)];
const SQUARE: [(f64, f64); 5] = [(0.0, 0.0), (0.0, 200.0), (200.0, 200.0), (200.0, 0.0), (0.0, 0.0)];

#[test]
fn a_line_is_followed_in_its_own_direction_only() {
    check(&STRAIGHT, &[(0.0, -200.0), (0.0, 600.0)], &[100.0]);
    check(&STRAIGHT, &[(0.0, 600.0), (0.0, -200.0)], &[]);
}

#[test]
fn out_and_back_on_the_same_road_is_one_effort() {
    check(&STRAIGHT, &[(0.0, -200.0), (0.0, 600.0), (0.0, -200.0)], &[100.0]);
    // A line that itself goes out and back wants both.
    check(&[(0.0, 0.0), (0.0, 400.0), (0.0, 0.0)], &[(0.0, -200.0), (0.0, 400.0), (0.0, -200.0)], &[200.0]);
}

#[test]
fn each_lap_is_an_effort() {
    let laps: Vec<_> = [SQUARE.as_slice(), &SQUARE[1..], &SQUARE[1..]].concat();
    check(&SQUARE, &laps, &[200.0, 200.0, 200.0]);
}

#[test]
fn a_parallel_road_is_another_one() {
    check(&STRAIGHT, &[(60.0, -200.0), (60.0, 600.0)], &[]);
    check(&STRAIGHT, &[(20.0, -200.0), (20.0, 600.0)], &[100.0]);
}

#[test]
fn a_turn_off_before_the_end_is_none() {
    check(&STRAIGHT, &[(0.0, -200.0), (0.0, 300.0), (300.0, 300.0)], &[]);
    // Around a block and back on the line: so much is another way.
    check(
        &STRAIGHT,
        &[(0.0, -50.0), (0.0, 150.0), (90.0, 150.0), (90.0, 250.0), (0.0, 250.0), (0.0, 600.0)],
        &[],
    );
}

#[test]
fn who_begins_beside_the_start_is_counted_from_there() {
    check(&STRAIGHT, &[(15.0, 0.0), (0.0, 20.0), (0.0, 600.0)], &[99.0]);
}

#[test]
fn standing_at_the_start_does_not_count_and_a_pause_on_the_way_does() {
    let mut points = drawn(&[(0.0, -100.0), (0.0, 0.0)], 4.0);
    points.extend([(0.0, 0.0); 60]);
    points.extend(&drawn(&[(0.0, 0.0), (0.0, 200.0)], 4.0)[1..]);
    points.extend([(0.0, 200.0); 30]);
    points.extend(&drawn(&[(0.0, 200.0), (0.0, 600.0)], 4.0)[1..]);
    let found = efforts(&prepared(&STRAIGHT), &walk(&points, 1));
    assert_eq!(found.iter().map(|passage| passage.elapsed_s.round()).collect::<Vec<_>>(), [130.0]);
}

#[test]
fn ten_seconds_between_samples_are_enough() {
    let found = efforts(&prepared(&SQUARE), &walk(&drawn(&SQUARE, 40.0), 10));
    assert_eq!(found.iter().map(|passage| passage.elapsed_s.round()).collect::<Vec<_>>(), [200.0]);
}

#[test]
fn a_gap_on_the_way_is_none() {
    let whole = walk(&drawn(&[(0.0, -200.0), (0.0, 600.0)], 4.0), 1);
    let broken = Walk { breaks: vec![100], ..whole.clone() };
    assert_eq!(
        (efforts(&prepared(&STRAIGHT), &whole).len(), efforts(&prepared(&STRAIGHT), &broken)),
        (1, vec![])
    );
    let without_times = Walk { time_ms: Vec::new(), ..whole };
    assert_eq!(efforts(&prepared(&STRAIGHT), &without_times), []);
}

#[test]
fn one_place_is_no_line() {
    assert!(Prepared::of(&Line::of(vec![place((0.0, 0.0))])).is_none());
}

proptest! {
    #[test]
    fn noise_of_five_metres_hides_no_effort(noise in prop::collection::vec((-1.0..1.0, -1.0..1.0), 400)) {
        // Receivers err slowly: each error carries the one before on, 5 m in the mean square.
        let (mut x, mut y) = (0.0, 0.0);
        let way = drawn(&[(0.0, -100.0), (0.0, 400.0), (300.0, 400.0), (300.0, 700.0)], 3.0);
        let points: Vec<(f64, f64)> = way.iter().zip(&noise).map(|((east, north), (dx, dy))| {
            (x, y) = (0.99 * x + 1.2 * dx, 0.99 * y + 1.2 * dy);
            (east + x, north + y)
        }).collect();
        let line = prepared(&[(0.0, 0.0), (0.0, 400.0), (300.0, 400.0), (300.0, 600.0)]);
        let found = efforts(&line, &walk(&points, 1));
        prop_assert_eq!(found.len(), 1);
        prop_assert!((found[0].elapsed_s - 300.0).abs() <= 12.0, "{:?}", found);
    }

    #[test]
    fn any_walk_is_matched_or_not_and_never_panics(
        points in prop::collection::vec((-500.0..500.0, -500.0..500.0), 2..60), seconds_apart in 0_i64..400,
    ) {
        let mut last = 0;
        for passage in efforts(&prepared(&SQUARE), &walk(&points, seconds_apart)) {
            prop_assert!(passage.to.0 >= passage.from.0 && passage.from.0 >= last);
            last = passage.from.0;
        }
    }
}
