//! Metrics of days, and those of activities that look at days, from the first day on that is another.

use std::sync::Arc;
use std::time::Instant;

use engine::context::StepContext;
use engine::script::formula::Argument;
use engine::script::rule::{Panel, Subject};
use engine::step::StepError;
use fitness::Scope;
use fitness::daily_metric::DailyMetrics;
use fitness::own::Per;
use fitness::records::own_number::{self, Due, OfDay};
use fitness::records::{change_number, daily_metric, day, own_metric};
use fitness::settings::SettingsHistory;
use fitness::week::DayFigures;
use jiff::ToSpan;
use jiff::civil::Date;
use store::Tx;

use crate::argument;
use crate::ask::{Days, days_of};
use crate::compute::{Answers, Failing, Turn, Work, ask, in_panel, keep};
use crate::metric::{Metric, Said};
use crate::patience::Trouble;

/// Days in one commit, which must stay below 100 ms.
const WINDOW_DAYS: i64 = 100;
/// Activities in one commit; of more the window has fewer days.
const MOST_ACTIVITIES: u32 = 200;

/// Some days, and who is to be asked about them.
pub(crate) struct Window {
    turns: Vec<Turn>,
    /// As the metrics have it, which may lie long before the first day.
    since: Date,
    /// The first and the last day of the window.
    days: (Date, Date),
    /// The first and the last of all days.
    all: (Date, Date),
    figures: [Vec<DayFigures>; 2],
    measured: Vec<DailyMetrics>,
    due: Vec<Due>,
    due_days: Days,
    /// The last change when they were read.
    changed: i64,
}

/// What was said of a window.
pub(crate) struct SaidOf {
    /// By the place of its turn.
    days: Vec<(usize, Vec<OfDay>)>,
    activities: Answers,
}

/// Asks about every day that is due.
pub(crate) async fn bring_up_to_date(ctx: &StepContext, work: &Arc<Work>) -> Result<(), StepError> {
    let mut failing = Failing::new();
    while let Some(left) = advance(ctx, work, failing).await? {
        failing = left;
    }
    Ok(())
}

async fn advance(
    ctx: &StepContext,
    work: &Arc<Work>,
    failing: Failing,
) -> Result<Option<Failing>, StepError> {
    let (partition, asked) = (ctx.run.partition.clone(), work.clone());
    let Some(window) = ctx.read(move |tx| Window::read(tx, &partition, &asked)).await? else {
        return Ok(None);
    };
    let (window, asked) = (Arc::new(window), work.clone());
    let of = window.clone();
    let said = in_panel(move |panel| of.ask(panel, &asked, failing)).await?;
    let failing = said.activities.failing.clone();
    ctx.meter.rows_in(window.figures[0].len() as u64);
    let (partition, work) = (ctx.run.partition.clone(), work.clone());
    let written = ctx.commit(move |tx, _| window.keep(tx, &partition, &work, &said)).await?;
    ctx.meter.rows_out(written);
    Ok(Some(failing))
}

impl Window {
    /// The next days that are due for any metric; nothing where none is.
    pub(crate) fn read(tx: &mut Tx<'_>, athlete: &str, work: &Work) -> store::Result<Option<Self>> {
        let kept = own_metric::list(tx, athlete)?;
        let mut turns = work.turns(&kept, Per::Day);
        turns.extend(work.turns(&kept, Per::Activity));
        let Some(since) = turns.iter().filter_map(|turn| turn.first_day).min() else { return Ok(None) };
        turns.retain(|turn| turn.first_day == Some(since));
        let all = every_day(tx, athlete, since)?;
        let from = since.max(all.0);
        let days = (from, from.saturating_add((WINDOW_DAYS - 1).days()).min(all.1).max(from));
        let mut of_activities = turns.iter().filter(|turn| turn.entry.metric.about.per == Per::Activity);
        let reads_samples = of_activities.clone().any(|turn| turn.entry.metric.reads("streams"));
        let (days, due) = match of_activities.next() {
            Some(_) => activities(tx, athlete, days, (MOST_ACTIVITIES, reads_samples))?,
            None => (days, Vec::new()),
        };
        let figures = figures(tx, athlete, days)?;
        let due_days = days_of(tx, athlete, &due)?;
        let measured = daily_metric::between(tx, athlete, days)?;
        let changed = change_number::last(tx, athlete)?;
        Ok(Some(Self { turns, since, days, all, figures, measured, due, due_days, changed }))
    }

    pub(crate) fn ask(
        &self,
        panel: &mut Panel,
        work: &Work,
        mut failing: Failing,
    ) -> Result<SaidOf, serde_json::Error> {
        let (mut days, mut rested) = (Vec::new(), Vec::new());
        for (place, turn) in self.turns.iter().enumerate() {
            if turn.entry.metric.about.per == Per::Day {
                let began = Instant::now();
                let trouble = failing.entry(turn.name()).or_default();
                let said = self.ask_days(panel, work, &turn.entry.metric, trouble)?;
                work.spent.add(&turn.name(), began.elapsed());
                match said {
                    Some(said) => days.push((place, said)),
                    None => rested.push(turn.name()),
                }
            }
        }
        let is_due = |turn: &Turn, _: &Due| turn.entry.metric.about.per == Per::Activity;
        let mut activities = ask(panel, work, (&self.turns, &self.due, &self.due_days), failing, is_due)?;
        activities.rested.extend(rested);
        Ok(SaidOf { days, activities })
    }

