//! Runs that are seen while they happen, also from a process that does not execute them, and pipelines that are drawn.

use serde_json::{Value, json};

use crate::http::with;
use crate::program::Program;

const PIPELINES: [&str; 9] =
    ["artifacts", "daily", "hints", "hourly", "import", "metrics", "sweep", "ways", "weather"];

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
fn each_pipeline_is_drawn_in_every_form() {
    let program = Program::on_sqlite();
    program.succeed(&["db", "migrate"]);
    for pipeline in PIPELINES {
        for (form, begins) in
            [("text", "●"), ("mermaid", "flowchart LR\n"), ("dot", "digraph "), ("svg", "<svg ")]
        {
            let drawn = program.succeed(&["pipelines", "show", pipeline, "--graph", form]);
            assert!(drawn.starts_with(begins), "{pipeline} {form}: {drawn}");
            println!("{drawn}");
        }
    }
}
