//! The server as a program talks to it.

use serde_json::{Value, json};

use crate::program::{Program, Server};

pub(crate) struct Client<'a> {
    server: &'a Server,
    http: reqwest::Client,
}

impl<'a> Client<'a> {
    pub(crate) fn of(server: &'a Server) -> Self {
        Self { server, http: reqwest::Client::new() }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Status and text of an answer that may go on for a while.
    pub(crate) async fn text(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.server.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let answer = self.http.post(format!("{}{path}", self.server.url)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn ended(&self, run: &str) -> Value {
        loop {
            let run = self.get(&format!("/api/v1/runs/{run}")).await;
            if !["queued", "running"].contains(&run["state"].as_str().unwrap()) {
                return run;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn with(program: &Program, scenario: impl AsyncFnOnce(Client<'_>)) {
    let server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(scenario(Client::of(&server)));
}

#[test]
fn a_run_asked_for_over_http_can_be_followed_to_its_artifacts() {
    for program in Program::on_both() {
        let folder = program.demo(30);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        with(&program, async |client| {
            let (status, started) = client.post("/api/v1/pipelines/daily/runs", json!({})).await;
            assert_eq!(status, 202, "{started}");
            let run = client.ended(started["run"].as_str().unwrap()).await;
            assert_eq!(run["state"], "succeeded", "{run}");
            let steps = run["steps"].as_array().unwrap();
            assert_eq!(steps.len(), 9);
            assert!(steps.iter().all(|step| step["artifact"].is_object() && step["meters"].is_object()));
            assert_eq!(client.get("/api/v1/insights/daily").await, client.get("/api/insights/daily").await);
        });
    }
}

#[test]
fn metrics_stand_at_zero_before_the_first_run_and_count_by_step_and_kind() {
    let program = Program::on_sqlite();
    with(&program, async |client| {
        let metrics = async || {
            let url = format!("{}/api/v1/metrics", client.server.url);
            client.http.get(url).send().await.unwrap().text().await.unwrap()
        };
        let before = metrics().await;
        for name in
            ["pipeline_step_runs_total", "pipeline_step_failures_total", "pipeline_step_duration_seconds"]
        {
            assert!(before.contains(&format!("# TYPE {name} ")), "{name} is missing: {before}");
        }
        let line = |text: &str, start: &str, label: &str| -> Option<String> {
            let found = text.lines().find(|line| {
                line.starts_with(start)
                    && line.contains("pipeline=\"daily\"")
                    && line.contains("kind=\"rollup.days\"")
                    && line.contains(label)
            });
            found.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
        };
        let count = |text: &str| line(text, "pipeline_step_runs_total", "status=\"succeeded\"");
        let long = |text: &str| line(text, "pipeline_step_duration_seconds_bucket", "le=\"900\"");
        assert_eq!((count(&before), long(&before)), (Some("0".to_owned()), Some("0".to_owned())));
        let (_, started) = client.post("/api/v1/pipelines/daily/runs", json!({})).await;
        client.ended(started["run"].as_str().unwrap()).await;
        let after = metrics().await;
        assert_eq!((count(&after), long(&after)), (Some("1".to_owned()), Some("1".to_owned())));
    });
}

#[test]
fn health_tells_the_last_success_of_each_pipeline() {
    let program = Program::on_sqlite();
    program.succeed(&["run", "daily"]);
    with(&program, async |client| {
        let health = client.get("/api/v1/health").await;
        assert_eq!(health["database"]["ok"], true, "{health}");
        let pipelines = health["pipelines"].as_array().unwrap();
        let daily = pipelines.iter().find(|pipeline| pipeline["pipeline"] == "daily").unwrap();
        assert!(daily["last_success_ms"].as_i64().unwrap() > 0);
    });
}

#[test]
fn a_request_from_elsewhere_or_without_proof_of_intent_is_refused() {
    let program = Program::on_sqlite();
    with(&program, async |client| {
        let url = format!("{}/api/v1/pipelines/daily/runs", client.server.url);
        let foreign_host =
            client.http.get(format!("{}/api/v1/health", client.server.url)).header("host", "evil.example");
        assert_eq!(foreign_host.send().await.unwrap().status(), 403);
        let foreign_origin = client.http.post(&url).header("origin", "https://evil.example").json(&json!({}));
        assert_eq!(foreign_origin.send().await.unwrap().status(), 403);
        assert_eq!(client.http.post(&url).body("x").send().await.unwrap().status(), 403);
    });
}
