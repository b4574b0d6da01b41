//! How a pipeline went, on both databases.

use super::*;
use crate::stage::{NOW_MS, Stage};

const PLAY: &str = "//! Plays.\npipeline(\"play\", #{});\n\
    let a = test::play([], #{ fail_first: 1 }).named(\"a\").retry(2, \"1s\");\n\
    test::play([a], #{}).named(\"b\");\n";

fn asked(since_ms: i64) -> Asked {
    Asked { pipeline: "play".to_owned(), partition: "me".to_owned(), since_ms, by: Span::Day }
}

async fn trend(stage: &Stage, since_ms: i64) -> Trend {
    let asked = asked(since_ms);
    stage.store.read(move |tx| read(tx, &asked)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_steps_of_a_day_are_counted_with_their_retries() {
    for stage in Stage::each(&[("play", PLAY)]).await {
        stage.run("play").await;
        stage.run("play").await;
        let trend = trend(&stage, NOW_MS - DAY_MS).await;
        assert_eq!((trend.spans.len(), trend.is_cut), (1, false));
        let day = &trend.spans[0];
        assert_eq!(day.from_ms, Span::Day.begin(NOW_MS));
        assert_eq!((day.runs.succeeded, day.runs.failed), (2, 0));
        assert!(day.runs.p50_ms.is_some_and(|p50_ms| p50_ms > 0) && day.runs.p50_ms <= day.runs.p95_ms);
        let steps: Vec<_> =
            day.steps.iter().map(|step| (step.step.as_str(), step.succeeded, step.retries)).collect();
        // The step fails once in this process.
        assert_eq!(steps, [("a", 2, 1), ("b", 2, 0)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_or_never_ran_is_left_out() {
    for stage in Stage::each(&[("play", PLAY)]).await {
        assert_eq!(trend(&stage, 0).await, Trend::default());
        stage.run("play").await;
        assert_eq!(trend(&stage, NOW_MS + DAY_MS).await, Trend::default());
    }
}

#[test]
fn a_week_begins_on_monday() {
    // 2024-03-01 was a Friday, 2024-02-26 the Monday before it.
    assert_eq!(Span::Week.begin(1_709_335_800_000), 1_708_905_600_000);
    assert_eq!(Span::Week.begin(1_708_905_600_000), 1_708_905_600_000);
    assert_eq!(Span::Week.begin(1_708_905_599_999), 1_708_905_600_000 - 7 * DAY_MS);
}

#[test]
fn an_id_begins_with_its_time() {
    let id = crate::host::new_id(NOW_MS);
    assert!(first_id(NOW_MS) <= id && id < first_id(NOW_MS + 1), "{id}");
}
