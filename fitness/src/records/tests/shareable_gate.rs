//! What comes through the gate, and what does not.

use super::shareable::Shareable;
use super::*;
use crate::best_effort::BestEffort;
use crate::prediction::Race;
use crate::records::activity::ActivityRow;
use crate::records::activity_weather;
use crate::weather::Cell;
use crate::week::DayFigures;

scenarios![
    what_the_api_alone_knows_does_not_pass,
    what_a_file_knows_passes,
    a_page_leaves_the_api_out,
    days_that_pass_are_those_without_the_api,
    predictions_that_pass_rest_on_no_run_of_the_api,
    places_of_the_api_do_not_pass_whoever_names_them,
    home_passes_because_the_athlete_set_it,
    a_request_is_parted_and_never_widened,
];

fn of_the_api() -> Activity {
    let ride = ride("77", 20);
    let id = crate::identity::activity_id(ME, "strava_api", "77");
    Activity { id, provenance: "strava_api".to_owned(), ..ride }
}

mod scenario {
    use super::*;

    pub(super) fn what_the_api_alone_knows_does_not_pass(tx: &mut Tx<'_>) -> Result<()> {
        let api = of_the_api();
        put(tx, std::slice::from_ref(&api), 1)?;
        assert!(activity::get(tx, ME, &api.id)?.is_some(), "the athlete sees it");
        assert!(Shareable::activity(tx, ME, &api.id)?.is_none());
        assert!(Shareable::track(tx, ME, &api.id)?.is_none());
        let planned: Vec<_> =
            activity_weather::pending(tx, ME, 9)?.into_iter().map(|one| one.plan(2, MARCH_MS)).collect();
        activity_weather::keep(tx, ME, &planned, MARCH_MS)?;
        let shown = activity_weather::of(tx, ME, &api.id)?.unwrap();
        assert_eq!((shown.state, shown.reason), ("none", Some("strava_api")));
        Ok(())
    }

    pub(super) fn what_a_file_knows_passes(tx: &mut Tx<'_>) -> Result<()> {
        let file = ride("watch", 1);
        put(tx, std::slice::from_ref(&file), 1)?;
        let passed = Shareable::activity(tx, ME, &file.id)?.unwrap();
        assert_eq!((passed.id.as_str(), passed.distance_m), (file.id.as_str(), Some(30_000.0)));
        assert!(Shareable::track(tx, ME, &file.id)?.is_some());
        assert!(Shareable::activity(tx, "other", &file.id)?.is_none(), "it is nobody else's");
        assert!(Shareable::track(tx, "other", &file.id)?.is_none());
        Ok(())
    }

    pub(super) fn a_page_leaves_the_api_out(tx: &mut Tx<'_>) -> Result<()> {
        let file = ride("watch", 1);
        put(tx, &[file.clone(), of_the_api()], 1)?;
        let page = Shareable::<Vec<ActivityRow>>::activities(tx, ME, &PageKey::newest(), 9)?;
        assert_eq!(page.iter().map(|row| &row.id).collect::<Vec<_>>(), [&file.id]);
        Ok(())
    }

    pub(super) fn days_that_pass_are_those_without_the_api(tx: &mut Tx<'_>) -> Result<()> {
        let day = |load| DayRow {
            date: date_of("2024-03-01"),
            load,
            ctl: 1.0,
            atl: 1.0,
            tsb: 0.0,
            activities: 1,
            timer_s: 3_600.0,
            elapsed_s: 3_600.0,
            distance_m: 10_000.0,
        };
        day::replace_from(tx, ME, Scope::All, &[day(120.0)])?;
        day::replace_from(tx, ME, Scope::Shareable, &[day(20.0)])?;
        let march = (date_of("2024-03-01"), date_of("2024-03-31"));
        let passed = Shareable::<Vec<DayFigures>>::days(tx, ME, march)?;
        assert_eq!(passed.iter().map(|day| day.row.load).collect::<Vec<_>>(), [20.0]);
        Ok(())
    }

