//! Scripts that would take a server down are sent to one that is at work, and its other requests are answered meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::Program;

/// How long an evaluation may take, and what a busy machine may add.
const DEADLINE: Duration = Duration::from_secs(5);
const SLACK: Duration = Duration::from_secs(5);

struct Bomb {
    name: &'static str,
    script: String,
    /// One of these stands in the answer.
    stops: &'static [&'static str],
}

fn bomb(name: &'static str, script: impl Into<String>, stops: &'static [&'static str]) -> Bomb {
    Bomb { name, script: script.into(), stops }
}

fn corpus() -> Vec<Bomb> {
    let long = "let s = \"x\"; s.pad(60000, \"x\");\nlet m = #{}; let i = 0;\n";
    vec![
        bomb("an endless loop", "loop {}", &["operations", "time"]),
        bomb("a caught endless loop", "loop { try { loop {} } catch { } }", &["script_limit"]),
        bomb("a string that doubles", "let s = \"x\"; loop { s += s; }", &["script_limit: string"]),
        bomb(
            "many keys",
            "let m = #{}; let i = 0; while i < 200000 { m[`k${i}`] = i; i += 1; } m.len();",
            &["script_limit"],
        ),
        bomb(
            "many long values",
            format!("{long}while i < 20000 {{ m[`k${{i}}`] = s + i; i += 1; }}"),
            &["script_limit: memory"],
        ),
        bomb(
            "an array in itself",
            "let a = []; let i = 0; while i < 100000 { a = [a]; i += 1; }",
            &["script_limit"],
        ),
        bomb("a map in itself", "let m = #{}; loop { let n = #{}; n[\"a\"] = m; m = n; }", &["script_limit"]),
        bomb("a sleep", "sleep(8);", &["a script cannot sleep"]),
        bomb("a large blob", "blob(2000000000);", &["unknown function", "unknown_function"]),
        bomb("a long padding", "let s = \"x\"; s.pad(2000000000, \"x\");", &["script_limit: string"]),
        bomb(
            "parentheses",
            format!("{}1{};", "(".repeat(100_000), ")".repeat(100_000)),
            &["script_limit: depth"],
        ),
        bomb(
            "signs",
            format!("let x = {}1;", "- ".repeat(50_000)),
            &["script_limit: depth", "script_syntax"],
        ),
        bomb(
            "branches",
            format!("if true {{}} {}", "else if true {} ".repeat(15_000)),
            &["script_limit: depth"],
        ),
        bomb("deep recursion", "fn f(n) { f(n + 1) } f(0);", &["script_limit: calls"]),
        bomb(
            "a closure's recursion",
            "let f = |n, f| f.call(n + 1, f); f.call(0, f);",
            &["script_limit: calls"],
        ),
        bomb(
            "a chain of closures",
            "pipeline(\"x\"); let f = Fn(\"x\"); loop { let g = f; f = || g; }",
            &["script_limit"],
        ),
        bomb(
            "a chain of arguments",
            "let f = Fn(\"x\"); loop { f = Fn(\"x\").curry(Fn(\"x\").curry(take(f))); }",
            &["script_limit"],
        ),
        bomb(
            "a closure that holds itself",
            "let a = []; a.pad(9000, 0); let m = #{}; m[\"a\"] = a; m[\"f\"] = || m;",
            &["script_limit: memory: a closure holds itself"],
        ),
        bomb("much output", "let i = 0; while i < 1000000 { print(i); i += 1; }", &["operations", "time"]),
        bomb("a foreign import", "import \"/etc/passwd\" as x;", &["no file `/etc/passwd`"]),
        bomb("an evaluation", "eval(\"40 + 2\");", &["script_syntax", "unknown_function", "eval"]),
        bomb("a long text", "1;".repeat(200_000), &["script_limit: size"]),
    ]
}

/// Far above what a busy machine may add to an answer; how much is added in truth is for the benchmark to tell.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the server about something else until it is told to stop; answers how long each answer was waited for.
pub(crate) async fn keep_asking(url: String, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let (http, mut waits) = (reqwest::Client::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        for path in ["health", "pipelines", "runs", "activities"] {
            let began = Instant::now();
            let answer = http.get(format!("{url}/api/v1/{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap();
            waits.push(began.elapsed());
        }
    }
    waits
}

/// Holds that others were answered more often than so many times, and nobody waited for a script.
#[expect(clippy::print_stdout, reason = "figures for a person")]
pub(crate) fn check_waits(mut waits: Vec<Duration>, times: usize) {
    assert!(waits.len() > times, "nobody else was answered");
    waits.sort();
    let (p99, longest) = (waits[waits.len() * 99 / 100], waits[waits.len() - 1]);
    println!("{} other requests, p99 {p99:?}, the longest took {longest:?}", waits.len());
    assert!(longest < PATIENCE, "p99 {p99:?}, the longest took {longest:?}");
}

#[expect(clippy::print_stdout, reason = "figures for a person")]
async fn check(http: &reqwest::Client, url: &str, bomb: &Bomb) {
    let began = Instant::now();
    let body = json!({ "text": bomb.script, "path": "pipelines/x.rhai" });
    let answer = http.post(format!("{url}/api/v1/pipelines/check")).json(&body).send().await.unwrap();
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap();
    let text = answer.to_string();
    assert_eq!(status, 422, "{}: {text:.500}", bomb.name);
    assert!(bomb.stops.iter().any(|stop| text.contains(stop)), "{}: {text:.500}", bomb.name);
    assert!(answer["error"]["details"][0]["line"].is_u64(), "{}: {text:.500}", bomb.name);
    println!("{}: {:?}", bomb.name, began.elapsed());
    assert!(began.elapsed() < DEADLINE + SLACK, "{}: {:?}", bomb.name, began.elapsed());
}

#[test]
fn no_script_takes_a_server_down_or_keeps_it_from_answering_others() {
    let program = Program::on_sqlite();
    let folder = program.demo(10);
    program.succeed(&["import", &folder.to_string_lossy()]);
    let mut server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let others = tokio::spawn(keep_asking(server.url.clone(), stop.clone()));
        let http = reqwest::Client::new();
        for bomb in corpus() {
            check(&http, &server.url, &bomb).await;
        }
        let run = format!("{}/api/v1/pipelines/daily/runs", server.url);
        let started = http.post(run).json(&json!({})).send().await.unwrap();
        assert_eq!(started.status(), 202, "after all of them the server still takes runs");
        stop.store(true, Ordering::Relaxed);
        check_waits(others.await.unwrap(), corpus().len());
    });
    assert_eq!(server.stop(), Some(0));
}
