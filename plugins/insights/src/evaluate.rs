//! The question what a day would look like with the rules as they are now, or with a draft among them.

use engine::registry::{QueryContext, QueryError, Study};
use engine::script::Diagnostic;
use engine::script::rule::{self, Outcome, Rule, Subject};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

use crate::advice::Advice;
use crate::athlete;
use crate::figures::Figures;
use crate::history::History;
use crate::insight::Insight;
use crate::query::{last_asked, read_day};
use crate::rules::Shelf;

const LONGEST_NAME: usize = 64;

/// Answers with the insight of a day, worked out anew. Nothing of it is kept.
#[derive(Debug, Default)]
pub struct EvaluateQuery {
    shelf: Shelf,
}

/// Which day, and which rules.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateParams {
    /// The local day as YYYY-MM-DD; today if left out.
    date: Option<String>,
    /// A rule that is not kept: it stands in place of the one of its name, else beside all others.
    rule: Option<Draft>,
    /// True to ask no other rule than the draft.
    only: bool,
}

/// A rule as it is being written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its id: the name of its file without ending.
    name: String,
    /// The whole text of the file.
    text: String,
}

/// What the answer rests on.
#[derive(Debug)]
pub struct EvaluateFacts {
    history: History,
    asked: String,
    draft: Option<Draft>,
    only: bool,
}

impl Study for EvaluateQuery {
    const NAME: &'static str = "insights.evaluate";
    const ABOUT: &'static str =
        "What to do on a day by the rules as they are now, a draft among them; nothing is kept.";
    type Params = EvaluateParams;
    type Facts = EvaluateFacts;

    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: EvaluateParams,
    ) -> Result<EvaluateFacts, QueryError> {
        let EvaluateParams { date, rule: draft, only } = params;
        if only && draft.is_none() {
            return Err(invalid("`only` asks for a draft in `rule`"));
        }
        draft.as_ref().map_or(Ok(()), Draft::check)?;
        let now_ms = ctx.clock.now_ms();
        let today = athlete::today(tx, &ctx.partition, now_ms)?.date;
        let day = date.map_or(Ok(today), |text| read_day(&text, today))?;
        let history = History::read(tx, &ctx.partition, day, now_ms)?;
        Ok(EvaluateFacts { history, asked: last_asked(tx, &ctx.partition)?, draft, only })
    }

    fn conclude(&self, ctx: &QueryContext, facts: EvaluateFacts) -> Result<Value, QueryError> {
        let saved = self.shelf.take(&ctx.scripts, &facts.asked);
        let insight = match facts.draft {
            Some(draft) => {
                let rule = draft.compile(&facts.history)?;
                Insight::of(&facts.history, &saved.with(rule, facts.only))
            }
            None => Insight::of(&facts.history, &saved),
        };
        Ok(insight.and_then(|insight| insight.canonical()).map_err(Error::abort)?)
    }
}

impl Draft {
    /// The id that it will have.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn check(&self) -> Result<(), QueryError> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if (1..=LONGEST_NAME).contains(&self.name.len()) && self.name.chars().all(fits) {
            return Ok(());
        }
        Err(invalid("`rule.name` must be 1 to 64 letters, digits, `-` or `_`"))
    }

    /// Compiles the draft and asks it once: what stops it is its author's to know, with its place.
    pub(crate) fn compile(&self, history: &History) -> Result<Rule, QueryError> {
        let path = format!("scripts/rules/{}.rhai", self.name);
        let rule = Rule::compile(&path, &self.text).map_err(QueryError::Script)?;
        let day = serde_json::to_value(Figures::of(&history.now())).map_err(Error::abort)?;
        match rule::panel(|panel| panel.ask(&rule, &Subject::new(&day))) {
            Some(Outcome::Failed(found)) => Err(QueryError::Script(vec![found])),
            Some(Outcome::Advice(advice)) => match Advice::read(advice) {
                Ok(_) => Ok(rule),
                Err(why) => Err(QueryError::Script(misadvised(&rule, &why))),
            },
            _ => Ok(rule),
        }
    }
}

fn misadvised(rule: &Rule, why: &str) -> Vec<Diagnostic> {
    rule.misadvised(why).into_iter().collect()
}

fn invalid(message: &str) -> QueryError {
    QueryError::Invalid { code: "invalid_parameter", message: message.to_owned() }
}
