use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::ground::Place;
use crate::ground::zone::{Zone, Zones};
use crate::recording::{Channel, Samples};

/// A sample a minute at positions, from a moment on.
fn walked(start_ms: i64, positions: &[(f64, f64)]) -> Samples {
    let minutes = 0..positions.len() as i64;
    let (latitudes, longitudes) = positions.iter().copied().unzip();
    Samples {
        time_ms: minutes.map(|minute| start_ms + minute * 60_000).collect(),
        channels: [(Channel::Latitude, latitudes), (Channel::Longitude, longitudes)].into_iter().collect(),
        breaks: Vec::new(),
    }
}

fn ms(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn track(samples: &Samples, start_ms: i64, elapsed_s: Option<f64>) -> Option<Track> {
    Track::of(samples, start_ms, elapsed_s, 2, &Zones::default())
}

fn standing(start: &str, minutes: usize) -> Track {
    track(&walked(ms(start), &vec![(47.054, 8.306); minutes + 1]), ms(start), None).unwrap()
}

fn hours(track: &Track) -> Vec<String> {
    track.spots.iter().map(|spot| format!("{} {}", spot.hour.date(), spot.hour.0.rem_euclid(24))).collect()
}

#[test]
fn an_activity_needs_the_hours_around_it() {
    assert_eq!(hours(&standing("2024-05-02T08:10:00Z", 35)), ["2024-05-02 8", "2024-05-02 9"]);
    assert_eq!(
        hours(&standing("2024-05-02T08:50:00Z", 20)),
        ["2024-05-02 8", "2024-05-02 9", "2024-05-02 10"]
    );
    assert_eq!(hours(&standing("2024-05-02T08:00:00Z", 0)), ["2024-05-02 8"]);
}

#[test]
fn an_activity_over_midnight_needs_both_days() {
    let track = standing("2024-05-02T23:30:00Z", 60);
    assert_eq!(hours(&track), ["2024-05-02 23", "2024-05-03 0", "2024-05-03 1"]);
    let asked = requests(track.spots.iter().map(|spot| (Endpoint::Archive, *spot)));
    let location = asked[0].locations[0];
    assert_eq!(
        (asked[0].locations.len(), location.from, location.to),
        (1, date(2024, 5, 2), date(2024, 5, 3))
    );
}

#[test]
fn the_hour_that_a_clock_change_repeats_or_leaves_out_is_one_of_utc() {
    let zurich = TimeZone::get("Europe/Zurich").unwrap();
    for (day, wanted) in [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 5, 2), 24)] {
        let midnight = |day: Date| zurich.to_timestamp(day.at(0, 0, 0, 0)).unwrap().as_millisecond();
        let hours = Hour::after(midnight(day.tomorrow().unwrap())).0 - Hour::before(midnight(day)).0;
        assert_eq!(hours, wanted);
    }
    // 02:30 summer time and 02:30 winter time of the same night.
    let (first, second) = (standing("2024-10-27T00:30:00Z", 10), standing("2024-10-27T01:30:00Z", 10));
    assert_eq!((first.spots[0].hour.0 + 1, first.spots[1]), (second.spots[0].hour.0, second.spots[0]));
}

#[test]
fn a_forgotten_watch_is_told_of_as_far_as_two_days() {
    let samples = walked(0, &[(47.0, 8.0)]);
    let track = track(&samples, 0, Some(90.0 * 86_400.0)).unwrap();
    assert_eq!(track.spots.len(), 49);
}

