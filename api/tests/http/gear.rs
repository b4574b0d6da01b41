//! Shoes, bicycles and what is mounted on them.

use fitness::recording::{Recording, Totals};
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use jiff::civil::date;
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS, Plan};

const PATH: &str = "/api/v1/gear";
/// The day of [`NOW_MS`], on which the ride was.
const TODAY: &str = "2026-07-25";

fn ride() -> Activity {
    let totals = Totals { timer_s: Some(3600.0), distance_m: Some(30_000.0), ..Totals::default() };
    let recording =
        Recording { sport: "cycling".to_owned(), start_ms: Some(NOW_MS), totals, ..Recording::default() };
    let origin = Origin {
        athlete: ATHLETE,
        provenance: "file",
        source_id: "a",
        file: "a.fit",
        sha256: "a",
        part: 0,
        parts: 1,
    };
    Activity::of(&recording, origin, Some(date(2026, 7, 25)))
}

async fn house(url: String) -> House {
    let house = House::build(Plan { url, ..Plan::usual() }).await;
    let met = house.store.write(|tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)?;
        activity::upsert(tx, &ride(), 1).map(drop)
    });
    met.await.unwrap();
    house
}

async fn ask(house: &House, method: &str, path: &str, body: &Value) -> (String, Value) {
    let json = ["content-type: application/json"];
    let answer = house.client.send(method, path, &json, body.to_string().as_bytes()).await;
    if answer.body.is_empty() {
        return (answer.status.to_string(), Value::Null);
    }
    (answer.said(), answer.json())
}

