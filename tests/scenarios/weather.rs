//! The weather of a history, looked up by the whole program at a service that stands in for the real one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use upstream::open_meteo::Host;
use upstream::{Clock, Fault, Ports, Upstream};

use crate::chaos::number_set;
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

    fn variables(&self) -> Vec<(&'static str, &Path)> {
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

fn runs(program: &Program) -> Vec<Value> {
    program.lines(&["runs", "list", "--pipeline", "weather", "--limit", "1000", "--json"])
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
    assert!(preview(&program)["activities"].as_u64().unwrap() > 0);
    // One after another, each for one request.
    let faults = [
        Fault::Status(503),
        Fault::Silent,
        Fault::HtmlPage(502),
        Fault::Stall,
        Fault::WrongType,
        Fault::Reset,
    ];
    for fault in &faults {
        service.upstream.fail_times("open_meteo", fault.clone(), 1);
    }
    let mut variables = service.variables();
    variables.push(("FITNESS_SCRIPTS_DIR", scripts.as_path()));
    let server = program.serve_with(&variables);
    wait(|| {
        assert_eq!(health(&runtime, &server), 200);
        (preview(&program)["parts"] == json!([])).then_some(())
    });
    let failed = runs(&program).into_iter().filter(|run| run["state"] == "failed").count();
    assert_eq!(failed, faults.len(), "each trouble costs one run");
    let (calls, before) = (service.upstream.calls().len(), runs(&program).len());
    wait(|| (runs(&program).len() > before + 1).then_some(()));
    assert_eq!(service.upstream.calls().len(), calls, "what is known is not asked for");
    assert_eq!(health(&runtime, &server), 200);
}

/// As the shipped one, of all times and in no pool.
const BOTH_STEPS: &str = "pipeline(\"weather\", #{ params: #{ from: \"\", to: \"\" } });
let forecast = open_meteo::forecast();
open_meteo::history([forecast], #{ lookback_days: 0 });\n";

/// An installation with scripts of its own, an import and a home.
fn at_home(script: &str, days: u32) -> Program {
    let program = Program::on_sqlite();
    fs::create_dir_all(program.path("own/pipelines")).unwrap();
    fs::write(program.path("own/pipelines/weather.rhai"), script).unwrap();
    program.succeed(&["import", program.demo(days).to_str().unwrap()]);
    program.succeed(&["weather", "home", "47.05,8.31"]);
    program
}

/// The pipeline `weather` of an installation with scripts of its own.
fn run_weather(program: &Program, service: &Service, failpoint: Option<&str>) -> std::process::Output {
    let mut command = program.command(&["run", "weather", "--json"]);
    command.envs(service.variables()).env("FITNESS_SCRIPTS_DIR", program.path("own"));
    command.envs(failpoint.map(|failpoint| ("PACELINE_FAILPOINT", failpoint)));
    command.output().unwrap()
}

/// All that is known of the weather, but for when it was told.
fn known(program: &Program) -> Value {
    let mut home = program.json(&["weather", "show", "--json"]);
    home["home"].as_object_mut().unwrap().remove("told_ms");
    let of = |row: Value| program.json(&["weather", "show", row["id"].as_str().unwrap(), "--json"]);
    let activities: Vec<Value> = program.lines(&["activities", "--json"]).into_iter().map(of).collect();
    json!({ "home": home, "activities": activities })
}

#[test]
fn a_run_that_dies_at_any_of_its_commits_leaves_what_an_uncut_one_leaves() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let ready = at_home(BOTH_STEPS, 3);
    let copy = || {
        let program = Program::on_sqlite();
        fs::create_dir_all(program.path("own/pipelines")).unwrap();
        // What the last command wrote may stand beside the database still.
        for name in ["paceline.db", "paceline.db-wal", "own/pipelines/weather.rhai"] {
            if ready.path(name).exists() {
                fs::copy(ready.path(name), program.path(name)).unwrap();
            }
        }
        program
    };
    let uncut = copy();
    assert!(run_weather(&uncut, &service, None).status.success());
    let wanted = known(&uncut);
    assert!(wanted["home"]["home"].is_object(), "{wanted}");
    let mut deaths = 0;
    for side in ["before", "after"] {
        for commit in (1..).step_by(usize::try_from(number_set("PACELINE_FAILPOINT_STRIDE", 2)).unwrap()) {
            let (program, failpoint) = (copy(), format!("{side}:{commit}"));
            let cut = run_weather(&program, &service, Some(&failpoint)).status;
            if cut.success() {
                break;
            }
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&cut), Some(9), "{failpoint}: {cut}");
            deaths += 1;
            let again = run_weather(&program, &service, None);
            assert!(again.status.success(), "{failpoint}: {}", String::from_utf8_lossy(&again.stderr));
            assert_eq!(known(&program), wanted, "{failpoint}");
        }
    }
    assert!(deaths > 10, "a run has more commits than {deaths}");
}

#[test]
fn a_preview_is_as_coarse_as_the_script_and_costs_what_the_run_costs() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let coarse = EAGER.replace("lookback_days: 0", "lookback_days: 0, precision: 0");
    let program = at_home(&coarse, 20);
    let mut command = program.command(&["weather", "backfill", "--preview", "--json"]);
    let output = command.env("FITNESS_SCRIPTS_DIR", program.path("own")).output().unwrap();
    let wanted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(run_weather(&program, &service, None).status.success());
    let calls = service.upstream.calls();
    let cost: f64 = calls.iter().map(|call| call.cost).sum();
    assert_eq!(wanted["preview"]["calls"].as_f64(), Some(cost), "{wanted}");
    assert_eq!(wanted["preview"]["requests"], json!(calls.len()));
    for latitude in calls.iter().flat_map(|call| call.param("latitude").unwrap().split(',')) {
        assert!(latitude.ends_with(".00"), "{latitude}");
    }
}

#[test]
fn a_new_home_changes_todays_advice_at_once_and_a_forecast_gives_it_anew() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start());
    let program = Program::on_sqlite();
    program.succeed(&["import", program.demo(20).to_str().unwrap()]);
    let run = || {
        let output = program.command(&["run", "weather", "--json"]).envs(service.variables()).output();
        serde_json::from_slice::<Value>(&output.unwrap().stdout).unwrap()
    };
    let forecast = || program.json(&["today", "--json"]).get("forecast").cloned();
    let advised = |run: &Value| {
        let steps = run["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == "insights.daily").unwrap()["state"].clone()
    };
    assert_eq!(advised(&run()), "skipped", "nobody lives anywhere");
    program.succeed(&["weather", "home", "47.05,8.31"]);
    assert_eq!(forecast(), None);
    assert_eq!(advised(&run()), "succeeded");
    let here = forecast().unwrap();
    let card = program.succeed(&["today"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(card.contains(" min ago · Weather data by Open-Meteo.com"), "{card}");
    program.succeed(&["weather", "home", "-33.86,151.21"]);
    assert_eq!(forecast(), None, "nobody asked for that place yet");
    assert_eq!(advised(&run()), "succeeded");
    assert_ne!(forecast().unwrap()["high_c"], here["high_c"]);
    program.succeed(&["weather", "home", "--forget"]);
    assert_eq!(forecast(), None);
}
