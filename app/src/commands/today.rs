//! `paceline today`: what to do, why, and how that came about.

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::json;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::table::wrapped;
use crate::{error, output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline today
  paceline today --date 2026-05-02
  paceline today --json             the same bytes for the same store and date";

/// What the plugin that advises is asked.
const QUERY: &str = "insights.daily";
const LABEL_WIDTH: usize = 11;

/// Says what to do today, why, and which rules lost
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Today {
    /// Another day
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// What a card shows of an insight.
#[derive(Debug, Deserialize)]
struct Insight {
    date: String,
    today: Option<Advice>,
    trend: Option<Trend>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Advice {
    pick: String,
    minutes: Option<u32>,
    why: String,
    rule: String,
}

#[derive(Debug, Deserialize)]
struct Trend {
    word: String,
    number: f64,
    period_days: u32,
}

#[derive(Debug, Deserialize)]
struct Rule {
    id: String,
    verdict: String,
    pick: Option<String>,
    weight: Option<u32>,
    why: Option<String>,
}

impl Today {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let params = self.date.map_or_else(|| json!({}), |date| json!({ "date": date }));
        let insight = question::ask(config, self.whose.athlete, QUERY, params).await?;
        if self.form.json {
            output::json(&insight)?;
        } else {
            let insight: Insight = serde_json::from_value(insight).context("cannot read the insight")?;
            output::line(insight.card(self.date))?;
        }
        Ok(error::DONE)
    }
}

impl Insight {
    fn card(&self, asked_for: Option<Date>) -> String {
        let title = asked_for.map_or_else(|| format!("Today, {}", self.date), |date| date.to_string());
        let mut lines = Vec::new();
        match &self.today {
            Some(advice) => {
                lines.push(format!("{title}: {}", headline(advice)));
                lines.push(String::new());
                lines.push(labelled("Why", &advice.why));
                lines.push(labelled("Rule", &self.winner(&advice.rule)));
            }
            None => lines.push(format!("{title}: no rule had anything to say")),
        }
        lines.extend(self.trend.as_ref().map(|trend| labelled("Trend", &trend_text(trend))));
        for rule in self.with_verdict("lost") {
            lines.push(labelled("Outvoted", &lost(rule)));
        }
        for rule in self.with_verdict("failed") {
            let why = rule.why.as_deref().unwrap_or("it is broken");
            lines.push(labelled("Failed", &format!("{}: {why}", rule.id)));
        }
        for rule in self.with_verdict("missing") {
            let why = rule.why.as_deref().unwrap_or("a figure is not known");
            lines.push(labelled("Missing", &format!("{}: {why}", rule.id)));
        }
        let silent: Vec<&str> = self.with_verdict("silent").map(|rule| rule.id.as_str()).collect();
        lines.extend((!silent.is_empty()).then(|| labelled("Silent", &silent.join(", "))));
        lines.extend((!self.missing.is_empty()).then(|| labelled("Not known", &self.missing.join(", "))));
        lines.join("\n")
    }

    fn with_verdict(&self, verdict: &'static str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.verdict == verdict)
    }

    fn winner(&self, id: &str) -> String {
        let weight = self.rules.iter().find(|rule| rule.id == id).and_then(|rule| rule.weight);
        weight.map_or_else(|| id.to_owned(), |weight| format!("{id}, weight {weight}"))
    }
}

fn headline(advice: &Advice) -> String {
    let minutes = advice.minutes.map(|minutes| format!(", {minutes} minutes")).unwrap_or_default();
    format!("{}{minutes}", advice.pick.to_uppercase())
}

fn trend_text(trend: &Trend) -> String {
    format!("{}: fitness {} in {} days", trend.word, units::signed(trend.number, 1), trend.period_days)
}

fn lost(rule: &Rule) -> String {
    let pick = rule.pick.as_deref().unwrap_or("nothing");
    let weight = rule.weight.map(|weight| format!(", weight {weight}")).unwrap_or_default();
    format!("{} said {pick}{weight}: {}", rule.id, rule.why.as_deref().unwrap_or_default())
}

fn labelled(label: &str, text: &str) -> String {
    wrapped(label, text, LABEL_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_names_winner_losers_and_what_was_missing() {
        let insight: Insight = serde_json::from_value(json!({
            "date": "2026-05-02",
            "today": { "pick": "easy", "minutes": 40, "why": "Your form is -28.", "rule": "fatigue" },
            "trend": { "word": "building", "number": 3.2, "period_days": 28 },
            "rules": [
                { "id": "fatigue", "verdict": "won", "weight": 90 },
                { "id": "fresh", "verdict": "lost", "pick": "hard", "weight": 60, "why": "You are fresh." },
                { "id": "come_back", "verdict": "silent" },
                { "id": "sudden_load", "verdict": "missing", "why": "`load.ratio` is not known" },
            ],
            "missing": ["load.ratio"],
        }))
        .unwrap();
        let wanted = "\
Today, 2026-05-02: EASY, 40 minutes

Why        Your form is -28.
Rule       fatigue, weight 90
Trend      building: fitness +3.2 in 28 days
Outvoted   fresh said hard, weight 60: You are fresh.
Missing    sudden_load: `load.ratio` is not known
Silent     come_back
Not known  load.ratio";
        assert_eq!(insight.card(None), wanted);
    }

    #[test]
    fn a_day_without_advice_says_so() {
        let insight: Insight = serde_json::from_value(json!({ "date": "2026-05-02" })).unwrap();
        let day = Date::constant(2026, 5, 2);
        assert_eq!(insight.card(Some(day)), "2026-05-02: no rule had anything to say");
    }
}
