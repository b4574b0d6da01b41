//! `paceline rules backtest`: what a rule would have said on past days, and what followed.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline rules backtest fatigue
  paceline rules backtest ./fatigue.rhai --from 2024-01-01
  paceline rules backtest fatigue --against 3f2a91c07d55 --json

A file is a draft: it is compared with the rule of its name that is in force, a name with
its former version. Nothing is kept. What followed a day did not follow because of the rule.";

const QUERY: &str = "insights.backtest";

/// Says on which past days a rule would have spoken, and what followed
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Backtest {
    /// The rule, or the file of a draft
    #[arg(value_name = "NAME|FILE")]
    rule: String,
    /// The first day; else the first that is known, at most ten years back
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day; today where none is given
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    /// Tell the difference from the version that begins so
    #[arg(long, value_name = "HASH")]
    against: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Backtest {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let params = self.params()?;
        let form = self.form;
        let tested = question::ask(config, self.whose.athlete, QUERY, params).await;
        let tested = tested.map_err(|error| with_hint(error, &self.rule))?;
        if form.json {
            output::json(&tested)?;
        } else {
            output::line(text(&tested))?;
        }
        Ok(error::DONE)
    }

    fn params(&self) -> anyhow::Result<Value> {
        let mut params = if self.rule.contains('/') || self.rule.ends_with(".rhai") {
            let file = PathBuf::from(&self.rule);
            let name = super::stem(&file).with_context(|| format!("`{}` has no name", self.rule))?;
            json!({ "rule": { "name": name, "text": super::read(&file)? } })
        } else {
            json!({ "name": self.rule })
        };
        for (key, day) in [("from", self.from), ("to", self.to)] {
            if let Some(day) = day {
                params[key] = json!(day);
            }
        }
        if let Some(hash) = &self.against {
            params["against"] = json!(hash);
        }
        Ok(params)
    }
}

fn with_hint(error: anyhow::Error, rule: &str) -> anyhow::Error {
    let hint = match error.downcast_ref::<Problem>().map(|problem| problem.code.as_ref()) {
        Some("rule_unknown") => "`paceline rules` lists the rules; a draft is named by its file".to_owned(),
        Some("rule_version_unknown") => format!("`paceline rules versions {rule}` lists them"),
        Some("backtest_time") => "`--from` asks about fewer days".to_owned(),
        _ => return error,
    };
    match error.downcast::<Problem>() {
        Ok(problem) => problem.hint(hint).into(),
        Err(error) => error,
    }
}

/// Everything for a person, line by line, and a table of the days.
fn text(tested: &Value) -> String {
    let mut lines = vec![headline(tested)];
    lines.extend(difference(&tested["saved"]));
    lines.extend(followed(&tested["after"]));
    lines.extend(items(&tested["conflicts"]).map(conflict));
    lines.extend(unheard(tested));
    lines.push(format!("  {} µs a day", decimal(&tested["cost"]["mean_us"], 0)));
    let fires = table(items(&tested["fires"]));
    if count(&tested["counts"]["fires"]) > 0 {
        lines.push(String::new());
        lines.push(fires.to_string());
    }
    lines.join("\n")
}

fn headline(tested: &Value) -> String {
    let counts = &tested["counts"];
    let kind = if tested["draft"] == true { "draft" } else { word(&tested["version"]) };
    let days = units::count(count(&tested["days"]), "day", "days");
    format!(
        "{} ({kind}), {} to {}: speaks on {} of {days}, wins {}",
        word(&tested["rule"]),
        word(&tested["from"]),
        word(&tested["to"]),
        count(&counts["fires"]),
        count(&counts["wins"]),
    )
}

fn difference(saved: &Value) -> Option<String> {
    let fires = saved["fires"].as_u64()?;
    let many = |key: &str| items(&saved[key]).count();
    Some(format!(
        "  version {}: speaks on {fires}; here on {} more, {} fewer, {} with another pick",
        word(&saved["version"]),
        units::count(many("added"), "day", "days"),
        many("removed"),
        many("changed"),
    ))
}

/// What followed where it spoke, and in brackets what followed all other days.
fn followed(after: &Value) -> Option<String> {
    let (fires, others) = (&after["fires"], &after["others"]);
    fires["load"].as_f64()?;
    let both = |key: &str, digits: usize| {
        format!("{} ({})", decimal(&fires[key], digits), decimal(&others[key], digits))
    };
    let form = format!("{} ({})", signed(&fires["tsb_change"]), signed(&others["tsb_change"]));
    let mut line = format!(
        "  in the 7 days after (after other days): load {}, rest days {}, hard days {}, form {form}",
        both("load", 0),
        both("rest_days", 1),
        both("hard_days", 1),
    );
    for (key, name, unit) in [("resting_hr_change", "resting heart rate", "bpm"), ("hrv_change", "HRV", "ms")]
    {
        if fires[key].is_number() {
            line.push_str(&format!(", {name} {} ({}) {unit}", signed(&fires[key]), signed(&others[key])));
        }
    }
    Some(line)
}

