//! Who works on the queue.

use serde_json::json;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_listed_from_its_start_on() {
    let house = House::new().await;
    assert_eq!(house.client.get("/api/v1/workers").await.json(), json!({"items": [], "next": null}));
    house.work();
    let worker = loop {
        let listed = house.client.get("/api/v1/workers").await.json();
        if let Some(worker) = listed["items"].get(0) {
            break worker.clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(worker["process"], std::process::id());
    assert_eq!(worker["runs"], json!([]));
    assert!(worker["id"].is_string() && worker["host"].is_string(), "{worker}");
    assert!(worker["since_ms"].is_i64() && worker["seen_ms"].is_i64(), "{worker}");
}
