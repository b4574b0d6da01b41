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
        let figures =
            |step: &StepFigures| (step.step.clone(), step.succeeded, step.retries, step.meters.rows_in);
        let steps: Vec<_> = day.steps.iter().map(figures).collect();
        // The step fails once in this process, and what it counted then counts.
        assert_eq!(steps, [("a".to_owned(), 2, 1, 3), ("b".to_owned(), 2, 0, 2)]);
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

const MIXED: &str = "//! Fails once for good.\npipeline(\"play\", #{});\n\
    let a = test::play([], #{ fail_first: 1, hopeless: true }).named(\"a\");\n\
    test::play([a], #{}).named(\"b\");\n";

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_counted_and_how_long_the_slowest_took() {
    for stage in Stage::each(&[("play", MIXED)]).await {
        for took_ms in [100_i64, 900, 200] {
            let run = stage.run("play").await.id;
            let took = store::Sql::Both("UPDATE run SET finished_ms = started_ms + $2 WHERE id = $1");
            stage.store.write(move |tx| tx.execute(&took, &params![&run, took_ms])).await.unwrap();
        }
        let day = trend(&stage, 0).await.spans.remove(0);
        assert_eq!((day.runs.succeeded, day.runs.failed, day.runs.cancelled), (2, 1, 0));
        assert_eq!((day.runs.p50_ms, day.runs.p95_ms), (Some(200), Some(900)));
        let figures = |step: &StepFigures| (step.succeeded, step.failed, step.skipped, step.retries);
        let steps: Vec<_> = day.steps.iter().map(figures).collect();
        assert_eq!(steps, [(2, 1, 0, 0), (2, 0, 1, 0)]);
        let cut = stage.store.read(|tx| read_of(tx, &asked(0), 2)).await.unwrap();
        assert_eq!((cut.is_cut, cut.spans[0].runs.succeeded, cut.spans[0].runs.failed), (true, 2, 0));
    }
}

#[test]
fn a_former_attempt_that_waited_for_a_quota_is_no_retry() {
    let mut sums = StepSums::default();
    for state in [StepState::Waiting, StepState::Failed, StepState::Lost] {
        sums.add_former(state, Readings { upstream_calls: 2, ..Readings::default() });
    }
    let figures = sums.figures("a".to_owned());
    assert_eq!((figures.retries, figures.meters.upstream_calls), (1, 6));
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