#[test]
fn places_are_rounded_and_the_edges_of_the_map_are_one_place() {
    let cell = |latitude, longitude| Cell::of(latitude, longitude, 2).map(Cell::degrees);
    assert_eq!(cell(47.054_9, 8.305_1), Some((47.05, 8.31)));
    assert_eq!(cell(-0.004, 0.004), Some((0.0, 0.0)));
    assert_eq!(cell(65.5, 180.0), Some((65.5, -180.0)));
    assert_eq!(cell(65.5, 179.996), Some((65.5, -180.0)));
    assert_eq!(cell(65.5, -179.996), Some((65.5, -180.0)));
    assert_eq!((cell(90.0, 12.0), cell(-89.997, 77.0)), (Some((90.0, 0.0)), Some((-90.0, 0.0))));
    assert_eq!((cell(90.1, 0.0), cell(0.0, 180.1), cell(f64::NAN, 0.0)), (None, None, None));
    assert_eq!(Cell::of(47.054_9, 8.305_1, 1).map(Cell::degrees), Some((47.1, 8.3)));
}

#[test]
fn the_date_line_is_no_wall() {
    let (west, east) = (Cell::of(65.0, 179.99, 2).unwrap(), Cell::of(65.0, -179.99, 2).unwrap());
    assert!((west.km_to(east) - 0.94).abs() < 0.01, "{}", west.km_to(east));
    let over: Vec<(f64, f64)> =
        (0..120).map(|step| (65.0, (179.97 + f64::from(step) * 0.0005 + 180.0) % 360.0 - 180.0)).collect();
    let track = track(&walked(0, &over), 0, None).unwrap();
    let cells: BTreeSet<Cell> = track.spots.iter().map(|spot| spot.cell).collect();
    assert_eq!(cells.len(), 1, "{cells:?}");
    assert!(track.headings.unwrap()[4] > 0.999, "it led east all the way");
}

#[test]
fn a_way_that_leads_far_has_the_weather_of_where_it_is() {
    // 40 km an hour to the north for five hours.
    let north: Vec<(f64, f64)> = (0..=300).map(|minute| (47.0 + f64::from(minute) * 0.006, 8.0)).collect();
    let track = track(&walked(0, &north), 0, None).unwrap();
    let latitudes: Vec<i32> = track.spots.iter().map(|spot| spot.cell.latitude).collect();
    assert_eq!(latitudes, [4700, 4736, 4772, 4808, 4844, 4880]);
    assert_eq!(track.headings.unwrap()[0], 1.0);
}

#[test]
fn a_receiver_without_a_fix_is_nowhere() {
    assert_eq!(track(&walked(0, &[(0.0, 0.0), (f64::NAN, 8.0)]), 0, None), None);
    let track = track(&walked(0, &[(0.0, 0.0), (47.0, 8.0)]), 0, None).unwrap();
    assert_eq!(track.spots[0].cell.latitude, 4700);
}

/// The cells that an hour is asked for at each of these positions.
fn asked_at(positions: &[(f64, f64)], zones: &Zones) -> Vec<(f64, f64)> {
    let hours: Vec<(f64, f64)> =
        positions.iter().flat_map(|position| std::iter::repeat_n(*position, 60)).collect();
    let track = Track::of(&walked(0, &hours), 0, None, 2, zones).unwrap();
    track.spots.iter().take(positions.len()).map(|spot| spot.cell.degrees()).collect()
}

#[test]
fn within_a_privacy_zone_one_coarse_cell_is_asked_for_wherever_somebody_was() {
    let zone = |radius_m| {
        let middle = Place { latitude: 47.2505, longitude: 8.5505 };
        Zones::of(&[Zone { id: "home".to_owned(), middle, radius_m }])
    };
    let door = (47.2505, 8.5505);
    assert_eq!(asked_at(&[door], &Zones::default()), [(47.25, 8.55)]);
    let told = asked_at(&[door], &zone(300.0));
    // Both sides of a border of the grid are the same zone.
    for inside in [(47.249, 8.5505), (47.252, 8.5505), (47.2505, 8.549), (47.2505, 8.552)] {
        assert_eq!(asked_at(&[inside], &zone(300.0)), told, "{inside:?}");
    }
    let tenths = |degrees: f64| (degrees * 10.0).round() / 10.0;
    assert!(told.iter().all(|(north, east)| (tenths(*north), tenths(*east)) == (*north, *east)), "{told:?}");
    // It is kept on the way, and what is far away is told as it is.
    let away = [door, (47.28, 8.6), (47.66, 9.18)];
    assert_eq!(asked_at(&away, &zone(300.0)), [told[0], told[0], (47.66, 9.18)]);
    assert_eq!(asked_at(&[(47.66, 9.18), door], &zone(300.0)), [(47.66, 9.18), told[0]]);
}