    pub(super) fn predictions_that_pass_rest_on_no_run_of_the_api(tx: &mut Tx<'_>) -> Result<()> {
        let run = |activity: Activity| Activity { sport: "running".to_owned(), ..activity };
        let (file, api) = (run(ride("watch", 1)), run(of_the_api()));
        put(tx, &[file.clone(), api.clone()], 1)?;
        let effort = |elapsed_s| [BestEffort { distance_m: 5_000.0, elapsed_s, start_s: 0.0 }];
        best_effort::replace(tx, &api.id, &effort(900.0))?;
        let (day, races) = (date_of("2024-03-10"), Race::usual());
        let nothing = Shareable::predictions(tx, ME, day, &races)?;
        assert!(nothing.needs.is_some(), "the run of the API alone is nothing: {nothing:?}");
        assert!(
            best_effort::predict(tx, ME, Scope::All, day, &races)?.needs.is_none(),
            "the athlete sees it"
        );
        best_effort::replace(tx, &file.id, &effort(1_500.0))?;
        let passed = Shareable::predictions(tx, ME, day, &races)?;
        let text = serde_json::to_string(&passed).unwrap();
        assert!(text.contains(&file.id) && !text.contains(&api.id), "{text}");
        Ok(())
    }

    pub(super) fn places_of_the_api_do_not_pass_whoever_names_them(tx: &mut Tx<'_>) -> Result<()> {
        const COPY: Sql = Sql::Both(
            "INSERT INTO activity_weather (activity_id, athlete, state, start_ms, track, tries, due_ms) \
             SELECT $2, athlete, state, start_ms, track, tries, due_ms FROM activity_weather \
             WHERE activity_id = $1",
        );
        let (file, api) = (ride("watch", 1), of_the_api());
        put(tx, &[file.clone(), api.clone()], 1)?;
        let start_ms = file.start_ms.unwrap();
        let degrees = |channel, values: &[f64]| (Column::Channel(channel), stream::encode(channel, values));
        let blocks = [
            (Column::Time, stream::encode_times(&[start_ms, start_ms + 3_600_000])),
            degrees(Channel::Latitude, &[47.05, 47.06]),
            degrees(Channel::Longitude, &[8.31, 8.32]),
        ];
        activity_stream::replace(tx, &file.id, &blocks)?;
        let planned: Vec<_> =
            activity_weather::pending(tx, ME, 9)?.into_iter().map(|one| one.plan(2, MARCH_MS)).collect();
        activity_weather::keep(tx, ME, &planned, MARCH_MS)?;
        // As one that was a file's when it was looked at, or that somebody names by mistake.
        tx.execute(
            &Sql::Both("DELETE FROM activity_weather WHERE activity_id = $1"),
            &store::params![&api.id],
        )?;
        tx.execute(&COPY, &store::params![&file.id, &api.id])?;
        let due = activity_weather::due(tx, ME, (i64::MIN, i64::MAX), i64::MAX, 9)?;
        let of = |id: &str| -> Vec<_> { due.iter().filter(|due| due.id == id).cloned().collect() };
        assert_eq!((of(&file.id).len(), of(&api.id).len()), (1, 1));
        assert!(!Shareable::missing(tx, ME, &of(&file.id), MARCH_MS)?.is_empty());
        assert!(Shareable::missing(tx, ME, &of(&api.id), MARCH_MS)?.is_empty());
        assert!(Shareable::missing(tx, "other", &of(&file.id), MARCH_MS)?.is_empty());
        Ok(())
    }

    pub(super) fn home_passes_because_the_athlete_set_it(tx: &mut Tx<'_>) -> Result<()> {
        assert!(Shareable::home(tx, ME)?.is_none());
        weather_home::set(tx, ME, Cell::of(47.05, 8.31, 2), 1)?;
        assert_eq!(Shareable::home(tx, ME)?.map(|home| home.degrees()), Some((47.05, 8.31)));
        Ok(())
    }

    pub(super) fn a_request_is_parted_and_never_widened(tx: &mut Tx<'_>) -> Result<()> {
        use crate::weather::{Endpoint, Location};
        weather_home::set(tx, ME, Cell::of(47.05, 8.31, 2), 1)?;
        let days = (date_of("2024-03-01"), date_of("2024-03-04"));
        let request = Shareable::home(tx, ME)?.unwrap().forecast(days.0, days.1);
        let halves = request.halves().unwrap();
        assert_eq!(halves.each_ref().map(|half| half.locations[0].days()), [2, 2]);
        let ours = Location { from: date_of("2024-03-02"), ..request.locations[0] };
        let longer = Location { to: date_of("2024-03-05"), ..ours };
        let elsewhere = Location { cell: Cell::of(0.5, 0.5, 2).unwrap(), ..ours };
        let asked = request.within(Endpoint::Archive, vec![longer, ours, elsewhere]).unwrap();
        assert_eq!(asked.locations, [ours]);
        assert!(request.within(Endpoint::Archive, vec![elsewhere]).is_none());
        Ok(())
    }
}
