//! The ground that was covered, and what is hidden of it.

use std::sync::{Mutex, mpsc};

use super::activity_place::{Covered, Filter};
use super::privacy_zone::{New, ZoneError};
use super::way::Part;
use super::*;
use crate::ground::explorer::{Heat, Tiles};
use crate::ground::{Cells, Place, Walk};
use crate::records::segment_effort::Ranked;
use crate::shareable::{Shareable, Spots};
use crate::weather::Cell;

scenarios![
    ground_is_that_of_the_counted_record,
    a_split_activity_takes_its_tiles_along,
    ground_is_filtered_by_sport_and_day,
    an_activity_that_changed_meanwhile_keeps_no_ground,
    a_zone_cuts_the_track_the_tiles_the_heat_and_the_segments,
    what_the_api_told_is_nobody_elses_ground,
    a_zone_has_all_looked_at_again,
    the_weather_within_a_zone_is_asked_for_coarsely_and_not_before_that_is_known,
    a_circle_that_is_none_says_why,
];

/// A place so many metres north of the lake.
fn north(meters: f64) -> Place {
    Place { latitude: 47.0 + meters / 111_195.0, longitude: 8.0 }
}

fn walk(from_m: i32, to_m: i32) -> Walk {
    let places: Vec<Place> = (from_m..=to_m).step_by(10).map(|meters| north(f64::from(meters))).collect();
    Walk { time_ms: Vec::new(), at: (0..places.len()).collect(), places, breaks: Vec::new() }
}

fn cells(from_m: i32, to_m: i32) -> Cells {
    Cells::of(&walk(from_m, to_m), |_| true)
}

fn changed(tx: &mut Tx<'_>, id: &str) -> Result<i64> {
    const CHANGED: Sql = Sql::Both("SELECT changed FROM activity WHERE id = $1");
    Ok(tx.optional(&CHANGED, &store::params![id], |row| row.get(0))?.unwrap_or_default())
}

fn cover(tx: &mut Tx<'_>, of: &Activity, cells: Cells) -> Result<u64> {
    let after = changed(tx, &of.id)?;
    activity_place::put(tx, &of.id, after, &Covered { cells, cut: None })
}

fn ground(tx: &mut Tx<'_>, scope: Scope, filter: &Filter) -> Result<usize> {
    let outings = activity_place::outings(tx, ME, scope, filter)?;
    Ok(Tiles::of(19, outings.iter().map(|outing| &outing.cells)).len())
}

fn zone(tx: &mut Tx<'_>, at_m: f64) -> Result<String> {
    Ok(privacy_zone::add(tx, ME, &New::of("Home", north(at_m), 300.0).unwrap(), 5)?.unwrap())
}

/// A ride that went somewhere, and a circle that hides somewhere else.
pub(super) fn been(tx: &mut Tx<'_>, of: &Activity) -> Result<()> {
    zone(tx, 90_000.0)?;
    assert_eq!(cover(tx, of, cells(0, 1000))?, 1);
    Ok(())
}

/// Looks at all activities for their weather.
fn planned(tx: &mut Tx<'_>) -> Result<Vec<activity_weather::Planned>> {
    Ok(activity_weather::pending(tx, ME, 9)?.into_iter().map(|one| one.plan(2, MARCH_MS)).collect())
}

/// The cells that somebody is asked for the weather of what is due, and of those that were due before.
fn asked(tx: &mut Tx<'_>, before: &[activity_weather::Due]) -> Result<[Vec<Cell>; 2]> {
    let due = activity_weather::due(tx, ME, (i64::MIN, i64::MAX), i64::MAX, 9)?;
    let cells = |tx: &mut Tx<'_>, due: &[activity_weather::Due]| {
        let missing = Shareable::<Spots>::missing(tx, ME, due, MARCH_MS)?;
        let mut cells: Vec<Cell> = missing.iter().map(|(_, spot)| spot.cell).collect();
        cells.dedup();
        Ok::<_, Error>(cells)
    };
    Ok([cells(tx, &due)?, cells(tx, before)?])
}

