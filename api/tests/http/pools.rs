//! Pools as a program sees them, and how it opens one.

use engine::{Request, run::Cause};
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS};

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_listed_with_what_is_left_of_it() {
    let house = House::new().await;
    let pool = |used| {
        json!({
            "name": "upstream", "state": "open", "slots": 2, "holders": [], "waiting": [], "failures": 0,
            "calls": {"used": used, "of": 3, "per_ms": 900_000, "until_ms": NOW_MS + 600_000},
        })
    };
    let listed = house.client.get("/api/v1/pools").await.json();
    assert_eq!(listed, json!({"items": [pool(0)], "next": null}));
    house.work();
    house.count().await;
    assert_eq!(house.client.get("/api/v1/pools").await.json()["items"], json!([pool(1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_a_pool_says_so() {
    let house = House::new().await;
    house.work();
    for _ in 0..3 {
        house.count().await;
    }
    let run = house.ask().await;
    let wait = json!({
        "name": "upstream",
        "code": "pool_spent",
        "message": "waits for pool `upstream`: 3 of 3 calls spent until 2026-07-25T17:30:00Z",
    });
    let shown = loop {
        let shown = house.client.get(&format!("/api/v1/job_runs/{run}")).await.json();
        if shown["state"] == "queued" && shown["waits"]["pool"] != Value::Null {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(shown["waits"]["pool"], wait);
    assert_eq!(
        (&shown["steps"][0]["state"], &shown["steps"][0]["attempts"]),
        (&json!("waiting"), &json!([]))
    );
    let job = house.client.get("/api/v1/jobs").await.json()["items"][0].clone();
    assert_eq!((&job["why"], &job["pool"]), (&json!("pool"), &wait));
    assert_eq!(house.client.get("/api/v1/pools").await.json()["items"][0]["waiting"], json!([run]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_is_opened_by_its_name() {
    let house = House::new().await;
    let opened = house.client.post("/api/v1/pools/upstream/open", &json!({})).await;
    assert_eq!((opened.status, &opened.json()["state"]), (200, &json!("open")));
    let unknown = house.client.post("/api/v1/pools/upstraem/open", &json!({})).await;
    assert_eq!(unknown.said(), "404 pool_unknown");
}

impl House {
    async fn ask(&self) -> String {
        let request = Request {
            pipeline: "polite".to_owned(),
            partition: ATHLETE.to_owned(),
            params: Value::Null,
            cause: Cause::Http,
            force: true,
            request_id: None,
            key: None,
            fresh: false,
        };
        self.engine.enqueue(request).await.unwrap().run
    }

    async fn count(&self) {
        let run = self.ask().await;
        self.engine.ended(&run).await.unwrap();
    }
}
