use std::sync::Arc;

use engine::clock::Clock;
use engine::script::Library;
use fitness::best_effort::BestEffort;
use fitness::recording::Recording;
use fitness::records::activity::{Activity, Origin};
use fitness::records::athlete::Athlete;
use serde_json::json;
use store::{Store, Url};

use super::*;

/// 2026-05-30T12:00:00Z.
const NOON_MS: i64 = 1_780_142_400_000;

struct Track {
    store: Store,
}

impl Track {
    async fn new(url: &str) -> Self {
        let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let me = || Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
        store.write(move |tx| records::athlete::ensure(tx, &me())).await.unwrap();
        Self { store }
    }

    /// Keeps a run with one effort.
    async fn ran(&self, date: &'static str, distance_m: f64, elapsed_s: f64) -> String {
        let origin = Origin {
            athlete: "me",
            provenance: "file",
            source_id: date,
            file: "a.fit",
            sha256: date,
            part: 0,
            parts: 1,
        };
        let recording = Recording { sport: "running".to_owned(), ..Recording::default() };
        let activity = Activity::of(&recording, origin, Some(date.parse().unwrap()));
        let id = activity.id.clone();
        let effort = [BestEffort { distance_m, elapsed_s, start_s: 0.0 }];
        let kept = self.store.write(move |tx| {
            records::activity::upsert(tx, &activity, 1)?;
            records::best_effort::replace(tx, &activity.id, &effort)
        });
        kept.await.unwrap();
        id
    }

    async fn ask(&self, params: Value) -> Result<Value, String> {
        let ctx = QueryContext {
            partition: "me".to_owned(),
            clock: Clock::fixed(NOON_MS),
            scripts: Arc::new(Library::from_texts(std::collections::BTreeMap::new())),
            mistakes: Vec::new(),
        };
        let answer = self.store.read(move |tx| {
            let params = serde_json::from_value(params.clone()).map_err(Error::abort)?;
            Ok(PredictionsQuery.answer(tx, &ctx, params))
        });
        answer.await.unwrap().map_err(|error| match error {
            QueryError::Invalid { message, .. } => message,
            error => format!("{error:?}"),
        })
    }
}

#[tokio::test]
async fn a_race_predicts_itself_and_longer_ones() {
    for url in support::databases() {
        let track = Track::new(&url).await;
        let id = track.ran("2026-05-20", 5000.0, 1200.0).await;
        let answer = track.ask(json!({})).await.unwrap();
        assert_eq!((&answer["date"], &answer["scope"]), (&json!("2026-05-30"), &json!("all")));
        let [five, ten, half, marathon] = answer["items"].as_array().unwrap().as_slice() else {
            panic!("{answer}")
        };
        assert_eq!((&five["distance"], &five["seconds"]), (&json!("5k"), &json!(1200.0)));
        assert_eq!((&ten["distance"], &ten["seconds"]), (&json!("10k"), &json!(2494.89)));
        assert_eq!((&half["distance"], &marathon["distance"]), (&json!("half"), &json!("marathon")));
        for item in [five, ten, half, marathon] {
            assert!(item["low"].as_f64() < item["seconds"].as_f64(), "{item}");
            assert!(item["seconds"].as_f64() < item["high"].as_f64(), "{item}");
            assert_eq!(item["backtest_error_pct"], json!(null), "{item}");
        }
        assert_eq!((&ten["basis"]["activity"], &ten["basis"]["age_days"]), (&json!(id), &json!(10)));
    }
}

#[tokio::test]
async fn the_same_rows_and_day_give_the_same_bytes() {
    let track = Track::new(&support::sqlite_url()).await;
    track.ran("2026-04-01", 10_000.0, 2520.0).await;
    track.ran("2026-05-20", 5000.0, 1200.0).await;
    let [once, again] = [track.ask(json!({})).await, track.ask(json!({"date": "2026-05-30"})).await];
    assert_eq!(once.unwrap().to_string(), again.unwrap().to_string());
}

#[tokio::test]
async fn an_earlier_day_sees_nothing_of_later_ones() {
    let track = Track::new(&support::sqlite_url()).await;
    track.ran("2026-05-20", 5000.0, 1200.0).await;
    let answer = track.ask(json!({"date": "2026-05-19"})).await.unwrap();
    assert_eq!((&answer["items"], &answer["needs"]["code"]), (&json!([]), &json!("no_run")));
}

#[tokio::test]
async fn other_distances_are_asked_by_name() {
    let track = Track::new(&support::sqlite_url()).await;
    track.ran("2026-05-20", 5000.0, 1200.0).await;
    let answer = track.ask(json!({"distances": ["mile", "half"]})).await.unwrap();
    let names: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| &item["distance"]).collect();
    assert_eq!(names, ["mile", "half"]);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let track = Track::new(&support::sqlite_url()).await;
    for (params, wanted) in [
        (json!({"date": "2026-06-01"}), "`date` of `2026-06-01` lies in the future"),
        (json!({"date": "20260501"}), "`date` of `20260501` is not a day such as 2024-05-01"),
        (json!({"distances": []}), "`distances` must be 1 to 16, not 0"),
        (
            json!({"distances": ["50k"]}),
            "`distances`: `50k` cannot be predicted; distances from `1k` to `half` can, and the `marathon`",
        ),
    ] {
        assert_eq!(track.ask(params).await.unwrap_err(), wanted);
    }
}
