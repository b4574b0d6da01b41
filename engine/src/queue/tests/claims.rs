//! Which runs a worker receives, and in which order.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_claimed_once_in_the_order_of_priority_and_age() {
    for store in stores().await {
        put(&store, job("a")).await;
        put(&store, Job { priority: 5, ..job("b") }).await;
        put(&store, Job { now_ms: 500, ..job("c") }).await;
        put(&store, Job { now_ms: 9_000, ..job("later") }).await;
        let claimed = take(&store, "one").await;
        assert_eq!(ids(&claimed), ["b", "c", "a"]);
        assert!(take(&store, "two").await.is_empty());
        assert_eq!(state(&store, "a").await, RunState::Queued);
        let fence = claimed[2].fence.clone();
        store.write(move |tx| begin(tx, &fence, NOW_MS)).await.unwrap();
        assert_eq!(state(&store, "a").await, RunState::Running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_at_once_never_receive_the_same_run() {
    for store in stores().await {
        for number in 0..40 {
            put(&store, job(&format!("run{number:02}"))).await;
        }
        let mut claims = tokio::task::JoinSet::new();
        for worker in 0..8 {
            let store = store.clone();
            claims.spawn(async move { take(&store, &format!("worker{worker}")).await });
        }
        let mut runs: Vec<_> =
            claims.join_all().await.into_iter().flatten().map(|claimed| claimed.run).collect();
        let all = runs.len();
        runs.sort();
        runs.dedup();
        assert_eq!(all, runs.len(), "a run was claimed twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_holds_a_lock_key_until_it_is_finished() {
    for store in stores().await {
        put(&store, locked("a")).await;
        put(&store, locked("b")).await;
        let first = take(&store, "one").await;
        assert_eq!(ids(&first), ["a"]);
        assert!(take(&store, "two").await.is_empty());
        end(&store, &first[0].fence).await.unwrap();
        assert_eq!(ids(&take(&store, "two").await), ["b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_runs_of_one_lock_the_first_is_taken_and_the_others_wait() {
    for store in stores().await {
        put(&store, Job { now_ms: 900, ..locked("older") }).await;
        put(&store, Job { priority: 1, ..locked("urgent") }).await;
        put(&store, Job { lock_key: Some("ingest/you".to_owned()), ..job("other") }).await;
        let claimed = take(&store, "w").await;
        assert_eq!(ids(&claimed), ["urgent", "other"]);
        assert!(take(&store, "w").await.is_empty());
        end(&store, &claimed[0].fence).await.unwrap();
        assert_eq!(ids(&take(&store, "w").await), ["older"]);
    }
}

/// SQLite has one writer at a time.
#[tokio::test(flavor = "multi_thread")]
async fn claims_that_are_not_committed_leave_enough_for_others() {
    let store = Store::open(&support::postgres_url().parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    for number in 0..40 {
        put(&store, Job { partition: format!("of{}", number % 3), ..job(&format!("run{number:02}")) }).await;
    }
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let first = {
        let (store, (told, tell)) = (store.clone(), tokio::sync::oneshot::channel());
        let told = Mutex::new(Some(told));
        let lease = Lease { worker: "one".to_owned(), length: LEASE, now_ms: NOW_MS };
        let claim = move |tx: &mut Tx<'_>| {
            let claimed = claim(tx, &lease, BATCH)?;
            told.lock().unwrap().take().map(|told| told.send(()));
            let _ = held.lock().unwrap().recv();
            Ok(claimed)
        };
        let first = tokio::spawn(async move { store.write_latest(claim).await });
        tell.await.unwrap();
        first
    };
    assert_eq!(take_up_to(&store, "two", BATCH).await.len(), 20);
    drop(release);
    assert_eq!(first.await.unwrap().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_lease_is_left_alone_and_one_that_ran_out_is_taken_over() {
    for store in stores().await {
        put(&store, locked("a")).await;
        take(&store, "one").await;
        assert!(take(&store, "two").await.is_empty());
        run_out(&store).await;
        let taken = take(&store, "two").await;
        assert_eq!((ids(&taken), taken[0].claims), (vec!["a"], 2));
    }
}

/// An hour and a day in both directions, and there and back.
const JUMPS_MS: [i64; 6] = [3_600_000, -3_600_000, 0, 86_400_000, -86_400_000, 0];

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_steals_no_lease_and_loses_none() {
    for store in stores().await {
        put(&store, locked("a")).await;
        put(&store, locked("b")).await;
        let first = take(&store, "one").await;
        for jump_ms in JUMPS_MS {
            let now_ms = NOW_MS + jump_ms;
            assert!(take_at(&store, "two", 10, now_ms).await.is_empty(), "stolen by a jump of {jump_ms} ms");
            assert_eq!(hold_at(&store, "one", &["a"], now_ms).await, ["a"], "lost by a jump of {jump_ms} ms");
            assert!(take(&store, "two").await.is_empty(), "stolen after a jump of {jump_ms} ms");
        }
        // Nor does the clock of whoever renewed last keep a lease alive that has run out.
        hold_at(&store, "one", &["a"], NOW_MS + 86_400_000).await;
        run_out(&store).await;
        assert_eq!(ids(&take_at(&store, "two", 10, NOW_MS - 1_000).await), ["a"]);
        assert_eq!(end(&store, &first[0].fence).await.unwrap_err().code(), "store_aborted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_partition_with_the_fewest_runs_at_work_goes_first() {
    for store in stores().await {
        for number in 0..50 {
            put(&store, job(&format!("many{number:02}"))).await;
        }
        let one = Job { partition: "you".to_owned(), now_ms: 1_900, ..job("one") };
        put(&store, one.clone()).await;
        assert_eq!(ids(&take_up_to(&store, "w", 3).await), ["many00", "one", "many01"]);
        put(&store, Job { id: "two".to_owned(), ..one.clone() }).await;
        put(&store, Job { id: "three".to_owned(), ..one }).await;
        // Two of mine and one of yours are at work.
        assert_eq!(ids(&take_up_to(&store, "w", 4).await), ["three", "many02", "two", "many03"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_has_less_than_its_share_leaves_it_to_the_others() {
    for store in stores().await {
        let of = |partition: &str, id: String| Job { partition: partition.to_owned(), ..job(&id) };
        for number in 0..30 {
            put(&store, of("many", format!("many{number:02}"))).await;
        }
        for number in 0..3 {
            put(&store, of("few", format!("few{number}"))).await;
            put(&store, Job { priority: -1, ..of("few", format!("low{number}")) }).await;
        }
        let claimed = take_up_to(&store, "w", 12).await;
        let few = ids(&claimed).into_iter().filter(|run| run.starts_with("few")).count();
        assert_eq!((claimed.len(), few), (12, 3), "{:?}", ids(&claimed));
        let rest = take_up_to(&store, "w", 20).await;
        assert!(ids(&rest).iter().all(|run| run.starts_with("many")), "{:?}", ids(&rest));
        assert_eq!(ids(&take_up_to(&store, "w", 20).await), ["many29", "low0", "low1", "low2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn priority_goes_before_fairness() {
    for store in stores().await {
        put(&store, Job { partition: "you".to_owned(), ..job("low") }).await;
        for number in 0..3 {
            put(&store, Job { priority: 1, ..job(&format!("high{number}")) }).await;
        }
        assert_eq!(ids(&take(&store, "w").await), ["high0", "high1", "high2", "low"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_workers_run_that_was_asked_to_stop_is_ended_and_not_taken_up() {
    for store in stores().await {
        put(&store, locked("a")).await;
        take(&store, "one").await;
        store.write(|tx| ask_cancel(tx, "a", 5)).await.unwrap();
        run_out(&store).await;
        put(&store, locked("b")).await;
        assert!(take(&store, "two").await.is_empty());
        assert_eq!(state(&store, "a").await, RunState::Cancelled);
        assert_eq!(ids(&take(&store, "two").await), ["b"], "the lock is free");
    }
}