    /// What a metric says of each day in both scopes; nothing where it fails too often.
    fn ask_days(
        &self,
        panel: &mut Panel,
        work: &Work,
        metric: &Metric,
        trouble: &mut Trouble,
    ) -> Result<Option<Vec<OfDay>>, serde_json::Error> {
        let mut said = Vec::new();
        for (scope, figures) in Scope::BOTH.into_iter().zip(&self.figures) {
            for figures in figures {
                if work.is_stopped() {
                    break;
                }
                let date = figures.row.date;
                let measured = self.measured.iter().find(|measured| measured.date == date);
                let day = argument::day(date, Some(figures), measured)?;
                let answer = of_day(panel, &work.history, metric, date, &day)?;
                if trouble.note(std::slice::from_ref(&answer)) {
                    return Ok(None);
                }
                said.push(OfDay { date, scope, number: answer.number });
            }
        }
        Ok(Some(said))
    }

    /// Keeps what was said, and moves on where the days are still those that it was said of.
    pub(crate) fn keep(
        &self,
        tx: &mut Tx<'_>,
        athlete: &str,
        work: &Work,
        said: &SaidOf,
    ) -> store::Result<u64> {
        let still_holds = self.still_holds(tx, athlete)?;
        let answers = &said.activities;
        let (mut written, _) = keep(tx, athlete, work, &self.turns, (&answers.numbers, &answers.rested))?;
        for (place, days) in &said.days {
            let Some(turn) = self.turns.get(*place) else { continue };
            let formula = &turn.entry.metric.formula;
            written += own_number::put_days(tx, athlete, (formula.id(), formula.hash()), self.days, days)?;
            for scope in Scope::BOTH {
                own_number::forget_days_outside(tx, athlete, formula.id(), scope, self.all)?;
            }
        }
        if !still_holds {
            return Ok(written);
        }
        let next = self.days.1.tomorrow().ok().filter(|next| *next <= self.all.1);
        for turn in self.turns.iter().filter(|turn| !answers.rested.contains(&turn.name())) {
            let formula = &turn.entry.metric.formula;
            own_metric::move_on_days(tx, athlete, (formula.id(), formula.hash()), (self.since, next))?;
        }
        Ok(written)
    }

    /// False where a day became another while it was asked about: its first day may be noted as due already, so that
    /// nothing but this tells of it.
    fn still_holds(&self, tx: &mut Tx<'_>, athlete: &str) -> store::Result<bool> {
        change_number::hold(tx, athlete)?;
        if change_number::last(tx, athlete)? == self.changed {
            return Ok(true);
        }
        // Most changes are none of these days: an import must not have them asked about again and again.
        Ok(every_day(tx, athlete, self.since)? == self.all
            && figures(tx, athlete, self.days)? == self.figures
            && daily_metric::between(tx, athlete, self.days)? == self.measured)
    }
}

/// The first and the last day of which there are figures.
fn every_day(tx: &mut Tx<'_>, athlete: &str, since: Date) -> store::Result<(Date, Date)> {
    let first = day::first(tx, athlete, Scope::All)?;
    let (next, _) = day::carry_on(tx, athlete, Scope::All, Date::MAX)?;
    // Without a day nothing is said of any.
    Ok(first.map_or((since, since), |first| (first, next.yesterday().unwrap_or(first))))
}

/// The activities of days, and how many of the days they are: fewer where the activities would be too many, but whole
/// ones and one at least.
pub(crate) fn activities(
    tx: &mut Tx<'_>,
    athlete: &str,
    (first, last): (Date, Date),
    (most, with_samples): (u32, bool),
) -> store::Result<((Date, Date), Vec<Due>)> {
    let mut due = own_number::between(tx, athlete, (first, last), most.saturating_add(1), with_samples)?;
    let is_cut = u32::try_from(due.len()).is_ok_and(|count| count > most);
    let Some(cut) = due.last().and_then(|due| due.local_date).filter(|_| is_cut) else {
        return Ok(((first, last), due));
    };
    let Some(before) = cut.yesterday().ok().filter(|before| *before >= first) else {
        return Ok((
            (first, first),
            own_number::between(tx, athlete, (first, first), u32::MAX, with_samples)?,
        ));
    };
    due.retain(|due| due.local_date.is_some_and(|date| date <= before));
    Ok(((first, before), due))
}

/// The figures of days in both scopes.
fn figures(tx: &mut Tx<'_>, athlete: &str, days: (Date, Date)) -> store::Result<[Vec<DayFigures>; 2]> {
    let [of_all, shareable] = Scope::BOTH;
    Ok([day::figures(tx, athlete, of_all, days)?, day::figures(tx, athlete, shareable, days)?])
}

/// What a metric says of one day.
pub(crate) fn of_day(
    panel: &mut Panel,
    history: &SettingsHistory,
    metric: &Metric,
    date: Date,
    day: &serde_json::Value,
) -> Result<Said, serde_json::Error> {
    let athlete = Subject::new(&argument::athlete(history, Some(date))?);
    Ok(metric.ask(panel, &[Argument::Map(Subject::new(day)), Argument::Map(athlete)]))
}
