//! The steps on both databases, from samples to what was found out of them.

mod arrival;
mod house;

use fitness::{Scope, records};
use house::{House, Outing, run};

use crate::{Places, Routes, Segments, Walked};

/// Each scenario is a test of its own on SQLite, and on PostgreSQL one test has an athlete for each of them.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let store = house::store(&support::sqlite_url()).await;
                scenario::$name(House::new(&store, stringify!($name)).await).await;
            }
        )*

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let store = house::store(&support::postgres_url()).await;
            $( scenario::$name(House::new(&store, stringify!($name)).await).await; )*
        }
    };
}

scenarios![
    a_new_segment_is_matched_over_the_past_in_one_pass,
    a_cut_pass_goes_on,
    an_activity_that_changed_is_matched_again,
    other_sports_and_indoors_are_left_out,
    a_second_run_looks_at_nothing,
    ground_is_kept_once_and_follows_the_activity,
    simulated_rides_discover_nothing,
    a_zone_that_comes_later_cuts_what_is_kept,
    a_segment_made_again_is_matched_again,
    what_counts_because_another_went_is_looked_at,
    times_outlive_the_samples_of_the_api_and_ground_does_not,
    what_went_the_same_way_is_one_route,
    no_order_of_arrival_changes_the_groups,
    a_new_way_moves_no_other_one,
    an_earlier_way_takes_those_that_are_the_same,
    a_cut_run_leaves_no_way_on_a_wrong_route,
    what_other_rules_found_is_found_anew,
    ways_are_compared_only_where_something_happened,
    a_route_outlives_its_first_outing,
    an_activity_that_went_elsewhere_leaves_its_route,
    of_two_records_one_is_an_outing,
    the_way_of_the_api_is_nobody_elses_and_goes_with_its_samples,
];

const LINE: [(f64, f64); 2] = [(0.0, 0.0), (0.0, 400.0)];
const THERE: [(f64, f64); 2] = [(0.0, -200.0), (0.0, 600.0)];
const ELSEWHERE: [(f64, f64); 2] = [(900.0, -200.0), (900.0, 600.0)];

mod scenario {
    use super::*;

    pub(super) async fn a_new_segment_is_matched_over_the_past_in_one_pass(house: House) {
        for (day, speed, corners) in [(0, 4.0, THERE), (1, 5.0, THERE), (2, 4.0, ELSEWHERE)] {
            house.keep(run(day, speed, &corners)).await;
        }
        assert_eq!(house.work(Segments).await, Walked { looked_at: 3, written: 0 });
        let (one, other) = (house.define("One", &LINE).await, house.define("Other", &ELSEWHERE).await);
        assert_eq!(house.work(Segments).await, Walked { looked_at: 3, written: 3 });
        assert_eq!(
            (house.seconds(&one).await, house.seconds(&other).await),
            (vec![80.0, 100.0], vec![200.0])
        );
        let best = &house.ranked(&one).await[0];
        assert_eq!((best.avg_hr, best.avg_power, best.meters.round()), (Some(150.0), None, 400.0));
    }

    pub(super) async fn a_cut_pass_goes_on(house: House) {
        for day in 0..300 {
            house.keep(run(day, 4.0, if day % 100 == 0 { &THERE } else { &ELSEWHERE })).await;
        }
        house.work(Segments).await;
        let segment = house.define("One", &LINE).await;
        // As a run leaves it that was cut behind its first commit.
        let ctx = house.context("ways", "ways.segments");
        let new = std::sync::Arc::new(crate::segments::wanted(&ctx, |_| true).await.unwrap());
        let mut walked = Walked::default();
        assert!(crate::segments::history(&ctx, &new, &mut walked).await.unwrap());
        assert_eq!((walked.looked_at, house.seconds(&segment).await.len()), (250, 3));
        assert_eq!(house.work(Segments).await, Walked { looked_at: 50, written: 0 });
        assert_eq!(house.work(Segments).await, Walked::default());
    }

    pub(super) async fn an_activity_that_changed_is_matched_again(house: House) {
        let segment = house.define("One", &LINE).await;
        house.keep(run(0, 4.0, &THERE)).await;
        house.work(Segments).await;
        assert_eq!(house.seconds(&segment).await, [100.0]);
        house.keep(run(0, 5.0, &THERE)).await;
        house.work(Segments).await;
        assert_eq!(house.seconds(&segment).await, [80.0]);
        house.keep(run(0, 5.0, &ELSEWHERE)).await;
        house.work(Segments).await;
        assert!(house.seconds(&segment).await.is_empty());
    }

