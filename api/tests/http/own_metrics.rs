//! Metrics of the athlete's own.

use fitness::Scope;
use fitness::own::{About, Aggregate, Per};
use fitness::records::athlete::{self, Athlete};
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number::{self, OfDay, OwnNumber};
use jiff::civil::date;
use serde_json::json;

use crate::house::{ATHLETE, House, NOW_MS, Plan};

const PATH: &str = "/api/v1/own_metrics";
const VALUES: &str = "/api/v1/own_metrics/calm/values";
const HASH: &str = "3f2a91c07d55aaaa";

fn day(day: i8, value: Option<f64>) -> OfDay {
    let why = value.is_none().then(|| "missing day.load".to_owned());
    OfDay { date: date(2026, 5, day), scope: Scope::All, number: OwnNumber { value, why } }
}

/// A house in which a metric of days has three numbers and a day without one.
async fn house(url: String) -> House {
    let pipeline = Some(("metrics", "pipeline(\"metrics\", #{});\nsample::count(#{ rows: 1 });\n"));
    let house = House::build(Plan { url, pipeline, ..Plan::usual() }).await;
    let kept = house.store.write(|tx| {
        athlete::ensure(
            tx,
            &Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS },
        )?;
        let about = About {
            per: Per::Day,
            title: "Calm".to_owned(),
            unit: "pts".to_owned(),
            aggregate: Aggregate::Sum,
            sports: Vec::new(),
            decimals: 0,
            replaces_load: false,
        };
        own_metric::put(tx, ATHLETE, &OwnMetric::new("calm".to_owned(), HASH.to_owned(), 1, about))?;
        let days = [day(3, Some(1.0)), day(4, Some(2.0)), day(5, None), day(6, Some(4.0))];
        let range = (date(2026, 5, 3), date(2026, 5, 6));
        own_number::put_days(tx, ATHLETE, ("calm", HASH), range, &days)
    });
    kept.await.unwrap();
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_come_in_pages_with_their_version() {
    for url in support::databases() {
        let house = house(url).await;
        let page = house.client.get(&format!("{VALUES}?limit=2")).await.json();
        let first = json!({"date": "2026-05-03", "value": 1.0, "version": "3f2a91c07d55"});
        assert_eq!(
            (&page["items"][0], &page["unit"], &page["next"]),
            (&first, &json!("pts"), &json!("2026-05-04"))
        );
        // What came before meanwhile moves no page.
        let (range, days) = ((date(2026, 5, 1), date(2026, 5, 1)), [day(1, Some(9.0))]);
        house
            .store
            .write(move |tx| own_number::put_days(tx, ATHLETE, ("calm", HASH), range, &days))
            .await
            .unwrap();
        let rest = house.client.get(&format!("{VALUES}?limit=2&cursor=2026-05-04")).await.json();
        assert_eq!((&rest["items"][0]["date"], &rest["next"]), (&json!("2026-05-06"), &json!(null)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_summed_up_to_spans() {
    let house = house(support::sqlite_url()).await;
    let weeks = house.client.get(&format!("{VALUES}?by=week")).await.json();
    let wanted = json!([{"date": "2026-04-27", "value": 1.0}, {"date": "2026-05-04", "value": 6.0}]);
    assert_eq!(weeks["items"], wanted);
    let from = house.client.get(&format!("{VALUES}?by=month&from=2026-05-04")).await.json();
    assert_eq!(from["items"], json!([{"date": "2026-05-01", "value": 6.0}]));
    for query in ["?by=activity", "?by=decade", "?cursor=x"] {
        assert_eq!(house.client.get(&format!("{VALUES}{query}")).await.said(), "422 invalid_parameter");
    }
    let unknown = house.client.get("/api/v1/own_metrics/none/values").await.said();
    assert_eq!(unknown, "404 metric_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_listed_and_a_try_hands_over_what_is_asked() {
    let house = House::new().await;
    let listed = house.client.get(PATH).await.json();
    assert_eq!(listed, json!({"items": [{"name": "beats"}], "next": null}));
    let asked = json!({"name": "beats", "text": "x", "on": {"from": "2026-05-01", "to": "2026-05-31"}});
    assert_eq!(house.client.post(&format!("{PATH}/try"), &asked).await.json(), asked);
    let odd = json!({"name": "beats", "on": {}, "colour": "red"});
    assert!(house.client.post(&format!("{PATH}/try"), &odd).await.said().starts_with("4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_wakes_a_metric_and_starts_a_run() {
    for url in support::databases() {
        let house = house(url).await;
        let rested = house.store.write(|tx| own_metric::rest(tx, ATHLETE, ("calm", HASH)));
        rested.await.unwrap();
        let started = house.client.post(&format!("{PATH}/calm/backfill"), &json!({})).await;
        assert_eq!(started.status, 202);
        let run = started.json()["run"].clone();
        let runs = house.client.get("/api/v1/runs?pipeline=metrics").await.json();
        assert_eq!(runs["items"][0]["id"], run, "{runs}");
        let kept = house.store.read(|tx| own_metric::list(tx, ATHLETE)).await.unwrap();
        assert!(!kept[0].rests);
        let unknown = house.client.post(&format!("{PATH}/none/backfill"), &json!({})).await.said();
        assert_eq!(unknown, "404 metric_unknown");
    }
    // Without the pipeline nothing would compute it.
    let without = House::new().await;
    let refused = without.client.post(&format!("{PATH}/calm/backfill"), &json!({})).await.said();
    assert_eq!(refused, "404 pipeline_unknown");
}
