//! The weather at home: where that is, and the hours of a day there.

use fitness::records::athlete::{self, Athlete};
use fitness::records::weather_hour::{self, WeatherHour};
use fitness::weather::{Air, Cell, Hour, Spot};
use serde_json::json;

use crate::house::{ATHLETE, House, NOW_MS, Plan};

const HOME: &str = "/api/v1/weather/home";
const JSON: &[&str] = &["content-type: application/json"];

async fn each(check: impl AsyncFn(House)) {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        house
            .store
            .write(|tx| {
                let zone = "Europe/Zurich".to_owned();
                athlete::ensure(tx, &Athlete { id: ATHLETE.to_owned(), timezone: zone, created_ms: NOW_MS })
            })
            .await
            .unwrap();
        check(house).await;
    }
}

/// Keeps what is told of a place for the whole of a UTC day and the hours beside it.
async fn told(house: &House, (latitude, longitude): (f64, f64)) {
    let cell = Cell::of(latitude, longitude, 2).unwrap();
    let air = Air { temperature_c: Some(12.1 + 0.2), wind_mps: Some(3.0), ..Air::default() };
    let noon = Hour::before(NOW_MS).0;
    let hour = |hour| WeatherHour { spot: Spot { hour: Hour(hour), cell }, air, is_final: false };
    let hours: Vec<WeatherHour> = (noon - 48..noon + 48).map(hour).collect();
    let kept = house.store.write(move |tx| weather_hour::put(tx, &hours, "forecast", NOW_MS));
    kept.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_is_set_coarsely_shown_and_forgotten() {
    each(async |house| {
        assert_eq!(house.client.get(HOME).await.json(), json!({}));
        let body = json!({ "latitude": 47.0537, "longitude": 8.3062 }).to_string();
        let wanted = json!({ "latitude": 47.05, "longitude": 8.31 });
        let set = house.client.send("PUT", HOME, JSON, body.as_bytes()).await;
        assert_eq!((set.status, set.json()), (200, wanted.clone()));
        assert_eq!(house.client.get(HOME).await.json(), wanted);
        let forgotten = house.client.send("DELETE", HOME, &["x-paceline: 1"], b"").await;
        assert_eq!((forgotten.status, forgotten.json()), (200, json!({})));
        assert_eq!(house.client.get(HOME).await.json(), json!({}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_none_is_refused_by_its_name() {
    each(async |house| {
        for (body, wanted) in [
            (json!({ "latitude": 91, "longitude": 8 }), "latitude"),
            (json!({ "latitude": 47, "longitude": 181 }), "longitude"),
            (json!({ "latitude": "north", "longitude": 8 }), "latitude"),
        ] {
            let answer = house.client.send("PUT", HOME, JSON, body.to_string().as_bytes()).await;
            let error = answer.json()["error"].clone();
            assert_eq!(
                (&error["code"], &error["details"]["parameter"]),
                (&json!("invalid_parameter"), &json!(wanted)),
                "{error}"
            );
        }
        assert_eq!(house.client.get(HOME).await.json(), json!({}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_at_home_has_its_hours_and_who_told_them() {
    each(async |house| {
        told(&house, (47.05, 8.31)).await;
        let day = house.client.get("/api/v1/weather").await.json();
        assert_eq!((&day["hours"], day.get("attribution")), (&json!([]), None), "nobody lives there");
        let body = json!({ "latitude": 47.05, "longitude": 8.31 }).to_string();
        house.client.send("PUT", HOME, JSON, body.as_bytes()).await;
        let day = house.client.get("/api/v1/weather").await.json();
        assert_eq!((&day["date"], &day["timezone"]), (&json!("2026-07-25"), &json!("Europe/Zurich")));
        let hours = day["hours"].as_array().unwrap();
        assert_eq!(hours.len(), 24);
        // Midnight on that wall.
        let first = json!({
            "at_ms": 1_784_930_400_000_i64, "told_ms": NOW_MS, "temperature_c": 12.3, "wind_mps": 3.0,
        });
        assert_eq!(hours[0], first);
        assert_eq!(day["outlook"]["told_ms"], json!(NOW_MS));
        assert_eq!(day["attribution"], "Weather data by Open-Meteo.com");
        let long_ago = house.client.get("/api/v1/weather?date=2020-01-01").await.json();
        assert_eq!((&long_ago["date"], &long_ago["hours"]), (&json!("2020-01-01"), &json!([])));
        assert_eq!(house.client.get("/api/v1/weather?day=2020-01-01").await.status, 422);
    })
    .await;
}
