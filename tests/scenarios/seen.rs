//! Runs that are seen while they happen, also from a process that does not execute them, and pipelines that are drawn.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::http::{Client, with};
use crate::program::Program;

const PIPELINES: [&str; 9] =
    ["artifacts", "daily", "hints", "hourly", "import", "metrics", "sweep", "ways", "weather"];

const MOODY: &str = r#"//! What the tap counts, through a program that fails once.
pipeline("moody", #{});
let counted = singer::tap(#{ program: "tap", config: #{ count: 10 }, streams: ["numbers"] });
process::exec([counted], #{ program: "moody", key: ["id"] }).named("moody").retry(2, "1s");
"#;

/// A program that fails the first time it is asked, which the folder tells.
fn fails_once(folder: &Path) -> String {
    let folder = folder.display();
    let fails = "cat >/dev/null; echo 'warning: asked with access_token=abc123def' >&2; exit 1";
    format!("#!/bin/sh\nif mkdir {folder} 2>/dev/null; then {fails}; fi\ngrep -E '\"id\":'\n")
}

/// The data of the last event of a stream, and its id.
fn last(stream: &str) -> (Value, String) {
    let field = |name: &str| stream.lines().rev().find_map(|line| line.strip_prefix(name)).unwrap();
    (serde_json::from_str(field("data: ")).unwrap(), field("id: ").to_owned())
}

#[test]
fn a_run_is_followed_over_http_and_from_another_process() {
    for program in Program::on_both() {
        let folder = program.demo(30);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let mut run = String::new();
        with(&program, async |client| {
            let (_, started) = client.post("/api/v1/pipelines/daily/runs", json!({})).await;
            run = started["run"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/runs/{run}/events");
            let (status, stream) = client.text(&path).await;
            let (ended, id) = last(&stream);
            assert_eq!((status, &ended["state"]), (200, &json!("succeeded")), "{stream}");
            assert!(
                stream.contains(r#""step":"rollup.days""#) || stream.contains(r#""step":"days""#),
                "{stream}"
            );
            assert_eq!(client.text(&format!("{path}?after={id}")).await, (204, String::new()));
        });
        let told = program.lines(&["runs", "show", &run, "--follow", "--json"]);
        let end = told.last().unwrap();
        assert_eq!((&end["event"], &end["data"]["state"]), (&json!("run"), &json!("succeeded")));
        let shown = program.succeed(&["runs", "show", &run]);
        for part in ["\n\nGraph\n✓", "\n\nTimeline\n✓"] {
            assert!(shown.contains(part), "{part} is missing in\n{shown}");
        }
    }
}

#[test]
fn a_followed_run_that_fails_says_why_and_ends_the_command_with_1() {
    for program in Program::on_both() {
        program.succeed(&["db", "migrate"]);
        with(&program, async |client| {
            let params = json!({ "params": { "paths": ["/nowhere.fit"] } });
            let (_, started) = client.post("/api/v1/pipelines/import/runs", params).await;
            let run = client.ended(started["run"].as_str().unwrap()).await;
            assert_eq!(run["error_code"], "local_paths_refused", "{run}");
            assert!(run["log"][0]["text"].as_str().unwrap().ends_with("[local_paths_refused]"), "{run}");
        });
        let output = program.run(&["runs", "show", "--follow"]);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        let lines = shown.lines().filter(|line| line.contains("[local_paths_refused]"));
        // What the step said, its end, the end of the run; and the same in the card.
        assert!(lines.count() >= 3, "{shown}");
    }
}

#[test]
fn a_run_that_fails_and_recovers_is_followed_from_another_process_while_it_does() {
    for program in Program::on_both() {
        let (scripts, programs) = (program.path("own-scripts"), program.path("programs"));
        fs::create_dir_all(scripts.join("pipelines")).unwrap();
        fs::create_dir(&programs).unwrap();
        symlink(test_tap::program(), programs.join("tap")).unwrap();
        fs::write(scripts.join("pipelines/moody.rhai"), MOODY).unwrap();
        fs::write(programs.join("moody"), fails_once(&program.path("asked"))).unwrap();
        fs::set_permissions(programs.join("moody"), fs::Permissions::from_mode(0o755)).unwrap();
        let folders = [("FITNESS_SCRIPTS_DIR", &*scripts), ("FITNESS_PROCESS_PROGRAMS", &*programs)];
        let server = program.serve_with(&folders);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let started = runtime.block_on(Client::of(&server).post("/api/v1/pipelines/moody/runs", json!({})));
        let run = started.1["run"].as_str().unwrap().to_owned();
        let mut command = program.command(&["runs", "show", &run, "--follow", "--json"]);
        let output = command.envs(folders).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("access_token=***") && !told.contains("abc123def"), "{told}");
        let events: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let moody = |event: &&Value| event["data"]["step"] == "moody";
        let failed = events.iter().filter(moody).find(|event| event["data"]["level"] == "error").unwrap();
        assert_eq!(failed["data"]["attempt"], 1, "{told}");
        let ended = events.iter().filter(moody).rfind(|event| event["event"] == "step").unwrap();
        let (state, attempts) = (&ended["data"]["state"], &ended["data"]["attempts"]);
        assert_eq!((state, attempts), (&json!("succeeded"), &json!(2)), "{told}");
        assert_eq!(events.last().unwrap()["data"]["state"], "succeeded", "{told}");
    }
}

#[test]
fn a_run_is_shown_where_the_scripts_cannot_be_read() {
    let program = Program::on_sqlite();
    let folder = program.demo(10);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let run = program.json(&["run", "daily", "--json"])["id"].as_str().unwrap().to_owned();
    let shown = program.json(&["runs", "show", &run, "--json"]);
    let (steps, graph) = (shown["steps"].as_array().unwrap(), shown["graph"].as_array().unwrap());
    assert!(steps.len() > 1 && steps.len() == graph.len(), "{shown}");
    let broken = program.path("broken");
    fs::create_dir_all(broken.join("pipelines")).unwrap();
    fs::write(broken.join("pipelines/daily.rhai"), [0xff, 0xfe]).unwrap();
    let output =
        program.command(&["runs", "show", &run]).env("FITNESS_SCRIPTS_DIR", &broken).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("\n\nTimeline\n"), "{told}");
}

#[test]
fn each_pipeline_is_drawn_in_every_form() {
    let program = Program::on_sqlite();
    program.succeed(&["db", "migrate"]);
    for pipeline in PIPELINES {
        for (form, begins) in
            [("text", "●"), ("mermaid", "flowchart LR\n"), ("dot", "digraph "), ("svg", "<svg ")]
        {
            let drawn = program.succeed(&["pipelines", "show", pipeline, "--graph", form]);
            assert!(drawn.starts_with(begins), "{pipeline} {form}: {drawn}");
        }
        let shown = program.json(&["pipelines", "show", pipeline, "--json"]);
        let steps = shown["steps"].as_array().unwrap();
        let givers = |step: &Value| {
            let after = step["after"].as_array().unwrap().iter().filter_map(Value::as_str);
            after.collect::<BTreeSet<_>>().len()
        };
        let edges: usize = steps.iter().map(givers).sum();
        let drawn = |form: &str| program.succeed(&["pipelines", "show", pipeline, "--graph", form]);
        let (mermaid, dot) = (drawn("mermaid"), drawn("dot"));
        assert_eq!(mermaid.matches("-->").count(), edges, "{mermaid}");
        assert_eq!(dot.matches("->").count(), edges, "{dot}");
        assert_eq!(mermaid.lines().count(), 1 + steps.len() + edges, "{mermaid}");
    }
}
