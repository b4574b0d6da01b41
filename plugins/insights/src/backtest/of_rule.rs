//! One rule over many past days: when it would have spoken, against whom, and what followed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::script::rule::{self, Panel, Rule, Subject};
use engine::script::version;
use jiff::civil::Date;
use serde::Serialize;

use super::after::{After, Aftermath, Followed};
use super::conflict::{Conflict, Conflicts};
use super::difference::{Difference, Picks};
use crate::advice::{Advice, Pick};
use crate::figures::Figures;
use crate::history::History;
use crate::rules::{Rules, Said, answer};

/// A back-test that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to test, and against what.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The days asked about, and those that followed.
    pub history: &'a History,
    /// The rules in force.
    pub saved: &'a Rules,
    /// The rule: a draft, or one that is in force.
    pub rule: &'a Rule,
    pub is_draft: bool,
    /// Another text of the same rule, to tell the difference from.
    pub other: Option<&'a Rule>,
    pub days: (Date, Date),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Untested {
    #[error("the back-test was given up after {patience_s} s, with {done} of {days} days asked")]
    Time { patience_s: u64, done: usize, days: usize },
    #[error("the system gives no thread to ask rules on")]
    Thread,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// What a rule would have said on the days asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The id of the rule.
    pub rule: String,
    pub draft: bool,
    /// As much of the hash of its text as is shown.
    pub version: String,
    pub from: Date,
    pub to: Date,
    pub days: usize,
    pub counts: Counts,
    /// The days on which it would have spoken.
    pub fires: Vec<Fire>,
    /// The first day on which it failed, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The same days by another text of the rule; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<Difference>,
    /// What followed, as means over the days whose next seven are known.
    pub after: Followed,
    pub conflicts: Vec<Conflict>,
    pub cost: Cost,
}

/// On how many days the rule did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// It spoke.
    pub fires: usize,
    /// No rule weighed more.
    pub wins: usize,
    pub silent: usize,
    /// It needed a figure that is not known.
    pub missing: usize,
    pub failed: usize,
}

/// A day on which the rule would have spoken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fire {
    pub date: Date,
    pub pick: Pick,
    pub minutes: Option<u32>,
    pub weight: u8,
    pub why: String,
    pub won: bool,
    /// The rule whose advice would have been that day's.
    pub winner: String,
    pub after: After,
}

/// A day on which the rule failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub date: Date,
    pub why: String,
}

/// How long the rule took to answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cost {
    pub mean_us: f64,
    pub p99_us: f64,
    pub total_ms: f64,
}

/// What was heard so far.
#[derive(Default)]
struct Heard {
    counts: Counts,
    fires: Vec<Fire>,
    failure: Option<Failure>,
    conflicts: Conflicts,
    picks: Picks,
    others: Picks,
    took: Vec<Duration>,
}

/// Asks the rule, and all others, about each day of a history from the first through the last. Runs script code.
pub fn of_rule(asked: &Asked<'_>) -> Result<Backtest, Untested> {
    within(PATIENCE, asked)
}

pub(super) fn within(patience: Duration, asked: &Asked<'_>) -> Result<Backtest, Untested> {
    let days: Vec<Date> = super::days(asked.days).collect();
    let aftermath = Aftermath::of(asked.history);
    let began = Instant::now();
    let heard = rule::panel(|panel| {
        let mut heard = Heard::default();
        for (done, date) in days.iter().enumerate() {
            if began.elapsed() >= patience {
                return Err(Untested::Time { patience_s: patience.as_secs(), done, days: days.len() });
            }
            heard.day(panel, asked, &aftermath, *date)?;
        }
        Ok(heard)
    });
    Ok(heard.ok_or(Untested::Thread)??.told(asked, &days, &aftermath))
}

impl Heard {
    fn day(
        &mut self,
        panel: &mut Panel,
        asked: &Asked<'_>,
        aftermath: &Aftermath<'_>,
        date: Date,
    ) -> Result<(), serde_json::Error> {
        let subject = Subject::new(&serde_json::to_value(Figures::of(&asked.history.on(date)))?);
        let began = Instant::now();
        let said = answer(panel, asked.rule, &subject);
        self.took.push(began.elapsed());
        let others = asked.saved.say(panel, &subject, asked.rule.id());
        if let Some(other) = asked.other {
            self.others.note(date, &answer(panel, other, &subject));
        }
        self.picks.note(date, &said);
        match said {
            Said::Advice(advice) => self.spoke(asked.rule.id(), date, advice, &others, aftermath),
            Said::Nothing => self.counts.silent += 1,
            Said::Missing(_) => self.counts.missing += 1,
            Said::Failed(why) => {
                self.counts.failed += 1;
                self.failure.get_or_insert(Failure { date, why });
            }
        }
        Ok(())
    }

    fn spoke(
        &mut self,
        id: &str,
        date: Date,
        advice: Advice,
        others: &BTreeMap<&str, Advice>,
        aftermath: &Aftermath<'_>,
    ) {
        let winner = winner((id, advice.weight), others);
        let won = winner == id;
        self.counts.fires += 1;
        self.counts.wins += usize::from(won);
        for (other, theirs) in others.iter().filter(|(_, theirs)| theirs.pick != advice.pick) {
            self.conflicts.note(other, date, theirs.pick, winner, id);
        }
        let Advice { pick, minutes, weight, why } = advice;
        let (winner, after) = (winner.to_owned(), aftermath.of_day(date));
        self.fires.push(Fire { date, pick, minutes, weight, why, won, winner, after });
    }

    fn told(self, asked: &Asked<'_>, days: &[Date], aftermath: &Aftermath<'_>) -> Backtest {
        let is_fire = |date: &Date| self.fires.binary_search_by(|fire| fire.date.cmp(date)).is_ok();
        let (from, to) = asked.days;
        Backtest {
            rule: asked.rule.id().to_owned(),
            draft: asked.is_draft,
            version: version::short(asked.rule.hash()).to_owned(),
            from,
            to,
            days: days.len(),
            counts: self.counts,
            saved: asked.other.map(|other| Difference::of(other, &self.others, &self.picks)),
            after: Followed::of(days.iter().map(|day| (aftermath.of_day(*day), is_fire(day)))),
            conflicts: self.conflicts.told(),
            cost: Cost::of(self.took),
            failure: self.failure,
            fires: self.fires,
        }
    }
}

/// Who wins a day on which the rule speaks: the heaviest, of equal ones the first by id.
fn winner<'a>((id, weight): (&'a str, u8), others: &BTreeMap<&'a str, Advice>) -> &'a str {
    let all = others.iter().map(|(other, advice)| (*other, advice.weight)).chain([(id, weight)]);
    let best = all.reduce(|best, next| {
        let is_first = next.0 < best.0;
        if next.1 > best.1 || (next.1 == best.1 && is_first) { next } else { best }
    });
    best.map_or(id, |(id, _)| id)
}

impl Cost {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let us = |time: &Duration| time.as_secs_f64() * 1e6;
        let total: f64 = took.iter().map(us).sum();
        let p99 = took.get((took.len() * 99).div_ceil(100).saturating_sub(1));
        let rounded = |value: f64| crate::figures::rounded(value, 1);
        Self {
            mean_us: rounded(total / took.len().max(1) as f64),
            p99_us: rounded(p99.map_or(0.0, us)),
            total_ms: rounded(total / 1e3),
        }
    }
}
