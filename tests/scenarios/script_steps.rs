//! Steps in the script language on a server that is at work: what they give, and what they cannot do to it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::bombs::{check_waits, keep_asking};
use crate::http::Client;
use crate::program::Program;

/// What a script is for: each is harmless to its examples, and to nothing else.
#[derive(Debug, Clone, Copy)]
enum Task {
    Map,
    Filter,
    Reduce,
}

/// A script by its name, its task, what it does with an item, and the code with which its step fails.
type Bomb = (&'static str, Task, &'static str, &'static str);

const BOMBS: [Bomb; 24] = [
    ("endless", Task::Map, "loop {}", "script_limit"),
    ("caught", Task::Map, "loop { try { loop {} } catch { } }", "script_limit"),
    ("growing", Task::Map, "let s = \"x\"; loop { s += s; }", "script_limit"),
    ("nested", Task::Map, "let a = []; loop { a = [a]; }", "script_limit"),
    (
        "keyed",
        Task::Map,
        "let s = \"x\"; s.pad(60000, \"x\"); let m = #{}; loop { m[`k${m.len()}`] = s + 1; }",
        "script_limit",
    ),
    ("recursive", Task::Map, "each(item)", "script_limit"),
    ("chained", Task::Map, "let f = Fn(\"x\"); loop { let g = f; f = || g; }", "script_limit"),
    ("curried", Task::Map, "let f = Fn(\"x\"); loop { f = Fn(\"x\").curry(take(f)); }", "script_limit"),
    (
        "holding",
        Task::Map,
        "let a = []; a.pad(9000, 0); let m = #{}; m[\"a\"] = a; m[\"f\"] = || m; item",
        "script_limit",
    ),
    (
        "calling",
        Task::Map,
        "let f = |n| { while n > 0 { n -= 1; } n }; for i in 0..100 { f.call(1000); } item",
        "script_limit",
    ),
    ("sleeping", Task::Map, "sleep(30); item", "step_script_failed"),
    ("function", Task::Map, "|x| x", "step_script_result"),
    ("range", Task::Map, "0..3", "step_script_result"),
    ("unknown", Task::Map, "item.nothing_of_that_name", "step_script_failed"),
    ("keeping_endless", Task::Filter, "loop {}", "script_limit"),
    ("keeping_chained", Task::Filter, "let f = Fn(\"x\"); loop { let g = f; f = || g; }", "script_limit"),
    ("keeping_item", Task::Filter, "item", "step_script_result"),
    ("keeping_closure", Task::Filter, "|x| true", "step_script_result"),
    ("folding_endless", Task::Reduce, "loop {}", "script_limit"),
    ("folding_chained", Task::Reduce, "let f = Fn(\"x\"); loop { let g = f; f = || g; }", "script_limit"),
    (
        "folding_more",
        Task::Reduce,
        "let s = \"x\"; s.pad(60000, \"x\"); total.push([s + total.len()]); total",
        "script_limit",
    ),
    ("folding_closure", Task::Reduce, "let before = total; || before", "step_script_result"),
    ("folding_closures", Task::Reduce, "let before = total; [|| before]", "step_script_result"),
    ("folding_range", Task::Reduce, "0..3", "step_script_result"),
];
/// What grows from item to item is given so many.
const ITEMS: usize = 400;

impl Task {
    fn step(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Filter => "filter",
            Self::Reduce => "reduce",
        }
    }

    fn script(self, body: &str) -> String {
        let (function, examples) = match self {
            Self::Map => {
                (format!("fn each(item) {{ if item == 1 {{ return 1; }} {body} }}"), "#{ item: 1, gives: 1 }")
            }
            Self::Filter => (
                format!("fn keep(item) {{ if item == 1 || item == 2 {{ return item == 1; }} {body} }}"),
                "#{ item: 1, keeps: true }, #{ item: 2, keeps: false }",
            ),
            Self::Reduce => (
                format!("fn start() {{ [] }} fn fold(total, item) {{ if item == 1 {{ return 1; }} {body} }}"),
                "#{ items: [1], gives: 1 }",
            ),
        };
        format!("//! T.\n{function}\nfn examples() {{ [{examples}] }}\n")
    }
}

