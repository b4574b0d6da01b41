//! Activities, days and advice.

use fitness::Scope;
use fitness::best_effort::BestEffort;
use fitness::calendar::DayRow;
use fitness::recording::{Channel, Lap, Recording, Totals};
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::{activity_number, activity_stream, best_effort, day, lap};
use fitness::stream::{self, Column};
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS, Plan};

const DAY_MS: i64 = 86_400_000;

/// Keeps one activity a day, the last on the day of `NOW_MS` (2026-07-25, 17:20 in UTC), and answers their ids.
async fn train(house: &House, days: i64) -> Vec<String> {
    let trained = house.store.write(move |tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)?;
        (0..days).rev().map(|ago| keep(tx, NOW_MS - ago * DAY_MS)).collect()
    });
    trained.await.unwrap()
}

fn keep(tx: &mut store::Tx<'_>, start_ms: i64) -> store::Result<String> {
    let source_id = start_ms.to_string();
    let recording =
        Recording { sport: "running".to_owned(), start_ms: Some(start_ms), ..Recording::default() };
    let origin = Origin {
        athlete: ATHLETE,
        provenance: "file",
        source_id: &source_id,
        file: "run.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let activity = Activity::of(&recording, origin, None);
    activity::upsert(tx, &activity, 1)?;
    let totals = Totals { distance_m: Some(1000.0), ..Totals::default() };
    lap::replace(tx, &activity.id, &[Lap { start_ms: Some(start_ms), totals }])?;
    let power = stream::encode(Channel::Power, &[200.0, f64::NAN]);
    let times = stream::encode_times(&[start_ms, start_ms + 1000]);
    let blocks = [(Column::Time, times), (Column::Channel(Channel::Power), power)];
    activity_stream::replace(tx, &activity.id, &blocks)?;
    Ok(activity.id)
}

/// An activity as a test wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ride {
    pub(crate) days_ago: i64,
    pub(crate) sport: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) distance_m: Option<f64>,
    pub(crate) max_hr: Option<f64>,
    pub(crate) np: Option<f64>,
}

impl Default for Ride {
    fn default() -> Self {
        Self { days_ago: 0, sport: "cycling", name: None, distance_m: None, max_hr: None, np: None }
    }
}

/// Keeps a ride of an hour, and answers its id.
pub(crate) async fn ride(house: &House, ride: Ride) -> String {
    let kept = house.store.write(move |tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)?;
        let start_ms = NOW_MS - ride.days_ago * DAY_MS;
        let recording = Recording {
            sport: ride.sport.to_owned(),
            name: ride.name.map(str::to_owned),
            start_ms: Some(start_ms),
            ..Recording::default()
        };
        let source_id = start_ms.to_string();
        let origin = Origin {
            athlete: ATHLETE,
            provenance: "file",
            source_id: &source_id,
            file: "ride.fit",
            sha256: &source_id,
            part: 0,
            parts: 1,
        };
        let day = fitness::day::local_date(start_ms, None, &jiff::tz::TimeZone::UTC);
        let mut activity = Activity::of(&recording, origin, day);
        activity.summary.timer_s = Some(3600.0);
        (activity.summary.distance_m, activity.summary.max_hr) = (ride.distance_m, ride.max_hr);
        activity.summary.np = ride.np;
        activity::upsert(tx, &activity, 1)?;
        Ok(activity.id)
    });
    kept.await.unwrap()
}

