//! Pairs of tokens: one after the other, each asked for once.

use std::time::Duration;

use engine::clock::Clock;
use engine::registry::Means;
use fitness::records::strava::connection::State;
use upstream::strava::{ATHLETE, Rotation};
use upstream::{Fault, Switch};

use super::house::House;
use crate::token::{self, Wanted};

/// So late an access token has less than five minutes left.
const LATE: Duration = Duration::from_secs(21_600 - 299);

#[tokio::test]
async fn every_new_pair_is_kept_and_the_old_one_never_used_again() {
    for house in House::each().await {
        house.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
        house.connect().await;
        let mut last = house.find(Wanted::Lasting).await.unwrap();
        for calls in 1..=4 {
            house.upstream.clock().advance(LATE);
            let next = house.find(Wanted::Lasting).await.unwrap();
            assert_eq!(next.pair, last.pair + 1);
            assert_eq!(*next.token, house.upstream.strava().tokens(ATHLETE).unwrap().access_token);
            assert_eq!(house.token_calls(), calls);
            last = next;
        }
        assert_eq!(house.upstream.strava().stale_refreshes(), 0);
    }
}

#[tokio::test]
async fn a_token_that_came_back_unchanged_counts_as_a_later_pair() {
    let house = House::one().await;
    house.connect().await;
    let used = house.find(Wanted::Lasting).await.unwrap();
    let renewed = house.find(Wanted::After(used.pair)).await.unwrap();
    assert_eq!((&renewed.token, renewed.pair), (&used.token, used.pair + 1));
    // Somebody else had the same trouble with the first pair: it is over, and nobody asks again.
    let other = house.find(Wanted::After(used.pair)).await.unwrap();
    assert_eq!((other.pair, house.token_calls()), (renewed.pair, 1));
}

#[tokio::test]
async fn of_many_processes_one_asks() {
    for house in House::each().await {
        house.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
        house.connect().await;
        house.upstream.clock().advance(LATE);
        // While the answer takes its time, the others wait for it.
        house.upstream.fail("strava", Fault::Slow(300));
        let mut finding = Vec::new();
        for _ in 0..3 {
            let means = house.other_means().await;
            for _ in 0..3 {
                let (means, options) = (means.clone(), house.strava.options.clone());
                finding.push(tokio::spawn(async move {
                    token::find(&means, &options, "me", Wanted::Lasting).await.unwrap()
                }));
            }
        }
        let current = house.upstream.strava();
        for found in finding {
            assert_eq!(*found.await.unwrap().token, current.tokens(ATHLETE).unwrap().access_token);
        }
        assert_eq!((house.token_calls(), current.stale_refreshes()), (1, 0));
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_ends_in_a_new_connection_after_two_calls() {
    for house in House::each().await {
        house.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
        house.connect().await;
        house.upstream.clock().advance(LATE);
        house.upstream.fail_where(Switch {
            service: "strava".to_owned(),
            path: Some("/strava/oauth/token".to_owned()),
            fault: Fault::Lost,
            times: Some(1),
        });
        house.find(Wanted::Lasting).await.unwrap_err();
        assert_eq!(house.kept().await.unwrap().state, State::Connected);
        for _ in 0..3 {
            let error = house.find(Wanted::Lasting).await.unwrap_err();
            assert!(
                matches!(&error, engine::step::StepError::Hopeless(cause)
                if cause.code == "strava_needs_reauth"),
                "{error}"
            );
        }
        assert_eq!(house.kept().await.unwrap().state, State::NeedsReauth);
        assert_eq!(house.token_calls(), 2);
        house.connect().await;
        assert!(house.find(Wanted::Lasting).await.is_ok());
    }
}

#[tokio::test]
async fn trouble_of_stravas_changes_nothing_and_is_over_with_it() {
    let house = House::one().await;
    house.connect().await;
    house.upstream.clock().advance(LATE);
    for fault in [Fault::Reset, Fault::Status(500), Fault::HtmlPage(502), Fault::Garbage, Fault::Empty] {
        house.upstream.fail("strava", fault.clone());
        let error = house.find(Wanted::Lasting).await.unwrap_err();
        assert!(matches!(error, engine::step::StepError::Failed(_)), "{fault:?}: {error}");
        assert_eq!(house.kept().await.unwrap().state, State::Connected, "{fault:?}");
        house.upstream.mend();
    }
    assert!(house.find(Wanted::Lasting).await.is_ok());
}

#[tokio::test]
async fn the_lease_of_who_went_away_is_taken_over() {
    for until_ms in [1, i64::MAX] {
        for house in House::each().await {
            house.connect().await;
            house.upstream.clock().advance(LATE);
            house.leave_lease(until_ms).await;
            assert!(house.find(Wanted::Lasting).await.is_ok());
            assert_eq!(house.token_calls(), 1);
        }
    }
}

#[tokio::test]
async fn a_pair_comes_though_whoever_asked_for_it_is_gone() {
    let house = House::one().await;
    house.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
    house.connect().await;
    house.upstream.clock().advance(LATE);
    house.upstream.fail_times("strava", Fault::Slow(300), 1);
    let (means, options) = (house.means.clone(), house.strava.options.clone());
    let finding =
        tokio::spawn(async move { token::find(&means, &options, "me", Wanted::Lasting).await.is_ok() });
    while house.token_calls() == 0 {
        tokio::task::yield_now().await;
    }
    finding.abort();
    assert!(finding.await.is_err());
    assert!(house.find(Wanted::Lasting).await.is_ok());
    assert_eq!((house.token_calls(), house.upstream.strava().stale_refreshes()), (1, 0));
}

#[tokio::test]
async fn by_a_clock_that_is_hours_ahead_one_pair_is_asked_for_and_taken() {
    for house in House::each().await {
        house.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
        house.connect().await;
        let clock = house.upstream.clock().clone();
        let ahead = Clock::from_fn(move || clock.now_ms() + 7 * 3_600_000);
        let means = Means { clock: ahead, ..house.means.clone() };
        for calls in 1..=2 {
            let found = token::find(&means, &house.strava.options, "me", Wanted::Lasting).await.unwrap();
            assert_eq!((house.token_calls(), found.pair), (calls, i64::try_from(calls).unwrap() + 1));
        }
        assert_eq!(house.upstream.strava().stale_refreshes(), 0);
    }
}
