//! Steps in the script language on a server that is at work: what they give, and what they cannot do to it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::bombs::keep_asking;
use crate::http::Client;
use crate::program::Program;

/// What a script does with each item, and the code with which its step fails.
const BOMBS: [(&str, &str, &str); 9] = [
    ("endless", "loop {}", "script_limit"),
    ("caught", "loop { try { loop {} } catch { } }", "script_limit"),
    ("growing", "let s = \"x\"; loop { s += s; }", "script_limit"),
    ("nested", "let a = []; loop { a = [a]; }", "script_limit"),
    (
        "keyed",
        "let s = \"x\"; s.pad(60000, \"x\"); let m = #{}; loop { m[`k${m.len()}`] = s + 1; }",
        "script_limit",
    ),
    ("recursive", "each(item)", "script_limit"),
    ("sleeping", "sleep(30); item", "step_script_failed"),
    ("function", "|x| x", "step_script_result"),
    ("unknown", "item.nothing_of_that_name", "step_script_failed"),
];

/// It is harmless to its example, and to nothing else.
fn script(body: &str) -> String {
    let function = format!("fn each(item) {{ if item == 1 {{ return 1; }} {body} }}");
    format!("//! T.\n{function}\nfn examples() {{ [#{{ item: 1, gives: 1 }}] }}\n")
}

/// A folder with a pipeline for each script, which takes what a step of the program gives.
fn scripts(program: &Program, scripts: &[(&str, String)]) -> PathBuf {
    let folder = program.path("my-scripts");
    fs::create_dir_all(folder.join("pipelines")).unwrap();
    fs::create_dir_all(folder.join("scripts/steps")).unwrap();
    for (name, text) in scripts {
        let steps = format!(
            "let loads = rollup::loads([]);\nscript::map(loads, #{{ script: \"{name}\" }}).named(\"mapped\");"
        );
        let pipeline = format!("//! T.\npipeline(\"{name}\");\n{steps}\n");
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
    let own = scripts(&program, &BOMBS.map(|(name, body, _)| (name, script(body))));
    let mut server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", own.as_path())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client::of(&server);
        let stop = Arc::new(AtomicBool::new(false));
        let others = tokio::spawn(keep_asking(server.url.clone(), stop.clone()));
        for (name, _, code) in BOMBS {
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
        let (asked, _) = others.await.unwrap();
        assert!(asked > BOMBS.len(), "nobody else was answered");
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
    let own = scripts(&program, &[("span", span.to_owned())]);
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
