//! What is seen from outside of runs and workers that had trouble.

use engine::run::{RunState, StepState};
use serde_json::Value;

use crate::crash::{DAYS, Watch, import};
use crate::program::{Program, Server};
use crate::workers::{Process, hasty};

fn fetch(server: &Server, path: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let text = async {
        let answer = reqwest::Client::new().get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    runtime.block_on(text)
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn a_run_that_was_killed_twice_reads_well_and_is_counted_as_rescued() {
    for program in Program::on_both() {
        program.demo(3 * DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let mut first = import(&program).spawn().unwrap();
        watch.until("some files are in", |watch| watch.files_done() > 0);
        first.kill().unwrap();
        first.wait().unwrap();
        let run = watch.runs().remove(0).id;

        let before = watch.files_done();
        let second = Process::logging(
            hasty(program.command(&["work"])),
            std::fs::File::create(program.path("log")).unwrap(),
        );
        watch.until("another worker goes on", |watch| watch.files_done() > before);
        second.signal(rustix::process::Signal::KILL);
        drop(second);
        assert_eq!(watch.runs()[0].state, RunState::Running, "the run was over before it was killed again");

        let server = program.serve();
        watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
        let steps = watch.steps(&run);
        let states: Vec<_> = steps["files.read"].attempts.iter().map(|attempt| attempt.state).collect();
        assert_eq!(states, [StepState::Lost, StepState::Lost, StepState::Succeeded]);

        let shown = program.succeed(&["runs", "show", &run]);
        println!("{shown}");
        let tried: Vec<&str> = shown.lines().filter(|line| line.starts_with("files.read ")).skip(1).collect();
        assert_eq!(tried.len(), 3, "{shown}");
        for (line, end) in tried.iter().zip([" 1  worker_lost", " 2  worker_lost", " 3"]) {
            assert!(line.ends_with(end), "{shown}");
        }
        assert!(shown.contains("\nWorker 3  "), "{shown}");
        let json: Value = program.json(&["runs", "show", &run, "--json"]);
        let attempts = &json["steps"][0]["attempts"];
        assert_eq!(
            (&attempts[0]["state"], &attempts[0]["error_code"]),
            (&"lost".into(), &"worker_lost".into())
        );
        assert!(attempts[2]["worker"].is_string() && attempts[2]["started_ms"].is_i64(), "{attempts}");

        let metrics = fetch(&server, "/api/v1/metrics");
        assert_eq!(value(&metrics, "paceline_run_rescues_total"), Some(1.0), "{metrics}");
        assert_eq!(value(&metrics, "paceline_fenced_writes_total"), Some(0.0));
        assert_eq!(value(&metrics, "paceline_store_up"), Some(1.0));
        assert!(
            value(&metrics, "paceline_scheduler_tick_age_seconds").is_some_and(|age| age < 30.0),
            "{metrics}"
        );
        let health: Value = serde_json::from_str(&fetch(&server, "/api/health")).unwrap();
        assert_eq!(health["status"], "ok", "{health}");
    }
}
