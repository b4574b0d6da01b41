//! A pipeline that is run as a step.

use serde_json::{Value, json};

use super::stage::each;
use crate::run::{Cause, RunState};

const INNER: &str = "//! Inner.\npipeline(\"inner\", #{ lock: \"data\", params: #{ give: 1 } });\n\
    let range = test::range(#{ to: 30 });\nlet work = test::work(range).for_each(3);\ntest::total([work]);\n";

const OUTER: &str = "//! Outer.\npipeline(\"outer\", #{ lock: \"data\" });\nlet first = test::range(#{ to: 3 });\n\
    let inner = flow::pipeline(#{ name: \"inner\", params: #{ give: 5 } }).after(first);\n\
    test::play([]).named(\"last\").after(inner);\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_runs_as_a_step_under_the_lock_of_its_parent() {
    let outermost =
        "//! Outermost.\npipeline(\"outermost\", #{ priority: 7 });\nflow::pipeline(#{ name: \"outer\" });\n";
    let scripts = [("inner", INNER), ("outer", OUTER), ("outermost", outermost)];
    for (stage, _) in each(&scripts).await {
        let run = stage.enqueue("outermost", Value::Null, Cause::Http).await;
        let ended = stage.ended(&run).await;
        assert_eq!(ended.state, RunState::Succeeded, "{ended:?}");
        let outer = stage.children(&run).await.remove(0);
        assert_eq!((outer.pipeline.as_str(), outer.cause.as_str()), ("outer", "sub_pipeline"));
        assert_eq!(stage.artifact(&run, "flow.pipeline").await, Some(json!({ "run": outer.id })));
        let inner = stage.children(&outer.id).await.remove(0);
        assert_eq!((inner.state, &inner.params["give"]), (RunState::Succeeded, &json!(5)));
        assert_eq!(stage.children(&inner.id).await.len(), 10);
        let total = stage.artifact(&inner.id, "test.total").await.unwrap();
        assert_eq!(total["count"], 30);
        let steps = stage.steps(&outer.id).await;
        let order = (steps[0].finished_ms, Some(inner.enqueued_ms), inner.finished_ms, steps[2].started_ms);
        assert!(order.0 <= order.1 && order.2 <= order.3, "{order:?}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM run WHERE origin = 'http'").await, 12);
        assert_eq!(stage.count("SELECT COUNT(*) FROM run_lock").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_fails_fails_the_step_and_only_the_root_is_a_dead_letter() {
    let inner = "//! Inner.\npipeline(\"inner\", #{});\ntest::play([], #{ fail_first: 9 });\n";
    let outer = "//! Outer.\npipeline(\"outer\", #{});\nflow::pipeline(#{ name: \"inner\" });\n";
    for (stage, _) in each(&[("inner", inner), ("outer", outer)]).await {
        let run = stage.run("outer").await;
        assert_eq!((run.state, run.error_code.as_deref()), (RunState::Failed, Some("bad_luck")));
        assert!(run.error.unwrap().contains("pipeline `inner`"));
        assert_eq!(stage.count("SELECT COUNT(*) FROM dead_letter").await, 1);
        let letter = stage.count("SELECT COUNT(*) FROM dead_letter WHERE pipeline = 'outer'").await;
        assert_eq!(letter, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_with_a_lock_of_its_own_waits_for_it() {
    let inner = "//! Inner.\npipeline(\"inner\", #{ lock: \"b\" });\ntest::play([]);\n";
    let outer = "//! Outer.\npipeline(\"outer\", #{ lock: \"a\" });\nflow::pipeline(#{ name: \"inner\" });\n";
    let other = "//! Other.\npipeline(\"other\", #{ lock: \"b\" });\ntest::play([], #{ hang: true });\n";
    for (stage, _) in each(&[("inner", inner), ("outer", outer), ("other", other)]).await {
        let _working = stage.work();
        let other = stage.enqueue("other", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run_lock", 1).await;
        let run = stage.enqueue("outer", Value::Null, Cause::Cli).await;
        stage.until("SELECT COUNT(*) FROM run WHERE pipeline = 'inner'", 1).await;
        stage.until("SELECT COUNT(*) FROM job WHERE waits_since_ms IS NOT NULL AND worker IS NULL", 1).await;
        assert_eq!(stage.count("SELECT COUNT(*) FROM run_lock").await, 2);
        assert!(stage.engine.cancel(&other).await.unwrap());
        assert_eq!(stage.engine.ended(&run).await.unwrap().unwrap().state, RunState::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_pipeline_between_check_and_run_is_told() {
    for (inner, code) in [
        ("//! Inner.\npipeline(\"inner\", #{});\ntest::play([]);\n", "invalid_param"),
        ("//! Inner.\npipeline(\"inner\", #{}\n", "pipeline_invalid"),
    ] {
        let outer = "//! Outer.\npipeline(\"outer\", #{});\nflow::pipeline(#{ name: \"inner\", params: #{ x: 1 } });\n";
        let whole = "//! Inner.\npipeline(\"inner\", #{ params: #{ x: 0 } });\ntest::play([]);\n";
        for (stage, calls) in each(&[("inner", whole), ("outer", outer)]).await {
            let run = stage.enqueue("outer", Value::Null, Cause::Cli).await;
            let next = super::stage::another(stage.store.clone(), &[("inner", inner)], &calls).await;
            assert_eq!(next.ended(&run).await.error_code.as_deref(), Some(code));
        }
    }
}
