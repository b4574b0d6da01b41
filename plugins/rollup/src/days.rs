//! The step that computes the days from the first one that changed, up to today.

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::calendar::{self, Contribution};
use fitness::pmc::State;
use fitness::{Changes, Scope, records};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;

use crate::athlete;

/// Sums activities into days and follows fitness, fatigue and form through them.
#[derive(Debug)]
pub struct Days;

/// No settings: the time constants of fitness and fatigue are part of their meaning.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DaysConfig {}

impl Step for Days {
    const KIND: &'static str = "rollup.days";
    const ABOUT: &'static str =
        "Computes load, fitness, fatigue and form of each day, from the first that changed up to today.";
    type Config = DaysConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(_config: DaysConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    // Which days are stale stands in the store: a giver that failed must not leave them so.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        let (partition, clock) = (ctx.run.partition.clone(), ctx.clock.clone());
        let nothing = ctx.read(move |tx| nothing_due(tx, &partition, clock.now_ms())).await;
        if let Some(unchanged) = nothing.map_err(athlete::hopeless_where_misconfigured)? {
            return Ok(unchanged);
        }
        let (partition, clock) = (ctx.run.partition.clone(), ctx.clock.clone());
        let done = ctx.commit(move |tx, _| refresh(tx, &partition, clock.now_ms())).await;
        let done = done.map_err(athlete::hopeless_where_misconfigured)?;
        ctx.meter.rows_out(done.written);
        Ok(done.changes)
    }
}

struct Done {
    written: u64,
    changes: Changes,
}

/// The days of one scope that are due.
struct Due {
    scope: Scope,
    /// The first of them; the earliest there is where the days begin anew.
    from: Date,
    /// Nothing where the days begin anew.
    before: Option<State>,
}

/// What to answer where no day is due.
fn nothing_due(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<Option<Changes>> {
    let unchanged = Changes::none(records::change_number::last(tx, athlete)?);
    let Some(today) = athlete::today(tx, athlete, now_ms)? else { return Ok(Some(unchanged)) };
    let stale = records::stale_day::peek(tx, athlete)?;
    for scope in Scope::BOTH {
        if Due::find(tx, athlete, scope, stale, today)?.is_some() {
            return Ok(None);
        }
    }
    Ok(Some(unchanged))
}

/// Brings the days of both scopes up to date in this transaction.
fn refresh(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> store::Result<Done> {
    let last = records::change_number::last(tx, athlete)?;
    let nothing = Done { written: 0, changes: Changes::none(last) };
    let Some(today) = athlete::today(tx, athlete, now_ms)? else {
        return Ok(nothing);
    };
    let stale = records::stale_day::take(tx, athlete)?;
    let mut due = Vec::new();
    for scope in Scope::BOTH {
        due.extend(Due::find(tx, athlete, scope, stale, today)?);
    }
    let Some(from) = due.iter().map(|due| due.from).min() else {
        return Ok(nothing);
    };
    let contributions = records::activity::contributions(tx, athlete, from)?;
    let mut written = 0;
    for due in &due {
        let rewritten = due.compute(tx, athlete, &contributions, today)?;
        if rewritten > 0 {
            // Advice rests on the days up to its own: from here on it would be that of other days.
            records::insight::remove_from(tx, athlete, due.scope, due.from)?;
        }
        written += rewritten;
    }
    if written == 0 {
        return Ok(nothing);
    }
    let first = contributions.first().map_or(from, |first| from.max(first.date));
    records::own_metric::lower(tx, athlete, first)?;
    let to = records::change_number::next(tx, athlete)?;
    Ok(Done { written, changes: Changes { from: last, to, days: Some(first.to_string()) } })
}

impl Due {
    fn find(
        tx: &mut Tx<'_>,
        athlete: &str,
        scope: Scope,
        stale: Option<Date>,
        today: Date,
    ) -> store::Result<Option<Self>> {
        let (next, _) = records::day::carry_on(tx, athlete, scope, Date::MAX)?;
        // Where no day is kept none is due either: whatever writes the first activity makes its day stale.
        let missing = Some(next).filter(|day| *day <= today);
        // Days after today go when their activities go, so today is always among the stale ones.
        let Some(from) = missing.into_iter().chain(stale.map(|stale| stale.min(today))).min() else {
            return Ok(None);
        };
        let (from, state) = records::day::carry_on(tx, athlete, scope, from)?;
        let before = Some(state).filter(|state| *state != State::default());
        let from = if before.is_some() { from } else { Date::ZERO };
        Ok(Some(Self { scope, from, before }))
    }

    fn compute(
        &self,
        tx: &mut Tx<'_>,
        athlete: &str,
        contributions: &[Contribution],
        today: Date,
    ) -> store::Result<u64> {
        let dates = || {
            let inside = contributions.iter().filter(|activity| activity.counted.is_in(self.scope));
            inside.map(|activity| activity.date)
        };
        let first = if self.before.is_some() { Some(self.from) } else { dates().min() };
        let Some(first) = first else {
            return records::day::remove_before(tx, athlete, self.scope, Date::MAX);
        };
        let last = dates().max().map_or(today, |last| last.max(today));
        let rows = calendar::days(self.before.unwrap_or_default(), (first, last), self.scope, contributions);
        let mut written = records::day::replace_from(tx, athlete, self.scope, &rows)?;
        if self.before.is_none() {
            written += records::day::remove_before(tx, athlete, self.scope, first)?;
        }
        Ok(written)
    }
}
