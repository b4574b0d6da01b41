//! What runs again and what is taken over, on both databases.

use serde_json::{Value, json};

use super::*;
use crate::run::RunState;
use crate::stage::Stage;

const CHAIN: &str = "//! A chain that fails once in its middle.\npipeline(\"chain\", #{});\n\
    let a = test::play([], #{ give: 1 }).named(\"a\");\n\
    let b = test::play([a], #{ give: 10, fail_first: 1 }).named(\"b\");\n\
    let c = test::play([b], #{ give: 100 }).named(\"c\");\n\
    let d = test::play([a], #{ give: 5 }).named(\"d\");\n";

const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\n\
    let a = test::play([], #{ give: 1 }).named(\"a\");\n\
    let b = test::play([a], #{ give: 10 }).named(\"b\");\n";

const STUCK: &str = "//! Waits.\npipeline(\"stuck\", #{});\n\
    let a = test::play([], #{ give: 1 }).named(\"a\");\n\
    let b = test::play([a], #{ hang: true }).named(\"b\");\n";

async fn retry(stage: &Stage, run: &str) -> Result<Enqueued, RerunError> {
    stage.engine.rerun(run, &Start::Failed, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_runs_what_failed_and_what_follows_and_takes_over_the_rest() {
    for stage in Stage::each(&[("chain", CHAIN)]).await {
        let failed = stage.run("chain").await;
        assert_eq!(failed.state, RunState::Failed);
        let preview = stage.engine.preview_rerun(&failed.id, &Start::Failed).await.unwrap();
        assert_eq!((preview.again.join(" "), preview.reused.join(" ")), ("b c".into(), "a d".into()));
        let retried = retry(&stage, &failed.id).await.unwrap();
        let run = stage.ended(&retried.run).await;
        assert_eq!((run.state, run.cause.as_str()), (RunState::Succeeded, "retry"));
        assert_eq!(run.follows.as_deref(), Some(&*failed.id));
        let expected = ["a succeeded reused", "b succeeded", "c succeeded", "d succeeded reused"];
        assert_eq!(stage.states(&run.id).await, expected);
        let steps = stage.steps(&run.id).await;
        assert_eq!(steps[2].artifact, Some(json!({"total": 111})), "the artifact of `a` was taken over");
        assert_eq!(steps[0].reused_from.as_deref(), Some(&*failed.id));
        // What happened stays as it was.
        assert_eq!(stage.states(&failed.id).await[1], "b failed bad_luck");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_retry_answers_the_first_while_that_is_unfinished() {
    for stage in Stage::each(&[("chain", CHAIN)]).await {
        let failed = stage.run("chain").await;
        let first = retry(&stage, &failed.id).await.unwrap();
        let second = retry(&stage, &failed.id).await.unwrap();
        assert_eq!((first.new, second.new), (true, false));
        assert_eq!(first.run, second.run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_retried_from_where_it_was() {
    for stage in Stage::each(&[("stuck", STUCK)]).await {
        let run = stage.enqueue("stuck", Value::Null, Cause::Cli).await;
        stage.engine.cancel(&run).await.unwrap();
        assert_eq!(stage.state(&run).await, RunState::Cancelled);
        let retried = retry(&stage, &run).await.unwrap();
        assert!(matches!(retry(&stage, &retried.run).await, Err(RerunError::Unfinished(_))));
        assert_eq!(stage.states(&retried.run).await, ["a pending", "b pending"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_succeeded_is_run_again_from_any_step_but_not_retried() {
    for stage in Stage::each(&[("well", WELL)]).await {
        let run = stage.run("well").await;
        assert!(matches!(retry(&stage, &run.id).await, Err(RerunError::Nothing(_))));
        let start = Start::Step("b".to_owned());
        let again = stage.engine.rerun(&run.id, &start, None).await.unwrap();
        let again = stage.ended(&again.run).await;
        assert_eq!(stage.states(&again.id).await, ["a succeeded reused", "b succeeded"]);
        let unknown = stage.engine.preview_rerun(&run.id, &Start::Step("x".to_owned())).await;
        assert!(matches!(unknown, Err(RerunError::Step { known, .. }) if known == "`a`, `b`"));
        let nobody = stage.engine.preview_rerun("nobody", &start).await;
        assert!(matches!(nobody, Err(RerunError::Unknown(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_was_taken_over_twice_names_the_run_that_made_it() {
    for stage in Stage::each(&[("well", WELL)]).await {
        let first = stage.run("well").await;
        let start = Start::Step("b".to_owned());
        let second = stage.engine.rerun(&first.id, &start, None).await.unwrap().run;
        stage.ended(&second).await;
        let third = stage.engine.rerun(&second, &start, None).await.unwrap().run;
        stage.ended(&third).await;
        assert_eq!(stage.steps(&third).await[0].reused_from.as_deref(), Some(&*first.id));
    }
}

// Who asked over HTTP may not read files of the machine, and gains no right to it by asking twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_as_trusted_as_the_run_that_it_follows() {
    for stage in Stage::each(&[("chain", CHAIN)]).await {
        let run = stage.enqueue("chain", Value::Null, Cause::Http).await;
        stage.ended(&run).await;
        let first = retry(&stage, &run).await.unwrap().run;
        stage.engine.cancel(&first).await.unwrap();
        retry(&stage, &first).await.unwrap();
        let http = "SELECT COUNT(*) FROM run WHERE cause = 'retry' AND origin = 'http'";
        assert_eq!(stage.count(http).await, 2);
    }
}
