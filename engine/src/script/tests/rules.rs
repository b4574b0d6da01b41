//! Rules: what they say, what they miss and how they prove themselves.

use serde_json::json;

use crate::script::rule::{Outcome, Rule, Subject, panel};

const FATIGUE: &str = r#"//! Asks for an easy day when the load outran the base.
const RATIO_LIMIT = 1.3;
fn applies(day) { day.load.ratio > global::RATIO_LIMIT && day.yesterday.hard }
fn advise(day) { #{ pick: "easy", minutes: 40, why: `Your last 7 days are ${day.load.ratio} times your usual.` } }
fn examples() {[
    #{ day: #{ load: #{ ratio: 1.42 }, yesterday: #{ hard: true } }, pick: "easy" },
    #{ day: #{ load: #{ ratio: 1.1 }, yesterday: #{ hard: true } }, silent: true },
]}
"#;

#[track_caller]
fn rule(text: &str) -> Rule {
    Rule::compile("scripts/rules/fatigue.rhai", text).unwrap_or_else(|found| panic!("{}", found[0]))
}

#[track_caller]
fn unproven(text: &str) -> (String, String) {
    let found = rule(text).prove().unwrap_err();
    let short: Vec<_> =
        found.iter().map(|found| format!("{}:{} {}", found.line, found.column, found.code)).collect();
    (short.join(", "), found[0].to_string())
}

#[track_caller]
fn failure(text: &str) -> String {
    match rule(text).evaluate(&Subject::new(&json!({ "x": 1 }))) {
        Outcome::Failed(found) => found.to_string(),
        outcome => panic!("{outcome:?}"),
    }
}

fn with_applies(applies: &str) -> String {
    format!(
        "fn applies(day) {{\n  {applies} }}\nfn advise(day) {{ #{{ pick: \"easy\" }} }}\nfn examples() {{ [] }}"
    )
}

#[test]
fn a_rule_knows_its_name_its_purpose_and_its_inputs() {
    let rule = rule(FATIGUE);
    assert_eq!(rule.id(), "fatigue");
    assert_eq!(rule.about(), "Asks for an easy day when the load outran the base.");
    assert_eq!(rule.inputs(), ["load.ratio", "yesterday.hard"]);
}

#[test]
fn a_rule_speaks_or_is_silent() {
    let rule = rule(FATIGUE);
    let ask = |ratio: f64| {
        rule.evaluate(&Subject::new(&json!({ "load": { "ratio": ratio }, "yesterday": { "hard": true } })))
    };
    assert_eq!(ask(1.2), Outcome::Silent);
    let why = "Your last 7 days are 1.5 times your usual.";
    assert_eq!(ask(1.5), Outcome::Advice(json!({ "minutes": 40, "pick": "easy", "why": why })));
}

#[test]
fn an_unknown_value_is_named_by_its_whole_path() {
    let rule = rule(FATIGUE);
    for day in [json!({ "load": { "ratio": null } }), json!({ "load": {} }), json!({})] {
        assert_eq!(
            rule.evaluate(&Subject::new(&day)),
            Outcome::Missing(vec!["load.ratio".to_owned()]),
            "{day}"
        );
    }
    let day = json!({ "load": { "ratio": 1.5 } });
    assert_eq!(rule.evaluate(&Subject::new(&day)), Outcome::Missing(vec!["yesterday.hard".to_owned()]));
}

#[test]
fn known_asks_first() {
    let rule = rule(&with_applies("known(day, \"load.ratio\") && day.load.ratio > 1.0"));
    assert_eq!(rule.evaluate(&Subject::new(&json!({ "load": {} }))), Outcome::Silent);
    assert_eq!(rule.evaluate(&Subject::new(&json!({ "load": 3 }))), Outcome::Silent);
    assert!(matches!(rule.evaluate(&Subject::new(&json!({ "load": { "ratio": 2 } }))), Outcome::Advice(_)));
}

#[test]
fn a_rule_cannot_change_the_day_for_the_next() {
    let subject = Subject::new(&json!({ "x": 1 }));
    let spoiler = rule(&with_applies("day.x = 100; true"));
    let reader = rule(&with_applies("day.x == 1"));
    spoiler.evaluate(&subject);
    assert!(matches!(reader.evaluate(&subject), Outcome::Advice(_)));
}

#[test]
fn a_rule_proves_itself() {
    assert_eq!(rule(FATIGUE).prove(), Ok(()));
}

#[test]
fn an_example_that_comes_out_otherwise_is_found_where_it_stands() {
    let (short, long) = unproven(&FATIGUE.replace("1.42", "1.2"));
    assert_eq!(short, "6:5 rule_unproven", "{long}");
    assert!(long.contains("the rule is silent, expected it to pick `easy`"), "{long}");
    let (short, long) = unproven(&FATIGUE.replace("ratio: 1.1", "ratoi: 1.1"));
    assert_eq!(short, "7:5 rule_unproven", "{long}");
    assert!(long.contains("missing day.load.ratio"), "{long}");
}

#[test]
fn advice_of_another_shape_is_found_at_the_example() {
    let found = rule(FATIGUE).prove_as(|advice| match advice["weight"].as_u64() {
        Some(_) => Ok(()),
        None => Err("missing field `weight`".to_owned()),
    });
    let found = found.unwrap_err();
    let wanted = "what it advises does not fit: missing field `weight`";
    assert_eq!((found.len(), found[0].line, found[0].column), (1, 6, 5), "{}", found[0]);
    assert_eq!((found[0].code, found[0].message.as_str()), ("rule_unproven", wanted));
}

#[test]
fn a_rule_that_never_ends_is_found_at_its_loop() {
    let bodies = [
        ("loop {}\n  true", "2:3"),
        ("let n = 0;\n  loop { n += 1; }", "3:3"),
        ("for m in 0..3 {}\n  while true {}\n  true", "3:3"),
        ("for n in 0..1000000 { let m = n; }\n  true", "2:3"),
        ("let n = 0;\n  do { n += 1; } while n > 0;\n  true", "3:3"),
        ("endless() }\nfn endless() {\n  loop {} ", "4:3"),
    ];
    for (body, wanted) in bodies {
        let examples = "{ [#{ day: #{ x: 1 }, silent: true }, #{ day: #{ x: 1 }, pick: \"easy\" }] }";
        let text = with_applies(body).replace("{ [] }", examples);
        let (short, long) = unproven(&text);
        assert_eq!(short, format!("{wanted} script_limit"), "{long}");
        let place = format!("fatigue.rhai:{wanted}: script_limit: operations");
        assert!(failure(&text).contains(&place), "{}", failure(&text));
    }
}

#[test]
fn a_rule_without_a_silent_example_is_unproven() {
    let text = FATIGUE.replace("ratio: 1.1", "ratio: 1.9").replace("silent: true", "pick: \"easy\"");
    let (short, long) = unproven(&text);
    assert_eq!(short, "5:16 rule_unproven", "{long}");
}

#[test]
fn a_rule_lacks_no_function() {
    let found = Rule::compile("scripts/rules/a.rhai", "fn applies(day) { true }").unwrap_err();
    let messages: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["a rule has a function `advise(day)`", "a rule has a function `examples()`"]);
}