    pub(super) async fn a_segment_made_again_is_matched_again(house: House) {
        house.keep(run(0, 4.0, &THERE)).await;
        let segment = house.define("One", &LINE).await;
        house.work(Segments).await;
        let gone = segment.clone();
        assert!(house.write(move |tx, athlete| records::segment::remove(tx, athlete, &gone)).await);
        assert_eq!(house.define("One", &LINE).await, segment);
        house.work(Segments).await;
        assert_eq!(house.seconds(&segment).await, [100.0]);
    }

    pub(super) async fn what_counts_because_another_went_is_looked_at(house: House) {
        let watch = house.keep(run(0, 4.0, &THERE)).await;
        house.keep(Outing { provenance: "bulk_export", ..run(0, 4.12, &THERE) }).await;
        house.link().await;
        let segment = house.define("One", &LINE).await;
        house.work(Segments).await;
        house.work(Places).await;
        assert_eq!(house.seconds(&segment).await, [100.0], "the file counts");
        let before = house.ground().await;
        house.remove(watch).await;
        house.work(Segments).await;
        house.work(Places).await;
        assert_eq!(house.seconds(&segment).await, [97.0], "the other one counts now");
        assert_eq!(house.ground().await, before);
    }

    pub(super) async fn times_outlive_the_samples_of_the_api_and_ground_does_not(house: House) {
        let id = house.keep(Outing { provenance: "strava_api", ..run(0, 4.0, &THERE) }).await;
        let segment = house.define("One", &LINE).await;
        house.work(Segments).await;
        house.work(Places).await;
        let [all, shareable] = house.ground().await;
        assert!(all > 0 && shareable == 0);
        house
            .write(move |tx, athlete| {
                records::activity_stream::replace(tx, &id, &[])?;
                let changed = records::change_number::next(tx, athlete)?;
                records::activity::touch_one(tx, &id, changed)
            })
            .await;
        house.work(Segments).await;
        house.work(Places).await;
        assert_eq!((house.seconds(&segment).await, house.ground().await), (vec![100.0], [0, 0]));
    }

    pub(super) async fn other_sports_and_indoors_are_left_out(house: House) {
        let segment = house.define("One", &LINE).await;
        for (day, sport) in [(0, "cycling"), (1, "indoor_running"), (2, "walking"), (3, "other")] {
            house.keep(Outing { sport, ..run(day, 4.0, &THERE) }).await;
        }
        house.work(Segments).await;
        let walked = house.ranked(&segment).await;
        assert_eq!(walked.iter().map(|effort| effort.start_ms / 86_400_000 % 7).collect::<Vec<_>>(), [3, 4]);
    }

    pub(super) async fn a_second_run_looks_at_nothing(house: House) {
        let segment = house.define("One", &LINE).await;
        let id = house.keep(run(0, 4.0, &THERE)).await;
        assert_eq!(house.work(Segments).await, Walked { looked_at: 2, written: 2 });
        assert_eq!(house.work(Segments).await, Walked::default());
        house.write(move |tx, _| records::activity::remove(tx, &id).map(drop)).await;
        assert_eq!((house.work(Segments).await, house.seconds(&segment).await), (Walked::default(), vec![]));
    }

    pub(super) async fn ground_is_kept_once_and_follows_the_activity(house: House) {
        house.keep(run(0, 4.0, &THERE)).await;
        house.keep(run(1, 4.0, &ELSEWHERE)).await;
        assert_eq!(house.work(Places).await, Walked { looked_at: 2, written: 2 });
        assert_eq!(house.work(Places).await, Walked::default());
        let [both, _] = house.ground().await;
        // The same way on another day is no new ground.
        house.keep(run(2, 5.0, &THERE)).await;
        assert_eq!(house.work(Places).await, Walked { looked_at: 1, written: 1 });
        assert_eq!(house.ground().await[0], both);
        house.keep(run(1, 4.0, &THERE)).await;
        house.work(Places).await;
        let [one, _] = house.ground().await;
        assert!(one > 10 && one * 2 == both, "{one} of {both}");
    }

    pub(super) async fn simulated_rides_discover_nothing(house: House) {
        house.keep(Outing { sport: "virtual_ride", ..run(0, 4.0, &THERE) }).await;
        assert_eq!(house.work(Places).await, Walked { looked_at: 1, written: 0 });
        assert_eq!(house.ground().await, [0, 0]);
    }

