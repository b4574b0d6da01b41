//! The past: at the pace that is allowed, and no call beyond it.

use std::time::Duration;

use engine::step::StepError;
use fitness::Changes;
use fitness::records::strava::quota::{self, Bucket, Purpose, Span, Taken, Told};
use serde_json::json;
use store::{Sql, Tx};
use upstream::Fault;
use upstream::strava::{ATHLETE, Calls, Windows};

use super::house::{House, NOW, ms};

const QUARTER_MS: i64 = 900_000;

/// How long a step is told to wait, and nothing where it is over.
fn wait(result: Result<Changes, StepError>) -> Option<Duration> {
    match result {
        Ok(_) => None,
        Err(StepError::Later { after, .. }) => Some(after),
        Err(error) => panic!("{error}"),
    }
}

impl House {
    fn calls(reads: u32, of_day: u32) -> Calls {
        let windows = Windows { quarter: reads, day: of_day };
        Calls { overall: windows, read: windows }
    }

    /// Details and samples in turn, as a run works at them side by side, waiting where it waits.
    async fn work_at_the_past(&self) {
        loop {
            let (details, streams) = tokio::join!(self.details_on(), self.streams_on());
            let Some(longest) = wait(details).into_iter().chain(wait(streams)).max() else { return };
            self.wait(longest);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_and_samples_that_come_at_once_are_both_kept() {
    House::each(async |house| {
        house.strava().set_limits(Calls::without_end());
        let ids = house.strava().grow(ATHLETE, 20, ms(NOW));
        for round in 0..6 {
            for id in &ids {
                house.strava().edit(*id, |run| {
                    run.name = format!("Round {round}");
                    run.meters += 100.0;
                });
            }
            house.sweep(json!({})).await.unwrap();
            house.work_at_the_past().await;
            house.truth().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quarter_that_is_spent_is_waited_for_and_no_call_is_made_in_it() {
    House::each(async |house| {
        house.strava().set_limits(House::calls(20, 1_000));
        house.strava().grow(ATHLETE, 25, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        let after = wait(house.details().await).unwrap();
        // From 12:03 to 12:15, and some seconds.
        let seconds = after.as_secs();
        assert!((725..=735).contains(&seconds), "{seconds}");
        let spent = house.asked().len();
        // A tenth is left for what is new.
        assert_eq!(spent, 18);
        house.work_at_the_past().await;
        assert_eq!(house.strava().calls_while_spent(), 0);
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_may_use_what_the_past_left() {
    House::each(async |house| {
        house.strava().set_limits(House::calls(20, 1_000));
        house.strava().grow(ATHLETE, 25, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        wait(house.details().await).unwrap();
        house.strava().add_activity(house.strava().new_activity(ATHLETE, ms(NOW) - 60_000));
        house.list().await.unwrap();
        assert_eq!(house.kept().await.len(), 26);
        assert_eq!(house.strava().calls_while_spent(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_spent_ends_the_work_and_the_next_run_goes_on() {
    House::each(async |house| {
        house.strava().set_limits(House::calls(1_000, 60));
        house.strava().grow(ATHLETE, 80, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        assert_eq!(wait(house.details().await), None);
        let left = house.counts().await.details_due;
        assert!(left > 0);
        // What is left of the day shrinks with it: near midnight nothing is kept back.
        let used = house.strava().used().read.day;
        assert!((50..60).contains(&used), "{used}");
        house.wait(Duration::from_secs(11 * 3_600));
        assert_eq!(wait(house.streams().await), None);
        assert!(house.strava().used().read.day > used);
        for _ in 0..4 {
            house.wait(Duration::from_secs(24 * 3_600));
            wait(house.details().await);
            wait(house.streams().await);
        }
        assert_eq!(house.strava().calls_while_spent(), 0);
        house.truth().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_and_segments_wait_for_no_midnight_either() {
    House::each(async |house| {
        house.strava().set_limits(House::calls(1_000, 60));
        house.strava().grow(ATHLETE, 80, ms(NOW));
        house.sweep(json!({})).await.unwrap();
        wait(house.details().await);
        assert_eq!((wait(house.athlete().await), wait(house.segments().await)), (None, None));
        house.wait(Duration::from_secs(24 * 3_600));
        house.asked();
        house.athlete().await.unwrap();
        house.segments().await.unwrap();
        assert!(house.asked_for().len() > 2);
    })
    .await;
}

/// Where the call is of one day and its answer of the next.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_midnight_counts_for_no_new_day() {
    for (used, is_refused) in [(900, false), (1_000, true)] {
        House::each(async |house| {
            house.strava().grow(ATHLETE, 3, ms(NOW));
            house.wait(Duration::from_millis((ms("2026-06-20T23:59:59.800Z") - ms(NOW)) as u64));
            house.list().await.unwrap();
            house.asked();
            house.strava().spend(House::calls(90, used));
            house.upstream.fail_times("strava.api", Fault::Slow(300), 1);
            let before = house.strava().used().read.day;
            let passing = async {
                // Counted is the call when Strava has answered it; the answer is under way.
                while house.strava().used().read.day == before {
                    tokio::task::yield_now().await;
                }
                house.wait(Duration::from_millis(400));
            };
            let (listed, ()) = tokio::join!(house.list(), passing);
            let waits = wait(listed);
            assert_eq!(waits.is_some(), is_refused);
            assert!(waits.is_none_or(|waits| waits < Duration::from_secs(16)), "{waits:?}");
            let now_ms = house.now_ms();
            let windows = house.read(move |tx| quota::windows(tx, now_ms)).await;
            assert!(windows.iter().all(|window| window.used == 0), "{windows:?}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_outlives_the_process_and_heeds_what_others_used() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.list().await.unwrap();
        house.strava().spend(House::calls(95, 95));
        house.details().await.unwrap_err();
        let now_ms = house.now_ms();
        let windows = house.read(move |tx| quota::windows(tx, now_ms)).await;
        let quarter =
            windows.iter().find(|window| window.span == Span::Quarter && window.most == 100).unwrap();
        // One call tells what others used; then it is known.
        assert_eq!((quarter.used, quarter.until_ms % QUARTER_MS), (97, 0));
        assert_eq!(house.strava().calls_while_spent(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_without_numbers_closes_the_quarter() {
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.strava().switch(|switches| switches.hides_limits = true);
        house.strava().spend(House::calls(100, 100));
        let refused = wait(house.list().await);
        assert!(refused.is_some());
        house.asked();
        assert!(wait(house.list().await).is_some());
        assert!(house.asked().is_empty());
        house.wait(refused.unwrap());
        house.list().await.unwrap();
        assert_eq!(house.kept().await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_nothing_locks_nobody_out() {
    const BEFORE: Sql = Sql::Both("UPDATE strava_quota SET most = 0");
    House::each(async |house| {
        house.strava().grow(ATHLETE, 3, ms(NOW));
        house.list().await.unwrap();
        let now_ms = house.now_ms();
        let nothing = Told { bucket: Bucket::Read, used: (0, 0), most: (0, 0) };
        let take = move |tx: &mut Tx<'_>| quota::take(tx, Purpose::Past, now_ms);
        let told = move |tx: &mut Tx<'_>| {
            quota::learn(tx, &[nothing], (now_ms, now_ms))?;
            let told = take(tx)?;
            tx.execute(&BEFORE, &[])?;
            Ok((told, take(tx)?))
        };
        assert_eq!(house.write(told).await, (Taken::Call, Taken::Call));
    })
    .await;
}

/// A tenth of the smallest quota, and so a tenth of the 490 activities a day that the contract counts with.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_the_quota_fetches_what_it_can() {
    let house = House::new(&support::databases()[0]).await;
    house.strava().set_limits(House::calls(10, 100));
    house.strava().grow(ATHLETE, 60, ms("2026-06-19T00:00:00Z"));
    house.wait(Duration::from_millis((ms("2026-06-21T00:00:10Z") - ms(NOW)) as u64));
    house.sweep(json!({})).await.unwrap();
    for _ in 0..96 {
        let (details, streams) = tokio::join!(house.details_on(), house.streams_on());
        drop((details, streams));
        house.wait(Duration::from_secs(900));
    }
    let counts = house.counts().await;
    let whole = 60 - counts.details_due.max(counts.streams_due);
    // Of so few the details may be nearly all ahead.
    assert!((35..=49).contains(&whole), "{counts:?}");
    assert_eq!(
        120 - counts.details_due - counts.streams_due,
        97,
        "all but those of the list, and the last one"
    );
    assert_eq!(house.strava().calls_while_spent(), 0);
}