/// Only PostgreSQL lets a circle come while somebody writes down what was looked at without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_comes_while_a_look_is_written_down_is_not_passed_over() {
    const WAY: (Part, i64) = (Part::Places, activity_place::VERSION);
    let store = opened(&support::postgres_url()).await;
    let looked_at = store.write(|tx| {
        let me = Athlete { id: ME.to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
        athlete::ensure(tx, &me)?;
        put(tx, &[ride("a", 1)], 1)?;
        planned(tx)
    });
    let looked_at = looked_at.await.unwrap();
    assert_eq!(looked_at.len(), 1);
    let (begun, has_begun) = mpsc::channel();
    let (added, is_added) = mpsc::channel::<()>();
    let (writer, is_added) = (store.clone(), Mutex::new(is_added));
    let writing = tokio::spawn(async move {
        let mut is_first = true;
        let write = move |tx: &mut Tx<'_>| {
            let is_without_zones = privacy_zone::zones(tx, ME)?.is_empty();
            if std::mem::take(&mut is_first) {
                begun.send(()).unwrap();
                is_added.lock().unwrap().recv().unwrap();
            }
            if is_without_zones {
                way::move_on(tx, ME, WAY, &(9, String::new()))?;
            }
            activity_weather::keep(tx, ME, &looked_at, MARCH_MS)
        };
        writer.write(write).await
    });
    tokio::task::block_in_place(|| has_begun.recv().unwrap());
    store.write(|tx| zone(tx, 0.0)).await.unwrap();
    added.send(()).unwrap();
    writing.await.unwrap().unwrap();
    let left =
        store.read(|tx| Ok((activity_weather::has_pending(tx, ME)?, way::position(tx, ME, WAY.0, WAY.1)?)));
    assert_eq!(left.await.unwrap(), (true, way::Key::default()));
}

mod scenario {
    use super::*;

    pub(super) fn ground_is_that_of_the_counted_record(tx: &mut Tx<'_>) -> Result<()> {
        let (counted, other) = (ride("a", 1), ride("b", 1));
        put(tx, &[counted.clone(), other.clone()], 1)?;
        cover(tx, &counted, cells(0, 1000))?;
        cover(tx, &other, cells(5000, 6000))?;
        let both = ground(tx, Scope::All, &Filter::default())?;
        activity::duplicate::relink(tx, ME, &[counted.start_ms.unwrap()], 2)?;
        let one = ground(tx, Scope::All, &Filter::default())?;
        assert!(one > 0 && one < both, "{one} of {both}");
        activity::remove(tx, &counted.id)?;
        activity::remove(tx, &other.id)?;
        assert_eq!(ground(tx, Scope::All, &Filter::default())?, 0);
        Ok(())
    }

    pub(super) fn a_split_activity_takes_its_tiles_along(tx: &mut Tx<'_>) -> Result<()> {
        let (counted, other) = (ride("a", 1), ride("b", 1));
        put(tx, &[counted.clone(), other.clone()], 1)?;
        cover(tx, &counted, cells(0, 1000))?;
        cover(tx, &other, cells(5000, 6000))?;
        let apart = ground(tx, Scope::All, &Filter::default())?;
        activity::duplicate::relink(tx, ME, &[counted.start_ms.unwrap()], 2)?;
        merge_choice::say(tx, ME, (&counted.id, &other.id), false, 5)?;
        activity::duplicate::relink(tx, ME, &[counted.start_ms.unwrap()], 3)?;
        assert_eq!(ground(tx, Scope::All, &Filter::default())?, apart);
        Ok(())
    }