#[test]
fn a_rule_has_no_steps_no_files_and_no_end() {
    let namespace = Rule::compile("scripts/rules/a.rhai", &with_applies("files::read()")).unwrap_err();
    assert_eq!(namespace[0].code, "unknown_namespace");
    assert!(failure(&with_applies("loop {}")).contains("script_limit: operations"));
    let import = Rule::compile("scripts/rules/a.rhai", &with_applies("import \"x\" as x; true")).unwrap_err();
    assert_eq!(import[0].message, "script_limit: modules");
    assert!(failure(&with_applies("sleep(3); true")).contains("cannot sleep"));
    let holding = "let m = #{}; let a = []; a.pad(9000, 0); m[\"a\"] = a; m[\"f\"] = || m; false";
    assert!(failure(&with_applies(holding)).contains("script_limit: memory: a closure holds itself"));
    let chain = "let f = Fn(\"x\"); loop { let g = f; f = || g; }";
    assert!(failure(&with_applies(chain)).contains("script_limit"));
}

#[test]
fn a_result_of_the_wrong_kind_is_found_where_it_is_given() {
    assert!(
        failure(&with_applies("day.x + 1")).contains("fatigue.rhai:2:3: `applies` answers true or false")
    );
    let text = with_applies("true").replace("#{ pick: \"easy\" }", "[|x| x]");
    assert!(failure(&text).contains("`advise` answers a map of data"), "{}", failure(&text));
}

#[test]
fn a_panel_asks_every_rule_with_its_limits_whole() {
    let endless = rule("fn applies(day) { loop {} }\nfn advise(day) { #{} }\nfn examples() { [] }");
    let fatigue = rule(FATIGUE);
    let tired = Subject::new(&json!({ "load": { "ratio": 1.5 }, "yesterday": { "hard": true } }));
    let answers = panel(|panel| [&endless, &fatigue, &endless].map(|rule| panel.ask(rule, &tired))).unwrap();
    let is_limit =
        |outcome: &Outcome| matches!(outcome, Outcome::Failed(found) if found.code == "script_limit");
    assert!(is_limit(&answers[0]) && is_limit(&answers[2]), "{answers:?}");
    assert!(matches!(&answers[1], Outcome::Advice(_)), "{answers:?}");
}

#[test]
fn a_rule_knows_where_its_advice_begins() {
    let rule = rule(FATIGUE);
    assert_eq!((rule.path(), rule.advise_line()), ("scripts/rules/fatigue.rhai", 4));
}
