//! Pipelines that start after others.

use tokio_util::sync::CancellationToken;

use super::stage::{Stage, stages_of};
use crate::host::Request;
use crate::run::{Cause, RunState};
use crate::worker::{Settings, Worker};

const NOW: &str = "2026-11-20T09:30:00Z";

/// Runs `first` to its end, and answers what else was asked for.
async fn followers(stage: &Stage, partition: &str) -> Vec<(String, String, String)> {
    let request = Request {
        pipeline: "first".to_owned(),
        partition: partition.to_owned(),
        params: serde_json::Value::Null,
        cause: Cause::Cli,
        force: false,
        fresh: false,
        key: None,
        request_id: None,
    };
    let run = stage.engine.enqueue(request).await.unwrap().run;
    let stop = CancellationToken::new();
    // One at a time, so that what follows is still in the queue when the worker stops.
    let settings = Settings { slots: 1, schedules: false, ..Settings::standard() };
    let working = tokio::spawn(Worker::new(stage.engine.clone(), settings).unwrap().run(stop.clone()));
    let ended = stage.engine.ended(&run).await.unwrap().unwrap();
    assert_eq!(ended.state, RunState::Succeeded);
    stop.cancel();
    working.await.unwrap();
    let others = stage.runs().await.into_iter().filter(|other| other.id != run);
    others.map(|run| (run.pipeline, run.partition, run.cause)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_starts_what_follows_for_the_same_partition() {
    for stage in stages_of(NOW, &[("first", ""), ("second", r#"after: "first""#), ("third", "")]).await {
        let wanted = ("second".to_owned(), "you".to_owned(), "pipeline".to_owned());
        assert_eq!(followers(&stage, "you").await, [wanted]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_follower_is_not_started() {
    for stage in stages_of(NOW, &[("first", ""), ("second", r#"after: ["first"]"#)]).await {
        stage.pause("second").await;
        assert_eq!(followers(&stage, "me").await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_in_a_circle_are_wrong_where_they_say_so() {
    let pipelines =
        [("a", r#"after: "c""#), ("b", r#"after: ["a", "d"]"#), ("c", r#"after: "b""#), ("d", "")];
    for stage in stages_of(NOW, &pipelines).await {
        let found: Vec<_> =
            stage.engine.pipelines().into_iter().map(|known| (known.name, known.errors)).collect();
        let shown: Vec<_> = found
            .iter()
            .flat_map(|(name, errors)| {
                errors
                    .iter()
                    .map(move |error| format!("{name} {}:{} {}", error.line, error.column, error.code))
            })
            .collect();
        assert_eq!(shown, ["a 1:25 trigger_cycle", "b 1:26 trigger_cycle", "c 1:25 trigger_cycle"]);
        assert_eq!(found[0].1[0].message, "pipelines start each other without end: a → b → c → a");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_after_itself_or_after_nobody_is_wrong() {
    for stage in stages_of(NOW, &[("daily", r#"after: "daily""#), ("other", r#"after: "dayly""#)]).await {
        let pipelines = stage.engine.pipelines();
        assert_eq!(pipelines[0].errors[0].code, "trigger_cycle");
        assert_eq!(pipelines[1].errors[0].code, "unknown_pipeline");
        assert_eq!(pipelines[1].errors[0].hint.as_deref(), Some("did you mean `daily`?"));
    }
}
