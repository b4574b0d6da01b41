//! Settings: as they stand, previewed, changed.

use fitness::records::setting_change::{self, Wish};
use fitness::settings::{ALWAYS, Name, Value as Setting};
use serde_json::{Value, json};

use crate::athlete::{Ride, ride};
use crate::house::{ATHLETE, House, NOW_MS, Plan};

const PATH: &str = "/api/v1/athlete/settings";

async fn each(check: impl AsyncFn(House)) {
    for url in support::databases() {
        check(House::build(Plan { url, ..Plan::usual() }).await).await;
    }
}

fn held<'a>(settings: &'a Value, name: &str) -> &'a Value {
    let now = settings["now"].as_array().unwrap();
    now.iter().find(|setting| setting["name"] == name).unwrap_or(&Value::Null)
}

fn asked(name: &str, value: &Value, from: Option<&str>) -> Value {
    let mut setting = json!({ "name": name, "value": value });
    from.into_iter().for_each(|from| setting["from"] = from.into());
    json!({ "settings": [setting] })
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_say_who_gave_them_and_what_shows_an_estimate() {
    each(async |house| {
        let id = ride(&house, Ride { days_ago: 40, max_hr: Some(187.0), ..Ride::default() }).await;
        house
            .store
            .write(|tx| {
                let wish = Wish::new(Name::Ftp, "2026-03-01".parse().unwrap(), Some(Setting::Number(250.0)));
                let always = Wish::new(Name::Weight, ALWAYS, Some(Setting::Number(70.0)));
                setting_change::make(tx, ATHLETE, &[wish, always], NOW_MS)
            })
            .await
            .unwrap();
        let settings = house.client.get(PATH).await.json();
        assert_eq!((&settings["date"], &settings["timezone"]), (&json!("2026-07-25"), &json!("UTC")));
        let ftp = json!({"name": "ftp", "value": 250.0, "text": "250 W", "source": "given", "since": "2026-03-01"});
        assert_eq!(held(&settings, "ftp"), &ftp);
        let evidence = json!({"activity": id, "date": "2026-06-15", "reading": 187.0});
        let max = json!({"name": "hr_max", "value": 187.0, "text": "187 bpm", "source": "estimated", "evidence": evidence});
        assert_eq!(held(&settings, "hr_max"), &max);
        assert_eq!(held(&settings, "hr_zones")["value"], json!([93.5, 112.2, 130.9, 149.6, 168.3]));
        let estimate = json!({"name": "hr_max", "from": "2026-07-01", "value": 187.0, "text": "187 bpm", "evidence": evidence});
        assert!(settings["estimates"].as_array().unwrap().contains(&estimate), "{settings}");
        let weight = json!({"name": "weight", "value": 70.0, "text": "70 kg"});
        assert_eq!(settings["given"][0], weight);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_how_much_and_changes_nothing() {
    each(async |house| {
        ride(&house, Ride { days_ago: 3, np: Some(200.0), ..Ride::default() }).await;
        let before = house.client.get(PATH).await;
        let ftp = asked("ftp", &json!(250), Some("2026-07-01"));
        let preview = house.client.post(&format!("{PATH}?preview=1"), &ftp).await;
        let wanted = json!({
            "changed": ["ftp"], "timezone_changed": false, "activities": 1, "loads": 1, "days": 4,
            "first_day": "2026-07-22",
        });
        assert_eq!((preview.status, preview.json()), (200, wanted));
        assert_eq!(house.client.get(PATH).await.header("etag"), before.header("etag"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_kept_and_starts_a_run() {
    each(async |house| {
        let ftp = asked("ftp", &json!("250W"), Some("2026-07-01"));
        let answer = house.client.post(PATH, &ftp).await;
        assert_eq!((answer.status, &answer.json()["changed"]), (202, &json!(["ftp"])));
        let run = answer.json()["run"].as_str().unwrap().to_owned();
        let run = house.client.get(&format!("/api/v1/runs/{run}")).await.json();
        assert_eq!((&run["pipeline"], &run["cause"]), (&json!("daily"), &json!("http")));
        assert_eq!(held(&house.client.get(PATH).await.json(), "ftp")["since"], "2026-07-01");
        let again = house.client.post(PATH, &ftp).await;
        assert_eq!((again.status, again.json().get("run")), (200, None));
        let back = house.client.post(PATH, &asked("ftp", &Value::Null, Some("2026-07-01"))).await;
        assert_eq!(back.status, 202);
        assert_eq!(held(&house.client.get(PATH).await.json(), "ftp"), &Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_and_a_time_zone_are_settings_too() {
    let house = House::new().await;
    let mut zones = asked("hr_zones_running", &json!([110, 130, 150]), None);
    zones["timezone"] = "Pacific/Auckland".into();
    let answer = house.client.post(PATH, &zones).await;
    assert_eq!((answer.status, &answer.json()["timezone_changed"]), (202, &json!(true)));
    let settings = house.client.get(PATH).await.json();
    assert_eq!(held(&settings, "hr_zones_running")["text"], "110,130,150 bpm");
    assert_eq!(
        (&settings["timezone"], &settings["date"]),
        (&json!("Pacific/Auckland"), &json!("2026-07-26"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_cannot_be_is_named() {
    let house = House::new().await;
    let check = async |asked: Value, wanted: &str| {
        let answer = house.client.post(PATH, &asked).await;
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (422, &json!(wanted)), "{asked}");
    };
    check(
        asked("hr_rest", &json!(5), None),
        "`settings[0].value` cannot be: resting heart rate of `5` is out of range; it must be from 25 bpm to 110 bpm",
    )
    .await;
    check(
        asked("hr_zones", &json!([150, 130]), None),
        "`settings[0].value` cannot be: `150,130` is not a value of heart-rate zones: 130 bpm is not harder than 150 bpm, which stands before it",
    )
    .await;
    check(
        asked("birth_year", &json!(1985), Some("2026-01-01")),
        "`settings[0].from` must be left out: birth year holds for all days",
    )
    .await;
    check(asked("race", &json!(10_000), None), "`settings[0].from` must be the day of the race").await;
    check(
        asked("ftp", &json!(true), None),
        "`settings[0].value` cannot be: it is neither number nor text nor list",
    )
    .await;
    let both = json!({"settings": [{"name": "hr_rest", "value": 90}, {"name": "lthr", "value": 85}]});
    check(
        both,
        "`settings` cannot be: resting heart rate of 90 bpm must be below threshold heart rate of 85 bpm",
    )
    .await;
    let unknown = house.client.post(PATH, &asked("shoe", &json!(1), None)).await;
    assert_eq!(unknown.json()["error"]["details"], json!({"parameter": "settings[0].name"}));
}
