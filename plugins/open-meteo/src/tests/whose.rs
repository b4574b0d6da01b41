//! Where somebody was is told to the service only where the Strava API is not the one that says so.

use store::{Sql, params};
use upstream::open_meteo::Host;

use super::house::{House, run};

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
