//! What a program is given, and what becomes of what it prints.

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
    for (key, value) in [("time_s", 0), ("memory_mib", 1), ("output_mib", 1 << 20), ("line_kib", 20_000)] {
        check(json!({ "program": "a", "limits": { key: value } }), &["limits", key]);
    }
}
