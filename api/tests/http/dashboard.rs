//! The first view, what a client has already, and lists that are filtered.

use std::io::Read;
use std::time::Duration;

use fitness::Scope;
use fitness::calendar::DayRow;
use fitness::records::day;
use serde_json::{Value, json};
use store::{Sql, params};

use crate::athlete::{Ride, ride};
use crate::client::Answer;
use crate::house::{ATHLETE, House, NOW_MS, Plan};

const PATH: &str = "/api/v1/dashboard";

async fn each(check: impl AsyncFn(House)) {
    for url in support::databases() {
        check(House::build(Plan { url, ..Plan::usual() }).await).await;
    }
}

async fn with(house: &House, path: &str, headers: &[&str]) -> Answer {
    house.client.send("GET", path, headers, b"").await
}

fn unpacked(answer: &Answer) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*answer.body).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_view_is_one_answer() {
    each(async |house| {
        for days_ago in 0..9 {
            ride(&house, Ride { days_ago, distance_m: Some(10_000.4), ..Ride::default() }).await;
        }
        let rows =
            [("2026-07-24", 50.0), ("2026-07-25", 0.0), ("2026-07-26", 9.0)].map(|(date, load)| DayRow {
                date: date.parse().unwrap(),
                load,
                ctl: 1.5,
                atl: 7.25,
                tsb: -0.5,
                activities: 1,
                timer_s: 60.0,
                elapsed_s: 60.0,
                distance_m: 0.0,
            });
        house.store.write(move |tx| day::replace_from(tx, ATHLETE, Scope::All, &rows)).await.unwrap();
        let view = house.client.get(PATH).await.json();
        assert_eq!((&view["date"], &view["timezone"]), (&json!("2026-07-25"), &json!("UTC")));
        // Tomorrow is none of it.
        let series = json!({
            "base": "2026-07-24", "count": 2, "scale": 10,
            "load": [500, 0], "ctl": [15, 15], "atl": [73, 73], "tsb": [-5, -5],
        });
        assert_eq!(view["series"], series);
        let recent = view["recent"].as_array().unwrap();
        assert_eq!((recent.len(), &recent[0]["distance_m"]), (7, &json!(10_000.0)));
        // Saturday the 25th: six days of this week, and three of the one before.
        assert_eq!(view["week"]["from"], "2026-07-20");
        let sums = ["this", "before"].map(|week| view["week"][week]["total"]["activities"].clone());
        assert_eq!(sums, [6, 3]);
        assert_eq!(view["week"]["before"]["sports"][0]["distance_m"], 30_001.0);
        assert_eq!(view["sync"], json!({"state": "never", "queued": 0}));
        // The query of these tests answers the day it is asked for, which is none here.
        assert_eq!(view["card"], json!({"date": null}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_athlete_without_data_has_a_first_view_too() {
    each(async |house| {
        let view = house.client.get(PATH).await;
        assert_eq!(view.status, 200);
        assert_eq!((&view.json()["recent"], &view.json()["series"]["count"]), (&json!([]), &json!(0)));
    })
    .await;
}

/// Starts a run, works until it is over, and answers its id and what the first view then says of the data.
async fn after_a_run(house: &House, pipeline: &str, body: &Value) -> (String, Value) {
    let sync = async || house.client.get(PATH).await.json()["sync"].clone();
    let started = house.client.post(&format!("/api/v1/pipelines/{pipeline}/runs"), body).await;
    let run = started.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(sync().await["queued"], 1);
    house.work();
    for _ in 0..1000 {
        let seen = house.client.get(&format!("/api/v1/runs/{run}")).await.json();
        if seen["finished_ms"].is_i64() {
            return (run, sync().await);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{run} does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_fresh_after_a_run() {
    each(async |house| {
        let (_, sync) = after_a_run(&house, "daily", &json!({})).await;
        assert_eq!(sync, json!({"state": "fresh", "last_success_ms": NOW_MS, "queued": 0}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_is_named() {
    each(async |house| {
        let failing = json!({"params": {"uploads": [{"name": "failing.fit"}]}});
        let (run, sync) = after_a_run(&house, "import", &failing).await;
        assert_eq!((&sync["state"], &sync["run"]["id"]), (&json!("failed"), &json!(run)));
        assert_eq!(sync["run"]["error_code"], "sample_broken");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_should_be_newer_is_stale_and_a_run_at_work_is_named() {
    const SCHEDULE: Sql = Sql::Both(
        "INSERT INTO schedule (pipeline, partition, rule, next_ms) VALUES ('timed', 'athlete', 'every 1h', $1)",
    );
    const BEGIN: Sql = Sql::Both("UPDATE run SET state = 'running', started_ms = $1");
    each(async |house| {
        let sync = async || house.client.get(PATH).await.json()["sync"].clone();
        let due_ms = NOW_MS - 16 * 60_000;
        house.store.write(move |tx| tx.execute(&SCHEDULE, &params![due_ms])).await.unwrap();
        assert_eq!(sync().await, json!({"state": "stale", "queued": 0}));
        let started = house.client.post("/api/v1/pipelines/daily/runs", &json!({})).await.json();
        house.store.write(|tx| tx.execute(&BEGIN, &params![NOW_MS])).await.unwrap();
        let run = json!({"id": started["run"], "pipeline": "daily", "started_ms": NOW_MS});
        assert_eq!(sync().await, json!({"state": "syncing", "run": run, "queued": 0}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_has_is_not_sent_again() {
    each(async |house| {
        ride(&house, Ride::default()).await;
        for path in [PATH, "/api/v1/activities", "/api/v1/days", "/api/v1/athlete/settings"] {
            let first = with(&house, path, &[]).await;
            // The client of these tests reads every header in small letters.
            let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
            assert_eq!(first.header("cache-control"), Some("private, no-cache"), "{path}");
            let condition = format!("if-none-match: {}", tag.replace("w/", "W/"));
            let again = with(&house, path, &[&condition]).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), Some(&*tag), "{path}");
            let other = with(&house, path, &["if-none-match: w/\"0\""]).await;
            assert_eq!(other.json(), first.json(), "{path}");
        }
        let tag = |answer: &Answer| answer.header("etag").map(str::to_owned);
        let before = tag(&with(&house, "/api/v1/activities", &[]).await);
        ride(&house, Ride { days_ago: 1, ..Ride::default() }).await;
        assert_ne!(tag(&with(&house, "/api/v1/activities", &[]).await), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_neither_tagged_nor_kept() {
    let house = House::new().await;
    let failed = with(&house, "/api/v1/activities/nothing", &["accept-encoding: gzip"]).await;
    assert_eq!((failed.said().as_str(), failed.header("etag")), ("404 not_found", None));
    assert_eq!(failed.header("cache-control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_the_tag_of_the_read_and_no_content() {
    let house = House::new().await;
    ride(&house, Ride::default()).await;
    let path = "/api/v1/activities";
    let read = with(&house, path, &[]).await;
    let head = house.client.send("HEAD", path, &[], b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "content-length", "content-type", "cache-control"] {
        assert!(read.header(name).is_some() && head.header(name) == read.header(name), "{name}");
    }
    let known = format!("if-none-match: {}", read.header("etag").unwrap().trim_start_matches("w/"));
    assert_eq!(house.client.send("HEAD", path, &[&known], b"").await.status, 304);
    assert_eq!(house.client.send("HEAD", "/api/v1/activities/none", &[], b"").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_packed_for_who_takes_it() {
    let house = House::new().await;
    for days_ago in 0..8 {
        ride(&house, Ride { days_ago, ..Ride::default() }).await;
    }
    let plain = with(&house, "/api/v1/activities", &[]).await;
    let packed = with(&house, "/api/v1/activities", &["accept-encoding: br, gzip"]).await;
    assert_eq!((packed.header("content-encoding"), plain.header("content-encoding")), (Some("gzip"), None));
    assert!(packed.body.len() * 2 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    assert_eq!(packed.header("content-length"), Some(&*packed.body.len().to_string()));
    assert_eq!((unpacked(&packed), packed.header("etag")), (plain.json(), plain.header("etag")));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
}

#[tokio::test(flavor = "multi_thread")]
async fn activities_are_found_by_sport_and_text() {
    each(async |house| {
        let ride = async |days_ago, sport: &'static str, name: &'static str| {
            ride(&house, Ride { days_ago, sport, name: Some(name), ..Ride::default() }).await
        };
        ride(0, "running", "Morgenlauf ÜBER den Berg").await;
        ride(1, "cycling", "Über den Pass").await;
        ride(2, "running", "Track 100%").await;
        ride(3, "running", "über die Brücke").await;
        let found = async |query: &str| -> Vec<String> {
            let page = house.client.get(&format!("/api/v1/activities?{query}")).await.json();
            let names =
                page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned());
            names.collect()
        };
        assert_eq!(found("sport=running").await.len(), 3);
        assert_eq!(found("sport=rowing").await, Vec::<String>::new());
        assert_eq!(found("text=%C3%BCber").await.len(), 3);
        assert_eq!(found("text=%C3%9Cber&sport=cycling").await, ["Über den Pass"]);
        assert_eq!(found("text=0%25").await, ["Track 100%"]);
        assert_eq!(found("text=den&from=2026-07-24&to=2026-07-24").await, ["Über den Pass"]);
        let path = "/api/v1/activities?sport=running&limit=2";
        let first = house.client.get(path).await.json();
        let next = first["next"].as_str().unwrap();
        let second = house.client.get(&format!("{path}&cursor={next}")).await.json();
        assert_eq!((&second["items"][0]["name"], &second["next"]), (&json!("über die Brücke"), &Value::Null));
        let refused = house.client.get("/api/v1/activities?sport=%20").await;
        assert_eq!(refused.said(), "422 invalid_parameter");
    })
    .await;
}
