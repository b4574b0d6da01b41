//! Requests with a key, one after the other and at once, on both databases.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::Value;

use crate::run::Cause;
use crate::stage::Stage;
use crate::{EnqueueError, Request};

const SKIP: &str =
    "//! Adds.\npipeline(\"skip\", #{ on_overlap: \"skip\" });\ntest::play([], #{}).named(\"a\");\n";
const QUEUE: &str =
    "//! Adds.\npipeline(\"queue\", #{ on_overlap: \"queue\" });\ntest::play([], #{}).named(\"a\");\n";
const AT_ONCE: usize = 20;

fn request(pipeline: &str, key: Option<&str>) -> Request {
    Request {
        pipeline: pipeline.to_owned(),
        partition: "me".to_owned(),
        params: Value::Null,
        cause: Cause::Http,
        force: false,
        fresh: false,
        key: key.map(str::to_owned),
        request_id: None,
    }
}

/// Asks so many times at once; answers the runs that were answered, and how many were said to be new.
async fn race(stage: &Stage, request: &Request) -> (BTreeSet<String>, usize) {
    let asked = (0..AT_ONCE).map(|_| {
        let (engine, request) = (stage.engine.clone(), request.clone());
        tokio::spawn(async move { engine.enqueue(request).await })
    });
    let answers = join_all(asked).await.into_iter().map(|answer| answer.unwrap().unwrap());
    let answers: Vec<_> = answers.collect();
    let new = answers.iter().filter(|answer| answer.new).count();
    (answers.into_iter().map(|answer| answer.run).collect(), new)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_one_key_get_one_run_at_once_and_when_it_is_over() {
    for stage in Stage::each(&[("queue", QUEUE)]).await {
        let (runs, new) = race(&stage, &request("queue", Some("monday"))).await;
        assert_eq!((runs.len(), new), (1, 1));
        let run = runs.into_iter().next().unwrap();
        stage.ended(&run).await;
        let again = stage.engine.enqueue(request("queue", Some("monday"))).await.unwrap();
        assert_eq!((&again.run, again.new), (&run, false));
        let forced = Request { force: true, fresh: true, ..request("queue", Some("monday")) };
        assert_eq!(stage.engine.enqueue(forced).await.unwrap(), again);
        assert_eq!(stage.count("SELECT COUNT(*) FROM run").await, 1);
        for other in [
            request("queue", Some("tuesday")),
            Request { partition: "you".to_owned(), ..request("queue", Some("monday")) },
            request("queue", None),
        ] {
            assert!(stage.engine.enqueue(other).await.unwrap().new);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stands_for_a_request_answers_for_its_key_too() {
    for stage in Stage::each(&[("skip", SKIP)]).await {
        let first = stage.engine.enqueue(request("skip", None)).await.unwrap().run;
        let keyed = stage.engine.enqueue(request("skip", Some("monday"))).await.unwrap();
        assert_eq!((&keyed.run, keyed.new), (&first, false));
        stage.ended(&first).await;
        assert_eq!(stage.engine.enqueue(request("skip", Some("monday"))).await.unwrap(), keyed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_free_again_when_the_history_of_its_run_is_gone() {
    for stage in Stage::each(&[("queue", QUEUE)]).await {
        let first = stage.engine.enqueue(request("queue", Some("monday"))).await.unwrap().run;
        let sql = store::Sql::Both("DELETE FROM run");
        stage.store.write(move |tx| tx.execute(&sql, &[])).await.unwrap();
        let second = stage.engine.enqueue(request("queue", Some("monday"))).await.unwrap();
        assert!(second.new && second.run != first);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_of_a_pipeline_that_skips_get_one_run_without_a_key() {
    for stage in Stage::each(&[("skip", SKIP)]).await {
        let (runs, new) = race(&stage, &request("skip", None)).await;
        assert_eq!((runs.len(), new), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_is_refused() {
    for stage in Stage::each(&[("queue", QUEUE)]).await {
        for key in ["", "a\nb", &"x".repeat(129)] {
            let refused = stage.engine.enqueue(request("queue", Some(key))).await;
            assert!(matches!(refused, Err(EnqueueError::Key)), "{key}");
        }
        assert!(stage.engine.enqueue(request("queue", Some(&"ä".repeat(128)))).await.unwrap().new);
    }
}