    pub(super) fn ground_is_filtered_by_sport_and_day(tx: &mut Tx<'_>) -> Result<()> {
        let rides = [ride("a", 1), ride("b", 30), Activity { local_date: None, ..ride("c", 60) }];
        put(tx, &rides, 1)?;
        for (ride, from_m) in rides.iter().zip([0, 5000, 9000]) {
            cover(tx, ride, cells(from_m, from_m + 1000))?;
        }
        let day = rides[1].local_date;
        let outings = |tx: &mut Tx<'_>, filter: &Filter| {
            Ok::<_, Error>(activity_place::outings(tx, ME, Scope::All, filter)?.len())
        };
        assert_eq!(outings(tx, &Filter::default())?, 3);
        assert_eq!(outings(tx, &Filter { from: day, ..Filter::default() })?, 1);
        assert_eq!(outings(tx, &Filter { from: day, to: day, sport: Some("cycling".to_owned()) })?, 1);
        assert_eq!(outings(tx, &Filter { sport: Some("running".to_owned()), ..Filter::default() })?, 0);
        Ok(())
    }

    pub(super) fn an_activity_that_changed_meanwhile_keeps_no_ground(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        put(tx, std::slice::from_ref(&ride), 1)?;
        let (after, covered) = (changed(tx, &ride.id)?, Covered { cells: cells(0, 1000), cut: None });
        assert_eq!(activity_place::put(tx, &ride.id, after - 1, &covered)?, 0);
        assert_eq!(activity_place::put(tx, &ride.id, after, &covered)?, 1);
        assert_eq!(activity_place::put(tx, &ride.id, after, &covered)?, 0, "the same is not written again");
        let nowhere = Covered { cells: Cells::default(), cut: None };
        assert_eq!(activity_place::put(tx, &ride.id, after, &nowhere)?, 1);
        Ok(())
    }

    pub(super) fn a_zone_cuts_the_track_the_tiles_the_heat_and_the_segments(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        put(tx, std::slice::from_ref(&ride), 1)?;
        let walk = walk(0, 2000);
        let column = |of: fn(&Place) -> f64| walk.places.iter().map(of).collect::<Vec<f64>>();
        let columns = [
            (Channel::Latitude, column(|place| place.latitude)),
            (Channel::Longitude, column(|place| place.longitude)),
        ];
        let blocks =
            columns.map(|(channel, values)| (Column::Channel(channel), stream::encode(channel, &values)));
        activity_stream::replace(tx, &ride.id, &blocks)?;
        let (near, far) = (ways::defined_from(tx, "Near", 0.0)?, ways::defined_from(tx, "Far", 1000.0)?);
        ways::follow(tx, &near, &ride, 60.0)?;
        ways::follow(tx, &far, &ride, 60.0)?;

        zone(tx, 0.0)?;
        let zones = privacy_zone::zones(tx, ME)?;
        let cut = Cells::of(&walk, |place| !zones.cuts(place));
        let (whole, left) = (cells(0, 2000), cut.len());
        let after = changed(tx, &ride.id)?;
        activity_place::put(tx, &ride.id, after, &Covered { cells: whole.clone(), cut: Some(cut) })?;
        assert!(left > 0 && left < whole.len());
        assert_eq!(ground(tx, Scope::All, &Filter::default())?, whole.len(), "the athlete sees all");
        assert_eq!(Shareable::<Tiles>::tiles(tx, ME, &Filter::default(), 19)?.len(), left);
        assert_eq!(Shareable::<Heat>::heat(tx, ME, &Filter::default(), 19)?.0.len(), left);

        let track = Shareable::track(tx, ME, &ride.id)?.unwrap();
        let latitude = track.channel(Channel::Latitude).unwrap();
        let longitude = track.channel(Channel::Longitude).unwrap();
        let hidden = walk.places.iter().filter(|place| zones.cuts(**place)).count();
        assert!(hidden >= 30, "300 m at 10 m a sample: {hidden}");
        for column in [latitude, longitude] {
            assert!(column[..30].iter().all(|value| value.is_nan()));
            assert_eq!(column.iter().filter(|value| value.is_nan()).count(), hidden);
        }

        let shown = Shareable::<Vec<segment::Listed>>::segments(tx, ME)?;
        assert_eq!(shown.iter().map(|segment| segment.id.as_str()).collect::<Vec<_>>(), [far.as_str()]);
        assert_eq!(Shareable::<Vec<Ranked>>::efforts(tx, ME, &near)?.len(), 0);
        assert_eq!(Shareable::<Vec<Ranked>>::efforts(tx, ME, &far)?.len(), 1);
        Ok(())
    }

    pub(super) fn what_the_api_told_is_nobody_elses_ground(tx: &mut Tx<'_>) -> Result<()> {
        let api = Activity { provenance: "strava_api".to_owned(), ..ride("a", 1) };
        put(tx, std::slice::from_ref(&api), 1)?;
        cover(tx, &api, cells(0, 1000))?;
        assert!(ground(tx, Scope::All, &Filter::default())? > 0);
        assert!(Shareable::<Tiles>::tiles(tx, ME, &Filter::default(), 14)?.is_empty());
        assert!(Shareable::<Heat>::heat(tx, ME, &Filter::default(), 14)?.0.is_empty());
        Ok(())
    }

    pub(super) fn a_zone_has_all_looked_at_again(tx: &mut Tx<'_>) -> Result<()> {
        let way = (Part::Places, activity_place::VERSION);
        let done = |tx: &mut Tx<'_>| {
            way::move_on(tx, ME, way, &(9, String::new()))?;
            Ok::<_, Error>(())
        };
        done(tx)?;
        let id = zone(tx, 0.0)?;
        assert_eq!(way::position(tx, ME, way.0, way.1)?, way::Key::default());
        assert_eq!(zone(tx, 0.0)?, id, "the same circle is one");
        done(tx)?;
        assert!(!privacy_zone::remove(tx, "other", &id)?);
        assert_eq!(way::position(tx, ME, way.0, way.1)?.0, 9);
        assert!(privacy_zone::remove(tx, ME, &id)? && privacy_zone::list(tx, ME)?.is_empty());
        assert_eq!(way::position(tx, ME, way.0, way.1)?.0, 0);
        Ok(())
    }

    pub(super) fn the_weather_within_a_zone_is_asked_for_coarsely_and_not_before_that_is_known(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let ride = ride("a", 1);
        put(tx, std::slice::from_ref(&ride), 1)?;
        let start_ms = ride.start_ms.unwrap();
        let degrees = |channel, value: f64| (Column::Channel(channel), stream::encode(channel, &[value; 2]));
        let blocks = [
            (Column::Time, stream::encode_times(&[start_ms, start_ms + 60_000])),
            degrees(Channel::Latitude, north(0.0).latitude),
            degrees(Channel::Longitude, 8.0),
        ];
        activity_stream::replace(tx, &ride.id, &blocks)?;
        let door = Cell::of(47.0, 8.0, 2).unwrap();
        let before_it = planned(tx)?;
        activity_weather::keep(tx, ME, &before_it, MARCH_MS)?;
        let due = activity_weather::due(tx, ME, (i64::MIN, i64::MAX), i64::MAX, 9)?;
        let nothing = [Vec::<Cell>::new(), Vec::new()];
        assert_eq!(asked(tx, &due)?, [vec![door], vec![door]]);

        let zone = New::of("Home", north(-200.0), 5_000.0).unwrap();
        let id = privacy_zone::add(tx, ME, &zone, 5)?.unwrap();
        assert_eq!(asked(tx, &due)?, nothing, "nothing is told until it was looked at again");
        activity_weather::keep(tx, ME, &before_it, MARCH_MS)?;
        assert_eq!(asked(tx, &due)?, nothing, "that was looked at before there was a zone");
        let again = planned(tx)?;
        activity_weather::keep(tx, ME, &again, MARCH_MS)?;
        let [told, of_due] = asked(tx, &due)?;
        assert_eq!(told, of_due);
        let wide = |cell: &Cell| cell.latitude % 20 == 0 && cell.longitude % 20 == 0;
        assert!(told.len() == 1 && told.iter().all(wide), "wider than a tenth of a degree: {told:?}");

        assert!(privacy_zone::remove(tx, ME, &id)?);
        let again = planned(tx)?;
        activity_weather::keep(tx, ME, &again, MARCH_MS)?;
        assert_eq!(asked(tx, &due)?, [vec![door], vec![door]]);
        Ok(())
    }

    pub(super) fn a_circle_that_is_none_says_why(tx: &mut Tx<'_>) -> Result<()> {
        let nowhere = Place { latitude: f64::NAN, longitude: 8.0 };
        assert_eq!(New::of(" ", north(0.0), 300.0), Err(ZoneError::Name));
        assert_eq!(New::of("Home", nowhere, 300.0), Err(ZoneError::Place));
        for radius_m in [49.0, 5001.0, f64::NAN] {
            assert_eq!(New::of("Home", north(0.0), radius_m), Err(ZoneError::Radius));
        }
        for index in 0..50 {
            zone(tx, f64::from(index) * 1000.0)?;
        }
        let one_more = New::of("Home", north(-1000.0), 300.0).unwrap();
        assert_eq!(privacy_zone::add(tx, ME, &one_more, 5)?, Err(ZoneError::TooMany));
        Ok(())
    }
}