async fn only(house: &House) -> Value {
    let listed = house.client.get(PATH).await.json();
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["next"]), (1, &Value::Null), "{listed}");
    listed["items"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn gear_is_added_used_changed_and_forgotten() {
    for url in support::databases() {
        let house = house(url).await;
        let new = json!({ "name": "Grey gravel", "kind": "bike", "before_m": 1000.0 });
        let (said, made) = ask(&house, "POST", PATH, &new).await;
        assert_eq!(said, "201", "{made}");
        let again = json!({ "name": "grey gravel", "before_m": 1000.0 });
        assert_eq!(ask(&house, "POST", PATH, &again).await.0, "200", "it was there");
        let id = made["id"].as_str().unwrap().to_owned();
        let of = format!("{PATH}/{id}");

        let worn = format!("/api/v1/activities/{}/gear", ride().id);
        assert_eq!(ask(&house, "PUT", &worn, &json!({ "gear": id })).await.0, "204");
        let used = only(&house).await;
        let told = (&used["meters"], &used["uses"], &used["first"], &used["sources"]);
        assert_eq!(told, (&json!(31_000.0), &json!(1), &json!(TODAY), &json!(["manual"])));

        let (said, changed) = ask(&house, "PATCH", &of, &json!({ "name": "Gravel", "kind": "other" })).await;
        assert_eq!(said, "200", "{changed}");
        assert_eq!((&changed["name"], &changed["kind"]), (&json!("Gravel"), &json!("other")));
        let (_, retired) = ask(&house, "PATCH", &of, &json!({ "retired_on": TODAY })).await;
        assert_eq!((&retired["is_retired"], &retired["retired_on"]), (&json!(true), &json!(TODAY)));
        let (_, revived) = ask(&house, "PATCH", &of, &json!({ "in_use": true })).await;
        assert_eq!((&revived["is_retired"], &revived["retired_on"]), (&json!(false), &Value::Null));

        assert_eq!(ask(&house, "PUT", &worn, &json!({ "gear": null })).await.0, "204");
        assert_eq!(only(&house).await["uses"], 0);
        assert_eq!(ask(&house, "DELETE", &worn, &json!({})).await.0, "204");
        assert_eq!(ask(&house, "DELETE", &of, &json!({})).await.0, "204");
        assert_eq!(ask(&house, "DELETE", &of, &json!({})).await.0, "404 gear_unknown");
        assert_eq!(house.client.get(PATH).await.json()["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn components_are_mounted_serviced_and_ended() {
    for url in support::databases() {
        let house = house(url).await;
        let (_, made) = ask(&house, "POST", PATH, &json!({ "name": "Grey gravel" })).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let worn = format!("/api/v1/activities/{}/gear", ride().id);
        ask(&house, "PUT", &worn, &json!({ "gear": id })).await;

        let (chain, mount) = (
            json!({ "kind": "Chain", "name": "CN-HG701", "from": "2026-07-01" }),
            format!("{PATH}/{id}/components"),
        );
        let (said, with) = ask(&house, "POST", &mount, &chain).await;
        assert_eq!(said, "201", "{with}");
        assert_eq!(ask(&house, "POST", &mount, &chain).await.0, "200", "it was mounted already");
        let component = &with["components"][0];
        assert_eq!((&component["kind"], &component["meters"]), (&json!("chain"), &json!(30_000.0)));
        let chain = component["id"].as_str().unwrap().to_owned();

        let services = format!("{PATH}/{chain}/services");
        let (said, serviced) = ask(&house, "POST", &services, &json!({ "what": "Waxed" })).await;
        assert_eq!(said, "200", "{serviced}");
        let component = &serviced["components"][0];
        assert_eq!(component["services"], json!([{ "date": TODAY, "what": "Waxed" }]), "today by itself");
        assert_eq!((&component["since"]["uses"], &component["uses"]), (&json!(0), &json!(1)));
        assert_eq!(ask(&house, "DELETE", &format!("{services}/{TODAY}"), &json!({})).await.0, "204");
        assert_eq!(only(&house).await["components"][0]["since"]["uses"], 1);

        let of = format!("{PATH}/components/{chain}");
        let (_, ended) = ask(&house, "PATCH", &of, &json!({ "to": "2026-07-20" })).await;
        let component = &ended["components"][0];
        assert_eq!((&component["to"], &component["uses"]), (&json!("2026-07-20"), &json!(0)));
        assert_eq!(ask(&house, "PATCH", &of, &json!({ "to": "2026-06-30" })).await.0, "422 gear_invalid");
        let again = json!({ "kind": "Chain", "name": "CN-HG701", "from": "2026-07-01" });
        assert_eq!(ask(&house, "POST", &mount, &again).await.0, "422 gear_invalid", "it has ended");
        for (wrong, wanted) in [
            (format!("{PATH}/components/{id}"), "404 gear_component_unknown"),
            (format!("{PATH}/{chain}"), "404 gear_unknown"),
        ] {
            assert_eq!(ask(&house, "DELETE", &wrong, &json!({})).await.0, wanted, "{wrong}");
        }
        assert_eq!(ask(&house, "DELETE", &of, &json!({})).await.0, "204");
        assert_eq!(ask(&house, "DELETE", &of, &json!({})).await.0, "404 gear_component_unknown");
        assert_eq!(only(&house).await["components"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_said_of_gear_is_refused() {
    let house = house(support::sqlite_url()).await;
    let worn = format!("/api/v1/activities/{}/gear", ride().id);
    for (method, path, body, wanted) in [
        ("POST", PATH, json!({ "name": " " }), "422 gear_invalid"),
        ("POST", PATH, json!({ "name": "A", "before_m": -1.0 }), "422 gear_invalid"),
        ("POST", PATH, json!({ "name": "A", "kind": "boat" }), "422 invalid_parameter"),
        ("PATCH", "/api/v1/gear/x", json!({ "name": "A" }), "404 gear_unknown"),
        ("PATCH", "/api/v1/gear/x", json!({ "retired_on": "soon" }), "422 invalid_parameter"),
        ("PATCH", "/api/v1/gear/x", json!({ "retired_on": TODAY, "in_use": true }), "422 invalid_parameter"),
        ("POST", "/api/v1/gear/x/components", json!({ "kind": "chain" }), "404 gear_unknown"),
        ("PATCH", "/api/v1/gear/components/x", json!({ "name": "A" }), "404 gear_component_unknown"),
        ("POST", "/api/v1/gear/x/services", json!({}), "404 gear_unknown"),
        ("DELETE", "/api/v1/gear/x/services/2026-07-25", json!({}), "404 not_found"),
        ("PUT", "/api/v1/activities/x/gear", json!({ "gear": null }), "404 not_found"),
        ("PUT", worn.as_str(), json!({ "gear": "x" }), "404 gear_unknown"),
        ("PUT", worn.as_str(), json!({}), "422 invalid_parameter"),
    ] {
        assert_eq!(ask(&house, method, path, &body).await.0, wanted, "{method} {path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_told_with_its_gear_until_it_is_done() {
    for url in support::databases() {
        let house = house(url).await;
        let (_, made) = ask(&house, "POST", PATH, &json!({ "name": "Grey gravel" })).await;
        assert_eq!(made["due"], json!([]));
        let id = made["id"].as_str().unwrap().to_owned();
        let worn = format!("/api/v1/activities/{}/gear", ride().id);
        ask(&house, "PUT", &worn, &json!({ "gear": id })).await;
        let mount = format!("{PATH}/{id}/components");
        let (_, with) = ask(&house, "POST", &mount, &json!({ "kind": "chain" })).await;
        let chain = with["components"][0]["id"].as_str().unwrap().to_owned();
        let due = json!([{
            "item": chain, "script": "scripts/gear/look.rhai", "version": "3f2a91c07d55",
            "what": "look", "urgency": "soon", "why": "It was used.",
        }]);
        assert_eq!(with["due"], due);
        let listed = house.client.get(PATH).await.json();
        assert_eq!(listed["items"][0]["due"], due);
        let broken = json!([{
            "path": "scripts/gear/worse.rhai", "code": "due_result", "message": "scripts/gear/worse.rhai:2:1: no",
        }]);
        assert_eq!(listed["errors"], broken);

        let (_, serviced) = ask(&house, "POST", &format!("{PATH}/{chain}/services"), &json!({})).await;
        assert_eq!(serviced["due"], json!([]));
        assert_eq!(only(&house).await["due"], json!([]));
    }
}
