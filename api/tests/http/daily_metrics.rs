//! What is measured once a day.

use fitness::Scope;
use fitness::records::athlete::{self, Athlete};
use fitness::records::insight;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS, Plan};

const PATH: &str = "/api/v1/daily-metrics";

async fn house(url: String) -> House {
    let house = House::build(Plan { url, ..Plan::usual() }).await;
    let met = house.store.write(|tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)
    });
    met.await.unwrap();
    house
}

async fn listed(house: &House, query: &str) -> Value {
    house.client.get(&format!("{PATH}{query}")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_kept_and_listed() {
    for url in support::databases() {
        let house = house(url).await;
        let day = json!({"date": "2026-07-20", "sleep_s": 27_000.0, "hrv_ms": 62.0});
        assert_eq!(house.client.post(PATH, &day).await.json(), json!({"days": 1, "changed": 2}));
        assert_eq!(house.client.post(PATH, &day).await.json(), json!({"days": 1, "changed": 0}));
        assert_eq!(listed(&house, "").await, json!({"items": [day], "next": null}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_value_counts_and_leaves_the_others_alone() {
    let house = house(support::sqlite_url()).await;
    house.client.post(PATH, &json!({"date": "2026-07-20", "steps": 9000, "weight_kg": 71.0})).await;
    house.client.post(PATH, &json!({"date": "2026-07-20", "weight_kg": 70.5})).await;
    let wanted = json!([{"date": "2026-07-20", "weight_kg": 70.5, "steps": 9000.0}]);
    assert_eq!(listed(&house, "").await["items"], wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_days_come_in_pages() {
    for url in support::databases() {
        let house = house(url).await;
        let items: Vec<Value> = (1..=5)
            .map(|day| json!({"date": format!("2026-07-0{day}"), "resting_hr": 50.0, "steps": 1.0}))
            .collect();
        house.client.post(PATH, &json!({"items": items})).await;
        let page = listed(&house, "?limit=2&from=2026-07-02").await;
        assert_eq!((&page["items"][0]["date"], &page["next"]), (&json!("2026-07-02"), &json!("2026-07-04")));
        let rest = listed(&house, "?limit=2&from=2026-07-02&cursor=2026-07-04").await;
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (2, &json!(null)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_value_is_named_and_nothing_is_kept() {
    let house = house(support::sqlite_url()).await;
    for (body, parameter) in [
        (
            json!({"items": [{"date": "2026-07-20", "steps": 1}, {"date": "2026-07-21", "weight_kg": 7}]}),
            "items[1].weight_kg",
        ),
        (json!({"date": "yesterday", "steps": 1}), "date"),
        (json!({"date": "2026-07-20"}), "date"),
        (json!({"steps": 1}), "date"),
        (json!({"items": []}), "items"),
        (json!({"items": [{"date": "2026-07-20", "steps": 1}], "steps": 2}), "items"),
        (json!({"date": "2026-07-20", "mood": 3}), "mood"),
    ] {
        let answer = house.client.post(PATH, &body).await;
        assert_eq!(answer.said(), "422 invalid_parameter", "{body}");
        assert_eq!(answer.json()["error"]["details"]["parameter"], parameter, "{body}");
    }
    assert_eq!(listed(&house, "").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_that_rests_on_what_was_known_before_is_let_go() {
    for url in support::databases() {
        let house = house(url).await;
        let advised =
            |day: i8| house.store.read(move |tx| insight::get(tx, ATHLETE, Scope::All, date(2026, 7, day)));
        let keep = house.store.write(|tx| {
            insight::put(tx, ATHLETE, Scope::All, date(2026, 7, 19), "{}")?;
            insight::put(tx, ATHLETE, Scope::All, date(2026, 7, 20), "{}")
        });
        keep.await.unwrap();
        house.client.post(PATH, &json!({"date": "2026-07-20", "resting_hr": 60.0})).await;
        assert_eq!((advised(19).await.unwrap().as_deref(), advised(20).await.unwrap()), (Some("{}"), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_has_no_metrics() {
    let house = House::new().await;
    let answer = house.client.post(PATH, &json!({"date": "2026-07-20", "steps": 1})).await;
    assert_eq!(answer.said(), "404 not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_still_to_come_is_refused() {
    let house = house(support::sqlite_url()).await;
    let day = json!({"items": [{"date": "2026-07-20", "steps": 1.0}, {"date": "2031-07-20", "steps": 1.0}]});
    let refused = house.client.post(PATH, &day).await;
    assert_eq!(refused.said(), "422 date_in_future");
    assert_eq!(listed(&house, "").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_stands_in_a_request_once() {
    let house = house(support::sqlite_url()).await;
    let twice =
        json!({"items": [{"date": "2026-07-20", "steps": 1.0}, {"date": "2026-07-20", "steps": 2.0}]});
    let refused = house.client.post(PATH, &twice).await;
    assert_eq!(refused.said(), "422 invalid_parameter");
    assert_eq!(refused.json()["error"]["message"], "`items[1].date` is the day of `items[0]` again");
    assert_eq!(listed(&house, "").await["items"], json!([]));
}
