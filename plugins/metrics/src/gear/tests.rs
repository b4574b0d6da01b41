//! Maintenance scripts proven by themselves, and the question on both databases.

mod shipped;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::clock::Clock;
use engine::registry::{QueryContext, Registry};
use engine::script::{InForce, Library};
use fitness::gear::Kind;
use fitness::recording::{Recording, Totals};
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::gear::{self, Care, Change, Choice, ComponentChange, New, NewComponent, Standing};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde_json::json;
use store::{Result, Store, Tx, Url};

use super::mistakes;

const ME: &str = "me";
const PATH: &str = "scripts/gear/wax.rhai";
/// 2024-03-11T12:00:00Z.
const NOW_MS: i64 = 1_710_158_400_000;
const FIRST: Date = date(2024, 3, 1);
/// Waxes whatever went 100 km since the last time.
const WAX: &str = r#"//! Wax.
fn due(item) {
    if item.since.meters < 100000.0 { return (); }
    #{ what: "wax", urgency: if item.since.meters < 150000.0 { "soon" } else { "now" }, why: "It squeaks." }
}
fn examples() {[
    #{ item: #{ since: #{ meters: 100000.0 } }, what: "wax", urgency: "soon" },
    #{ item: #{ since: #{ meters: 1.0 } }, silent: true },
]}
"#;

/// A maintenance script with this body.
fn script(body: &str) -> String {
    format!("fn due(item) {{ {body} }}\nfn examples() {{ [] }}")
}

