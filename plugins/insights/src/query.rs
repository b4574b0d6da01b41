//! The question that the API and the command line ask: what to do on a day.

use engine::registry::{QueryContext, QueryError, Study};
use fitness::{Scope, day, records};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use store::{Error, Tx};

use crate::athlete;
use crate::history::History;
use crate::insight::{Insight, VERSION};
use crate::rules::Shelf;

/// Answers with the insight of a day: the one that was kept, else one computed from the days as they stand.
#[derive(Debug, Default)]
pub struct DailyQuery {
    shelf: Shelf,
}

/// Which day.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DailyParams {
    /// The local day as YYYY-MM-DD; today if left out.
    date: Option<String>,
}

/// What the answer rests on.
#[derive(Debug)]
pub enum DailyFacts {
    /// The insight that was kept.
    Kept(Value),
    /// The days as they stand, and the pattern of the rules to ask.
    Days(Box<History>, String),
}

impl Study for DailyQuery {
    const NAME: &'static str = "insights.daily";
    const ABOUT: &'static str = "What to do on a day, and why: the rule that won, the others, what each saw.";
    type Params = DailyParams;
    type Facts = DailyFacts;

    fn read(
        &self,
        tx: &mut Tx<'_>,
        ctx: &QueryContext,
        params: DailyParams,
    ) -> Result<DailyFacts, QueryError> {
        let now_ms = ctx.clock.now_ms();
        let today = athlete::today(tx, &ctx.partition, now_ms)?.date;
        let day = params.date.map_or(Ok(today), |text| read_day(&text, today))?;
        let kept = kept(tx, &ctx.partition, day)?;
        let standing = match kept {
            Some(insight) if day == today => standing(tx, &ctx.partition, (day, now_ms), insight)?,
            kept => kept,
        };
        if let Some(insight) = standing {
            return Ok(DailyFacts::Kept(insight));
        }
        let history = History::read(tx, &ctx.partition, day, now_ms)?;
        Ok(DailyFacts::Days(Box::new(history), last_asked(tx, &ctx.partition)?))
    }

    fn conclude(&self, ctx: &QueryContext, facts: DailyFacts) -> Result<Value, QueryError> {
        let (history, asked) = match facts {
            DailyFacts::Kept(insight) => return Ok(insight),
            DailyFacts::Days(history, asked) => (history, asked),
        };
        let rules = self.shelf.take(&ctx.scripts, &asked);
        let insight = Insight::of(&history, &rules).and_then(|insight| insight.canonical());
        Ok(insight.map_err(Error::abort)?)
    }
}

/// The insight that was kept, unless it is of another form than those of this program.
fn kept(tx: &mut Tx<'_>, athlete: &str, day: Date) -> store::Result<Option<Value>> {
    let body = records::insight::get(tx, athlete, Scope::All, day)?;
    let insight: Option<Value> =
        body.map(|body| serde_json::from_str(&body)).transpose().map_err(Error::abort)?;
    Ok(insight.filter(|insight| insight["version"] == VERSION))
}

/// The insight of today as it stands at a moment: nothing where a rule saw a forecast that is too old by now. A forecast
/// that was told again since, in the same words, is as young as it was told.
fn standing(
    tx: &mut Tx<'_>,
    athlete: &str,
    (today, now_ms): (Date, i64),
    mut insight: Value,
) -> store::Result<Option<Value>> {
    let Some(told_ms) = insight.pointer_mut("/forecast/told_ms") else { return Ok(Some(insight)) };
    let Some((outlook, is_old)) = records::weather_home::outlook_at(tx, athlete, today, now_ms)? else {
        return Ok(Some(insight));
    };
    *told_ms = outlook.told_ms.into();
    Ok(Some(insight).filter(|insight| !is_old || insight.pointer("/day/forecast").is_none()))
}

/// The pattern of the rules that were asked for the last insight that was kept.
pub(crate) fn last_asked(tx: &mut Tx<'_>, athlete: &str) -> store::Result<String> {
    let newest = records::insight::newest(tx, athlete, Scope::All)?;
    let asked = newest.map(|body| serde_json::from_str::<Asked>(&body)).transpose().map_err(Error::abort)?;
    Ok(asked.and_then(|body| body.asked).unwrap_or_else(|| crate::RULES.to_owned()))
}

/// What is read of an insight that was kept, which lacks it where an earlier version kept it.
#[derive(Deserialize)]
struct Asked {
    asked: Option<String>,
}

pub(crate) fn read_day(text: &str, today: Date) -> Result<Date, QueryError> {
    let invalid = |reason: &str| QueryError::Invalid {
        code: "invalid_parameter",
        message: format!("`date` of `{text}` {reason}"),
    };
    let day = day::parse(text).ok_or_else(|| invalid("is not a day such as 2024-05-01"))?;
    if day > today {
        return Err(invalid("lies in the future"));
    }
    Ok(day)
}
