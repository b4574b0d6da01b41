//! Grants of another program: whose they are, and what is left where they are of no use.

use engine::registry::Connection as _;
use fitness::records::strava::connection::{self, Connection, State};
use upstream::strava::{ALL_SCOPES, ATHLETE, Athlete};
use upstream::{Fault, Switch};

use super::house::House;
use crate::token::Wanted;

impl House {
    /// An athlete whose tokens are dead.
    async fn dead(&self) -> Connection {
        self.connect().await;
        self.write(|tx| connection::note(tx, "me", 1, (State::NeedsReauth, Some("dead")), 1)).await;
        self.kept().await.unwrap()
    }

    async fn take_over(&self, secret: &str) -> Result<(), &'static str> {
        let taken = self.strava.take_over(&self.means, "me", secret).await;
        taken.map(drop).map_err(|cause| cause.code)
    }

    /// Takes over the token of an account that is not the one from before.
    async fn take_over_of_other(&self) -> Result<(), &'static str> {
        self.upstream.strava().set_athlete(Athlete::new(4711));
        let secret = self.upstream.strava().connect(4711, &ALL_SCOPES).refresh_token;
        self.take_over(&secret).await
    }
}

#[tokio::test]
async fn a_token_that_is_dead_leaves_what_was_there() {
    for house in House::each().await {
        assert_eq!(house.take_over("nothing").await, Err("strava_needs_reauth"));
        assert_eq!(house.kept().await, None);
        let before = house.dead().await;
        assert_eq!(house.take_over("nothing").await, Err("strava_needs_reauth"));
        let after = house.kept().await.unwrap();
        assert_eq!(Connection { number: before.number, changed_ms: before.changed_ms, ..after }, before);
    }
}

#[tokio::test]
async fn what_is_stored_stays_of_one_account() {
    for house in House::each().await {
        let before = house.dead().await;
        assert_eq!(house.take_over_of_other().await, Err("strava_other_account"));
        let after = house.kept().await.unwrap();
        assert_eq!((after.strava_id, after.state), (Some(ATHLETE), State::NeedsReauth));
        assert_eq!((after.scopes, after.pair), (before.scopes, before.pair));
        let secret = house.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token;
        assert_eq!(house.take_over(&secret).await, Ok(()));
        assert_eq!(house.find(Wanted::Lasting).await.unwrap().strava_id, ATHLETE);
    }
}

#[tokio::test]
async fn whose_a_token_is_is_asked_again_where_the_answer_was_lost() {
    let house = House::one().await;
    house.dead().await;
    house.upstream.fail_where(Switch {
        service: "strava.api".to_owned(),
        path: Some("/strava/api/v3/athlete".to_owned()),
        fault: Fault::Reset,
        times: Some(1),
    });
    house.take_over_of_other().await.unwrap_err();
    assert_eq!(house.kept().await.unwrap().state, State::Connected, "the pair that came is kept");
    assert!(house.find(Wanted::Lasting).await.unwrap_err().to_string().contains("another Strava account"));
    assert_eq!(house.kept().await.unwrap().state, State::NeedsReauth);
}

#[tokio::test]
async fn an_account_of_another_athlete_leaves_nothing() {
    let house = House::one().await;
    house.connect().await;
    let secret = house.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token;
    let taken = house.strava.take_over(&house.means, "you", &secret).await.unwrap_err();
    assert_eq!(taken.code, "strava_connected_elsewhere");
    assert_eq!(house.write(|tx| connection::get(tx, "you")).await, None);
}

#[tokio::test]
async fn what_a_token_may_see_is_found_out() {
    for (scopes, missing) in [
        (&ALL_SCOPES[..], vec![]),
        (&["activity:read_all"], vec!["read", "profile:read_all"]),
        (&["read", "activity:read_all"], vec!["profile:read_all"]),
    ] {
        let house = House::one().await;
        let secret = house.upstream.strava().connect(ATHLETE, scopes).refresh_token;
        let connected = house.strava.take_over(&house.means, "me", &secret).await.unwrap();
        assert_eq!(connected.missing.iter().map(|one| one.scope).collect::<Vec<_>>(), missing);
    }
}
