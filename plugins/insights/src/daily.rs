//! The step that advises for today.

use std::sync::Arc;

use engine::context::StepContext;
use engine::log::carried;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::{Changes, Scope, records};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::advice::Pick;
use crate::athlete::{self, LocalDay};
use crate::basis::{self, Basis};
use crate::history::History;
use crate::insight::{Counts, Insight};
use crate::rules::{Rules, Shelf};

/// Asks the rules what to do today, and keeps the answer.
#[derive(Debug)]
pub struct Daily {
    rules: String,
    shelf: Shelf,
}

/// How the advice of the day comes about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DailyConfig {
    /// The rules to ask, below `scripts/`; a `*` stands for any name.
    rules: String,
}

impl Default for DailyConfig {
    fn default() -> Self {
        Self { rules: crate::RULES.to_owned() }
    }
}

/// The advice of a day, in short; the whole of it is in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DailyAdvice {
    /// The athlete's local day, as YYYY-MM-DD.
    pub date: String,
    pub scope: Scope,
    /// The rule that won; absent where none had anything to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    pub counts: Counts,
}

impl Step for Daily {
    const KIND: &'static str = "insights.daily";
    const ABOUT: &'static str = "Asks the rules what to do today, and keeps their answer with its reasons.";
    type Config = DailyConfig;
    type Input = (Changes,);
    type Output = DailyAdvice;

    fn build(config: DailyConfig) -> Result<Self, ConfigError> {
        if !config.rules.ends_with(".rhai") || config.rules.starts_with('/') || config.rules.contains("..") {
            let message =
                format!("`{}` names no rule below `scripts/`, such as `{}`", config.rules, crate::RULES);
            return Err(ConfigError::at("rules", message));
        }
        Ok(Self { rules: config.rules, shelf: Shelf::default() })
    }

    async fn run(&self, ctx: &StepContext, _days: (Changes,)) -> Result<DailyAdvice, StepError> {
        let hash = basis::of_rules(&ctx.scripts, &self.rules);
        if let Some(advice) = basis::standing(ctx, &hash).await? {
            return Ok(advice);
        }
        let rules = self.rules(ctx).await?;
        loop {
            let (day, history) = read(ctx).await?;
            let insight = ask(&rules, &history).await?;
            // Days that another run changed meanwhile are asked about again.
            if !day.is_known || keep(ctx, &insight, history, &hash).await? {
                ctx.meter.rows_in(insight.rules.len() as u64);
                return Ok(summary(&insight));
            }
        }
    }
}

impl Daily {
    async fn rules(&self, ctx: &StepContext) -> Result<Arc<Rules>, StepError> {
        let (shelf, scripts, pattern) = (self.shelf.clone(), ctx.scripts.clone(), self.rules.clone());
        // Scripts run on a thread that may block, never on a worker of the runtime.
        let taken = tokio::task::spawn_blocking(carried(move || shelf.take(&scripts, &pattern)));
        let rules = taken.await.map_err(failed)?;
        if rules.is_empty() {
            let message =
                format!("no file below `scripts/` fits `{}`, so there is no rule to ask", self.rules);
            return Err(StepError::Hopeless(Cause { code: "rules_missing", message, source: None }));
        }
        Ok(rules)
    }
}

async fn read(ctx: &StepContext) -> Result<(LocalDay, Arc<History>), StepError> {
    let (partition, clock) = (ctx.run.partition.clone(), ctx.clock.clone());
    ctx.read(move |tx| {
        let now_ms = clock.now_ms();
        let day = athlete::today(tx, &partition, now_ms)?;
        Ok((day, Arc::new(History::read(tx, &partition, day.date, now_ms)?)))
    })
    .await
}

async fn ask(rules: &Arc<Rules>, history: &Arc<History>) -> Result<Insight, StepError> {
    let (rules, history) = (rules.clone(), history.clone());
    let asked = tokio::task::spawn_blocking(carried(move || Insight::of(&history, &rules)));
    asked.await.map_err(failed)?.map_err(failed)
}

/// Keeps an insight, unless the days are no longer those that it rests on, and says whether they still are.
pub(crate) async fn keep(
    ctx: &StepContext,
    insight: &Insight,
    history: Arc<History>,
    rules: &str,
) -> Result<bool, StepError> {
    let body = insight.canonical().map_err(failed)?.to_string();
    let (partition, rules) = (ctx.run.partition.clone(), rules.to_owned());
    // A rule that failed for want of time may speak when it is asked once more.
    let is_whole = insight.counts.failed == 0;
    let kept = ctx
        .commit(move |tx, cursor| {
            // Who changes what advice rests on removes it in the transaction that numbers the change.
            records::change_number::hold(tx, &partition)?;
            if history.again(tx, &partition)? != *history {
                return Ok(None);
            }
            if is_whole {
                Basis::of(tx, &partition, &rules, &history)?.note(cursor, &body)?;
            }
            records::insight::put(tx, &partition, Scope::All, history.today, &body).map(Some)
        })
        .await?;
    ctx.meter.rows_out(u64::from(kept == Some(true)));
    Ok(kept.is_some())
}

fn summary(insight: &Insight) -> DailyAdvice {
    DailyAdvice {
        date: insight.date.clone(),
        scope: Scope::All,
        rule: insight.today.as_ref().map(|today| today.rule.clone()),
        pick: insight.today.as_ref().map(|today| today.pick),
        counts: insight.counts,
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> StepError {
    let message = "the rules could not be asked".to_owned();
    StepError::Failed(Cause { code: "insight_failed", message, source: Some(Box::new(error)) })
}
