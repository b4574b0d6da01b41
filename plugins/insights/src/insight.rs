//! The insight of a day: what to do, where fitness goes, and how that came about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use fitness::prediction::Predictions;
use fitness::weather::Outlook;

use crate::advice::{Advice, Pick};
use crate::contributors::{self, Contributor};
use crate::counted::Counted;
use crate::figures::{self, Figures};
use crate::history::History;
use crate::rules::{Place, Rules, Ruling, Said};
use crate::session::{self, Cap};
use crate::trend::Trend;

/// The form of an insight. One of another form that was kept is not shown, but worked out anew.
pub(crate) const VERSION: u64 = 3;

/// The insight of one day. Depends on the days and the rules only, so the same ones give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Insight {
    pub version: u64,
    /// The athlete's local day.
    pub date: String,
    /// `all`: computed from everything that the athlete sees.
    pub scope: &'static str,
    /// The pattern of the rules that were asked, below `scripts/`.
    pub asked: String,
    /// What to do; absent only where no rule had anything to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<Today>,
    /// Absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
    /// What 5 km to the marathon would take today, or what is missing to say so; absent for a day that is not the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Predictions>,
    /// What the air of the day is like where the athlete lives; absent without a home and a forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Outlook>,
    /// Up to three figures that speak for the advice.
    pub contributors: Vec<Contributor>,
    /// Which sports went into the load.
    pub counted: Counted,
    /// The advice that would stand without the one that won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Every rule by its id, with what it said and what it saw.
    pub rules: Vec<Judged>,
    pub counts: Counts,
    /// Figures that are not known on this day.
    pub missing: Vec<&'static str>,
    /// What the rules saw.
    pub day: Value,
}

/// The recommendation of the rule that won.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Today {
    /// The recommendation in one sentence.
    pub text: String,
    /// What kind of session.
    pub pick: Pick,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// How hard at most; a day off has no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    pub why: String,
    /// The id of the rule.
    pub rule: String,
    /// Where the rule's advice begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Place>,
}

/// Advice that was outweighed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Next {
    pub pick: Pick,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    pub why: String,
    pub rule: String,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Won,
    /// It spoke, and another weighed more.
    Lost,
    /// It did not apply.
    Silent,
    /// It needed a figure that is not known.
    Missing,
    /// It is broken; the others are not.
    Failed,
}

/// A rule with what it said and what it saw.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judged {
    pub id: String,
    /// The first line of its file.
    pub about: String,
    /// Where its advice begins; absent where it does not compile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Place>,
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u8>,
    /// Its advice, or what it missed, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The figures it looks at, by their path, where they are known.
    pub inputs: Map<String, Value>,
    /// The figures it looks at that are not known.
    pub unknown: Vec<String>,
}

/// How many rules had which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    pub won: usize,
    pub lost: usize,
    pub silent: usize,
    pub missing: usize,
    pub failed: usize,
}

impl Insight {
    /// Asks every rule about the last day of a history. Runs script code.
    pub fn of(history: &History, rules: &Rules) -> Result<Self, serde_json::Error> {
        let day = serde_json::to_value(Figures::of(&history.now()))?;
        let rulings = rules.ask(&day);
        Ok(Self::judged(history, day, rules.pattern(), rulings))
    }

    pub(crate) fn judged(history: &History, day: Value, asked: &str, rulings: Vec<Ruling>) -> Self {
        let view = history.now();
        let winner = winner(&rulings);
        let won = winner.map(|place| &rulings[place]);
        let today = won.and_then(|ruling| {
            let advice = ruling.advice()?;
            let cap = session::cap(advice.pick, &view);
            Some(Today {
                text: session::sentence(advice, cap.as_ref()),
                pick: advice.pick,
                minutes: advice.minutes,
                cap,
                why: advice.why.clone(),
                rule: ruling.id.clone(),
                source: ruling.source.clone(),
            })
        });
        let looked_at = won.into_iter().flat_map(|ruling| ruling.inputs.keys()).map(String::as_str);
        let contributors = contributors::of(&view, looked_at);
        let next = next(&rulings, winner);
        let judged =
            rulings.into_iter().enumerate().map(|(place, ruling)| judge(ruling, winner == Some(place)));
        let rules: Vec<Judged> = judged.collect();
        Self {
            version: VERSION,
            date: history.today.to_string(),
            scope: fitness::Scope::All.as_str(),
            asked: asked.to_owned(),
            today,
            trend: Trend::of(&view),
            predictions: history.predictions.clone(),
            forecast: history.forecast.clone(),
            contributors,
            counted: Counted::of(&view),
            next,
            counts: Counts::of(&rules),
            rules,
            missing: figures::unknown(&day),
            day,
        }
    }

    /// The one JSON form of the insight: keys sorted, nothing between.
    pub fn canonical(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self).map(sorted)
    }
}

impl Counts {
    fn of(rules: &[Judged]) -> Self {
        let of = |verdict| rules.iter().filter(|rule| rule.verdict == verdict).count();
        Self {
            won: of(Verdict::Won),
            lost: of(Verdict::Lost),
            silent: of(Verdict::Silent),
            missing: of(Verdict::Missing),
            failed: of(Verdict::Failed),
        }
    }
}

/// The place of the heaviest advice; of equal ones the first by id.
pub(crate) fn winner(rulings: &[Ruling]) -> Option<usize> {
    heaviest(rulings, None)
}

fn heaviest(rulings: &[Ruling], but: Option<usize>) -> Option<usize> {
    let others = rulings.iter().enumerate().filter(|(place, _)| Some(*place) != but);
    let weights = others.filter_map(|(place, ruling)| Some((place, ruling.advice()?.weight)));
    weights.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(place, _)| place)
}

fn next(rulings: &[Ruling], winner: Option<usize>) -> Option<Next> {
    let ruling = &rulings[heaviest(rulings, winner)?];
    let Advice { pick, minutes, why, .. } = ruling.advice()?.clone();
    Some(Next { pick, minutes, why, rule: ruling.id.clone() })
}

fn judge(ruling: Ruling, won: bool) -> Judged {
    let advice = ruling.advice().cloned();
    let (verdict, why) = match ruling.said {
        Said::Advice(advice) => (if won { Verdict::Won } else { Verdict::Lost }, Some(advice.why)),
        Said::Nothing => (Verdict::Silent, None),
        Said::Missing(paths) => (Verdict::Missing, Some(not_known(&paths))),
        Said::Failed(reason) => (Verdict::Failed, Some(reason)),
    };
    Judged {
        id: ruling.id,
        about: ruling.about,
        source: ruling.source,
        verdict,
        pick: advice.as_ref().map(|advice| advice.pick),
        minutes: advice.as_ref().and_then(|advice| advice.minutes),
        weight: advice.as_ref().map(|advice| advice.weight),
        why,
        inputs: ruling.inputs,
        unknown: ruling.unknown,
    }
}

fn not_known(paths: &[String]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    format!("{} is not known", paths.join(", "))
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
