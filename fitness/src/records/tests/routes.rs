//! Routes: what is kept of ways, and who is told which of them.

use super::*;
use crate::ground::Place;
use crate::ground::route::Signature;
use crate::records::route::{Listed, Route};
use crate::shareable::Shareable;

scenarios![
    the_way_of_an_activity_is_kept_as_it_was,
    routes_are_stale_until_each_counted_way_has_one,
    a_route_takes_two_outings,
    routes_are_listed_by_sport,
    each_scope_has_routes_of_its_own,
    of_the_outings_in_the_trend_those_with_the_weather_are_counted,
    the_weather_of_the_source_corrects_an_outing,
    a_zone_hides_places_of_the_line,
    no_line_leads_through_a_zone,
    a_route_is_dated_by_its_days,
    an_outing_that_counts_no_longer_leaves,
];

/// A way of 64 places to the north, 100 m apart, that begins so many metres to the east.
fn way(east_m: f64) -> Signature {
    let place = |index: i32| Place {
        latitude: 47.0 + f64::from(index) * 100.0 / 111_195.0,
        longitude: 8.0 + east_m / 111_195.0 / 47.0_f64.to_radians().cos(),
    };
    Signature { sports: "cycling".to_owned(), meters: 6300.0, places: (0..64).map(place).collect() }
}

fn changed(tx: &mut Tx<'_>, id: &str) -> Result<i64> {
    const CHANGED: Sql = Sql::Both("SELECT changed FROM activity WHERE id = $1");
    Ok(tx.optional(&CHANGED, &store::params![id], |row| row.get(0))?.unwrap_or_default())
}

fn go(tx: &mut Tx<'_>, of: &Activity, way: &Signature) -> Result<u64> {
    let after = changed(tx, &of.id)?;
    route::put(tx, &of.id, after, Some(way))
}

fn joined(tx: &mut Tx<'_>, scope: Scope, activities: &[&Activity], route: &Activity) -> Result<u64> {
    let moves: Vec<(String, String)> =
        activities.iter().map(|activity| (activity.id.clone(), route.id.clone())).collect();
    route::join(tx, scope, &moves)
}

/// A ride whose way is kept, and the first of its route.
pub(super) fn went(tx: &mut Tx<'_>, of: &Activity) -> Result<()> {
    assert_eq!(go(tx, of, &way(0.0))?, 1);
    joined(tx, Scope::All, &[of], of).map(drop)
}

/// Three rides, and the way that they went.
fn rides(tx: &mut Tx<'_>) -> Result<[Activity; 3]> {
    let rides = [ride("a", 1), ride("b", 25), ride("c", 49)];
    put(tx, &rides, 1)?;
    for ride in &rides {
        assert_eq!(go(tx, ride, &way(0.0))?, 1);
    }
    Ok(rides)
}

fn shown(tx: &mut Tx<'_>, scope: Scope, id: &str) -> Result<Route> {
    Ok(route::get(tx, ME, scope, id)?.unwrap())
}

mod scenario {
    use super::*;

    pub(super) fn the_way_of_an_activity_is_kept_as_it_was(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("a", 1);
        put(tx, std::slice::from_ref(&ride), 1)?;
        let after = changed(tx, &ride.id)?;
        assert_eq!(route::put(tx, &ride.id, after - 1, Some(&way(0.0)))?, 0, "it changed meanwhile");
        assert_eq!(route::put(tx, &ride.id, after, Some(&way(0.0)))?, 1);
        joined(tx, Scope::All, &[&ride], &ride)?;
        assert_eq!(route::put(tx, &ride.id, after, Some(&way(0.0)))?, 0, "the same is not written again");
        let kept = &route::counted(tx, ME, Scope::All)?[0];
        assert_eq!((kept.activity.as_str(), kept.route.as_ref()), (ride.id.as_str(), Some(&ride.id)));
        assert!(kept.signature.is_same(&way(0.0)) && kept.signature.places.len() == 64);
        assert_eq!(route::put(tx, &ride.id, after, Some(&way(900.0)))?, 1);
        assert_eq!(route::counted(tx, ME, Scope::All)?[0].route, None, "another way is of no route yet");
        assert_eq!(route::put(tx, &ride.id, after, None)?, 1);
        assert!(route::counted(tx, ME, Scope::All)?.is_empty());
        Ok(())
    }

