//! Scripts that are edited while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, Server};

const FOLDER: &str = "my-scripts";

fn scripts(program: &Program) -> PathBuf {
    let folder = program.path(FOLDER);
    fs::create_dir_all(folder.join("pipelines")).unwrap();
    folder
}

fn write(folder: &Path, steps: &str) {
    let text = format!("//! Mine.\npipeline(\"mine\");\n{steps}\n");
    fs::write(folder.join("pipelines/mine.rhai"), text).unwrap();
}

struct Client<'a>(&'a Server, reqwest::Client);

impl Client<'_> {
    async fn text(&self, path: &str) -> String {
        self.1.get(format!("{}{path}", self.0.url)).send().await.unwrap().text().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    async fn mine(&self) -> Value {
        let pipelines = self.get("/api/v1/pipelines").await;
        let mine = pipelines["items"].as_array().unwrap().iter().find(|item| item["name"] == "mine").cloned();
        mine.unwrap_or_default()
    }

    /// Runs the pipeline and answers the names of its steps.
    async fn run(&self) -> (String, Vec<String>) {
        let url = format!("{}/api/v1/pipelines/mine/runs", self.0.url);
        let started = self.1.post(url).json(&json!({})).send().await.unwrap();
        let started: Value = started.json().await.unwrap();
        loop {
            let run = self.get(&format!("/api/v1/runs/{}", started["run"].as_str().unwrap())).await;
            if !["queued", "running"].contains(&run["state"].as_str().unwrap()) {
                let steps = run["steps"].as_array().unwrap().iter();
                let names = steps.map(|step| step["step"].as_str().unwrap().to_owned()).collect();
                return (run["state"].as_str().unwrap().to_owned(), names);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits for what must come, and answers how long that took.
    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Duration {
        let began = Instant::now();
        while !is_so(&self.mine().await) {
            assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        }
        began.elapsed()
    }
}

#[test]
fn an_edit_takes_effect_while_the_server_runs_and_a_broken_one_does_not() {
    let program = Program::on_sqlite();
    let folder = scripts(&program);
    write(&folder, "rollup::loads([]);");
    let server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", &folder)]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client(&server, reqwest::Client::new());
        let first = client.mine().await;
        assert_eq!(client.run().await, ("succeeded".to_owned(), vec!["rollup.loads".to_owned()]));

        write(&folder, "let loads = rollup::loads([]);\nrollup::days([loads]);");
        client.until("the second step", |mine| mine["steps"].as_array().unwrap().len() == 2).await;
        let second = client.mine().await;
        assert_ne!(first["script_hash"], second["script_hash"]);
        assert!(second["loaded_ms"].as_i64() >= first["loaded_ms"].as_i64());
        let metrics = client.text("/api/v1/metrics").await;
        let is_zero = |line: &str| {
            line.starts_with("pipeline_step_runs_total")
                && line.contains("pipeline=\"mine\"")
                && line.contains("step=\"rollup.days\"")
                && line.ends_with(" 0")
        };
        assert!(metrics.lines().any(is_zero), "{metrics}");

        write(&folder, "let loads = rollup::lods([]);");
        client.until("the mistake", |mine| !mine["errors"].as_array().unwrap().is_empty()).await;
        let broken = client.mine().await;
        let error = &broken["errors"][0];
        assert_eq!(
            (&error["code"], &error["line"], &error["column"]),
            (&json!("unknown_step"), &json!(3), &json!(13))
        );
        assert_eq!(broken["script_hash"], second["script_hash"]);
        assert_eq!(client.get("/api/v1/health").await["script_errors"][0]["code"], "unknown_step");
        let (state, steps) = client.run().await;
        assert_eq!((state.as_str(), steps.len()), ("succeeded", 2), "the last good plan stays in force");

        fs::remove_file(folder.join("pipelines/mine.rhai")).unwrap();
        client.until("the pipeline goes", Value::is_null).await;
    });
}
