//! What is run again and what is not, on both databases.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::Request;
use crate::rerun::Start;
use crate::run::{Cause, RunState};
use crate::stage::{Play, Stage};
use crate::step::Kind;
use crate::upkeep::Keep;

const SUMS: &str = "//! Adds.\npipeline(\"sums\", #{ params: #{ day: \"\" } });\n\
    let a = test::play([], #{ give: 1 }).named(\"a\").cached();\n\
    test::play([a], #{ give: 2 }).named(\"b\").cached(\"7d\");\n";
const UNLUCKY: &str = "//! Fails at first.\npipeline(\"unlucky\", #{});\n\
    test::play([], #{ fail_first: 1 }).named(\"a\").cached();\n";
const ASKED: &str = "//! Runs where there is more than nothing.\npipeline(\"asked\", #{});\n\
    let a = test::play([], #{ give: 1 }).named(\"a\");\n\
    test::play([a], #{ give: 2 }).named(\"b\").when(|sums| sums[0].total > 5).cached();\n\
    test::play([a], #{ give: 2 }).named(\"c\").cached();\n";
const AGAIN: [&str; 2] = ["a succeeded", "b succeeded"];
const REUSED: [&str; 2] = ["a succeeded reused", "b succeeded reused"];

async fn change(stage: &Stage, sql: &'static str) {
    let sql = Sql::Both(sql);
    assert!(stage.store.write(move |tx| tx.execute(&sql, &params![])).await.unwrap() > 0);
}