fn starts(page: &Value) -> Vec<i64> {
    let start = |item: &Value| (item["start_ms"].as_i64().unwrap() - NOW_MS) / DAY_MS;
    page["items"].as_array().unwrap().iter().map(start).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn activities_come_in_pages_from_the_newest() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        train(&house, 3).await;
        let first = house.client.get("/api/v1/activities?limit=2").await.json();
        assert_eq!(starts(&first), [0, -1]);
        let cursor = first["next"].as_str().unwrap();
        let second = house.client.get(&format!("/api/v1/activities?limit=2&cursor={cursor}")).await.json();
        assert_eq!((starts(&second), &second["next"]), (vec![-2], &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn activities_of_a_period_include_its_days() {
    let house = House::new().await;
    train(&house, 5).await;
    let page = house.client.get("/api/v1/activities?from=2026-07-23&to=2026-07-24").await.json();
    assert_eq!(starts(&page), [-1, -2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_period_end_with_it() {
    let house = House::new().await;
    train(&house, 5).await;
    let path = "/api/v1/activities?from=2026-07-23&to=2026-07-24&limit=1";
    let first = house.client.get(path).await.json();
    let second = house.client.get(&format!("{path}&cursor={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!((starts(&first), starts(&second), &second["next"]), (vec![-1], vec![-2], &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_has_laps_and_the_streams_that_are_asked_for() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = train(&house, 1).await.remove(0);
        let plain = house.client.get(&format!("/api/v1/activities/{id}")).await.json();
        assert_eq!((&plain["laps"][0]["distance_m"], plain.get("streams")), (&json!(1000.0), None));
        let full =
            house.client.get(&format!("/api/v1/activities/{id}?streams=power,heart_rate")).await.json();
        let streams = json!({"time_ms": [NOW_MS, NOW_MS + 1000], "channels": {"power": [200.0, null]}});
        assert_eq!(full["streams"], streams);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_activity_is_not_found() {
    let house = House::new().await;
    assert_eq!(house.client.get("/api/v1/activities/nothing").await.said(), "404 not_found");
}

/// An hour of running at 3 m/s and 150 bpm, uphill by one in a hundred, with its samples and numbers.
async fn run(house: &House) -> String {
    let kept = house.store.write(|tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)?;
        let id = keep(tx, NOW_MS)?;
        let seconds = || (0..=3600).map(f64::from);
        let channels = [
            (Channel::Distance, seconds().map(|second| second * 3.0).collect::<Vec<_>>()),
            (Channel::Altitude, seconds().map(|second| 100.0 + second * 0.03).collect()),
            (Channel::HeartRate, seconds().map(|_| 150.0).collect()),
        ];
        let times: Vec<i64> = (0..=3600).map(|second| NOW_MS + second * 1000).collect();
        let blocks = channels
            .iter()
            .map(|(channel, column)| (Column::Channel(*channel), stream::encode(*channel, column)));
        let blocks: Vec<_> =
            [(Column::Time, stream::encode_times(&times))].into_iter().chain(blocks).collect();
        activity_stream::replace(tx, &id, &blocks)?;
        let due = activity_number::due(tx, ATHLETE, activity_number::Chunk { most: 1, with_samples: 1 })?;
        let computed: Vec<_> = due.into_iter().map(activity_number::Due::compute).collect();
        activity_number::put(tx, &computed, 2)?;
        let effort = BestEffort { distance_m: 5000.0, elapsed_s: 1666.7, start_s: 12.0 };
        best_effort::replace(tx, &id, &[effort])?;
        Ok(id)
    });
    kept.await.unwrap()
}

fn near(value: &Value, wanted: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - wanted).abs() < 0.02, "{value} is not {wanted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_as_thin_as_they_are_wanted() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = run(&house).await;
        let streams = house.client.get(&format!("/api/v1/activities/{id}/streams?points=50")).await.json();
        assert_eq!(streams["time_ms"].as_array().map(Vec::len), Some(50));
        assert_eq!(streams["channels"].as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(streams["channels"]["distance"][49], json!(10_800.0));
        let path = format!("/api/v1/activities/{id}/streams?channels=heart_rate");
        let one = house.client.get(&path).await.json();
        assert_eq!(one["time_ms"].as_array().map(Vec::len), Some(1000));
        assert_eq!(one["channels"].as_object().map(serde_json::Map::len), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_has_laps_splits_best_efforts_and_curves() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = run(&house).await;
        let get =
            async |what: &str| house.client.get(&format!("/api/v1/activities/{id}/{what}")).await.json();
        assert_eq!(get("laps").await["items"][0]["distance_m"], json!(1000.0));
        let splits = get("splits").await;
        assert_eq!(splits["items"].as_array().map(Vec::len), Some(11));
        near(&splits["items"][0]["elapsed_s"], 333.33);
        near(&splits["items"][0]["gap_hr_mps"], 3.0 * 1.038);
        assert_eq!(splits["items"][10]["distance_m"], json!(800.0));
        assert_eq!(get("splits?unit=mi").await["items"].as_array().map(Vec::len), Some(7));
        let effort = json!({ "distance": "5km", "distance_m": 5000.0, "elapsed_s": 1666.7, "start_s": 12.0 });
        assert_eq!(get("best-efforts").await["items"], json!([effort]));
        let curves = get("curves").await;
        assert_eq!(curves["heart_rate"]["seconds"].as_array().and_then(|all| all.last()), Some(&json!(3600)));
        near(&curves["speed"]["values"][5], 3.0);
        assert_eq!(curves.get("power"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_explained_with_what_it_was_made_of() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = run(&house).await;
        let all = house.client.get(&format!("/api/v1/explain?activity={id}")).await.json();
        let names: Vec<_> =
            all["items"].as_array().unwrap().iter().map(|item| item["name"].clone()).collect();
        assert!(names.contains(&json!("ngp_mps")) && names.contains(&json!("hr_curve_bpm")), "{names:?}");
        let path = format!("/api/v1/explain?activity={id}&field=rtss");
        let one = house.client.get(&path).await.json();
        let (item, inputs) = (&one["items"][0], &one["items"][0]["inputs"]);
        assert_eq!((&item["title"], item.get("value")), (&json!("rTSS"), None));
        assert_eq!(inputs[1]["provenance"], "never given; `paceline athlete set` gives it (threshold pace)");
        near(&inputs[0]["value"], 3.0 * 1.038);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_no_activity_is_refused() {
    let house = House::new().await;
    let id = run(&house).await;
    let said = async |path: &str| house.client.get(&format!("/api/v1/{path}")).await.said();
    for what in ["streams", "laps", "splits", "best-efforts", "curves"] {
        assert_eq!(said(&format!("activities/nothing/{what}")).await, "404 not_found", "{what}");
    }
    assert_eq!(said("explain?activity=nothing").await, "404 not_found");
    let neither = house.client.get("/api/v1/explain").await.json()["error"]["message"].clone();
    let told = ["`?activity=ID`", "`?day=2026-07-31`"];
    assert!(told.iter().all(|form| neither.as_str().unwrap().contains(form)), "{neither}");
    for path in [
        "explain".to_owned(),
        format!("explain?activity={id}&field=mood"),
        format!("activities/{id}/streams?points=2"),
        format!("activities/{id}/streams?channels=mood"),
        format!("activities/{id}/splits?unit=furlong"),
    ] {
        assert_eq!(said(&path).await, "422 invalid_parameter", "{path}");
    }
}

async fn rest(house: &House) {
    train(house, 1).await;
    let row = |date: &str| DayRow {
        date: date.parse().unwrap(),
        load: 50.0,
        ctl: 1.5,
        atl: 7.25,
        tsb: 0.0,
        activities: 1,
        timer_s: 60.0,
        elapsed_s: 75.0,
        distance_m: 0.0,
    };
    let rows = [row("2026-07-24"), row("2026-07-25")];
    house.store.write(move |tx| day::replace_from(tx, ATHLETE, Scope::All, &rows)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_listed_in_their_order() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        rest(&house).await;
        let listed = house.client.get("/api/v1/days").await.json();
        let day = |date| {
            json!({
                "date": date, "load": 50.0, "ctl": 1.5, "atl": 7.25, "tsb": 0.0, "tsb_today": -5.75,
                "activities": 1, "timer_s": 60.0, "elapsed_s": 75.0, "distance_m": 0.0,
            })
        };
        assert_eq!(listed, json!({"items": [day("2026-07-24"), day("2026-07-25")], "next": null}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_a_period_include_both_ends() {
    let house = House::new().await;
    rest(&house).await;
    let listed = house.client.get("/api/v1/days?from=2026-07-25&to=2026-07-25").await.json();
    assert_eq!(listed["items"][0]["date"], "2026-07-25");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_ends_before_it_begins_is_refused() {
    let house = House::new().await;
    let answer = house.client.get("/api/v1/days?from=2026-07-25&to=2026-07-24").await;
    assert_eq!(answer.json()["error"]["details"], json!({"parameter": "to"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn advice_is_what_the_plugin_answers() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let advice = house.client.get("/api/insights/daily?date=2026-07-25").await;
        assert_eq!((advice.status, advice.json()), (200, json!({"date": "2026-07-25", "athlete": ATHLETE})));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_has_no_answer_says_why() {
    let house = House::new().await;
    assert_eq!(house.client.get("/api/v1/insights/daily?date=2100-01-01").await.said(), "404 no_insight");
}

const EVALUATE: &str = "/api/v1/insights/evaluate";

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_hands_over_day_and_draft() {
    let house = House::new().await;
    let text = "fn applies(day) { true }\nfn advise(day) { #{} }\nfn examples() { [] }";
    let asked = json!({"date": "2026-07-25", "rule": {"name": "mine", "text": text}, "only": true});
    assert_eq!(house.client.post(EVALUATE, &asked).await.json(), asked);
    assert_eq!(house.client.post(EVALUATE, &json!({})).await.json(), json!({"only": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_draft_is_told_with_its_place() {
    let house = House::new().await;
    let text = "fn applies(day) {\n    day.load >\n}";
    let answer = house.client.post(EVALUATE, &json!({"rule": {"name": "mine", "text": text}})).await;
    assert_eq!(answer.status, 422);
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["details"][0]["line"]),
        (&json!("script_syntax"), &json!(3)),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_that_is_none_is_refused() {
    let house = House::new().await;
    for asked in [json!({"rule": {"name": "mine"}}), json!({"rul": 1}), json!({"only": "yes"})] {
        assert_eq!(house.client.post(EVALUATE, &asked).await.said(), "422 invalid_parameter", "{asked}");
    }
}
