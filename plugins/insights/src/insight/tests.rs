use jiff::civil::date;
use serde_json::json;

use super::*;

fn advice(id: &str, weight: u8) -> Ruling {
    let advice = Advice { pick: Pick::Easy, minutes: Some(40), weight, why: format!("{id} says so.") };
    ruling(id, Said::Advice(advice))
}

fn ruling(id: &str, said: Said) -> Ruling {
    let about = format!("About {id}.");
    Ruling { id: id.to_owned(), about, source: None, inputs: Map::new(), unknown: Vec::new(), said }
}

fn judged(rulings: Vec<Ruling>) -> Insight {
    let history = History::of_loads(date(2024, 5, 1), &[60.0; 50]);
    let day = serde_json::to_value(Figures::of(&history.now())).unwrap();
    Insight::judged(&history, day, crate::RULES, rulings)
}

fn check_winner(rulings: Vec<Ruling>, wanted: Option<&str>) {
    assert_eq!(judged(rulings).today.map(|today| today.rule).as_deref(), wanted);
}

#[test]
fn the_heaviest_advice_wins() {
    check_winner(vec![advice("a", 10), advice("b", 90), advice("c", 50)], Some("b"));
}

#[test]
fn of_equal_weights_the_first_by_id_wins() {
    check_winner(vec![advice("a", 50), advice("b", 50)], Some("a"));
}

#[test]
fn a_broken_rule_does_not_win_nor_stop_the_others() {
    check_winner(vec![ruling("a", Said::Failed("broken".to_owned())), advice("b", 5)], Some("b"));
}

#[test]
fn without_advice_there_is_no_recommendation() {
    check_winner(vec![ruling("a", Said::Nothing)], None);
}

#[test]
fn every_rule_keeps_its_verdict() {
    let insight = judged(vec![
        advice("a", 10),
        advice("b", 90),
        ruling("c", Said::Nothing),
        ruling("d", Said::Missing(vec!["load.ratio".to_owned()])),
        ruling("e", Said::Failed("broken".to_owned())),
    ]);
    let told: Vec<(Verdict, Option<&str>)> =
        insight.rules.iter().map(|rule| (rule.verdict, rule.why.as_deref())).collect();
    let wanted = [
        (Verdict::Lost, Some("a says so.")),
        (Verdict::Won, Some("b says so.")),
        (Verdict::Silent, None),
        (Verdict::Missing, Some("`load.ratio` is not known")),
        (Verdict::Failed, Some("broken")),
    ];
    assert_eq!(told, wanted);
    assert_eq!(insight.counts, Counts { won: 1, lost: 1, silent: 1, missing: 1, failed: 1 });
}

#[test]
fn the_canonical_form_has_sorted_keys_at_every_depth() {
    let value = json!({"b": [{"d": 1, "c": 2}], "a": {"f": 1, "e": null}});
    assert_eq!(sorted(value).to_string(), r#"{"a":{"e":null,"f":1},"b":[{"c":2,"d":1}]}"#);
}