    pub(super) async fn a_zone_that_comes_later_cuts_what_is_kept(house: House) {
        house.keep(run(0, 4.0, &THERE)).await;
        house.keep(run(1, 4.0, &ELSEWHERE)).await;
        house.work(Places).await;
        let [whole, _] = house.ground().await;
        let zone = house
            .write(|tx, athlete| {
                let new = records::privacy_zone::New::of("Home", house::place(THERE[0]), 200.0).unwrap();
                records::privacy_zone::add(tx, athlete, &new, 0)
            })
            .await
            .unwrap();
        assert_eq!(house.ground().await, [whole, 0], "nothing is shown that was not cut yet");
        assert_eq!(house.work(Places).await, Walked { looked_at: 2, written: 2 });
        let [all, shown] = house.ground().await;
        assert!(all == whole && shown < whole && shown > whole / 2, "{shown} of {whole}");
        house.write(move |tx, athlete| records::privacy_zone::remove(tx, athlete, &zone)).await;
        assert_eq!(house.work(Places).await, Walked { looked_at: 2, written: 1 });
        assert_eq!(house.ground().await, [whole, whole]);
    }

    pub(super) async fn what_went_the_same_way_is_one_route(house: House) {
        let first = house.keep(run(0, 4.0, &THERE)).await;
        house.keep(run(1, 5.0, &THERE)).await;
        house.keep(run(2, 4.0, &ELSEWHERE)).await;
        house.keep(Outing { sport: "cycling", ..run(3, 4.0, &THERE) }).await;
        house.keep(Outing { sport: "indoor_running", ..run(4, 4.0, &THERE) }).await;
        // Four ways, each of a route in both scopes.
        assert_eq!(house.work(Routes).await, Walked { looked_at: 5, written: 12 });
        assert_eq!(house.work(Routes).await, Walked::default());
        for scope in Scope::BOTH {
            assert_eq!(house.routes(scope).await, [(first.clone(), 2)], "{scope:?}");
        }
        let of = first.clone();
        let route =
            house.write(move |tx, athlete| records::route::get(tx, athlete, Scope::All, &of)).await.unwrap();
        let speeds: Vec<f64> = route.outings.iter().map(|outing| outing.speed_mps.round()).collect();
        assert_eq!((speeds, route.reference_bpm), (vec![4.0, 5.0], Some(150.0)));
        assert_eq!((route.line.len(), route.listed.meters.round()), (64, 800.0));
        assert_eq!(route.listed.sports.as_deref(), Some("on foot"));
        let of = first.clone();
        let told = house
            .write(move |tx, athlete| records::route::of_activity(tx, athlete, Scope::All, &of))
            .await
            .unwrap();
        assert_eq!((told.id, told.rank, told.outings), (first, 2, 2));
    }

    pub(super) async fn no_order_of_arrival_changes_the_groups(house: House) {
        let mut ids = Vec::new();
        for (day, corners) in [(2, &THERE), (3, &ELSEWHERE), (0, &THERE), (4, &ELSEWHERE), (1, &THERE)] {
            ids.push(house.keep(run(day, 4.0, corners)).await);
            house.work(Routes).await;
        }
        let wanted = vec![(ids[2].clone(), 3), (ids[1].clone(), 2)];
        assert_eq!(house.routes(Scope::All).await, wanted);
    }

    pub(super) async fn a_new_way_moves_no_other_one(house: House) {
        let first = house.keep(run(0, 4.0, &THERE)).await;
        house.keep(run(1, 4.0, &ELSEWHERE)).await;
        house.work(Routes).await;
        // One that is the same as the first, wherever in time, and one that nobody went before: a row in each scope.
        for outing in [run(3, 4.0, &THERE), run(2, 5.0, &THERE), run(4, 4.0, &[(0.0, 0.0), (900.0, 0.0)])] {
            house.keep(outing).await;
            assert_eq!(house.work(Routes).await, Walked { looked_at: 1, written: 3 });
        }
        assert_eq!(house.routes(Scope::All).await, [(first, 3)]);
    }

