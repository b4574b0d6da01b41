//! Days with what the days before make of them, weeks, curves, records.

use fitness::best_effort::BestEffort;
use fitness::calendar::{self, Contribution};
use fitness::pmc::State;
use fitness::recording::Recording;
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::{best_effort, day};
use fitness::{Counted, Scope};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS, Plan};

fn meet(tx: &mut store::Tx<'_>) -> store::Result<()> {
    let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
    athlete::ensure(tx, &athlete)
}

/// Keeps so many days with a load of 50 each, the first of them the first of May.
async fn train(house: &House, days: i8) {
    let trained: Vec<Contribution> = (1..=days)
        .map(|day| Contribution {
            date: date(2026, 5, day),
            counted: Counted::EVERYWHERE,
            duration_s: Some(3000.0),
            elapsed_s: Some(3600.0),
            distance_m: Some(10_000.0),
            load: Some(50.0),
        })
        .collect();
    let span = (date(2026, 5, 1), date(2026, 5, days));
    let rows = calendar::days(State::default(), span, Scope::All, &trained);
    let kept = house.store.write(move |tx| {
        meet(tx)?;
        day::replace_from(tx, ATHLETE, Scope::All, &rows)
    });
    kept.await.unwrap();
}

/// Keeps a run over 5 km with its effort.
async fn run(house: &House, sport: &'static str, day: Date, seconds: f64) {
    let kept = house.store.write(move |tx| {
        meet(tx)?;
        let source = format!("{day}-{sport}");
        let origin = Origin {
            athlete: ATHLETE,
            provenance: "file",
            source_id: &source,
            file: "run.fit",
            sha256: &source,
            part: 0,
            parts: 1,
        };
        let recording = Recording { sport: sport.to_owned(), ..Recording::default() };
        let mut activity = Activity::of(&recording, origin, Some(day));
        activity.summary.distance_m = Some(5000.0);
        activity.summary.elapsed_s = Some(seconds);
        activity::upsert(tx, &activity, 1)?;
        let effort = BestEffort { distance_m: 5000.0, elapsed_s: seconds, start_s: 0.0 };
        best_effort::replace(tx, &activity.id, &[effort])
    });
    kept.await.unwrap();
}

