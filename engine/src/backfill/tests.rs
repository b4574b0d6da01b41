//! A list becomes runs a few at a time, each once, on both databases.

use serde_json::json;

use super::*;
use crate::run::RunState;
use crate::stage::Stage;
use crate::upkeep::{Keep, Upkeep};
use tokio_util::sync::CancellationToken;

const DAY: &str = "//! Takes a day.\npipeline(\"day\", #{ on_overlap: \"skip\", params: #{ date: \"\", n: 1 } });\n\
    test::play([], #{ give: 1 }).named(\"a\");\n";

fn wish(days: usize) -> Wish {
    let from = jiff::civil::date(2026, 1, 30);
    let to = from.checked_add(jiff::Span::new().days(i64::try_from(days).unwrap() - 1)).unwrap();
    let item = |params| Item { pipeline: "day".to_owned(), partition: "me".to_owned(), params };
    let items = super::days(from, to, "date").into_iter().map(item).collect();
    Wish { items, priority: -10, at_once: 2, cause: Cause::Http, request_id: None }
}

async fn started(stage: &Stage, days: usize) -> Backfill {
    stage.engine.start_backfill(wish(days)).await.unwrap()
}

async fn look(stage: &Stage, id: &str) -> Backfill {
    let id = id.to_owned();
    stage.store.read(move |tx| backfill(tx, &id)).await.unwrap().unwrap()
}

async fn all(stage: &Stage, id: &str) -> Vec<BackfillItem> {
    let id = id.to_owned();
    stage.store.read(move |tx| items(tx, &id, 0, 1000)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_every_item_with_all_its_params_and_keeps_nothing() {
    for stage in Stage::each(&[("day", DAY)]).await {
        let items = stage.engine.preview_backfill(&wish(3)).unwrap();
        let params: Vec<_> = items.into_iter().map(|item| item.params).collect();
        let day = |date: &str| json!({"date": date, "n": 1});
        assert_eq!(params, [day("2026-01-30"), day("2026-01-31"), day("2026-02-01")]);
        assert_eq!(stage.count("SELECT COUNT(*) FROM backfill").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_as_a_whole() {
    for stage in Stage::each(&[("day", DAY)]).await {
        let refused = |wish: &Wish| stage.engine.preview_backfill(wish).unwrap_err().to_string();
        assert_eq!(refused(&Wish { items: Vec::new(), ..wish(1) }), "a backfill has 1 to 10000 items, not 0");
        assert_eq!(refused(&wish(10_001)), "a backfill has 1 to 10000 items, not 10001");
        assert_eq!(refused(&Wish { priority: 0, ..wish(1) }), "priority must be from -1000 to -1");
        assert_eq!(refused(&Wish { at_once: 0, ..wish(1) }), "at_once must be from 1 to 100");
        let mut wrong = wish(2);
        wrong.items[1].params = json!({"n": "x"});
        assert!(refused(&wrong).starts_with("item 2: param `n` must be like 1"), "{}", refused(&wrong));
        wrong.items[1].pipeline = "nothing".to_owned();
        assert!(refused(&wrong).starts_with("item 2: there is no pipeline `nothing`"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_items_are_in_the_queue_and_none_twice() {
    for stage in Stage::each(&[("day", DAY)]).await {
        let id = started(&stage, 5).await.id;
        // Whoever feeds, and however often.
        let feeds: Vec<_> = (0..4).map(|_| stage.engine.clone()).collect();
        let feeds = feeds.into_iter().map(|engine| async move { engine.feed_backfills().await.unwrap() });
        futures_util::future::join_all(feeds).await;
        let counts = look(&stage, &id).await.counts;
        assert_eq!(counts, Counts { waiting: 3, unfinished: 2, ..Counts::default() });
        let queued = "SELECT COUNT(*) FROM job JOIN run ON run.id = job.run_id \
                      WHERE job.priority = -10 AND run.cause = 'backfill' AND run.origin = 'http'";
        assert_eq!(stage.count(queued).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_runs_to_its_end_in_the_order_of_its_list() {
    for stage in Stage::each(&[("day", DAY)]).await {
        let id = started(&stage, 5).await.id;
        let stop = CancellationToken::new();
        let upkeep = tokio::spawn(Upkeep::new(stage.engine.clone(), Keep::STANDARD).run(stop.clone()));
        let _working = stage.work();
        let done = async {
            while look(&stage, &id).await.state != "done" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), done).await.unwrap();
        stop.cancel();
        upkeep.await.unwrap();
        let counts = look(&stage, &id).await.counts;
        assert_eq!(counts, Counts { succeeded: 5, ..Counts::default() });
        let runs: Vec<_> = all(&stage, &id).await.into_iter().map(|item| item.run.unwrap()).collect();
        assert!(runs.is_sorted(), "{runs:?}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM run").await, 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_removes_what_has_not_begun_and_leaves_the_rest() {
    for stage in Stage::each(&[("day", DAY)]).await {
        let id = started(&stage, 5).await.id;
        let cancelled = stage.engine.cancel_backfill(&id).await.unwrap();
        assert_eq!((cancelled.state.as_str(), cancelled.items), ("cancelled", 5));
        assert_eq!(cancelled.counts, Counts { cancelled: 2, ..Counts::default() });
        assert!(!stage.engine.feed_backfills().await.unwrap());
        for item in all(&stage, &id).await {
            assert_eq!(stage.state(&item.run.unwrap()).await, RunState::Cancelled);
        }
        let again = stage.engine.cancel_backfill(&id).await;
        assert!(matches!(again, Err(BackfillError::Over(_))));
        let unknown = stage.engine.cancel_backfill("nobody").await;
        assert!(matches!(unknown, Err(BackfillError::Unknown(_))));
    }
}

#[test]
fn days_go_from_the_first_to_the_last_and_end_somewhere() {
    let date = jiff::civil::date;
    let day = |text: &str| json!({"day": text});
    assert_eq!(
        days(date(2024, 2, 28), date(2024, 3, 1), "day"),
        [day("2024-02-28"), day("2024-02-29"), day("2024-03-01")]
    );
    assert!(days(date(2024, 3, 1), date(2024, 2, 28), "day").is_empty());
    assert_eq!(days(date(1900, 1, 1), date(9999, 1, 1), "day").len(), ITEMS_MOST + 1);
}
