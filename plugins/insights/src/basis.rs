//! What the advice that was kept rests on, in short: where that stands, no rule need be asked again.

use engine::context::{Cursor, StepContext};
use engine::script::Library;
use engine::step::StepError;
use fitness::Scope;
use fitness::records::change_number;
use fitness::records::{self, original};
use fitness::weather::Outlook;
use serde::{Deserialize, Serialize};
use store::{Error, Tx};

use crate::advice::Pick;
use crate::athlete;
use crate::daily::DailyAdvice;
use crate::history::History;
use crate::insight::{Counts, VERSION};

/// Whoever changes a fact that advice rests on numbers the change, so its number stands for all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Basis {
    version: u64,
    date: String,
    change: i64,
    /// Of the rules, by [`of_rules`].
    rules: String,
    /// Air is kept by place and not by athlete, so another one's change of it has no number here.
    forecast: Option<Outlook>,
    /// Becomes another by itself, in the course of a day.
    is_forecast_old: bool,
}

/// What the step kept last, of which the store has the whole.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    basis: Basis,
    /// The hash of the insight.
    body: String,
}

/// What is read of an insight to tell of it.
#[derive(Deserialize)]
struct Told {
    date: String,
    today: Option<Won>,
    counts: Counts,
}

#[derive(Deserialize)]
struct Won {
    rule: String,
    pick: Pick,
}

/// The hash of the rules that fit a pattern.
pub(crate) fn of_rules(library: &Library, pattern: &str) -> String {
    let texts: Vec<String> =
        library.matching(pattern).into_iter().map(|(path, text)| format!("{path}\0{text}\0")).collect();
    original::sha256(texts.concat().as_bytes())
}

impl Basis {
    fn now(tx: &mut Tx<'_>, athlete: &str, rules: &str, now_ms: i64) -> store::Result<Self> {
        let date = athlete::today(tx, athlete, now_ms)?.date;
        let (forecast, is_old) = records::weather_home::outlook_at(tx, athlete, date, now_ms)?.unzip();
        let (forecast, is_forecast_old) = (forecast.map(timeless), is_old.unwrap_or(false));
        let (date, rules, change) = (date.to_string(), rules.to_owned(), change_number::last(tx, athlete)?);
        Ok(Self { version: VERSION, date, change, rules, forecast, is_forecast_old })
    }

    /// Of a history that was just read again in this transaction.
    pub(crate) fn of(tx: &mut Tx<'_>, athlete: &str, rules: &str, history: &History) -> store::Result<Self> {
        let (date, rules) = (history.today.to_string(), rules.to_owned());
        let (change, is_forecast_old) = (change_number::last(tx, athlete)?, history.is_forecast_old);
        let forecast = history.forecast.clone().map(timeless);
        Ok(Self { version: VERSION, date, change, rules, forecast, is_forecast_old })
    }

    /// Remembers what was kept, and on what it rests.
    pub(crate) fn note(self, cursor: &mut Cursor, body: &str) -> store::Result<()> {
        cursor.set(&Kept { basis: self, body: original::sha256(body.as_bytes()) })
    }
}

/// The same words are no news, whenever they were told.
fn timeless(outlook: Outlook) -> Outlook {
    Outlook { told_ms: 0, ..outlook }
}

/// The advice that this step kept, if what it rests on is as it was then and nobody kept another since.
pub(crate) async fn standing(ctx: &StepContext, rules: &str) -> Result<Option<DailyAdvice>, StepError> {
    let (athlete, rules, clock) = (ctx.run.partition.clone(), rules.to_owned(), ctx.clock.clone());
    ctx.peek(move |tx, cursor| {
        let basis = Basis::now(tx, &athlete, &rules, clock.now_ms())?;
        let Some(kept) = cursor.get::<Kept>().filter(|kept| kept.basis == basis) else { return Ok(None) };
        let date = basis.date.parse().map_err(Error::abort)?;
        let body = records::insight::get(tx, &athlete, Scope::All, date)?;
        let body = body.filter(|body| original::sha256(body.as_bytes()) == kept.body);
        body.map(|body| told(&body)).transpose()
    })
    .await
}

fn told(body: &str) -> store::Result<DailyAdvice> {
    let Told { date, today, counts } = serde_json::from_str(body).map_err(Error::abort)?;
    let (rule, pick) = today.map(|won| (won.rule, won.pick)).unzip();
    Ok(DailyAdvice { date, scope: Scope::All, rule, pick, counts })
}
