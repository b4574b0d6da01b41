//! What a program is given, and what becomes of what it prints.

use engine::step::{Gather, Step, StepError};
use fitness::outside::Records;
use serde_json::{Value, json};

use super::house::{House, failure};
use crate::{Exec, Options};

#[tokio::test]
async fn what_is_printed_is_kept_by_its_key() {
    House::each(async |mut house| {
        house.script("print", r#"printf '{"id": 1, "v": 1}\n\n{"id": 2}\n{"id": 1, "v": 2}'"#);
        let step = house.exec(json!({ "program": "print", "key": ["id"] }));
        let first = house.exec_once(&step, Vec::new()).await.unwrap();
        assert_eq!(first.rows, 3, "a record that is told twice is written twice");
        assert_eq!(house.told(&first).await, [r#"lines [1] {"id": 1, "v": 2}"#, r#"lines [2] {"id": 2}"#]);
        house.script("print", r#"echo '{"id": 2}'; echo '{"id": 3}'"#);
        let second = house.exec_once(&step, Vec::new()).await.unwrap();
        assert_eq!(house.told(&second).await, [r#"lines [3] {"id": 3}"#]);
        let third = house.exec_once(&step, Vec::new()).await.unwrap();
        assert!(third.is_empty() && third.rows == 0, "{third:?}");
        let fourth = house.exec_once(&step, Vec::new()).await.unwrap();
        assert_eq!(fourth.from, second.to, "what says nothing new takes no change number");
    })
    .await;
}

#[tokio::test]
async fn a_program_is_given_what_another_one_told() {
    House::each(async |mut house| {
        house.script("count", r#"seq 1 2500 | sed 's/.*/{"id":&}/'"#);
        let count = house.exec(json!({ "program": "count", "key": ["id"] }));
        let counted = house.exec_once(&count, Vec::new()).await.unwrap();
        assert_eq!(counted.rows, 2500);
        // Ends with the sum, and passes on one of them.
        house.script("sum", r#"tr -dc '0-9\n' | awk '{ n += $1 } END { print "{\"sum\":" n "}" }'"#);
        let sum = house.exec(json!({ "program": "sum" }));
        let ctx = house.begin("sum").await;
        let input = (engine::step::Gather(vec![counted]),);
        let summed = engine::step::Step::run(&sum, &ctx, input).await.unwrap();
        let told = house.told(&summed).await;
        assert!(told.len() == 1 && told[0].ends_with(r#"{"sum":3126250}"#), "{told:?}");
        assert_eq!(ctx.meter.readings().rows_in, 2500);
    })
    .await;
}

#[tokio::test]
async fn messages_of_singer_go_both_ways() {
    let mut house = House::on_sqlite().await;
    house.script(
        "tell",
        r#"echo '{"type":"SCHEMA","stream":"a \"b\"","schema":{},"key_properties":["id"]}'
echo '{"type":"RECORD","stream":"a \"b\"","record":{"id":1},"time_extracted":"2026-01-01T00:00:00Z"}'
echo '{"type":"ACTIVATE_VERSION","stream":"a","version":1}'"#,
    );
    let tell = house.exec(json!({ "program": "tell", "form": "singer" }));
    let told = house.exec_once(&tell, Vec::new()).await.unwrap();
    assert_eq!(house.told(&told).await, [r#"a "b" [1] {"id":1}"#]);
    house.script("cat", "exec cat");
    let cat = house.exec(json!({ "program": "cat", "form": "singer" }));
    let ctx = house.begin("cat").await;
    let back = engine::step::Step::run(&cat, &ctx, (engine::step::Gather(vec![told]),)).await.unwrap();
    assert!(house.told(&back).await[0].ends_with(r#"{"id":1}"#));
}

#[tokio::test]
async fn a_program_knows_its_run_and_none_of_our_secrets() {
    let mut house = House::on_sqlite().await;
    let script = r#"test "$HOME" = "$PWD" || exit 9
cat run.json; echo; env | sed 's/=.*//' | sort | tr '\n' ' ' | sed 's/.*/{"names":"&"}/'"#;
    house.script("look", script);
    let step = house.exec(json!({ "program": "look", "args": ["--x"] }));
    let looked = house.exec_once(&step, Vec::new()).await.unwrap();
    let told = house.told(&looked).await;
    let bodies: Vec<Value> =
        told.iter().map(|line| serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap()).collect();
    let about = bodies.iter().find(|body| body["run"].is_string()).unwrap();
    assert_eq!(
        (&about["run"], &about["params"], &about["partition"], &about["attempt"]),
        (&json!("run1"), &json!({ "since": "2026-01-01" }), &json!("me"), &json!(1))
    );
    let names = bodies.iter().find_map(|body| body["names"].as_str()).unwrap();
    let ours: Vec<&str> = names
        .split(' ')
        // What the shell sets by itself.
        .filter(|name| !["", "PWD", "OLDPWD", "SHLVL", "_"].contains(name))
        .collect();
    assert_eq!(ours, ["HOME", "LANG", "PACELINE_RUN", "PATH", "TMPDIR"]);
}

#[tokio::test]
async fn its_folder_is_gone_with_it() {
    let mut house = House::on_sqlite().await;
    house.script("stay", r#"touch here; echo "{\"at\":\"$PWD\"}""#);
    let step = house.exec(json!({ "program": "stay" }));
    let told = house.exec_once(&step, Vec::new()).await.unwrap();
    let line = house.told(&told).await.remove(0);
    let at: Value = serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
    assert!(!std::path::Path::new(at["at"].as_str().unwrap()).exists(), "{at}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_not_run() {
    let mut house = House::on_sqlite().await;
    let step = house.exec(json!({ "program": "missing" }));
    let (_, code, text) = failure(house.exec_once(&step, Vec::new()).await);
    assert_eq!((code, text.contains("`missing`")), ("program_unknown", true));
    let nowhere =
        Exec::with(serde_json::from_value(json!({ "program": "sh" })).unwrap(), &Options::default());
    let (class, code, _) = failure(house.exec_once(&nowhere.unwrap(), Vec::new()).await);
    assert_eq!((class, code), ("hopeless", "programs_not_allowed"));
}

#[test]
fn what_cannot_be_is_said_before_anything_runs() {
    let check = |config: Value, path: &[&str]| {
        let config = serde_json::from_value(config).unwrap();
        let error = Exec::with(config, &Options::default()).err().unwrap();
        assert_eq!(error.path, path, "{error}");
    };
    check(json!({ "program": "../sh" }), &["program"]);
    check(json!({ "program": "a", "args": ["b", "c\u{0}"] }), &["args", "1"]);
    check(json!({ "program": "a", "form": "singer", "key": ["id"] }), &["key"]);
    check(json!({ "program": "a", "key": ["a\u{0}"] }), &["key"]);
    check(json!({ "program": "a", "key": ["id", "id"] }), &["key"]);
    for (key, value) in [("time_s", 0), ("memory_mib", 1), ("output_mib", 1 << 20), ("line_kib", 20_000)] {
        check(json!({ "program": "a", "limits": { key: value } }), &["limits", key]);
    }
}

#[tokio::test]
async fn what_is_kept_beside_the_records_stays_small() {
    let mut house = House::on_sqlite().await;
    let mut check = async |script: &str, wanted: &str| {
        house.script("tell", script);
        let limits = json!({ "line_kib": 2048 });
        let step = house.exec(json!({ "program": "tell", "form": "singer", "limits": limits }));
        let (_, code, says) = failure(house.exec_once(&step, Vec::new()).await);
        assert_eq!((code, &*says), ("process_bad_message", wanted));
    };
    let state = r#"printf '{"type":"STATE","value":"'; head -c 1100000 /dev/zero | tr '\0' x; echo '"}'"#;
    check(state, "line 1: its `value` has more than 1024 KiB").await;
    let schemas = r#"seq 1 1001 | sed 's/.*/{"type":"SCHEMA","stream":"&","schema":{}}/'"#;
    check(schemas, "line 1001: it describes more than 1000 streams").await;
}

/// Tells how many lines it was given.
const COUNT_GIVEN: &str = r#"wc -l | sed 's/ *\(.*\)/{"n":\1}/'"#;

/// How many records a program that counts was given, in a run of its own.
async fn given_to(house: &mut House, given: Vec<Records>) -> Result<String, StepError> {
    let step = house.exec(json!({ "program": "handle", "key": ["n"] }));
    let ctx = house.begin("handle").await;
    let told = Step::run(&step, &ctx, (Gather(given),)).await?;
    Ok(house.told(&told).await.concat())
}

#[tokio::test]
async fn what_several_parts_told_beside_each_other_is_given_once() {
    House::each(async |mut house| {
        house.script("count", r#"seq 1 2500 | sed 's/.*/{"id":&}/'"#);
        let count = house.exec(json!({ "program": "count", "key": ["id"] }));
        let whole = house.exec_once(&count, Vec::new()).await.unwrap();
        assert_eq!(whole.to - whole.from, 3, "as few commits as may be");
        let early = Records { to: whole.to - 1, ..whole.clone() };
        let late = Records { from: whole.from + 1, ..whole.clone() };
        house.script("handle", COUNT_GIVEN);
        let told = given_to(&mut house, vec![late, early, whole]).await.unwrap();
        assert_eq!(told, r#"lines [2500] {"n":2500}"#);
    })
    .await;
}

#[tokio::test]
async fn what_a_run_failed_to_work_off_is_given_to_the_next() {
    House::each(async |mut house| {
        let count = house.exec(json!({ "program": "count", "key": ["id"] }));
        house.script("count", r#"seq 1 3 | sed 's/.*/{"id":&}/'"#);
        let first = house.exec_once(&count, Vec::new()).await.unwrap();
        house.script("handle", "exit 3");
        assert!(given_to(&mut house, vec![first]).await.is_err());
        house.script("count", r#"seq 1 5 | sed 's/.*/{"id":&}/'"#);
        let second = house.exec_once(&count, Vec::new()).await.unwrap();
        house.script("handle", COUNT_GIVEN);
        let told = given_to(&mut house, vec![second.clone()]).await.unwrap();
        assert_eq!(told, r#"lines [5] {"n":5}"#, "both runs' records");
        let told = given_to(&mut house, vec![second]).await.unwrap();
        assert_eq!(told, r#"lines [2] {"n":2}"#, "once they are worked off, a run's own alone");
    })
    .await;
}

#[tokio::test]
async fn a_target_may_end_with_its_bare_state() {
    let mut house = House::on_sqlite().await;
    house.script("target", "cat >/dev/null; echo '{}'; echo '{\"bookmarks\":{\"a\":1}}'");
    let step = house.exec(json!({ "program": "target", "form": "singer" }));
    assert!(house.exec_once(&step, Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_field_that_no_database_keeps_is_refused() {
    let mut house = House::on_sqlite().await;
    let schema = r#"{"type":"SCHEMA","stream":"a","schema":{},"key_properties":["a\u0000"]}"#;
    house.script("tell", &format!("printf '%s\\n' '{schema}'"));
    let step = house.exec(json!({ "program": "tell", "form": "singer" }));
    let (_, code, says) = failure(house.exec_once(&step, Vec::new()).await);
    assert_eq!((code, &*says), ("process_bad_message", "line 1: its `key_properties`: no name of a field"));
}