    pub(super) async fn an_earlier_way_takes_those_that_are_the_same(house: House) {
        let [west, middle, east] = [0.0, 30.0, 60.0].map(|east| [(east, 0.0), (east, 800.0)]);
        let first = house.keep(run(1, 4.0, &west)).await;
        house.keep(run(2, 4.0, &middle)).await;
        house.keep(run(3, 4.0, &middle)).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(first, 3)]);
        let earlier = house.keep(run(0, 4.0, &east)).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(earlier, 3)], "the first outing went farther west");
    }

    pub(super) async fn a_cut_run_leaves_no_way_on_a_wrong_route(house: House) {
        let [west, middle, east] = [0.0, 30.0, 60.0].map(|east| [(east, 0.0), (east, 800.0)]);
        house.keep(run(1, 4.0, &west)).await;
        for day in 2..=301 {
            house.keep(run(day, 4.0, &middle)).await;
        }
        house.work(Routes).await;
        let earlier = house.keep(run(0, 4.0, &east)).await;
        // As a run leaves it that was cut behind its first moves.
        let ctx = house.context("ways", "ways.routes");
        crate::routes::look(&ctx, &mut Walked::default()).await.unwrap();
        let moves = crate::routes::whole(&ctx, Scope::All).await.unwrap();
        assert_eq!(moves.len(), 301);
        crate::routes::leave(&ctx, Scope::All, &moves).await.unwrap();
        crate::routes::join(&ctx, Scope::All, &moves[..250]).await.unwrap();
        house.work(Routes).await;
        for scope in Scope::BOTH {
            assert_eq!(house.routes(scope).await, [(earlier.clone(), 301)], "{scope:?}");
        }
    }

    pub(super) async fn what_other_rules_found_is_found_anew(house: House) {
        let first = house.keep(run(0, 4.0, &THERE)).await;
        let other = house.keep(run(1, 4.0, &ELSEWHERE)).await;
        let last = house.keep(run(2, 4.0, &ELSEWHERE)).await;
        house.work(Routes).await;
        let wrong = [(last, first)];
        house
            .write(move |tx, athlete| {
                for scope in Scope::BOTH {
                    records::route::join(tx, scope, &wrong)?;
                }
                let (part, version) = (records::way::Part::Routes, fitness::ground::route::VERSION);
                let key = records::way::position(tx, athlete, part, version)?;
                records::way::move_on(tx, athlete, (part, version - 1), &key)
            })
            .await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(other, 2)]);
        assert_eq!(house.work(Routes).await, Walked::default());
    }

    pub(super) async fn ways_are_compared_only_where_something_happened(house: House) {
        let first = house.keep(run(0, 4.0, &THERE)).await;
        house.keep(run(1, 4.0, &THERE)).await;
        house.work(Routes).await;
        house.write(|tx, athlete| records::route::leave_all(tx, athlete).map(drop)).await;
        assert_eq!(house.work(Routes).await, Walked::default());
        assert_eq!(house.routes(Scope::All).await, [], "nobody looked");
        house.keep(run(2, 4.0, &ELSEWHERE)).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(first, 2)]);
    }

    pub(super) async fn a_route_outlives_its_first_outing(house: House) {
        let first = house.keep(run(0, 4.0, &THERE)).await;
        let second = house.keep(run(1, 4.0, &THERE)).await;
        house.keep(run(2, 4.0, &THERE)).await;
        house.work(Routes).await;
        house.remove(first).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(second, 2)]);
    }

    pub(super) async fn an_activity_that_went_elsewhere_leaves_its_route(house: House) {
        house.keep(run(0, 4.0, &THERE)).await;
        let second = house.keep(run(1, 4.0, &THERE)).await;
        house.keep(run(2, 4.0, &THERE)).await;
        house.work(Routes).await;
        house.keep(run(0, 4.0, &ELSEWHERE)).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(second, 2)]);
    }

    pub(super) async fn of_two_records_one_is_an_outing(house: House) {
        let watch = house.keep(run(0, 4.0, &THERE)).await;
        let other = house.keep(Outing { provenance: "bulk_export", ..run(0, 4.12, &THERE) }).await;
        house.keep(run(1, 4.0, &THERE)).await;
        house.link().await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(watch.clone(), 2)]);
        house.remove(watch).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(other, 2)], "the other one counts now");
    }

    pub(super) async fn the_way_of_the_api_is_nobody_elses_and_goes_with_its_samples(house: House) {
        let api = house.keep(Outing { provenance: "strava_api", ..run(0, 4.0, &THERE) }).await;
        let file = house.keep(run(1, 4.0, &THERE)).await;
        house.keep(run(2, 4.0, &THERE)).await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(api.clone(), 3)]);
        assert_eq!(house.routes(Scope::Shareable).await, [(file.clone(), 2)]);
        house
            .write(move |tx, athlete| {
                records::activity_stream::replace(tx, &api, &[])?;
                let changed = records::change_number::next(tx, athlete)?;
                records::activity::touch_one(tx, &api, changed)
            })
            .await;
        house.work(Routes).await;
        assert_eq!(house.routes(Scope::All).await, [(file, 2)]);
    }
}