async fn get(house: &House, path: &str) -> Value {
    let answer = house.client.get(&format!("/api/v1/{path}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_knows_the_week_before_it_wherever_the_list_begins() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        train(&house, 10).await;
        let listed = get(&house, "days?from=2026-05-09&to=2026-05-09").await;
        let day = &listed["items"][0];
        let shown =
            json!([day["monotony"], day["strain"], day["distance_m"], day["elapsed_s"], day["timer_s"]]);
        assert_eq!(shown, json!([10.0, 3500.0, 10_000.0, 3600.0, 3000.0]));
        assert!(
            day["ramp"].as_f64().unwrap() > 5.0 && day["tsb_today"].as_f64() < day["tsb"].as_f64(),
            "{day}"
        );
        assert!(day.get("spike").is_none(), "ten days are no month: {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_say_what_rows_say() {
    let house = House::new().await;
    train(&house, 9).await;
    let (rows, columns) = (get(&house, "days").await, get(&house, "days?layout=columns").await);
    let rows = rows["items"].as_array().unwrap();
    assert_eq!((&columns["base"], &columns["scale"]), (&rows[0]["date"], &json!(100)));
    let columns = columns["columns"].as_object().unwrap();
    assert_eq!((rows.len(), columns.len()), (9, 13));
    for (name, column) in columns {
        let column = column.as_array().unwrap();
        assert_eq!(column.len(), rows.len(), "{name}");
        for (row, cell) in rows.iter().zip(column) {
            let scale = if name == "activities" { 1.0 } else { 100.0 };
            match (row.get(name).and_then(Value::as_f64), cell.as_f64()) {
                (Some(in_row), Some(scaled)) => assert!((in_row - scaled / scale).abs() <= 0.005, "{name}"),
                (None, None) => assert_eq!(row.get(name).unwrap_or(&Value::Null), cell, "{name}"),
                _ => panic!("{name}: {row} {cell}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_days_meet() {
    let house = House::new().await;
    train(&house, 5).await;
    let mut dates: Vec<String> = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(&house, &format!("days?limit=2{next}")).await;
        let items = page["items"].as_array().unwrap();
        dates.extend(items.iter().map(|day| day["date"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let wanted: Vec<String> = (1..=5).map(|day| date(2026, 5, day).to_string()).collect();
    assert_eq!(dates, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_and_a_cursor_that_are_none_are_refused() {
    let house = House::new().await;
    for path in
        ["days?layout=tree", "days?cursor=next", "days?limit=0", "weeks?span=decade", "curves?kind=luck"]
    {
        assert_eq!(
            house.client.get(&format!("/api/v1/{path}")).await.said(),
            "422 invalid_parameter",
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weeks_are_summed_by_sport_the_newest_first() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        run(&house, "running", date(2026, 5, 4), 1500.0).await;
        run(&house, "running", date(2026, 5, 20), 1400.0).await;
        run(&house, "cycling", date(2026, 5, 21), 600.0).await;
        let weeks = get(&house, "weeks").await;
        let shown: Vec<_> = weeks["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|week| json!([week["from"], week["activities"], week["distance_m"]]))
            .collect();
        let wanted = [
            json!(["2026-05-18", 2, 10_000.0]),
            json!(["2026-05-11", 0, 0.0]),
            json!(["2026-05-04", 1, 5000.0]),
        ];
        assert_eq!(shown, wanted);
        assert_eq!(weeks["items"][0]["sports"]["cycling"]["elapsed_s"], 600.0);
        let page = get(&house, "weeks?limit=2").await;
        let rest = get(&house, &format!("weeks?cursor={}", page["next"].as_str().unwrap())).await;
        assert_eq!(
            (&rest["items"][0]["from"], rest["items"].as_array().unwrap().len()),
            (&json!("2026-05-04"), 1)
        );
        // A page that begins with weeks without an activity has them all the same.
        let one = get(&house, "weeks?limit=1").await;
        let empty = get(&house, &format!("weeks?limit=1&cursor={}", one["next"].as_str().unwrap())).await;
        assert_eq!(
            (&empty["items"][0]["from"], &empty["next"]),
            (&json!("2026-05-11"), &json!("2026-05-11"))
        );
        let year = get(&house, "weeks?span=year&sport=running").await;
        assert_eq!(
            (&year["items"][0]["from"], &year["items"][0]["activities"]),
            (&json!("2026-01-01"), &json!(2))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_by_sport_takes_the_same_words_in_every_list() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        run(&house, "running", date(2026, 5, 4), 1500.0).await;
        run(&house, "tennis", date(2026, 5, 5), 600.0).await;
        for list in ["activities", "weeks", "records"] {
            let asked = async |sport: &str| {
                let answer = house.client.get(&format!("/api/v1/{list}?sport={sport}")).await;
                (answer.said(), answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
            };
            for known in ["running", "tennis", "%20running%20", "swimming"] {
                assert_eq!(asked(known).await.0, "200", "{list} of {known}");
            }
            let (said, message) = asked("runing").await;
            assert_eq!(said, "422 invalid_parameter", "{list}");
            assert_eq!(message, "`sport` must be one of `running`, `tennis`, not `runing`", "{list}");
            assert_eq!(asked("").await.0, "422 invalid_parameter", "{list}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curves_are_of_all_time_and_of_each_season() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        run(&house, "running", date(2025, 5, 4), 1300.0).await;
        run(&house, "running", date(2026, 5, 4), 1350.0).await;
        let curves = get(&house, "curves").await;
        let best: Vec<_> = curves["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|curve| json!([curve["season"], curve["points"][0]["seconds"], curve["points"][0]["date"]]))
            .collect();
        let wanted = [
            json!([null, 1300.0, "2025-05-04"]),
            json!([2026, 1350.0, "2026-05-04"]),
            json!([2025, 1300.0, "2025-05-04"]),
        ];
        assert_eq!(best, wanted);
        let season = get(&house, "curves?season=2026").await;
        assert_eq!(
            (season["items"].as_array().unwrap().len(), &season["items"][0]["season"]),
            (1, &json!(2026))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_tell_when_they_fell() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        for (day, seconds) in [(1, 1400.0), (2, 1420.0), (3, 1380.0)] {
            run(&house, "running", date(2026, 5, day), seconds).await;
        }
        run(&house, "walking", date(2026, 5, 4), 1000.0).await;
        let records = get(&house, "records").await;
        let shown: Vec<_> = records["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| json!([record["name"], record["date"], record["gain"], record["stands"]]))
            .collect();
        let wanted = [json!(["5km", "2026-05-01", null, false]), json!(["5km", "2026-05-03", 20.0, true])];
        assert_eq!(shown, wanted);
        assert_eq!(get(&house, "records?standing=true").await["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_day_are_explained_from_what_they_rest_on() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        train(&house, 10).await;
        let all = get(&house, "explain?day=2026-05-10").await;
        let names: Vec<_> =
            all["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
        let wanted = [
            "load",
            "ctl",
            "atl",
            "tsb",
            "tsb_today",
            "ramp",
            "monotony",
            "strain",
            "timer_s",
            "elapsed_s",
            "distance_m",
        ];
        assert_eq!(names, wanted, "the spike is not known yet");
        let monotony = get(&house, "explain?day=2026-05-10&field=monotony").await["items"][0].clone();
        assert_eq!((&monotony["value"], monotony["inputs"].as_array().unwrap().len()), (&json!(10.0), 7));
        assert_eq!(monotony["inputs"][6]["provenance"], "load of 2026-05-10, of 1 activity");
        let first = get(&house, "explain?day=2026-05-01&field=ctl").await["items"][0].clone();
        assert_eq!(
            (&first["inputs"][0]["name"], &first["inputs"][0]["value"]),
            (&json!("ctl_yesterday"), &json!(0.0))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_not_known_and_a_question_that_is_none_are_refused() {
    let house = House::new().await;
    assert_eq!(house.client.get("/api/v1/explain?day=2026-05-10").await.said(), "404 not_found");
    for query in ["day=may", "day=2026-05-10&activity=a", "day=2026-05-10&field=np", ""] {
        let answer = house.client.get(&format!("/api/v1/explain?{query}")).await;
        assert_eq!(answer.said(), "422 invalid_parameter", "{query}");
    }
}

/// Keeps a ride with these best means, and with a minute of power.
async fn ride(house: &House) -> String {
    use fitness::recording::Channel;
    use fitness::records::activity_stream;
    use fitness::stream::{Column, encode, encode_times};
    const CURVE: store::Sql =
        store::Sql::Both("INSERT INTO activity_number (activity_id, power_curve) VALUES ($1, $2)");
    let kept = house.store.write(|tx| {
        meet(tx)?;
        let origin = Origin {
            athlete: ATHLETE,
            provenance: "file",
            source_id: "ride",
            file: "ride.fit",
            sha256: "ride",
            part: 0,
            parts: 1,
        };
        let recording = Recording { sport: "cycling".to_owned(), ..Recording::default() };
        let activity = Activity::of(&recording, origin, Some(date(2026, 5, 4)));
        activity::upsert(tx, &activity, 1)?;
        let times: Vec<i64> = (0..=60).map(|second| NOW_MS + second * 1000).collect();
        let power = Channel::Power;
        let blocks =
            [(Column::Time, encode_times(&times)), (Column::Channel(power), encode(power, &[393.0; 61]))];
        activity_stream::replace(tx, &activity.id, &blocks)?;
        // 400 W for 3 min, 320 W for 12 min: CP 293.3 W, W' 19.2 kJ.
        tx.execute(&CURVE, &store::params![&activity.id, r#"{"180":400.0,"720":320.0}"#])?;
        Ok(activity.id)
    });
    kept.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ride_spends_what_is_above_its_critical_power() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = ride(&house).await;
        let curve = get(&house, "curves?kind=power").await["items"][0].clone();
        assert_eq!(
            (&curve["points"][0]["name"], &curve["points"][0]["watts"]),
            (&json!("3min"), &json!(400.0))
        );
        assert!((curve["critical"]["rate"].as_f64().unwrap() - 293.333).abs() < 0.01, "{curve}");
        let balance = get(&house, &format!("activities/{id}/w-balance?points=31")).await;
        assert_eq!(
            (balance["left_j"].as_array().unwrap().len(), &balance["left_j"][0]),
            (31, &json!(19_200.0))
        );
        // A minute at 99.667 W above.
        assert!(
            (balance["least_j"].as_f64().unwrap() - (19_200.0 - 60.0 * 99.6667)).abs() < 0.1,
            "{balance}"
        );
        assert_eq!(house.client.get("/api/v1/activities/none/w-balance").await.said(), "404 not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_power_there_is_no_balance() {
    let house = House::new().await;
    run(&house, "running", date(2026, 5, 4), 1500.0).await;
    let id = get(&house, "activities").await["items"][0]["id"].as_str().unwrap().to_owned();
    let balance = get(&house, &format!("activities/{id}/w-balance")).await;
    assert_eq!(balance, json!({"time_ms": [], "left_j": []}));
}
