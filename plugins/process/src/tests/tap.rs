//! A tap from its first run on: catalog, state, and what becomes of both when something changes.

use serde_json::{Value, json};

use super::house::{House, failure};

fn config(count: u64, streams: &[&str]) -> Value {
    json!({ "program": "tap", "config": { "count": count }, "streams": streams })
}

fn with(mut config: Value, key: &str, value: Value) -> Value {
    config["config"][key] = value;
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_goes_on_where_it_ended() {
    House::each(async |mut house| {
        house.install_tap();
        let first = house.tap(config(3, &["numbers"])).await.unwrap();
        let told = house.told(&first).await;
        assert_eq!(told[2], r#"numbers [3] {"id":3,"value":3}"#);
        assert_eq!((told.len(), first.rows), (3, 3));
        let second = house.tap(config(5, &["numbers"])).await.unwrap();
        assert_eq!(house.told(&second).await.len(), 2, "only what is new");
        let third = house.tap(config(5, &["numbers", "squares"])).await.unwrap();
        assert_eq!(house.told(&third).await.len(), 5, "another stream has no state yet");
        let fourth = house.tap(config(5, &["numbers", "squares"])).await.unwrap();
        assert!(fourth.is_empty() && fourth.rows == 0, "{fourth:?}");
        assert_eq!(house.all("singer.tap").await.len(), 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_choice_the_tap_tells_all() {
    let mut house = House::on_sqlite().await;
    house.install_tap();
    let told = house.tap(config(2, &[])).await.unwrap();
    assert_eq!(told.rows, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_was_cut_tells_in_the_end_what_an_uncut_one_would() {
    House::each(async |mut house| {
        house.install_tap();
        // More than one commit before it breaks off.
        let cut = with(config(20_000, &["numbers"]), "break_after", json!(15_001));
        let (class, code, _) = failure(house.tap(cut).await);
        assert_eq!((class, code), ("failed", "process_exit"));
        let stored = house.all("singer.tap").await.len();
        assert!(stored > 0, "nothing was kept before it broke off");
        let whole = house.tap_again(config(20_000, &["numbers"])).await.unwrap();
        assert_eq!((whole.rows, house.told(&whole).await.len()), (20_000, 20_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_older_than_its_schema_fails_restarts_or_stays() {
    let wider = |on_change: &str| {
        let mut config = with(config(5, &["numbers"]), "columns", json!(["name"]));
        config["on_schema_change"] = json!(on_change);
        config
    };
    for (on_change, wanted) in
        [("fail", Err(("hopeless", "tap_state_outdated"))), ("restart", Ok(5)), ("keep", Ok(2))]
    {
        let mut house = House::on_sqlite().await;
        house.install_tap();
        house.tap(config(3, &["numbers"])).await.unwrap();
        let result = house.tap(wider(on_change)).await;
        match (result, wanted) {
            (Ok(told), Ok(rows)) => assert_eq!(told.rows, rows, "{on_change}"),
            (result, Err(wanted)) => {
                let (class, code, says) = failure(result);
                assert_eq!((class, code), wanted);
                assert!(says.contains("`numbers`"), "{says}");
                // The old state is still there for whoever takes the column back.
                assert_eq!(house.tap(config(5, &["numbers"])).await.unwrap().rows, 2);
            }
            (Err(error), Ok(_)) => panic!("{on_change}: {error}"),
        }
        let again = house.tap(wider("fail")).await;
        assert_eq!(again.is_ok(), on_change != "fail", "{on_change}: the new schema is known now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_operator_are_read_and_what_is_in_the_script_counts() {
    let mut house = House::on_sqlite().await;
    house.install_tap();
    house.put("tap.json", r#"{"count": 2, "token": "hush-hush"}"#, 0o600);
    house.put("catalog.json", r#"{"streams": [{"stream": "squares", "schema": {"selected": true}}]}"#, 0o600);
    let of_file = json!({ "program": "tap", "config_file": "tap.json", "catalog_file": "catalog.json" });
    assert_eq!(house.tap(of_file.clone()).await.unwrap().rows, 2);
    assert_eq!(house.tap(with(of_file, "count", json!(3))).await.unwrap().rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_cannot_be_asked_says_why() {
    let mut house = House::on_sqlite().await;
    house.install_tap();
    house.put("broken.json", "{\"token\": hush}", 0o600);
    house.put("open.json", "{}", 0o666);
    house.script("dumb", "exit 0");
    house.script("wordy", "echo Usage: wordy");
    for (config, wanted) in [
        (json!({ "program": "tap", "config_file": "missing.json" }), "tap_file_unreadable"),
        (json!({ "program": "tap", "config_file": "broken.json" }), "tap_file_unreadable"),
        (json!({ "program": "tap", "config_file": "open.json" }), "programs_unsafe"),
        (config(3, &["cubes"]), "tap_stream_unknown"),
        (json!({ "program": "wordy", "streams": ["numbers"] }), "tap_file_unreadable"),
        (json!({ "program": "wordy" }), "process_bad_json"),
        (json!({ "program": "dumb" }), "process_silent"),
        (json!({ "program": "tap", "config": { "odd": 1 } }), "process_exit"),
    ] {
        let (_, code, says) = failure(house.tap(config.clone()).await);
        assert_eq!(code, wanted, "{config}");
        assert!(!says.contains("hush"), "{says}");
    }
}

/// As long as what a process may have for itself is counted here.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_changes_on_the_way_is_no_older_state() {
    let mut house = House::on_sqlite().await;
    let schema = |kind: &str| {
        let schema = json!({ "properties": { "id": { "type": kind } } });
        json!({ "type": "SCHEMA", "stream": "a", "schema": schema, "key_properties": ["id"] })
    };
    let records = r#"seq 1 3000 | sed 's/.*/{"type":"RECORD","stream":"a","record":{"id":&}}/'"#;
    let state = r#"echo '{"type":"STATE","value":{"at":1}}'"#;
    let script =
        format!("echo '{}'\n{state}\n{records}\necho '{}'\n{state}", schema("integer"), schema("string"));
    house.script("twice", &script);
    // In the midst of it there are commits, and what they hold does not decide.
    for rows in [3000, 0] {
        let told = house.tap(json!({ "program": "twice" })).await.unwrap();
        assert_eq!(told.rows, rows);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_speaks_no_singer_is_told_so() {
    let mut house = House::on_sqlite().await;
    house.script("bare", r#"echo '{"id":1}'"#);
    let (_, code, says) = failure(house.tap(json!({ "program": "bare" })).await);
    assert_eq!((code, &*says), ("process_bad_message", "line 1: it has no `type`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_that_does_not_come_to_an_end_with_its_catalog_is_ended() {
    let mut house = House::on_sqlite().await;
    house.script("hang", "exec sleep 1000");
    let config = json!({ "program": "hang", "streams": ["a"], "limits": { "time_s": 1 } });
    assert_eq!(failure(house.tap(config).await).1, "process_timeout");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_no_more_memory_than_it_may_have() {
    let mut house = House::on_sqlite().await;
    house.install_tap();
    let mut config = with(config(1, &[]), "memory_mib", json!(200));
    assert_eq!(house.tap(config.clone()).await.unwrap().rows, 2);
    config["limits"] = json!({ "memory_mib": 64 });
    let (_, code, says) = failure(house.tap(config).await);
    assert_eq!((code, says.contains("SIGABRT")), ("process_signal", true), "{says}");
}
