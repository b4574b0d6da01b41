//! What comes through the gate, and what does not.

use super::shareable::Shareable;
use super::*;
use crate::records::activity::ActivityRow;
use crate::records::activity_weather;
use crate::weather::Cell;

scenarios![
    what_the_api_alone_knows_does_not_pass,
    what_a_file_knows_passes,
    a_page_leaves_the_api_out,
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
