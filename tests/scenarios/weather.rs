//! The weather of a history, looked up by the whole program at a service that stands in for the real one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use upstream::open_meteo::Host;
use upstream::{Clock, Fault, Ports, Upstream};

use crate::program::{Program, Server, WEATHER};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// As the shipped one, but in no hurry to wait.
const EAGER: &str = "pipeline(\"weather\", #{ params: #{ from: \"\", to: \"\" } });
open_meteo::history([], #{ lookback_days: 0 });\n";

/// The same by itself: each second, and without patience for a service that says nothing.
const BY_ITSELF: &str = "pipeline(\"weather\", #{ every: \"1s\", params: #{ from: \"\", to: \"\" } });
open_meteo::history([], #{ lookback_days: 0 }).timeout(\"2s\");\n";

/// The service, and the variables that name it.
struct Service {
    upstream: Upstream,
    variables: [(&'static str, String); 3],
}

impl Service {
    async fn start() -> Self {
        let upstream = Upstream::start(Ports::default(), Clock::machine()).await.unwrap();
        let url = |host| upstream.open_meteo_url(host);
        let urls = [url(Host::Forecast), url(Host::Archive), url(Host::Historical)];
        let mut urls = urls.into_iter();
        let variables = WEATHER.map(|name| (name, urls.next().unwrap()));
        Self { upstream, variables }
    }

    fn variables(&self) -> Vec<(&str, &Path)> {
        self.variables.iter().map(|(name, url)| (*name, Path::new(url.as_str()))).collect()
    }
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

fn preview(program: &Program) -> Value {
    program.json(&["weather", "backfill", "--preview", "--json"])["preview"].clone()
}

#[test]
fn a_backfill_costs_what_its_preview_said_and_leaves_nothing_to_do() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for program in Program::on_both() {
        let service = runtime.block_on(Service::start());
        program.succeed(&["import", program.demo(40).to_str().unwrap()]);
        let wanted = preview(&program);
        assert!(wanted["activities"].as_u64().unwrap() > 10, "{wanted}");
        assert_eq!(service.upstream.calls().len(), 0, "a preview asks nobody");

        let _server = program.serve_with(&service.variables());
        let started = program.json(&["weather", "backfill", "--yes", "--json"]);
        assert_eq!(started["preview"], wanted);
        let id = started["backfill"]["id"].as_str().unwrap().to_owned();
        wait(|| {
            let shown = program.json(&["backfill", "show", &id, "--json"]);
            assert_eq!(shown["counts"]["failed"], 0, "{shown}");
            (shown["counts"]["succeeded"] == shown["items"]).then_some(())
        });
        let calls = service.upstream.calls();
        let cost: f64 = calls.iter().map(|call| call.cost).sum();
        assert_eq!(
            (json!(calls.len()), cost),
            (wanted["requests"].clone(), wanted["calls"].as_f64().unwrap())
        );
        assert_eq!(preview(&program)["parts"], json!([]));

        let outdoors = |row: &Value| row["sport"] == "running" || row["sport"] == "cycling";
        let rows = program.lines(&["activities", "--json"]);
        let row = rows.into_iter().find(outdoors).unwrap();
        let shown = program.json(&["weather", "show", row["id"].as_str().unwrap(), "--json"]);
        assert_eq!(shown["weather"]["state"], "final", "{shown}");
        assert_eq!(shown["weather"]["attribution"], "Weather data by Open-Meteo.com");
        assert!(shown["weather"]["conditions"]["start"]["dew_point_c"].is_f64(), "{shown}");
        let text = program.succeed(&["weather", "show", row["id"].as_str().unwrap()]);
        assert!(text.ends_with("Weather data by Open-Meteo.com, final\n"), "{text}");
    }
}

fn health(runtime: &tokio::runtime::Runtime, server: &Server) -> u16 {
    let url = format!("{}/api/v1/health", server.url);
    runtime.block_on(async { reqwest::get(url).await.unwrap().status().as_u16() })
}

#[test]
fn a_service_in_trouble_takes_nothing_down_and_is_made_up_for_by_the_next_run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let program = Program::on_sqlite();
    let scripts = program.path("own");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    fs::write(scripts.join("pipelines/weather.rhai"), EAGER).unwrap();
    program.succeed(&["import", program.demo(20).to_str().unwrap()]);
    let mut variables = service.variables();
    variables.push(("FITNESS_SCRIPTS_DIR", scripts.as_path()));
    let server = program.serve_with(&variables);
    let run = || {
        let output = program.command(&["run", "weather", "--json"]).envs(variables.iter().copied()).output();
        output.unwrap().status.success()
    };
    let faults = [
        Fault::Reset,
        Fault::Truncated,
        Fault::HtmlPage(502),
        Fault::Garbage,
        Fault::Status(503),
        Fault::Empty,
    ];
    for fault in faults {
        service.upstream.fail("open_meteo", fault.clone());
        assert!(!run(), "{fault:?}");
        assert_eq!(health(&runtime, &server), 200, "{fault:?}");
        service.upstream.mend();
    }
    assert!(run(), "the first run after the trouble");
    assert_eq!(preview(&program)["parts"], json!([]));
    assert_eq!(health(&runtime, &server), 200);
}

/// The states of all runs so far.
fn states(program: &Program) -> Vec<(String, bool)> {
    let runs = program.lines(&["runs", "list", "--pipeline", "weather", "--limit", "1000", "--json"]);
    let state = |run: &Value| (run["id"].as_str().unwrap().to_owned(), run["state"] == "failed");
    runs.iter().map(state).collect()
}

#[test]
fn a_server_waits_out_the_trouble_of_the_weather_service_and_makes_up_for_it_by_itself() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let program = Program::on_sqlite();
    let scripts = program.path("own");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    fs::write(scripts.join("pipelines/weather.rhai"), BY_ITSELF).unwrap();
    program.succeed(&["import", program.demo(10).to_str().unwrap()]);
    let mut variables = service.variables();
    variables.push(("FITNESS_SCRIPTS_DIR", scripts.as_path()));
    service.upstream.fail("open_meteo", Fault::Status(503));
    let server = program.serve_with(&variables);
    for fault in [Fault::Status(503), Fault::Silent, Fault::Stall, Fault::WrongType, Fault::Reset] {
        service.upstream.mend();
        service.upstream.fail("open_meteo", fault.clone());
        let before = states(&program).len();
        wait(|| {
            assert_eq!(health(&runtime, &server), 200, "{fault:?}");
            let failed = states(&program).iter().filter(|(_, is_failed)| *is_failed).count();
            (failed > before).then_some(())
        });
    }
    assert!(preview(&program)["activities"].as_u64().unwrap() > 0);
    service.upstream.mend();
    wait(|| (preview(&program)["parts"] == json!([])).then_some(()));
    let calls = service.upstream.calls().len();
    let after = states(&program);
    wait(|| (states(&program).len() > after.len() + 1).then_some(()));
    assert_eq!(service.upstream.calls().len(), calls, "what is known is not asked for");
    assert_eq!(health(&runtime, &server), 200);
}