fn library(scripts: &[(&str, &str)]) -> Library {
    Library::from_texts(scripts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    crate::register(&mut registry).unwrap();
    registry
}

/// A store with an athlete.
async fn house(url: &str) -> Store {
    let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let met = store.write(|tx| {
        athlete::ensure(tx, &Athlete { id: ME.to_owned(), timezone: "UTC".to_owned(), created_ms: 0 })
    });
    met.await.unwrap();
    store
}

/// Keeps a ride of 50 km in two hours, so many days after the first, and says that the bicycle was used.
fn ride(tx: &mut Tx<'_>, bike: &str, provenance: &str, day: i64) -> Result<()> {
    let totals = Totals { timer_s: Some(7200.0), distance_m: Some(50_000.0), ..Totals::default() };
    let start_ms = Some(NOW_MS - (10 - day) * 86_400_000);
    let recording = Recording { sport: "cycling".to_owned(), start_ms, totals, ..Recording::default() };
    let source_id = format!("{provenance} {day}");
    let origin = Origin {
        athlete: ME,
        provenance,
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let ride = Activity::of(&recording, origin, Some(FIRST.saturating_add(day.days())));
    activity::upsert(tx, &ride, 1)?;
    gear::choose(tx, ME, &ride.id, &Choice::Gear(bike.to_owned()))?.unwrap();
    Ok(())
}

/// A bicycle with a chain, and rides on it on so many days; answers the ids of both.
async fn ridden(store: &Store, days: i64) -> [String; 2] {
    let written = store.write(move |tx| {
        let new = New::of("Grey gravel", Some(Kind::Bike), (None, None)).unwrap();
        let bike = gear::add(tx, ME, &new, 5)?;
        let chain = gear::mount(tx, ME, &bike, &NewComponent::of("chain", "", None).unwrap(), 5)?.unwrap();
        (0..days).try_for_each(|day| ride(tx, &bike, "file", day))?;
        Ok([bike, chain])
    });
    written.await.unwrap()
}

async fn answer(store: &Store, scripts: Library, params: serde_json::Value) -> Care {
    let ctx = QueryContext {
        partition: ME.to_owned(),
        clock: Clock::fixed(NOW_MS),
        scripts: Arc::new(scripts),
        mistakes: Vec::new(),
    };
    let registry = registry();
    let query = registry.find_query("gear.overview").unwrap();
    serde_json::from_value(query.ask(store, ctx, params).await.unwrap()).unwrap()
}

/// What is due: the item, what, how soon.
async fn due(store: &Store, scripts: &[(&str, &str)], params: serde_json::Value) -> Vec<(String, String)> {
    let care = answer(store, library(scripts), params).await;
    assert_eq!(care.errors, []);
    let due = care.items.into_iter().flat_map(|cared| cared.due);
    due.map(|due| (due.item, format!("{} {}", due.what, due.urgency.as_str()))).collect()
}

async fn check(store: &Store, wanted: &[(&str, &str)]) {
    let due = due(store, &[(PATH, WAX)], json!({})).await;
    let due: Vec<_> = due.iter().map(|(item, what)| (item.as_str(), what.as_str())).collect();
    assert_eq!(due, wanted);
}

#[tokio::test]
async fn service_sets_the_interval_back() {
    for url in support::databases() {
        let store = house(&url).await;
        let [bike, chain] = ridden(&store, 4).await;
        check(&store, &[(&bike, "wax now"), (&chain, "wax now")]).await;
        let serviced = chain.clone();
        let done =
            store.write(move |tx| gear::service(tx, ME, &serviced, FIRST.saturating_add(1.days()), "waxed"));
        done.await.unwrap().unwrap();
        check(&store, &[(&bike, "wax now"), (&chain, "wax soon")]).await;
        let serviced = chain.clone();
        let done =
            store.write(move |tx| gear::service(tx, ME, &serviced, FIRST.saturating_add(2.days()), "waxed"));
        done.await.unwrap().unwrap();
        check(&store, &[(&bike, "wax now")]).await;
        let back = chain.clone();
        let taken =
            store.write(move |tx| gear::take_back_service(tx, ME, &back, FIRST.saturating_add(2.days())));
        assert!(taken.await.unwrap());
        check(&store, &[(&bike, "wax now"), (&chain, "wax soon")]).await;
    }
}

#[tokio::test]
async fn retired_gear_asks_for_nothing() {
    for url in support::databases() {
        let store = house(&url).await;
        let [bike, chain] = ridden(&store, 3).await;
        let day = date(2024, 3, 11);
        let ended = chain.clone();
        let end = |standing| ComponentChange { standing: Some(standing), ..ComponentChange::default() };
        let tomorrow = end(Standing::Retired(day.saturating_add(1.days())));
        let said = store.write(move |tx| gear::change_component(tx, ME, &ended, &tomorrow, 6));
        said.await.unwrap().unwrap();
        check(&store, &[(&bike, "wax now"), (&chain, "wax now")]).await;
        let ended = chain.clone();
        let today = end(Standing::Retired(day));
        let said = store.write(move |tx| gear::change_component(tx, ME, &ended, &today, 7));
        said.await.unwrap().unwrap();
        check(&store, &[(&bike, "wax now")]).await;
        let retired = bike.clone();
        let change = Change { standing: Some(Standing::Retired(day)), ..Change::default() };
        let said = store.write(move |tx| gear::change(tx, ME, &retired, &change, 8));
        said.await.unwrap().unwrap();
        check(&store, &[]).await;
    }
}

#[tokio::test]
async fn what_the_api_alone_knows_is_due_to_the_athlete_alone() {
    for url in support::databases() {
        let store = house(&url).await;
        let [bike, chain] = ridden(&store, 2).await;
        let of = bike.clone();
        store.write(move |tx| ride(tx, &of, "strava_api", 5)).await.unwrap();
        check(&store, &[(&bike, "wax now"), (&chain, "wax now")]).await;
        let all = due(&store, &[(PATH, WAX)], json!({ "scope": "all" })).await;
        assert_eq!(all, [(bike.clone(), "wax now".to_owned()), (chain.clone(), "wax now".to_owned())]);
        let shareable = due(&store, &[(PATH, WAX)], json!({ "scope": "shareable" })).await;
        assert_eq!(shareable, [(bike, "wax soon".to_owned()), (chain, "wax soon".to_owned())]);
    }
}

#[tokio::test]
async fn scripts_are_given_what_gear_did_and_for_how_long() {
    let store = house(&support::sqlite_url()).await;
    let [bike, chain] = ridden(&store, 3).await;
    let serviced = chain.clone();
    let done =
        store.write(move |tx| gear::service(tx, ME, &serviced, FIRST.saturating_add(1.days()), "waxed"));
    done.await.unwrap().unwrap();
    let shown = "`${item.kind}, ${item.gear.name}, ${item.gear.kind}: ${item.meters.to_int()}, ${item.hours.to_int()}, \
                 ${item.uses}, ${item.days}; ${item.since.meters.to_int()}, ${item.since.hours.to_int()}, \
                 ${item.since.uses}, ${item.since.days}`";
    let text = script(&format!("#{{ what: \"look\", urgency: \"soon\", why: {shown} }}"));
    let care = answer(&store, library(&[(PATH, &text)]), json!({})).await;
    let said: Vec<_> = care.items[0].due.iter().map(|due| (due.item.as_str(), due.why.as_str())).collect();
    let of_bike = "bike, Grey gravel, bike: 150000, 6, 3, 10; 150000, 6, 3, 10";
    let of_chain = "chain, Grey gravel, bike: 150000, 6, 3, 10; 50000, 2, 1, 9";
    assert_eq!(said, [(bike.as_str(), of_bike), (chain.as_str(), of_chain)]);
    let due = &care.items[0].due[0];
    assert_eq!((due.script.as_str(), due.version.len()), (PATH, 12));
}

#[tokio::test]
async fn what_is_not_known_asks_for_nothing() {
    let store = house(&support::sqlite_url()).await;
    ridden(&store, 0).await;
    let text = script(r#"if item.days > 0 { #{ what: "look", urgency: "now", why: "Old." } }"#);
    assert_eq!(due(&store, &[(PATH, &text)], json!({})).await, []);
}

#[tokio::test]
async fn a_script_that_fails_is_told_and_keeps_no_other_from_being_asked() {
    let store = house(&support::sqlite_url()).await;
    let [bike, chain] = ridden(&store, 4).await;
    for (body, code) in [
        ("loop {}", "script_limit"),
        ("loop { try { loop {} } catch { } }", "script_limit"),
        ("let s = \"x\"; loop { s += s; }", "script_limit"),
        ("throw \"no\"", "script_error"),
        ("7", "due_result"),
        (r#"#{ what: "wax", urgency: "later", why: "It squeaks." }"#, "due_result"),
        (r#"#{ what: "wax", urgency: "now" }"#, "due_result"),
        (r#"#{ what: "", urgency: "now", why: "It squeaks." }"#, "due_result"),
        (r#"#{ what: "wax", urgency: "now", why: "It\nsqueaks." }"#, "due_result"),
        (r#"#{ what: "wax", urgency: "now", why: "It squeaks.", colour: "red" }"#, "due_result"),
    ] {
        let broken = script(body);
        let began = Instant::now();
        let care = answer(&store, library(&[("scripts/gear/a.rhai", &broken), (PATH, WAX)]), json!({})).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{body}: {:?}", began.elapsed());
        let errors: Vec<_> =
            care.errors.iter().map(|error| (error.path.as_str(), error.code.as_str())).collect();
        assert_eq!(errors, [("scripts/gear/a.rhai", code)], "{body}: {:?}", care.errors);
        let items: Vec<_> = care.items[0].due.iter().map(|due| due.item.as_str()).collect();
        assert_eq!(items, [bike.as_str(), chain.as_str()], "{body}");
    }
    let care = answer(&store, library(&[(PATH, "fn due(item) {")]), json!({})).await;
    assert_eq!((care.errors[0].code.as_str(), care.items[0].due.len()), ("script_syntax", 0));
}

#[tokio::test]
async fn a_broken_script_never_replaces_a_good_one() {
    let store = house(&support::sqlite_url()).await;
    let [bike, chain] = ridden(&store, 4).await;
    let registry = registry();
    let texts = [
        "fn due(item) {".to_owned(),
        "fn due(item) { () }".to_owned(),
        script("()"),
        script("loop {}"),
        WAX.replace("100000.0 {", "1.0 {"),
    ];
    for broken in &texts {
        let good = BTreeMap::from([(PATH.to_owned(), WAX.to_owned())]);
        let in_force = InForce::of(&registry, library(&[(PATH, broken)]), good);
        assert_eq!(in_force.library().text(PATH), Some(WAX), "{broken}");
        let care = answer(&store, (**in_force.library()).clone(), json!({})).await;
        let items: Vec<_> = care.items[0].due.iter().map(|due| due.item.as_str()).collect();
        assert_eq!((items, care.errors.len()), (vec![bike.as_str(), chain.as_str()], 0));
    }
    let better = WAX.replace("It squeaks.", "It is dry.");
    let good = BTreeMap::from([(PATH.to_owned(), WAX.to_owned())]);
    let in_force = InForce::of(&registry, library(&[(PATH, &better)]), good);
    assert_eq!(in_force.library().text(PATH), Some(better.as_str()));
}

/// The codes of what is wrong with a script.
#[track_caller]
fn prove(text: &str, wanted: &[&str]) {
    let found = mistakes(PATH, text);
    let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, wanted, "{found:?}");
}

#[test]
fn examples_prove_a_script() {
    let with = |examples: &str| {
        let at = WAX.find("fn examples").unwrap();
        format!("{}fn examples() {{ [{examples}] }}", &WAX[..at])
    };
    let speaks = "#{ item: #{ since: #{ meters: 150000.0 } }, what: \"wax\", urgency: \"now\" }";
    let silent = "#{ item: #{ since: #{ meters: 1.0 } }, silent: true }";
    prove(WAX, &[]);
    prove(&with(&format!("{speaks}, {silent}")), &[]);
    prove(&with(speaks), &["due_unproven"]);
    prove(&with(silent), &["due_unproven"]);
    prove(&with(&format!("{}, {silent}", speaks.replace("now", "soon"))), &["due_unproven"]);
    prove(&with(&format!("{}, {silent}", speaks.replace("wax", "oil"))), &["due_unproven"]);
    prove(&with(&format!("{speaks}, {}", silent.replace("1.0", "200000.0"))), &["due_unproven"]);
    prove(&with(&format!("{speaks}, {silent}, #{{ item: #{{}}, silent: true }}")), &["due_unproven"]);
    prove(&with(&format!("{speaks}, {silent}, #{{ item: #{{}}, colour: 1 }}")), &["due_unproven"]);
    prove(&with(&format!("{speaks}, {silent}, #{{ item: 7, silent: true }}")), &["due_unproven"]);
    prove("fn due(item) { () }", &["due_incomplete"]);
    prove("fn due() { () }\nfn examples() { [] }", &["due_incomplete"]);
    let bomb = "fn due(item) { loop {} }\nfn examples() { [#{ item: #{}, silent: true }] }";
    prove(bomb, &["script_limit"]);
}
