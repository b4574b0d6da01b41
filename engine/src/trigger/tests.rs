//! Deliveries of webhooks on both databases: what they start, and what stands for what.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};
use store::{Store, Tx};

use super::*;
use crate::registry::{Delivery, Hook, Means, Partition, Partitions, Registry, Verdict};
use crate::run::RunState;
use crate::run::record::{self, Page, RunRecord};
use crate::stage::Stage;
use crate::step::BoxFuture;

const SKIP: (&str, &str) = (
    "skip",
    "pipeline(\"skip\", #{ on_webhook: \"told\", on_overlap: \"skip\", params: #{ id: 0 } });\n\
     test::play([], #{ hang: true }).named(\"a\");\n",
);
const CANCEL: (&str, &str) = (
    "cancel",
    "pipeline(\"cancel\", #{ on_webhook: [\"other\", \"told\"], on_overlap: \"cancel_old\" });\n\
     test::play([], #{ hang: true }).named(\"a\");\n",
);
const DEAF: (&str, &str) = ("deaf", "pipeline(\"deaf\", #{});\ntest::play([], #{}).named(\"a\");\n");

/// Believes everybody who says please, and hands on what the body says.
struct Told;

impl Hook for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn receive<'a>(&'a self, _: &'a Means, delivery: &'a Delivery) -> BoxFuture<'a, store::Result<Verdict>> {
        Box::pin(async { Ok(judge(delivery)) })
    }
}

fn judge(delivery: &Delivery) -> Verdict {
    if let Some(challenge) = delivery.query.get("challenge") {
        return Verdict::Answer(json!({ "challenge": challenge }));
    }
    if !delivery.headers.contains_key("please") {
        return Verdict::Refuse;
    }
    let params = serde_json::from_slice(&delivery.body).unwrap_or(Value::Null);
    Verdict::Enqueue { partition: delivery.query.get("who").cloned(), params }
}

struct People;

impl Partitions for People {
    fn list(&self, _: &mut Tx<'_>) -> store::Result<Vec<Partition>> {
        Ok(["me", "you"].map(|id| Partition { id: id.to_owned(), time_zone: None }).to_vec())
    }
}

async fn stages(scripts: &[(&str, &str)]) -> Vec<Stage> {
    let mut stages = Vec::new();
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let register = |registry: &mut Registry| {
            registry.hook(Told).unwrap();
            registry.partitions(People).unwrap();
        };
        stages.push(Stage::with(store, scripts, register).await);
    }
    stages
}

fn delivery(who: Option<&str>, body: &Value) -> Delivery {
    Delivery {
        word: None,
        method: "POST".to_owned(),
        query: who.map(|who| ("who".to_owned(), who.to_owned())).into_iter().collect(),
        headers: BTreeMap::from([("please".to_owned(), "1".to_owned())]),
        body: body.to_string().into_bytes(),
    }
}