    pub(super) fn routes_are_stale_until_each_counted_way_has_one(tx: &mut Tx<'_>) -> Result<()> {
        assert!(!route::is_stale(tx, ME, Scope::All)?);
        let [one, two, three] = rides(tx)?;
        assert!(route::is_stale(tx, ME, Scope::All)?);
        joined(tx, Scope::All, &[&one, &two], &one)?;
        assert!(route::is_stale(tx, ME, Scope::All)?);
        joined(tx, Scope::All, &[&three], &one)?;
        assert!(!route::is_stale(tx, ME, Scope::All)? && route::is_stale(tx, ME, Scope::Shareable)?);
        activity::remove(tx, &two.id)?;
        assert!(!route::is_stale(tx, ME, Scope::All)?, "nobody's route rests on it");
        activity::remove(tx, &one.id)?;
        assert!(route::is_stale(tx, ME, Scope::All)?, "it was the first of the route");
        joined(tx, Scope::All, &[&three], &three)?;
        assert!(!route::is_stale(tx, ME, Scope::All)?);
        Ok(())
    }

    pub(super) fn a_route_takes_two_outings(tx: &mut Tx<'_>) -> Result<()> {
        let [one, two, three] = rides(tx)?;
        joined(tx, Scope::All, &[&one], &one)?;
        joined(tx, Scope::All, &[&two, &three], &two)?;
        assert_eq!(route::get(tx, ME, Scope::All, &one.id)?, None);
        assert_eq!(route::of_activity(tx, ME, Scope::All, &one.id)?, None);
        let listed = route::list(tx, ME, Scope::All, None)?;
        let wanted = Listed {
            id: two.id.clone(),
            sports: Some("cycling".to_owned()),
            outings: 2,
            meters: 6300.0,
            first_date: two.local_date,
            last_date: three.local_date,
        };
        assert_eq!(listed, std::slice::from_ref(&wanted));
        let route = shown(tx, Scope::All, &two.id)?;
        assert_eq!((route.listed, route.line.len()), (wanted, 64));
        let outings: Vec<&str> = route.outings.iter().map(|outing| outing.activity.as_str()).collect();
        assert_eq!(outings, [two.id.as_str(), three.id.as_str()]);
        assert_eq!(route.trend, crate::ground::outing::Trend::default(), "two outings lead nowhere");
        assert_eq!(route::get(tx, "other", Scope::All, &two.id)?, None);
        Ok(())
    }

    pub(super) fn routes_are_listed_by_sport(tx: &mut Tx<'_>) -> Result<()> {
        let rides = rides(tx)?;
        joined(tx, Scope::All, &rides.each_ref(), &rides[0])?;
        for (sport, wanted) in [(None, 1), (Some("cycling"), 1), (Some("running"), 0), (Some("other"), 0)] {
            assert_eq!(route::list(tx, ME, Scope::All, sport)?.len(), wanted, "{sport:?}");
        }
        Ok(())
    }

    pub(super) fn each_scope_has_routes_of_its_own(tx: &mut Tx<'_>) -> Result<()> {
        let api = Activity { provenance: "strava_api".to_owned(), ..ride("api", 0) };
        put(tx, std::slice::from_ref(&api), 1)?;
        go(tx, &api, &way(0.0))?;
        let [one, two, three] = rides(tx)?;
        joined(tx, Scope::All, &[&api, &one, &two, &three], &api)?;
        joined(tx, Scope::Shareable, &[&one, &two, &three], &one)?;
        assert_eq!(route::counted(tx, ME, Scope::All)?.len(), 4);
        assert_eq!(route::counted(tx, ME, Scope::Shareable)?.len(), 3);
        assert_eq!(shown(tx, Scope::All, &api.id)?.outings.len(), 4);
        assert_eq!(shown(tx, Scope::Shareable, &one.id)?.outings.len(), 3);
        assert_eq!(route::get(tx, ME, Scope::Shareable, &api.id)?, None);
        assert!(Shareable::route(tx, ME, &api.id)?.is_none());
        assert_eq!(Shareable::routes(tx, ME)?[0].outings, 3);
        assert_eq!(route::of_activity(tx, ME, Scope::Shareable, &one.id)?.unwrap().outings, 3);
        Ok(())
    }

    pub(super) fn the_weather_of_the_source_corrects_an_outing(tx: &mut Tx<'_>) -> Result<()> {
        let mut rides = rides(tx)?;
        rides.iter_mut().for_each(|ride| ride.sport = "running".to_owned());
        put(tx, &rides, 2)?;
        joined(tx, Scope::All, &rides.each_ref(), &rides[0])?;
        // 145 °F of temperature and dew point.
        let weather = serde_json::json!({ "temperature_c": 240.0 / 9.0, "dew_point_c": 165.0 / 9.0 });
        let row = ExportRow {
            provenance: "bulk_export".to_owned(),
            source_id: "77".to_owned(),
            archive: "export.zip".to_owned(),
            position: 2,
            file: None,
            activity_id: Some(rides[1].id.clone()),
            figures: serde_json::json!({ "weather": weather }).to_string(),
            columns: "[]".to_owned(),
        };
        export_row::put(tx, ME, &row)?;
        let route = shown(tx, Scope::All, &rides[0].id)?;
        let [one, two, _] = route.outings.as_slice() else { panic!("{route:?}") };
        assert_eq!((one.corrected_mps, two.attribution), (None, None));
        let corrected_mps = two.corrected_mps.unwrap();
        assert!((corrected_mps / two.speed_mps - 1.0375).abs() < 1e-9, "{corrected_mps}");
        let (slow, fast) = (one.pace_at_hr_s_per_km.unwrap(), two.pace_at_hr_s_per_km.unwrap());
        assert!((slow / fast - 1.0375).abs() < 1e-9, "{slow} {fast}");
        Ok(())
    }