fn conflict(conflict: &Value) -> String {
    format!(
        "  {} spoke too on {} with another pick and won {} of them",
        word(&conflict["rule"]),
        units::count(count(&conflict["days"]), "day", "days"),
        count(&conflict["loses"]),
    )
}

/// Days on which it could not speak.
fn unheard(tested: &Value) -> Vec<String> {
    let counts = &tested["counts"];
    let mut lines = Vec::new();
    if count(&counts["missing"]) > 0 {
        let days = units::count(count(&counts["missing"]), "day", "days");
        lines.push(format!("  misses a figure on {days}"));
    }
    if let Some(why) = tested["failure"]["why"].as_str() {
        let days = units::count(count(&counts["failed"]), "day", "days");
        let first = word(&tested["failure"]["date"]);
        lines.push(format!("  fails on {days}, first on {first}: {why}"));
    }
    lines
}

fn table<'a>(fires: impl Iterator<Item = &'a Value>) -> Table {
    let columns = [
        ("Date", Left),
        ("Pick", Left),
        ("Weight", Right),
        ("Won", Left),
        ("Load after", Right),
        ("Form after", Right),
    ];
    let mut table = Table::new(&columns);
    for fire in fires {
        let won =
            if fire["won"] == true { "yes".to_owned() } else { format!("no, {}", word(&fire["winner"])) };
        let after = &fire["after"];
        let load = if count(&after["days_known"]) > 0 { decimal(&after["load"], 0) } else { "-".to_owned() };
        table.row([
            word(&fire["date"]).to_owned(),
            word(&fire["pick"]).to_owned(),
            count(&fire["weight"]).to_string(),
            won,
            load,
            signed(&after["tsb_change"]),
        ]);
    }
    table
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

fn decimal(value: &Value, digits: usize) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |value| units::number(value, digits))
}

fn signed(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |value| units::signed(value, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested() -> Value {
        let after =
            json!({ "days_known": 7, "load": 301.2, "rest_days": 2, "hard_days": 1, "tsb_change": 9.1 });
        json!({
            "rule": "fatigue", "draft": true, "version": "90be11d2a4c8", "from": "2023-01-01",
            "to": "2025-12-31", "days": 1096,
            "counts": { "fires": 1, "wins": 0, "silent": 1088, "missing": 7, "failed": 0 },
            "fires": [{
                "date": "2023-02-03", "pick": "rest", "minutes": null, "weight": 90, "why": "So.", "won": false,
                "winner": "taper", "after": after,
            }],
            "saved": { "version": "3f2a91c07d55", "fires": 3, "added": [], "removed": ["2023-02-01", "2023-02-02"],
                "changed": [] },
            "after": {
                "fires": { "days": 1, "load": 312.0, "rest_days": 2.1, "hard_days": 1.2, "tsb_change": 8.3 },
                "others": { "days": 9, "load": 388.0, "rest_days": 1.4, "hard_days": 1.9, "tsb_change": -0.2 },
            },
            "conflicts": [{ "rule": "taper", "days": 1, "wins": 0, "loses": 1 }],
            "cost": { "mean_us": 14.2, "p99_us": 31.0, "total_ms": 15.6 },
        })
    }

    #[test]
    fn a_test_of_a_draft_is_told_line_by_line() {
        let text = text(&tested());
        let (told, table) = text.split_once("\n\n").unwrap();
        assert_eq!(
            told.lines().collect::<Vec<_>>(),
            [
                "fatigue (draft), 2023-01-01 to 2025-12-31: speaks on 1 of 1096 days, wins 0",
                "  version 3f2a91c07d55: speaks on 3; here on 0 days more, 2 fewer, 0 with another pick",
                "  in the 7 days after (after other days): load 312 (388), rest days 2.1 (1.4), hard days 1.2 (1.9), \
                 form +8.3 (-0.2)",
                "  taper spoke too on 1 day with another pick and won 1 of them",
                "  misses a figure on 7 days",
                "  14 µs a day",
            ]
        );
        let words: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(words, ["2023-02-03", "rest", "90", "no,", "taper", "301", "+9.1"]);
    }

    #[test]
    fn a_rule_that_never_speaks_has_no_table() {
        let mut tested = tested();
        tested["counts"]["fires"] = json!(0);
        tested["fires"] = json!([]);
        tested["after"]["fires"] = json!({ "days": 0 });
        tested["saved"] = Value::Null;
        let text = text(&tested);
        assert!(
            !text.contains("Date") && !text.contains("in the 7 days") && !text.contains("version"),
            "{text}"
        );
    }
}