#[test]
fn a_coarse_cell_is_as_wide_as_what_it_hides() {
    for (latitude, decimals, wide_m, wanted) in [
        (47.26, 2, 100.0, (47.3, 8.6)),
        (47.26, 2, 7_000.0, (47.3, 8.6)),
        // A tenth of a degree has 7.5 km from west to east here, and 3.8 km in the far north.
        (47.26, 2, 8_000.0, (47.2, 8.6)),
        (70.26, 2, 7_000.0, (70.2, 8.6)),
        (47.26, 1, 100.0, (47.3, 8.6)),
        (47.26, 0, 100.0, (47.0, 9.0)),
        (89.99, 2, 13_000.0, (90.0, 0.0)),
    ] {
        let cell = Cell::hiding(latitude, 8.57, decimals, wide_m).map(Cell::degrees);
        assert_eq!(cell, Some(wanted), "{latitude} {decimals} {wide_m}");
    }
    assert_eq!(Cell::hiding(47.0, 179.99, 2, 100.0).map(Cell::degrees), Some((47.0, -180.0)));
    assert_eq!(Cell::hiding(f64::NAN, 8.0, 2, 100.0), None);
}

fn spot(cell: i32, day: i8) -> (Endpoint, Spot) {
    let hour = Hour(Hour::of_day(date(2024, 5, day)).start + 7);
    (Endpoint::Archive, Spot { hour, cell: Cell { latitude: cell, longitude: 0 } })
}

#[test]
fn days_of_a_cell_within_two_weeks_cost_one() {
    let asked = requests([spot(1, 1), spot(1, 14), spot(1, 15), spot(2, 1)]);
    assert_eq!(asked.len(), 1);
    let days: Vec<i64> = asked[0].locations.iter().map(Location::days).collect();
    assert_eq!((days, asked[0].cost()), (vec![1, 14, 1], 3));
}

#[test]
fn a_thousand_places_are_twenty_requests() {
    let asked = requests((0..1000).map(|cell| spot(cell, 1)));
    assert_eq!((asked.len(), asked.iter().map(Request::cost).sum::<u32>()), (20, 1000));
}

#[test]
fn a_day_is_final_after_six() {
    let today = date(2024, 5, 20);
    assert_eq!(Endpoint::of(date(2024, 5, 14), today), Endpoint::Archive);
    assert_eq!(Endpoint::of(date(2024, 5, 15), today), Endpoint::Forecast);
    assert_eq!(Endpoint::of(date(2024, 5, 21), today), Endpoint::Forecast);
}

#[test]
fn air_between_hours_lies_on_a_line_and_winds_turn_the_shorter_way() {
    let air = |temperature, wind_from, rain, code| Air {
        temperature_c: Some(temperature),
        wind_direction_deg: Some(wind_from),
        precipitation_mm: Some(rain),
        weather_code: Some(code),
        ..Air::default()
    };
    let (before, after) = (air(10.0, 350.0, 0.0, 3), air(14.0, 30.0, 1.5, 61));
    let quarter = before.between(&after, 0.25);
    assert_eq!((quarter.temperature_c, quarter.wind_direction_deg), (Some(11.0), Some(0.0)));
    assert_eq!((quarter.precipitation_mm, quarter.weather_code), (Some(1.5), Some(3)));
    assert_eq!(before.between(&after, 0.0), before);
    assert_eq!(before.between(&Air::default(), 0.75).temperature_c, Some(10.0));
}