/// A folder with a pipeline for each script, which takes what a step of the program gives, again and again.
fn scripts(program: &Program, scripts: &[(&str, Task, String)]) -> PathBuf {
    let folder = program.path("my-scripts");
    fs::create_dir_all(folder.join("pipelines")).unwrap();
    fs::create_dir_all(folder.join("scripts/steps")).unwrap();
    for (name, task, text) in scripts {
        let items = if matches!(task, Task::Reduce) { ITEMS } else { 1 };
        let all = format!("let all = []; for number in 0..{items} {{ all.push(loads); }}");
        let step = format!("script::{}(all, #{{ script: \"{name}\" }}).named(\"mapped\");", task.step());
        let pipeline =
            format!("//! T.\npipeline(\"{name}\");\nlet loads = rollup::loads([]);\n{all}\n{step}\n");
        fs::write(folder.join(format!("pipelines/{name}.rhai")), pipeline).unwrap();
        fs::write(folder.join(format!("scripts/steps/{name}.rhai")), text).unwrap();
    }
    folder
}

async fn mapped(client: &Client<'_>, pipeline: &str) -> Value {
    let (status, started) = client.post(&format!("/api/v1/pipelines/{pipeline}/runs"), json!({})).await;
    assert_eq!(status, 202, "{started}");
    let run = client.ended(started["run"].as_str().unwrap()).await;
    run["steps"].as_array().unwrap().iter().find(|step| step["step"] == "mapped").unwrap().clone()
}

#[test]
fn no_script_of_a_step_takes_a_server_down_or_keeps_it_from_answering_others() {
    let program = Program::on_sqlite();
    let folder = program.demo(10);
    program.succeed(&["import", &folder.to_string_lossy()]);
    let own = scripts(&program, &BOMBS.map(|(name, task, body, _)| (name, task, task.script(body))));
    let mut server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", own.as_path())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client::of(&server);
        let stop = Arc::new(AtomicBool::new(false));
        let others = tokio::spawn(keep_asking(server.url.clone(), stop.clone()));
        for (name, _, _, code) in BOMBS {
            let step = mapped(&client, name).await;
            assert_eq!(
                (&step["state"], &step["error_code"]),
                (&json!("failed"), &json!(code)),
                "{name}: {step}"
            );
            assert!(
                step["error"].as_str().unwrap().contains(&format!("scripts/steps/{name}.rhai:2:")),
                "{step}"
            );
        }
        stop.store(true, Ordering::Relaxed);
        check_waits(others.await.unwrap(), BOMBS.len());
    });
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_step_of_ones_own_needs_no_build_and_goes_by_its_last_good_text() {
    let program = Program::on_sqlite();
    let folder = program.demo(10);
    program.succeed(&["import", &folder.to_string_lossy()]);
    let span = "fn each(item) { item.to - item.from }\n\
        fn examples() { [#{ item: #{ from: 1, to: 3 }, gives: 2 }] }\n";
    let own = scripts(&program, &[("span", Task::Map, span.to_owned())]);
    let script_file = own.join("scripts/steps/span.rhai");
    let server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", own.as_path())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client::of(&server);
        let step = mapped(&client, "span").await;
        assert_eq!(step["state"], "succeeded", "{step}");
        assert!(step["artifact"]["items"][0].is_i64(), "{step}");
        fs::write(&script_file, "fn each(item) { itm }").unwrap();
        while client.get("/api/v1/health").await["script_errors"].as_array().is_none_or(Vec::is_empty) {
            tokio::task::yield_now().await;
        }
        assert_eq!(mapped(&client, "span").await["state"], "succeeded");
        let proven = "fn each(item) { #{ to: item.to } }\n\
            fn examples() { [#{ item: #{ to: 2 }, gives: #{ to: 2 } }] }\n";
        fs::write(&script_file, proven).unwrap();
        while mapped(&client, "span").await["artifact"]["items"][0]["to"].is_null() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_server_that_starts_with_a_broken_script_goes_by_the_last_good_one() {
    let program = Program::on_sqlite();
    let folder = program.demo(10);
    program.succeed(&["import", &folder.to_string_lossy()]);
    let span = "fn each(item) { item.to - item.from }\n\
        fn examples() { [#{ item: #{ from: 1, to: 3 }, gives: 2 }] }\n";
    let own = scripts(&program, &[("span", Task::Map, span.to_owned())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", own.as_path())]);
    let good = runtime.block_on(async { mapped(&Client::of(&server), "span").await });
    assert_eq!(good["state"], "succeeded", "{good}");
    assert_eq!(server.stop(), Some(0));
    fs::write(own.join("scripts/steps/span.rhai"), "fn each(item) { itm }").unwrap();
    let server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", own.as_path())]);
    runtime.block_on(async {
        let client = Client::of(&server);
        let health = client.get("/api/v1/health").await;
        assert!(health.to_string().contains("scripts/steps/span.rhai"), "the mistake is told: {health}");
        let again = mapped(&client, "span").await;
        assert_eq!((&again["state"], &again["artifact"]), (&good["state"], &good["artifact"]));
    });
}
