//! Scripts that are right, and the plans they mean.

use std::time::Duration;

use serde_json::json;

use super::sample::{evaluate, evaluate_source, found, source};
use crate::plan::{Overlap, Plan};

#[track_caller]
fn planned(body: &str) -> Plan {
    let result = evaluate(body);
    let (_, long) = found(&result);
    result.unwrap_or_else(|_| panic!("{long}")).plan
}

const HOURLY: &str = r#"//! Hourly.
const LIMIT = 3;
pipeline("x", #{ lock: "ingest", on_overlap: "queue", timeout: "20m", priority: 5, params: #{ paths: [] } });
fn enough(changes) { changes.added.rows >= global::LIMIT }
let read = files::read(#{ paths: ["in"], deep: true }).retry(5, "30s").timeout("10m");
let weather = open_meteo::history(read, #{ precision: 2 }).optional().when(|changes| changes.from > LIMIT && enough(changes));
let days = rollup::days([read]).named("days");
insights::daily(days, weather).after([read, weather]);
"#;

#[test]
fn a_script_becomes_steps_edges_and_policies() {
    let plan = evaluate_source(&source(HOURLY, &[])).map_err(|found| found[0].to_string()).unwrap().plan;
    let steps: Vec<_> =
        plan.steps.iter().map(|step| (&*step.name, step.inputs.clone(), step.after.clone())).collect();
    assert_eq!(
        steps,
        [
            ("files.read", vec![], vec![]),
            ("open_meteo.history", vec![vec![0]], vec![]),
            ("days", vec![vec![0]], vec![]),
            ("insights.daily", vec![vec![2], vec![1]], vec![0, 1]),
        ]
    );
    assert_eq!(plan.steps[0].config, json!({ "deep": true, "paths": ["in"] }));
    assert_eq!((plan.steps[0].policy.retries, plan.steps[0].policy.backoff), (5, Duration::from_secs(30)));
    assert!(plan.steps[1].policy.optional && plan.steps[1].when.is_some());
    assert_eq!(plan.name, "x");
    assert_eq!(plan.options.lock.as_deref(), Some("ingest"));
    assert_eq!((plan.options.on_overlap, plan.options.priority), (Overlap::Queue, 5));
    assert_eq!(plan.options.timeout, Some(Duration::from_secs(1_200)));
    assert_eq!(plan.options.params["paths"], json!([]));
}

#[test]
fn an_optional_input_may_be_left_out() {
    let plan = planned("let r = files::read();\ninsights::daily(r);");
    assert_eq!(plan.steps[1].inputs, [vec![0], vec![]]);
}

#[test]
fn a_condition_decides_by_artifact_constant_and_capture() {
    let plan = evaluate_source(&source(HOURLY, &[])).unwrap().plan;
    let when = plan.steps[1].when.clone().unwrap();
    let decide = |from: i64, rows: i64| {
        when.decide(&json!({ "from": from, "days": null, "added": { "rows": rows } })).unwrap()
    };
    assert_eq!([decide(4, 3), decide(3, 3), decide(4, 2)], [true, false, false]);
}

#[test]
fn a_capture_is_frozen_as_it_was() {
    let body = "let r = files::read();\nlet most = #{ n: 1 };\n\
        open_meteo::history(r, #{ precision: 1 }).when(|c| c.from <= most.n);\nmost.n = 100;";
    let when = planned(body).steps[1].when.clone().unwrap();
    assert!(!when.decide(&json!({ "from": 50, "days": null, "added": { "rows": 1 } })).unwrap());
}

#[test]
fn a_condition_that_fails_in_the_night_says_why() {
    let plan = evaluate_source(&source(HOURLY, &[])).unwrap().plan;
    let cause = plan.steps[1].when.clone().unwrap().decide(&json!({ "days": null })).unwrap_err();
    assert_eq!(cause.code, "condition_failed");
}

#[test]
fn two_evaluations_give_the_same_hash() {
    let first = evaluate_source(&source(HOURLY, &[])).unwrap();
    let second = evaluate_source(&source(HOURLY, &[])).unwrap();
    assert_eq!(first.plan.hash, second.plan.hash);
}

#[test]
fn a_pinned_source_holds_what_was_used_and_gives_the_same_plan() {
    let text = "import \"steps\" as steps;\npipeline(\"x\");\nsteps::read_all(\"in\");";
    let modules = [
        ("steps", "import \"paths\" as p;\nfn read_all(path) { files::read(#{ paths: [p::join(path)] }) }"),
        ("paths", "fn join(path) { `all/${path}` }"),
        ("other", "fn never() {}"),
    ];
    let first = evaluate_source(&source(text, &modules)).map_err(|found| found[0].to_string()).unwrap();
    assert_eq!(first.source.modules.keys().collect::<Vec<_>>(), ["paths", "steps"]);
    assert_eq!(first.plan.steps[0].config["paths"], json!(["all/in"]));
    let json = serde_json::to_string(&first.source).unwrap();
    let second = evaluate_source(&serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(first.plan.hash, second.plan.hash);
    assert_eq!(first.source.hash(), second.source.hash());
}

#[test]
fn files_that_import_each_other_are_refused() {
    let modules = [("a", "import \"b\" as b;"), ("b", "import \"a\" as a;")];
    let result = evaluate_source(&source("import \"a\" as a;\npipeline(\"x\");\nfiles::read();", &modules));
    assert!(found(&result).1.contains("`a` imports itself"), "{}", found(&result).1);
}

#[test]
fn at_most_eight_files_are_imported() {
    let names: Vec<String> = (0..9).map(|n| format!("m{n}")).collect();
    let modules: Vec<_> = names.iter().map(|name| (name.as_str(), "fn f() {}")).collect();
    let imports: String = names.iter().map(|name| format!("import \"{name}\" as {name};\n")).collect();
    let result = evaluate_source(&source(&format!("{imports}pipeline(\"x\");\nfiles::read();"), &modules));
    assert_eq!(found(&result).0, ["9:1 script_limit"], "{}", found(&result).1);
}

#[test]
fn reserved_words_cannot_be_kinds_or_keys() {
    use crate::script::speakable;
    use crate::step::Kind;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Reserved {
        #[serde(rename = "match")]
        _match: u8,
    }

    struct Bad;
    impl crate::step::Step for Bad {
        const KIND: &'static str = "sample.import";
        const ABOUT: &'static str = "For tests.";
        type Config = Reserved;
        type Input = ();
        type Output = super::sample::Weather;

        fn build(_: Reserved) -> Result<Self, crate::step::ConfigError> {
            Ok(Self)
        }

        async fn run(
            &self,
            _: &crate::context::StepContext,
            (): (),
        ) -> Result<super::sample::Weather, crate::step::StepError> {
            Err(crate::step::StepError::Cancelled)
        }
    }
    let mut kind = Kind::of::<Bad>();
    for (name, fault) in [
        ("sample.import", "`sample.import`"),
        ("sample.read", "`match`"),
        ("match.read", "`match.read`"),
        ("read", "namespace"),
        ("a.b.c", "namespace"),
        ("Files.read", "namespace"),
    ] {
        kind.kind = name;
        let reason = speakable(&kind).unwrap_err();
        assert!(reason.contains(fault), "{name}: {reason}");
    }
}

#[test]
fn the_size_of_the_parts_is_of_the_plan() {
    let hash = |rest: &str| planned(&format!("let r = files::read();\nrollup::days([r]){rest};")).hash;
    let hashes = [hash(""), hash(".for_each(5)"), hash(".for_each(6)")];
    assert_eq!(hash(".for_each(5)"), hashes[1]);
    assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
}
