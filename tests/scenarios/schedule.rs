//! Pipelines that run by themselves while the server is up.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Program, Server};

const EACH_SECOND: &str = "pipeline(\"tick\", #{ every: \"1s\" });\nrollup::loads([]);\n";
const AFTERWARDS: &str = "pipeline(\"follow\", #{ after: \"tick\" });\nrollup::loads([]);\n";
/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn runs(program: &Program, pipeline: &str) -> Vec<Value> {
    program.lines(&["runs", "list", "--pipeline", pipeline, "--limit", "1000", "--json"])
}

/// Asks until the answer is there.
fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain");
        std::thread::yield_now();
    }
}

/// When the scheduler last looked.
fn looked_ms(server: &Server, runtime: &tokio::runtime::Runtime) -> i64 {
    let health = async {
        let answer = reqwest::get(format!("{}/api/v1/health", server.url)).await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    runtime.block_on(health)["scheduler"]["last_tick_ms"].as_i64().unwrap_or(0)
}

#[test]
fn what_is_due_runs_by_itself_until_it_is_paused() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for program in Program::on_both() {
        let scripts = program.path("own");
        fs::create_dir_all(scripts.join("pipelines")).unwrap();
        fs::write(scripts.join("pipelines/tick.rhai"), EACH_SECOND).unwrap();
        fs::write(scripts.join("pipelines/follow.rhai"), AFTERWARDS).unwrap();
        let variables = [("FITNESS_SCRIPTS_DIR", scripts.as_path())];
        let mut server = program.serve_with(&variables);

        let is_done = |run: &Value| run["state"] == "succeeded";
        let follower = wait(|| runs(&program, "follow").into_iter().find(is_done));
        assert_eq!(follower["cause"], "pipeline");
        assert!(runs(&program, "tick").iter().all(|run| run["cause"] == "schedule"));

        let pause = ["pipelines", "pause", "tick", "--note", "enough", "--json"];
        let paused = program.command(&pause).envs(variables).output().unwrap();
        let paused: Value = serde_json::from_slice(&paused.stdout).unwrap();
        assert_eq!(paused["paused"]["note"], "enough", "{paused}");
        let before = runs(&program, "tick").len();
        let since_ms = looked_ms(&server, &runtime);
        wait(|| (looked_ms(&server, &runtime) > since_ms + 2_000).then_some(()));
        assert_eq!(runs(&program, "tick").len(), before);
        assert_eq!(server.stop(), Some(0));
    }
}