#[test]
fn conditions_are_those_of_the_start_and_of_the_end_where_it_took_long() {
    let warm = |temperature| Some(Air { temperature_c: Some(temperature), ..Air::default() });
    let short = standing("2024-05-02T08:15:00Z", 30);
    let conditions = Conditions::of(&short, &[warm(10.0), warm(14.0)], None).unwrap();
    assert_eq!((conditions.start.temperature_c, conditions.end), (Some(11.0), None));
    let long = standing("2024-05-02T08:30:00Z", 120);
    let air = [warm(10.0), warm(14.0), warm(18.0), warm(16.0)];
    let conditions = Conditions::of(&long, &air, None).unwrap();
    assert_eq!(
        (conditions.start.temperature_c, conditions.end.unwrap().temperature_c),
        (Some(12.0), Some(17.0))
    );
    let spells: Vec<f64> =
        Conditions::spells(&long, &air).iter().map(|spell| spell.air.temperature_c.unwrap()).collect();
    assert_eq!(spells, [12.0, 14.0, 18.0, 17.0]);
    assert_eq!(Conditions::of(&long, &[None, None, None, None], None), None);
}

proptest! {
    #[test]
    fn every_track_lies_within_its_hours_and_reads_back(
        start_ms in -2_000_000_000_000_i64..4_000_000_000_000,
        elapsed_s in prop::option::of(0.0..400_000.0_f64),
        latitude in -90.0..=90.0_f64, longitude in -180.0..=180.0_f64,
        north in -0.01..0.01_f64, east in -0.01..0.01_f64, minutes in 1..400_usize,
    ) {
        prop_assume!((latitude, longitude) != (0.0, 0.0));
        let at = |minute: usize| {
            let along = minute as f64;
            let east = (longitude + east * along + 540.0).rem_euclid(360.0) - 180.0;
            ((latitude + north * along).clamp(-90.0, 90.0), east)
        };
        let positions: Vec<(f64, f64)> = (0..minutes).map(at).collect();
        let track = track(&walked(start_ms, &positions), start_ms, elapsed_s).unwrap();
        let (first, last) = (track.spots[0], track.spots[track.spots.len() - 1]);
        prop_assert!(first.hour.start_ms() <= start_ms && start_ms - first.hour.start_ms() < 3_600_000);
        prop_assert!(last.hour.start_ms() >= track.end_ms && last.hour.start_ms() - track.end_ms < 3_600_000);
        prop_assert!(track.spots.len() <= 50);
        prop_assert!(track.spots.windows(2).all(|pair| pair[0].hour.0 + 1 == pair[1].hour.0));
        let read: Track = serde_json::from_str(&serde_json::to_string(&track).unwrap()).unwrap();
        prop_assert_eq!(&read.spots, &track.spots);
        prop_assert_eq!((read.start_ms, read.end_ms), (track.start_ms, track.end_ms));
    }

    #[test]
    fn every_day_is_asked_for_once_and_no_request_is_too_large(
        spots in prop::collection::vec((0..90_i32, 0..2000_i64), 1..400),
    ) {
        let spots: Vec<Spot> = spots.iter().map(|(cell, hour)| Spot { hour: Hour(475_000 + hour), cell: Cell { latitude: *cell, longitude: 0 } }).collect();
        let asked = requests(spots.iter().map(|spot| (Endpoint::Archive, *spot)));
        let covers = |location: &Location, spot: &Spot| location.cell == spot.cell && location.from <= spot.hour.date() && spot.hour.date() <= location.to;
        for spot in &spots {
            let found = asked.iter().flat_map(|request| &request.locations).filter(|location| covers(location, spot)).count();
            prop_assert_eq!(found, 1);
        }
        prop_assert!(asked.iter().all(|request| request.locations.len() <= LOCATIONS_MOST));
        prop_assert!(asked.iter().flat_map(|request| &request.locations).all(|location| location.days() <= 14));
        prop_assert!(asked.iter().rev().skip(1).all(|request| request.locations.len() == LOCATIONS_MOST) || asked.len() == 1 || asked.iter().filter(|request| request.locations.len() < LOCATIONS_MOST).count() <= 1);
    }
}
