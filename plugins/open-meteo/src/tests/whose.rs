//! Where somebody was is told to the service only where the Strava API is not the one that says so.

use fitness::ground::Place;
use fitness::records::privacy_zone::{self, New};
use store::{Sql, params};
use upstream::open_meteo::Host;

use super::house::{House, LUCERNE, run};

const NOW: &str = "2024-05-20T10:30:00Z";
const BEFORE: &str = "2024-05-02T06:20:00Z";

#[tokio::test]
async fn what_the_api_alone_knows_of_is_never_asked_for() {
    House::each(NOW, |house| async move {
        let id = house.told_by_the_api(&run(BEFORE)).await;
        house.look().await.unwrap();
        let shown = house.shown(&id).await;
        assert_eq!((shown.state, shown.reason, house.calls()), ("none", Some("strava_api"), 0));
    })
    .await;
}

#[tokio::test]
async fn a_file_of_the_same_activity_is_asked_for() {
    House::each(NOW, |house| async move {
        let told = house.told_by_the_api(&run(BEFORE)).await;
        house.look().await.unwrap();
        let file = house.went(&run(BEFORE)).await;
        house.look().await.unwrap();
        assert_eq!(house.state(&file).await, ("final", Some(house.truth(Host::Archive, BEFORE))));
        assert_eq!((house.shown(&told).await.reason, house.calls()), (Some("duplicate"), 1));
    })
    .await;
}

#[tokio::test]
async fn the_gate_holds_where_the_plan_is_wrong() {
    // As if another version had planned it.
    const PLAN: Sql = Sql::Both(
        "UPDATE activity_weather SET state = 'due', reason = NULL, due_ms = 0, track = ( \
         SELECT o.track FROM activity_weather o WHERE o.activity_id = $2) WHERE activity_id = $1",
    );
    House::each(NOW, |house| async move {
        let id = house.told_by_the_api(&run("2024-05-03T06:20:00Z")).await;
        let file = house.went(&run(BEFORE)).await;
        house.look().await.unwrap();
        let calls = house.calls();
        let forged = id.clone();
        house.write(move |tx| tx.execute(&PLAN, &params![&forged, &file])).await;
        house.write(|tx| tx.execute(&Sql::Both("DELETE FROM weather_hour"), &[])).await;
        house.look().await.unwrap();
        assert_eq!(house.calls(), calls, "nobody is told where it was");
    })
    .await;
}

impl House {
    /// Hides where everybody runs, and answers the id of the zone.
    async fn hide(&self) -> String {
        let (latitude, longitude) = LUCERNE;
        let zone = New::of("Home", Place { latitude, longitude }, 300.0).unwrap();
        self.write(move |tx| privacy_zone::add(tx, "me", &zone, 5)).await.unwrap()
    }

    /// Latitudes and longitudes that the service was told since the last look.
    fn told_places(&self) -> Vec<f64> {
        let calls = self.upstream.calls();
        self.upstream.forget_calls();
        let pairs = calls.into_iter().flat_map(|call| call.query);
        let lists = pairs.filter(|(name, _)| name == "latitude" || name == "longitude");
        lists
            .flat_map(|(_, list)| list.split(',').map(|one| one.parse().unwrap()).collect::<Vec<_>>())
            .collect()
    }
}

#[tokio::test]
async fn within_a_privacy_zone_no_finer_place_is_told() {
    let is_coarse = |degrees: &f64| (degrees * 10.0 - (degrees * 10.0).round()).abs() < 1e-9;
    House::each(NOW, |house| async move {
        let id = house.went(&run(BEFORE)).await;
        let zone = house.hide().await;
        house.look().await.unwrap();
        let told = house.told_places();
        assert!(told.len() == 2 && told.iter().all(is_coarse), "{told:?}");
        assert_eq!(house.state(&id).await.0, "final");
        house.look().await.unwrap();
        assert_eq!(house.told_places(), Vec::<f64>::new(), "the same zone is asked for once");
        assert!(house.write(move |tx| privacy_zone::remove(tx, "me", &zone)).await);
        house.look().await.unwrap();
        assert_eq!(house.told_places(), [LUCERNE.0, LUCERNE.1]);
        assert_eq!(house.state(&id).await, ("final", Some(house.truth(Host::Archive, BEFORE))));
        house.hide().await;
        house.look().await.unwrap();
        assert_eq!(house.told_places(), Vec::<f64>::new(), "its weather is kept already");
        assert_eq!(house.state(&id).await.0, "final");
    })
    .await;
}
