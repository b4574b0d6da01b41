//! The question what a rule would have said on past days.

use engine::registry::{QueryContext, QueryError, Study};
use engine::script::rule::Rule;
use engine::script::version::{self, Version};
use fitness::{Scope, records};
use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

use super::after;
use super::of_rule::{Asked, Untested, of_rule};
use crate::athlete;
use crate::evaluate::Draft;
use crate::history::History;
use crate::query::{last_asked, read_day};
use crate::rules::Shelf;

/// The most days that are asked about at once.
const MOST_DAYS: i64 = 3_660;

/// Answers with the days on which a rule would have spoken, and what followed. Nothing of it is kept.
#[derive(Debug, Default)]
pub struct BacktestQuery {
    shelf: Shelf,
}

/// Which rule, and which days.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestParams {
    /// A rule in force; this or a draft.
    name: Option<String>,
    /// A rule that is not kept.
    rule: Option<Draft>,
    /// The first day as YYYY-MM-DD; the first that is known if left out, at most 3,660 days back.
    from: Option<String>,
    /// The last day; today if left out.
    to: Option<String>,
    /// The beginning of the hash of the version to tell the difference from.
    against: Option<String>,
}

/// What the answer rests on.
#[derive(Debug)]
pub struct BacktestFacts {
    history: History,
    asked: String,
    days: (Date, Date),
    name: String,
    draft: Option<Draft>,
    versions: Vec<Version>,
    against: Option<Version>,
}

impl Study for BacktestQuery {
    const NAME: &'static str = "insights.backtest";
    const ABOUT: &'static str =
        "The past days on which a rule would have spoken, whom it would have outweighed, and what followed.";
    type Params = BacktestParams;
    type Facts = BacktestFacts;

    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: BacktestParams,
    ) -> Result<BacktestFacts, QueryError> {
        let BacktestParams { name, rule: draft, from, to, against } = params;
        let name = match (name, &draft) {
            (Some(name), None) => name,
            (None, Some(draft)) => {
                draft.check()?;
                draft.name().to_owned()
            }
            _ => {
                return Err(invalid("give either `name`, of a rule in force, or `rule`, a draft".to_owned()));
            }
        };
        let today = athlete::today(tx, &ctx.partition, ctx.clock.now_ms())?.date;
        let days = range(tx, &ctx.partition, (from, to), today)?;
        let last = days.1.saturating_add(i64::try_from(after::DAYS).unwrap_or(0).days()).min(today);
        let path = version::rule_path(&name);
        let against = against.map(|hash| find(tx, &path, &name, &hash)).transpose()?;
        Ok(BacktestFacts {
            history: History::between(tx, &ctx.partition, (days.0, last))?,
            asked: last_asked(tx, &ctx.partition)?,
            days,
            versions: if draft.is_none() { version::list(tx, &path)? } else { Vec::new() },
            name,
            draft,
            against,
        })
    }

    fn conclude(&self, ctx: &QueryContext, facts: BacktestFacts) -> Result<Value, QueryError> {
        let saved = self.shelf.take(&ctx.scripts, &facts.asked);
        let path = version::rule_path(&facts.name);
        let in_force = ctx.scripts.text(&path);
        let rule = match (&facts.draft, in_force) {
            (Some(draft), _) => draft.compile(&facts.history)?,
            (None, Some(text)) => Rule::compile(&path, text).map_err(QueryError::Script)?,
            (None, None) => return Err(unknown_rule(&facts.name)),
        };
        let former = facts.versions.iter().find(|version| version.hash != rule.hash());
        let other = match (&facts.against, &facts.draft) {
            (Some(version), _) => Some(version.text.as_str()),
            (None, Some(_)) => in_force,
            (None, None) => former.map(|version| version.text.as_str()),
        };
        // A text that compiles no more says nothing to differ from.
        let other = other.and_then(|text| Rule::compile(&path, text).ok());
        let tested = of_rule(&Asked {
            history: &facts.history,
            saved: &saved,
            rule: &rule,
            is_draft: facts.draft.is_some(),
            other: other.as_ref(),
            days: facts.days,
        });
        Ok(serde_json::to_value(tested.map_err(QueryError::from)?).map_err(Error::abort)?)
    }
}

/// The days that are meant.
fn range(
    tx: &mut Tx<'_>,
    athlete: &str,
    (from, to): (Option<String>, Option<String>),
    today: Date,
) -> Result<(Date, Date), QueryError> {
    let last = to.map_or(Ok(today), |text| read_day(&text, today))?;
    let earliest = last.saturating_sub((MOST_DAYS - 1).days());
    let Some(from) = from else {
        let known = records::day::first(tx, athlete, Scope::All)?;
        return Ok((known.map_or(last, |first| first.clamp(earliest, last)), last));
    };
    let first = read_day(&from, today)?;
    if first > last {
        return Err(invalid(format!("`from` of `{first}` lies after `to` of `{last}`")));
    }
    if first < earliest {
        return Err(invalid(format!("from `{first}` to `{last}` are more than {MOST_DAYS} days")));
    }
    Ok((first, last))
}

fn find(tx: &mut Tx<'_>, path: &str, name: &str, hash: &str) -> Result<Version, QueryError> {
    version::find(tx, path, hash)?.ok_or_else(|| QueryError::NotFound {
        code: "rule_version_unknown",
        message: format!("there is no version `{hash}` of the rule `{name}`"),
    })
}

fn unknown_rule(name: &str) -> QueryError {
    QueryError::NotFound { code: "rule_unknown", message: format!("there is no rule `{name}`") }
}

fn invalid(message: String) -> QueryError {
    QueryError::Invalid { code: "invalid_parameter", message }
}

impl From<Untested> for QueryError {
    fn from(untested: Untested) -> Self {
        let message = untested.to_string();
        match untested {
            Untested::Time { .. } => Self::Invalid { code: "backtest_time", message },
            Untested::Thread | Untested::Json(_) => Self::Store(Error::abort(untested)),
        }
    }
}