/// Delivers, and answers the one run that stands for it.
async fn deliver(stage: &Stage, body: &Value) -> crate::queue::Enqueued {
    match stage.engine.receive("told", &delivery(Some("me"), body)).await.unwrap() {
        Received::Started(mut started) if started.len() == 1 => started.remove(0).run.unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn runs(stage: &Stage) -> Vec<RunRecord> {
    let page = Page { limit: 100, ..Page::default() };
    stage.store.read(move |tx| record::runs(tx, &page)).await.unwrap()
}

async fn until(stage: &Stage, run: &str, state: RunState) {
    while stage.state(run).await != state {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_starts_every_pipeline_that_waits_for_it_for_everybody_or_for_whom_it_names() {
    for stage in stages(&[SKIP, CANCEL, DEAF]).await {
        let all = stage.engine.receive("told", &delivery(None, &Value::Null)).await.unwrap();
        let Received::Started(all) = all else { panic!("{all:?}") };
        let started: Vec<_> = all.iter().map(|one| (&*one.pipeline, &*one.partition)).collect();
        assert_eq!(started, [("cancel", "me"), ("cancel", "you"), ("skip", "me"), ("skip", "you")]);
        assert!(runs(&stage).await.iter().all(|run| run.cause == "webhook"));
        let named = stage.engine.receive("told", &delivery(Some("he"), &Value::Null)).await.unwrap();
        let Received::Started(named) = named else { panic!("{named:?}") };
        assert!(named.iter().all(|one| one.partition == "he") && named.len() == 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_one_run_behind_the_one_at_work_and_no_delivery_is_lost() {
    for stage in stages(&[SKIP]).await {
        let first = deliver(&stage, &Value::Null).await;
        assert!(first.new);
        assert_eq!(deliver(&stage, &Value::Null).await.run, first.run, "it has not begun");
        let _working = stage.work();
        until(&stage, &first.run, RunState::Running).await;
        let flood = (0..20).map(|_| deliver(&stage, &Value::Null));
        let flood: Vec<_> = join_all(flood).await;
        let behind: BTreeSet<_> = flood.iter().map(|one| &one.run).collect();
        assert_eq!((behind.len(), flood.iter().filter(|one| one.new).count()), (1, 1));
        let behind = &flood[0].run;
        assert_eq!(stage.state(behind).await, RunState::Queued, "one at a time");
        stage.engine.cancel(&first.run).await.unwrap();
        until(&stage, behind, RunState::Running).await;
        let third = deliver(&stage, &Value::Null).await;
        assert!(third.new && third.run != *behind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_work_is_cancelled_where_the_pipeline_says_so() {
    for stage in stages(&[CANCEL]).await {
        let first = deliver(&stage, &Value::Null).await.run;
        let _working = stage.work();
        until(&stage, &first, RunState::Running).await;
        let second = deliver(&stage, &Value::Null).await.run;
        until(&stage, &first, RunState::Cancelled).await;
        until(&stage, &second, RunState::Running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stands_only_for_what_brings_the_same_and_is_not_being_stopped() {
    for stage in stages(&[SKIP]).await {
        let first = deliver(&stage, &json!({"id": 1, "unknown": 5})).await;
        let second = deliver(&stage, &json!({"id": 2})).await;
        assert!(first.new && second.new);
        assert_eq!(deliver(&stage, &json!({"id": 1})).await.run, first.run);
        let params: Vec<_> = runs(&stage).await.into_iter().rev().map(|run| run.params).collect();
        assert_eq!(
            params,
            [json!({"id": 1}), json!({"id": 2})],
            "what the script does not declare is left out"
        );
        stage.engine.cancel(&first.run).await.unwrap();
        assert!(deliver(&stage, &json!({"id": 1})).await.new);
        let wrong = stage.engine.receive("told", &delivery(Some("me"), &json!({"id": "x"}))).await;
        assert!(matches!(wrong, Err(WebhookError::Enqueue(crate::EnqueueError::Params(_)))), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_pipeline_is_not_started() {
    for stage in stages(&[SKIP]).await {
        stage.engine.pause("skip", None).await.unwrap();
        let received = stage.engine.receive("told", &delivery(Some("me"), &Value::Null)).await.unwrap();
        let started = Started { pipeline: "skip".to_owned(), partition: "me".to_owned(), run: None };
        assert_eq!(received, Received::Started(vec![started]));
        assert_eq!(runs(&stage).await.len(), 0);
        stage.engine.resume("skip").await.unwrap();
        assert!(deliver(&stage, &Value::Null).await.new);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_genuine_or_waited_for_starts_nothing() {
    for stage in stages(&[DEAF]).await {
        let please = delivery(None, &Value::Null);
        let unknown = stage.engine.receive("nobody", &please).await;
        assert!(matches!(unknown, Err(WebhookError::Unknown(_))), "{unknown:?}");
        let unwanted = stage.engine.receive("told", &please).await;
        assert!(matches!(unwanted, Err(WebhookError::Unknown(_))), "{unwanted:?}");
        let rude = Delivery { headers: BTreeMap::new(), ..please.clone() };
        let refused = stage.engine.receive("told", &rude).await;
        assert!(matches!(refused, Err(WebhookError::Refused)), "{refused:?}");
        let query = BTreeMap::from([("challenge".to_owned(), "42".to_owned())]);
        let answered = stage.engine.receive("told", &Delivery { query, ..please }).await.unwrap();
        assert_eq!(answered, Received::Answer(json!({"challenge": "42"})));
        assert_eq!(runs(&stage).await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_wanted_by_each_pipeline_whose_pattern_fits() {
    let take = |name: &str, on: &str| {
        format!(
            "pipeline(\"{name}\", #{{ on_file: {on}, params: #{{ paths: [] }} }});\ntest::play([]).named(\"a\");\n"
        )
    };
    let (all, some) = (take("all", "[\"*.fit\", \"*.zip\"]"), take("some", "\"run*\""));
    let names = |stage: &Stage, file| match stage.engine.on_file().wanted(file) {
        Wanted::By(plans) => plans.iter().map(|plan| plan.name.clone()).collect::<Vec<_>>().join(" "),
        Wanted::Nobody => "nobody".to_owned(),
        Wanted::Unclear => "unclear".to_owned(),
    };
    for stage in stages(&[("all", &all), ("some", &some)]).await {
        let told = ["run.FIT", "ride.zip", "run.gpx", "ride.gpx"].map(|file| names(&stage, file));
        assert_eq!(told, ["all some", "all", "some", "nobody"]);
        let start = async || {
            stage.engine.start_with_files("all", "me", &["/a.fit".to_owned()], |_, _| Ok(())).await.unwrap()
        };
        assert!(start().await.unwrap().new && start().await.unwrap().new, "each has files of its own");
        assert_eq!(runs(&stage).await[0].params, json!({"paths": ["/a.fit"]}));
        stage.engine.pause("all", None).await.unwrap();
        assert_eq!(start().await, None);
    }
    for stage in stages(&[("all", &all), ("broken", "pipeline(")]).await {
        assert_eq!(["a.fit", "a.gpx"].map(|file| names(&stage, file)), ["all", "unclear"]);
    }
}
