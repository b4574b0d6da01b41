//! A step that is done in parts.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{another, each};
use crate::rerun::Start;
use crate::run::{Cause, RunState};
use crate::stage::Stage;

fn script(range: i64, work: &str) -> String {
    format!(
        "//! Fans out.\npipeline(\"fan\", #{{ lock: \"data\" }});\nlet range = test::range(#{{ to: {range} }});\n\
         let work = test::work(range{work};\ntest::total([work]);\n"
    )
}

const SUM_OF_FENCES: &str = "SELECT CAST(SUM(job.fence) AS BIGINT) FROM job \
    JOIN run ON run.id = job.run_id WHERE run.parent IS NULL";
const LEFT: &str = "SELECT (SELECT COUNT(*) FROM job) + (SELECT COUNT(*) FROM run_lock)";

async fn check_whole(stage: &Stage, run: &str, parts: usize, count: i64) {
    let total = stage.artifact(run, "test.total").await.unwrap();
    assert_eq!(total, json!({ "parts": parts, "count": count, "is_in_order": true }));
    assert_eq!(stage.count(LEFT).await, 0, "something is left in the queue");
}

#[tokio::test(flavor = "multi_thread")]
async fn few_parts_are_done_inside_the_run() {
    let text = script(7, ").for_each(2)");
    for (stage, calls) in each(&[("fan", &text)]).await {
        let run = stage.run("fan").await;
        assert_eq!(run.state, RunState::Succeeded, "{run:?}");
        check_whole(&stage, &run.id, 4, 7).await;
        assert!(stage.counts(&run.id).await.is_empty());
        let mut calls = calls.lock().unwrap().clone();
        calls.sort_unstable();
        assert_eq!(calls, [(0, 2), (2, 4), (4, 6), (6, 7)]);
        assert_eq!(stage.steps(&run.id).await[1].meters.rows_out, 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_split_gives_an_empty_list() {
    let text = script(0, ").for_each(2)");
    for (stage, calls) in each(&[("fan", &text)]).await {
        let run = stage.run("fan").await;
        assert_eq!(stage.artifact(&run.id, "test.work").await, Some(json!([])));
        check_whole(&stage, &run.id, 0, 0).await;
        assert!(calls.lock().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_parts_are_shared_and_each_is_done_once() {
    let text = script(1000, ").for_each(5)");
    let scripts = [("fan", text.as_str())];
    for (stage, calls) in each(&scripts).await {
        let second = another(stage.store.clone(), &scripts, &calls).await;
        let _working = (stage.work(), second.work());
        let run = stage.enqueue("fan", Value::Null, Cause::Http).await;
        let ended = stage.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!(ended.state, RunState::Succeeded, "{ended:?}");
        check_whole(&stage, &run, 200, 1000).await;
        let mut calls = calls.lock().unwrap().clone();
        calls.sort_unstable();
        assert_eq!(calls.len(), 200);
        calls.dedup();
        assert_eq!(calls.len(), 200, "a part was done twice");
        let counts = stage.counts(&run).await;
        assert_eq!((counts[0].step.as_str(), counts[0].succeeded, counts[0].all()), ("test.work", 200, 200));
        let workers = "SELECT COUNT(DISTINCT worker) FROM step_run WHERE worker IS NOT NULL";
        assert_eq!(stage.count(workers).await, 2, "one worker did everything");
        let origins = "SELECT COUNT(*) FROM run WHERE cause = 'part' AND origin = 'http'";
        assert_eq!(stage.count(origins).await, 200);
        assert_eq!(stage.count("SELECT COUNT(*) FROM dead_letter").await, 0);
        assert_eq!(stage.steps(&run).await[1].attempts.len(), 1);
        assert_eq!(stage.steps(&run).await[1].meters.rows_out, 1000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_tried_again_inside_its_own_run() {
    for range in [6, 40] {
        let text = script(range, ", #{ fail_at: 2, fail_first: 2 }).for_each(2).retry(2, \"1s\")");
        for (stage, _) in each(&[("fan", &text)]).await {
            let run = stage.run("fan").await;
            assert_eq!(run.state, RunState::Succeeded, "{run:?}");
            check_whole(&stage, &run.id, usize::try_from(range / 2).unwrap(), range).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_fails_for_good_fails_the_step_once_and_a_retry_runs_it_alone() {
    let text = script(40, ", #{ fail_at: 4, fail_first: 1 }).for_each(2)");
    for (stage, calls) in each(&[("fan", &text)]).await {
        let run = stage.run("fan").await;
        let code = run.error_code.as_deref().unwrap();
        assert_eq!((run.state, code), (RunState::Failed, "bad_luck"));
        assert!(run.error.unwrap().contains("part 3 of 20"));
        let counts = stage.counts(&run.id).await;
        assert_eq!((counts[0].succeeded, counts[0].failed), (19, 1), "the others come to their end");
        assert_eq!(
            stage.count("SELECT COUNT(*) FROM dead_letter").await,
            1,
            "only the root is a dead letter"
        );
        let part = stage.children(&run.id).await.remove(0).id;
        let refused = stage.engine.rerun(&part, &Start::Failed, None).await.unwrap_err();
        assert_eq!(refused.code(), "run_is_part");

        let retry = stage.engine.rerun(&run.id, &Start::Failed, None).await.unwrap().run;
        assert_eq!(stage.ended(&retry).await.state, RunState::Succeeded);
        check_whole(&stage, &retry, 20, 40).await;
        assert_eq!(calls.lock().unwrap().len(), 21, "what succeeded was not run again");
        assert_eq!(stage.count("SELECT COUNT(*) FROM dead_letter WHERE state = 'open'").await, 0);

        // A step that is named runs again as a whole.
        let again = stage.engine.rerun(&retry, &Start::Step("test.work".to_owned()), None).await.unwrap().run;
        assert_eq!(stage.ended(&again).await.state, RunState::Succeeded);
        assert_eq!(calls.lock().unwrap().len(), 41);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_step_may_lose_a_part() {
    let text = script(40, ", #{ fail_at: 4, fail_first: 9 }).for_each(2).optional()");
    for (stage, _) in each(&[("fan", &text)]).await {
        let run = stage.run("fan").await;
        assert_eq!(run.state, RunState::Succeeded);
        check_whole(&stage, &run.id, 0, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_looks_by_itself_finds_its_parts_and_waits_on() {
    let text = script(40, ", #{ hang_at: 4 }).for_each(2)");
    for (stage, _) in each(&[("fan", &text)]).await {
        let _working = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        let parked =
            "SELECT COUNT(*) FROM job WHERE waits_since_ms IS NOT NULL AND worker IS NULL AND ready_ms > 1";
        stage.until("SELECT COUNT(*) FROM run WHERE cause = 'part' AND state = 'succeeded'", 19).await;
        stage.until(parked, 1).await;
        let before = stage.count(SUM_OF_FENCES).await;
        let now = store::Sql::Both("UPDATE job SET ready_ms = 1 WHERE waits_since_ms IS NOT NULL");
        stage.store.write(move |tx| tx.execute(&now, &[])).await.unwrap();
        stage.engine.wake();
        // Taken up, and handed back.
        stage.until(SUM_OF_FENCES, before + 2).await;
        stage.until(parked, 1).await;
        assert_eq!(stage.children(&run).await.len(), 20);
        let step = stage.steps(&run).await.remove(1);
        assert_eq!(
            (step.state.as_str(), step.error.as_deref()),
            ("waiting", Some("waits for 1 of 20 parts"))
        );
        assert!(step.attempts.is_empty(), "{:?}", step.attempts);
        stage.engine.cancel(&run).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_takes_its_parts_along() {
    let text = script(40, ", #{ hang_at: 4 }).for_each(2)");
    for (stage, _) in each(&[("fan", &text)]).await {
        let working = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run WHERE cause = 'part' AND state = 'succeeded'", 19).await;
        stage.until("SELECT COUNT(*) FROM job WHERE waits_since_ms IS NOT NULL AND worker IS NULL", 1).await;
        assert_eq!(stage.count("SELECT COUNT(*) FROM run_lock").await, 1, "children work under its lock");
        let why = {
            let (run, now_ms) = (run.clone(), stage.engine.clock().now_ms());
            stage.store.read(move |tx| crate::queue::waiting(tx, &run, now_ms)).await.unwrap()
        };
        assert_eq!(why, Some(crate::queue::Why::Children { left: 1, of: 20 }));
        assert!(stage.engine.cancel(&run).await.unwrap());
        assert_eq!(stage.state(&run).await, RunState::Cancelled);
        assert_eq!(stage.count(LEFT).await, 0);
        let cancelled = stage.children(&run).await.into_iter().filter(|run| run.state == RunState::Cancelled);
        let codes: Vec<_> = cancelled.map(|run| run.error_code.unwrap()).collect();
        assert_eq!(codes, ["parent_over"]);
        drop(working);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_cancelled_by_itself_fails_the_step() {
    let text = script(40, ", #{ hang_at: 4 }).for_each(2)");
    for (stage, _) in each(&[("fan", &text)]).await {
        let _working = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run WHERE cause = 'part' AND state = 'succeeded'", 19).await;
        let open = stage.children(&run).await.into_iter().find(|run| !run.state.is_over()).unwrap();
        assert!(stage.engine.cancel(&open.id).await.unwrap());
        let ended = stage.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!(ended.error_code.as_deref(), Some("child_cancelled"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_its_parts_uses_its_time() {
    let text = script(40, ", #{ hang_at: 4 }).for_each(2)").replace("lock: \"data\"", "timeout: \"1h\"");
    for (stage, _) in each(&[("fan", &text)]).await {
        let _working = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run WHERE cause = 'part' AND state = 'succeeded'", 19).await;
        stage.until("SELECT COUNT(*) FROM job WHERE waits_since_ms IS NOT NULL AND worker IS NULL", 1).await;
        // As if it had waited an hour, of which it was told its end.
        let later = store::Sql::Both(
            "UPDATE job SET waits_since_ms = waits_since_ms - 3600000, ready_ms = ready_ms - 3600000 \
             WHERE waits_since_ms IS NOT NULL",
        );
        stage.store.write(move |tx| tx.execute(&later, &[])).await.unwrap();
        let ended = stage.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!(ended.error_code.as_deref(), Some("run_timeout"));
        assert_eq!(stage.count(LEFT).await, 0);
        let counts = stage.counts(&run).await;
        assert_eq!((counts[0].succeeded, counts[0].cancelled), (19, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_drained_leaves_the_parts_to_the_next() {
    let text = script(400, ").for_each(2)");
    let scripts = [("fan", text.as_str())];
    for (stage, calls) in each(&scripts).await {
        let first = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        for _ in 0..1000 {
            if calls.lock().unwrap().len() > 20 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(first);
        let second = another(stage.store.clone(), &scripts, &calls).await;
        let _working = second.work();
        let ended = second.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!(ended.state, RunState::Succeeded, "{ended:?}");
        check_whole(&stage, &run, 200, 400).await;
        assert_eq!(stage.children(&run).await.len(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_says_so() {
    for (text, code) in [
        (script(2001, ").for_each(2)"), "too_many_parts"),
        (script(40, ", #{ padding: 4000 }).for_each(2)"), "artifact_too_large"),
        (script(6, ", #{ padding: 30000 }).for_each(2)"), "artifact_too_large"),
    ] {
        for (stage, _) in each(&[("fan", &text)]).await {
            let run = stage.run("fan").await;
            assert_eq!(run.error_code.as_deref(), Some(code));
            assert!(run.error.unwrap().contains("larger size"));
            assert_eq!(stage.count(LEFT).await, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_neither_runs_of_their_pipeline_nor_kept_longer_than_it() {
    let text = script(40, ", #{ hang_at: 4 }).for_each(2)");
    let after = "//! After.\npipeline(\"after\", #{ after: \"fan\" });\ntest::range();\n";
    for (stage, _) in each(&[("fan", &text), ("after", after)]).await {
        let _working = stage.work();
        let run = stage.enqueue("fan", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run WHERE cause = 'part' AND state = 'succeeded'", 19).await;
        assert_eq!(stage.count("SELECT COUNT(*) FROM run WHERE pipeline = 'after'").await, 0);
        let fresh = stage.engine.condition().await.unwrap().pipelines;
        assert!(fresh.iter().all(|pipeline| pipeline.last_success_ms.is_none()), "{fresh:?}");
        let request = crate::Request {
            pipeline: "fan".to_owned(),
            partition: "me".to_owned(),
            params: Value::Null,
            cause: Cause::Cli,
            force: false,
            fresh: false,
            key: None,
            request_id: None,
        };
        assert_eq!(
            stage.engine.enqueue(request).await.unwrap().run,
            run,
            "the run itself stands for a new one"
        );
        let page = crate::run::record::Page { limit: 50, ..Default::default() };
        let roots = stage.store.read(move |tx| crate::run::record::runs(tx, &page)).await.unwrap();
        assert_eq!(roots.len(), 1);
        stage.engine.cancel(&run).await.unwrap();
        stage.until("SELECT COUNT(*) FROM run WHERE state = 'running'", 0).await;

        let old = store::Sql::Both("UPDATE run SET finished_ms = 1");
        stage.store.write(move |tx| tx.execute(&old, &[])).await.unwrap();
        let keep = crate::upkeep::Keep { succeeded_days: 1, failed_days: 1 };
        assert!(stage.engine.forget_history(&keep).await.unwrap().is_some());
        assert_eq!(stage.count("SELECT COUNT(*) FROM run").await, 0);
        assert_eq!(stage.count("SELECT COUNT(*) FROM part_cursor").await, 0);
    }
}