/// Runs the pipeline and answers what became of its steps.
async fn run(stage: &Stage, pipeline: &str) -> (String, Vec<String>) {
    let run = stage.run(pipeline).await.id;
    let states = stage.states(&run).await;
    (run, states)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_inputs_are_unchanged_is_not_run_again() {
    for stage in Stage::each(&[("sums", SUMS)]).await {
        let (first, states) = run(&stage, "sums").await;
        assert_eq!(states, AGAIN);
        for _ in 0..2 {
            let (later, states) = run(&stage, "sums").await;
            assert_eq!(states, REUSED);
            for step in stage.steps(&later).await {
                assert_eq!(
                    step.reused_from.as_ref(),
                    Some(&first),
                    "the run that made it, however often reused"
                );
                assert!(step.attempts.is_empty() && step.started_ms.is_none(), "{step:?}");
                assert_eq!(step.meters, crate::context::Readings::default());
            }
            assert_eq!(stage.steps(&later).await[1].artifact, Some(json!({"total": 3})));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partition_or_other_params_are_other_inputs() {
    for stage in Stage::each(&[("sums", SUMS)]).await {
        run(&stage, "sums").await;
        let monday = stage.enqueue("sums", json!({"day": "monday"}), Cause::Cli).await;
        stage.ended(&monday).await;
        assert_eq!(stage.states(&monday).await, AGAIN);
        let request = Request { partition: "you".to_owned(), ..request("sums") };
        let yours = stage.engine.enqueue(request).await.unwrap().run;
        stage.ended(&yours).await;
        assert_eq!(stage.states(&yours).await, AGAIN);
        assert_eq!(run(&stage, "sums").await.1, REUSED);
    }
}

fn request(pipeline: &str) -> Request {
    Request {
        pipeline: pipeline.to_owned(),
        partition: "me".to_owned(),
        params: Value::Null,
        cause: Cause::Http,
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_failed_is_run_again() {
    for stage in Stage::each(&[("unlucky", UNLUCKY)]).await {
        assert_eq!(run(&stage, "unlucky").await.1, ["a failed bad_luck"]);
        assert_eq!(stage.count("SELECT COUNT(*) FROM cached_step").await, 0);
        assert_eq!(run(&stage, "unlucky").await.1, ["a succeeded"]);
        assert_eq!(run(&stage, "unlucky").await.1, ["a succeeded reused"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_decides_before_a_kept_result_does() {
    for stage in Stage::each(&[("asked", ASKED)]).await {
        // The two steps rest on the same, so that what `c` leaves would stand for `b`.
        for c in ["c succeeded", "c succeeded reused"] {
            let (run, states) = run(&stage, "asked").await;
            assert_eq!(states, ["a succeeded", "b skipped when_false", c]);
            assert_eq!(stage.steps(&run).await[1].reused_from, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_no_longer_reads_as_one_is_made_anew() {
    for stage in Stage::each(&[("sums", SUMS)]).await {
        run(&stage, "sums").await;
        change(&stage, "UPDATE cached_step SET artifact = '{\"rows\":1}'").await;
        assert_eq!(run(&stage, "sums").await.1, AGAIN);
        assert_eq!(run(&stage, "sums").await.1, REUSED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_stands_no_longer_than_the_script_says() {
    for stage in Stage::each(&[("sums", SUMS)]).await {
        run(&stage, "sums").await;
        change(&stage, "UPDATE cached_step SET made_ms = made_ms - 8 * 86400000").await;
        assert_eq!(run(&stage, "sums").await.1, ["a succeeded reused", "b succeeded"]);
        change(&stage, "UPDATE cached_step SET until_ms = until_ms - 8 * 86400000").await;
        stage.engine.forget_history(&Keep::STANDARD).await.unwrap();
        assert_eq!(stage.count("SELECT COUNT(*) FROM cached_step").await, 1, "the one of 30 days stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_the_step_or_forces_the_run_has_it_run_again() {
    for stage in Stage::each(&[("sums", SUMS)]).await {
        let (first, _) = run(&stage, "sums").await;
        let again = stage.engine.rerun(&first, &Start::Step("b".to_owned()), None).await.unwrap().run;
        assert_eq!(stage.ended(&again).await.state, RunState::Succeeded);
        assert_eq!(stage.states(&again).await, ["a succeeded reused", "b succeeded"]);
        let forced = Request { fresh: true, ..request("sums") };
        let forced = stage.engine.enqueue(forced).await.unwrap().run;
        stage.ended(&forced).await;
        assert_eq!(stage.states(&forced).await, AGAIN);
        let (last, states) = run(&stage, "sums").await;
        assert_eq!(states, REUSED);
        let from: Vec<_> = stage.steps(&last).await.into_iter().filter_map(|step| step.reused_from).collect();
        assert_eq!(from, [forced.clone(), forced], "what was made last stands");
    }
}

fn step(config: Value, change: impl FnOnce(&mut Kind)) -> PlannedStep {
    let mut kind = Kind::of::<Play>();
    change(&mut kind);
    PlannedStep {
        name: "a".into(),
        step: kind.build(config.clone()).unwrap(),
        kind: Arc::new(kind),
        config,
        inputs: Vec::new(),
        after: Vec::new(),
        policy: crate::plan::Policy::default(),
        when: None,
        spread: None,
    }
}

fn info(partition: &str, params: Value) -> RunInfo {
    RunInfo {
        id: "run".to_owned(),
        pipeline: "play".to_owned(),
        partition: partition.to_owned(),
        params,
        cause: Cause::Cli,
    }
}

#[test]
fn a_key_is_made_of_all_that_a_result_rests_on_and_of_nothing_else() {
    let plain = step(json!({"give": 1}), |_| {});
    let key = Key::of(&plain, &info("me", json!({"a": 1, "b": 2})), &[json!({"x": 1, "y": [2]})]);
    let elsewhere = RunInfo { id: "other".to_owned(), ..info("me", json!({"b": 2, "a": 1})) };
    assert_eq!(
        Key::of(&plain, &elsewhere, &[json!({"y": [2], "x": 1})]),
        key,
        "the order of keys says nothing"
    );
    let others = [
        Key::of(&plain, &info("you", json!({"a": 1, "b": 2})), &[json!({"x": 1, "y": [2]})]),
        Key::of(&plain, &info("me", json!({"a": 1, "b": 3})), &[json!({"x": 1, "y": [2]})]),
        Key::of(&plain, &info("me", json!({"a": 1, "b": 2})), &[json!({"x": 1, "y": [3]})]),
        Key::of(
            &step(json!({"give": 2}), |_| {}),
            &info("me", json!({"a": 1, "b": 2})),
            &[json!({"x": 1, "y": [2]})],
        ),
        Key::of(
            &step(json!({"give": 1}), |kind| kind.version += 1),
            &info("me", json!({"a": 1, "b": 2})),
            &[json!({"x": 1, "y": [2]})],
        ),
        Key::of(
            &step(json!({"give": 1}), |kind| kind.kind = "test.other"),
            &info("me", json!({"a": 1, "b": 2})),
            &[json!({"x": 1, "y": [2]})],
        ),
    ];
    assert!(others.iter().all(|other| *other != key), "{others:?}");
}