    pub(super) fn a_zone_hides_places_of_the_line(tx: &mut Tx<'_>) -> Result<()> {
        let rides = rides(tx)?;
        joined(tx, Scope::Shareable, &rides.each_ref(), &rides[0])?;
        assert_eq!(Shareable::route(tx, ME, &rides[0].id)?.as_ref().unwrap().line.len(), 64);
        let home = privacy_zone::New::of("Home", way(0.0).places[0], 300.0).unwrap();
        privacy_zone::add(tx, ME, &home, 5)?.unwrap();
        let line = Shareable::route(tx, ME, &rides[0].id)?.as_ref().unwrap().line.clone();
        assert!((50..=60).contains(&line.len()), "{}", line.len());
        assert_eq!(shown(tx, Scope::Shareable, &rides[0].id)?.line.len(), 64, "the athlete sees all of it");
        Ok(())
    }

    pub(super) fn of_the_outings_in_the_trend_those_with_the_weather_are_counted(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let rides = rides(tx)?;
        joined(tx, Scope::All, &rides.each_ref(), &rides[0])?;
        let mut route = shown(tx, Scope::All, &rides[0].id)?;
        for (outing, (pace, corrected)) in
            route.outings.iter_mut().zip([(Some(330.0), Some(3.1)), (Some(330.0), None), (None, Some(3.1))])
        {
            (outing.pace_at_hr_s_per_km, outing.corrected_mps) = (pace, corrected);
        }
        route.trend.pace_at_hr = None;
        assert_eq!(route.compared(), (3, 2));
        route.trend.pace_at_hr = Some(crate::ground::trend::Slope { per_year: -1.0, count: 2 });
        assert_eq!(route.compared(), (2, 1), "one without a heart rate is not in it");
        Ok(())
    }

    pub(super) fn no_line_leads_through_a_zone(tx: &mut Tx<'_>) -> Result<()> {
        let rides = rides(tx)?;
        joined(tx, Scope::Shareable, &rides.each_ref(), &rides[0])?;
        let cafe = privacy_zone::New::of("Cafe", way(0.0).places[20], 300.0).unwrap();
        privacy_zone::add(tx, ME, &cafe, 5)?.unwrap();
        let line = Shareable::route(tx, ME, &rides[0].id)?.as_ref().unwrap().line.clone();
        assert!((35..=42).contains(&line.len()), "{}", line.len());
        assert!(!privacy_zone::zones(tx, ME)?.meets(&line), "it is the part behind the zone");
        Ok(())
    }

    pub(super) fn a_route_is_dated_by_its_days(tx: &mut Tx<'_>) -> Result<()> {
        let mut rides = rides(tx)?;
        // The first by its time has no day, and the next was on another one by the clock of its place.
        (rides[0].local_date, rides[2].local_date) = (None, Some(date_of("2024-02-29")));
        put(tx, &rides, 2)?;
        joined(tx, Scope::All, &rides.each_ref(), &rides[0])?;
        let listed = &route::list(tx, ME, Scope::All, None)?[0];
        let shown = shown(tx, Scope::All, &rides[0].id)?.listed;
        assert_eq!((listed.first_date, listed.last_date), (shown.first_date, shown.last_date));
        let days = shown.first_date.zip(shown.last_date);
        assert_eq!(days, Some((date_of("2024-02-29"), date_of("2024-03-02"))));
        Ok(())
    }

    pub(super) fn an_outing_that_counts_no_longer_leaves(tx: &mut Tx<'_>) -> Result<()> {
        let [one, two, three] = rides(tx)?;
        let twin = ride("twin", 25);
        put(tx, std::slice::from_ref(&twin), 2)?;
        go(tx, &twin, &way(0.0))?;
        joined(tx, Scope::All, &[&one, &two, &three, &twin], &one)?;
        assert_eq!(shown(tx, Scope::All, &one.id)?.outings.len(), 4);
        activity::duplicate::relink(tx, ME, &[two.start_ms.unwrap()], 3)?;
        assert_eq!(shown(tx, Scope::All, &one.id)?.outings.len(), 3, "at once");
        assert!(route::is_stale(tx, ME, Scope::All)?);
        assert_eq!(route::leave_uncounted(tx, ME, Scope::All)?, 1);
        assert!(!route::is_stale(tx, ME, Scope::All)?);
        Ok(())
    }
}
