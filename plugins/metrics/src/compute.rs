//! The step that asks the athlete's own metrics about activities and days.
//!
//! A metric whose text is new is asked about the whole past; what an earlier text said stays until the new one has
//! spoken, and each number names its text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use engine::context::StepContext;
use engine::log::carried;
use engine::script::rule::{self, Panel};
use engine::step::{Cause, ConfigError, Gather, Step, StepError};
use fitness::own::Per;
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number::{self, Due, OfActivity};
use fitness::records::{activity, athlete, athlete_setting, change_number};
use fitness::settings::{Dated, SettingsHistory};
use fitness::{Changes, Scope};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;
use tracing::warn;

use crate::ask::{Days, Given, days_of};
use crate::catalog::{Entry, Metrics};
use crate::patience::{Spent, Trouble};
use crate::{days, load, settings};

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 100;
/// Counts what this program makes of a text; a change has every metric computed anew.
pub(crate) const PROGRAM: i64 = 1;

/// Asks the metrics of the athlete's own.
#[derive(Debug)]
pub struct Compute {
    metrics: String,
    of: Of,
}

/// Which metrics are asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComputeConfig {
    /// The metrics to ask, below `scripts/`; a `*` stands for any name.
    metrics: String,
    /// Those of activities, before the days are computed, or those that rest on days, after.
    of: Of,
}

/// Which metrics a step asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Those that look at activities alone.
    #[default]
    Activities,
    /// Those that look at days.
    Days,
}

/// What a run asks, and with which settings.
pub(crate) struct Work {
    /// All there are: those that another step asks are not gone, and may stand in place of loads.
    pub(crate) metrics: Metrics,
    /// The paths of those that this step asks.
    pub(crate) asked: BTreeSet<String>,
    pub(crate) history: SettingsHistory,
    pub(crate) of: Of,
    pub(crate) spent: Spent,
    pub(crate) ctx: StepContext,
}

/// A metric that is to be asked, and how far it was.
#[derive(Clone)]
pub(crate) struct Turn {
    pub(crate) entry: Arc<Entry>,
    pub(crate) after: (i64, String),
    pub(crate) first_day: Option<Date>,
}

/// How each metric gets on.
pub(crate) type Failing = BTreeMap<String, Trouble>;

/// What metrics said of some activities.
pub(crate) struct Answers {
    pub(crate) numbers: Vec<OfActivity>,
    /// Those that are asked no more.
    pub(crate) rested: Vec<String>,
    pub(crate) failing: Failing,
}

impl Default for ComputeConfig {
    fn default() -> Self {
        Self { metrics: crate::METRICS.to_owned(), of: Of::default() }
    }
}

impl Step for Compute {
    const KIND: &'static str = "metrics.compute";
    const ABOUT: &'static str =
        "Asks the athlete's own metrics about what changed, and a new text about the whole past.";
    type Config = ComputeConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: ComputeConfig) -> Result<Self, ConfigError> {
        let ComputeConfig { metrics, of } = config;
        let is_of_metrics = |file: &str| file.ends_with(".rhai") && !file.contains('/');
        if !metrics.strip_prefix("metrics/").is_some_and(is_of_metrics) {
            let message =
                format!("`{metrics}` names no metric below `scripts/`, such as `{}`", crate::METRICS);
            return Err(ConfigError::at("metrics", message));
        }
        Ok(Self { metrics, of })
    }

    // What is to be asked stands in the store: a giver that failed must not leave it unasked.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        let scripts = ctx.scripts.clone();
        let metrics = worked_out(move || Metrics::of(&scripts, crate::METRICS)).await?;
        let asked = ctx.scripts.matching(&self.metrics).into_iter().map(|(path, _)| path).collect();
        let partition = ctx.run.partition.clone();
        let facts = ctx.read(move |tx| Facts::read(tx, &partition)).await?;
        let Some(Facts { kept, settings, history, changed }) = facts else { return Ok(Changes::none(0)) };
        let work = Arc::new(Work {
            metrics,
            asked,
            history,
            of: self.of,
            spent: Spent::default(),
            ctx: ctx.clone(),
        });
        let plan = Plan::of(&kept, &work.metrics, &settings);
        let mut first_day = None;
        for gone in plan.gone {
            let day = let_go(ctx, &work, gone).await?;
            first_day = first_day.into_iter().chain(day).min();
        }
        begin(ctx, plan.fresh).await?;
        let (mut failing, mut looked_at) = (Failing::new(), 0);
        loop {
            let Some(done) = advance(ctx, &work, failing, looked_at).await? else { break };
            first_day = first_day.into_iter().chain(done.first_day).min();
            (failing, looked_at) = (done.failing, done.looked_at);
        }
        if self.of == Of::Days {
            days::bring_up_to_date(ctx, &work).await?;
        }
        let partition = ctx.run.partition.clone();
        let to = ctx.read(move |tx| change_number::last(tx, &partition)).await?;
        Ok(Changes { from: changed, to, days: first_day.map(|day| day.to_string()) })
    }
}

/// What stands in the store before anything is asked.
struct Facts {
    kept: Vec<OwnMetric>,
    settings: Vec<Dated>,
    history: SettingsHistory,
    changed: i64,
}

impl Facts {
    fn read(tx: &mut Tx<'_>, athlete: &str) -> store::Result<Option<Self>> {
        if athlete::get(tx, athlete)?.is_none() {
            return Ok(None);
        }
        let dated = athlete_setting::list(tx, athlete)?;
        Ok(Some(Self {
            kept: own_metric::list(tx, athlete)?,
            history: SettingsHistory::new(&dated, activity::peaks(tx, athlete)?),
            settings: dated,
            changed: change_number::last(tx, athlete)?,
        }))
    }
}

/// Which metrics begin anew, and which numbers go first.
struct Plan {
    gone: Vec<Gone>,
    fresh: Vec<OwnMetric>,
}

/// A metric whose numbers go.
struct Gone {
    name: String,
    replaced_load: bool,
    /// False where another text of it takes its place.
    is_whole: bool,
}

impl Plan {
    fn of(kept: &[OwnMetric], metrics: &Metrics, settings: &[Dated]) -> Self {
        let gone = |metric: &OwnMetric, is_whole| Gone {
            name: metric.name.clone(),
            replaced_load: metric.replaces_load,
            is_whole,
        };
        let mut plan = Self { gone: Vec::new(), fresh: Vec::new() };
        for metric in kept.iter().filter(|metric| !metrics.has(&metric.name)) {
            plan.gone.push(gone(metric, true));
        }
        for entry in &metrics.ready {
            let fresh = fresh(entry, settings);
            let known = kept.iter().find(|metric| metric.name == fresh.name);
            if known.is_some_and(|known| stands(known, &fresh)) {
                continue;
            }
            // Numbers of another kind, or that stand in place of loads from now on or no more, are none of it.
            let goes = known.filter(|known| {
                known.about.per != fresh.about.per || known.replaces_load != fresh.replaces_load
            });
            plan.gone.extend(goes.map(|known| gone(known, false)));
            plan.fresh.push(fresh);
        }
        plan.follow_loads(metrics, settings);
        plan
    }
}

impl Plan {
    /// Where other loads are replaced than before, what reads loads begins anew.
    fn follow_loads(&mut self, metrics: &Metrics, settings: &[Dated]) {
        let other_loads = self.gone.iter().any(|gone| gone.replaced_load)
            || self.fresh.iter().any(|metric| metric.replaces_load);
        if !other_loads {
            return;
        }
        for entry in metrics.ready.iter().filter(|entry| !entry.replaces && entry.metric.reads_load()) {
            if !self.fresh.iter().any(|metric| metric.name == entry.metric.name()) {
                self.fresh.push(fresh(entry, settings));
            }
        }
    }
}

fn fresh(entry: &Entry, settings: &[Dated]) -> OwnMetric {
    let (metric, formula) = (&entry.metric, &entry.metric.formula);
    let new =
        OwnMetric::new(formula.id().to_owned(), formula.hash().to_owned(), PROGRAM, metric.about.clone());
    let settings = settings::hash_of(settings, formula);
    // Of activities, whatever changed since the beginning is asked about anyway.
    let first_day = new.first_day.filter(|_| metric.about.per == Per::Day);
    OwnMetric { settings, first_day, replaces_load: entry.replaces, ..new }
}

/// True where what was computed is of the same text, program and settings.
fn stands(known: &OwnMetric, fresh: &OwnMetric) -> bool {
    known.hash == fresh.hash
        && known.program == fresh.program
        && known.settings == fresh.settings
        && known.replaces_load == fresh.replaces_load
}

/// Lets go of what a metric said, and gives loads back in whose place it stood.
async fn let_go(ctx: &StepContext, work: &Arc<Work>, gone: Gone) -> Result<Option<Date>, StepError> {
    let (gone, mut first_day) = (Arc::new(gone), None);
    loop {
        let (partition, work, gone) = (ctx.run.partition.clone(), work.clone(), gone.clone());
        let (count, day) = ctx
            .commit(move |tx, _| {
                let ids = own_number::forget_some(tx, &partition, &gone.name, CHUNK)?;
                if ids.is_empty() {
                    own_number::forget_days(tx, &partition, &gone.name)?;
                    if gone.is_whole {
                        own_metric::remove(tx, &partition, &gone.name)?;
                    }
                    return Ok((0, None));
                }
                let of_loads: &[String] = if gone.replaced_load { &ids } else { &[] };
                Ok((ids.len(), load::again(tx, &partition, of_loads, &work.history)?))
            })
            .await?;
        first_day = first_day.into_iter().chain(day).min();
        if count == 0 {
            return Ok(first_day);
        }
    }
}

async fn begin(ctx: &StepContext, fresh: Vec<OwnMetric>) -> Result<(), StepError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let partition = ctx.run.partition.clone();
    ctx.commit(move |tx, _| fresh.iter().try_for_each(|metric| own_metric::put(tx, &partition, metric))).await
}

/// What a commit did.
struct Done {
    first_day: Option<Date>,
    failing: Failing,
    /// Activities since the step began.
    looked_at: u64,
}

/// The activities that come next, and who is to be asked about them.
struct Next {
    turns: Vec<Turn>,
    due: Vec<Due>,
    days: Days,
    /// How many there are, with those behind them.
    left: u64,
}

impl Next {
    fn read(tx: &mut Tx<'_>, athlete: &str, turns: Vec<Turn>) -> store::Result<Option<Self>> {
        let Some(after) = turns.iter().map(|turn| turn.after.clone()).min() else { return Ok(None) };
        let due = own_number::after(tx, athlete, &after, CHUNK)?;
        if due.is_empty() {
            return Ok(None);
        }
        let left = own_number::count_after(tx, athlete, &after)?;
        let reads_days = turns.iter().any(|turn| turn.entry.metric.reads("day"));
        let days = if reads_days { days_of(tx, athlete, &due)? } else { Days::new() };
        Ok(Some(Self { turns, due, days, left }))
    }
}

/// Asks about the next activities that changed, behind those that were looked at already; nothing where none is left.
async fn advance(
    ctx: &StepContext,
    work: &Arc<Work>,
    failing: Failing,
    before: u64,
) -> Result<Option<Done>, StepError> {
    let (partition, asked) = (ctx.run.partition.clone(), work.clone());
    let read = ctx.read(move |tx| {
        let turns = asked.turns(&own_metric::list(tx, &partition)?, Per::Activity);
        // What stands in place of loads comes first: others may read them.
        let (replacing, mut others): (Vec<Turn>, Vec<Turn>) =
            turns.into_iter().partition(|turn| turn.entry.replaces);
        if asked.leaves_loads() {
            others.retain(|turn| !turn.entry.metric.reads_load());
        }
        for turns in [replacing, others] {
            let found = Next::read(tx, &partition, turns)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    });
    let Some(Next { turns, due, days, left }) = read.await? else { return Ok(None) };
    let Some(last) = due.last().map(|due| (due.changed, due.id.clone())) else { return Ok(None) };
    let count = due.len() as u64;
    let looked_at = before + count;
    let (asked, of) = (work.clone(), turns.clone());
    let is_due =
        |turn: &Turn, due: &Due| (due.changed, due.id.as_str()) > (turn.after.0, turn.after.1.as_str());
    let answers = in_panel(move |panel| ask(panel, &asked, (&of, &due, &days), failing, is_due)).await?;
    let Answers { numbers, rested, failing } = answers;
    let (partition, work) = (ctx.run.partition.clone(), work.clone());
    let (written, first_day) = ctx
        .commit(move |tx, _| {
            let written = keep(tx, &partition, &work, &turns, (&numbers, &rested))?;
            for Turn { entry, after, .. } in turns.iter().filter(|turn| !rested.contains(&turn.name())) {
                let formula = &entry.metric.formula;
                own_metric::move_on(tx, &partition, (formula.id(), formula.hash()), (after, &last))?;
            }
            Ok(written)
        })
        .await?;
    ctx.meter.rows_in(count);
    ctx.meter.rows_out(written);
    ctx.progress.tell(looked_at, before + left.max(count), "activities that metrics are asked about");
    Ok(Some(Done { first_day, failing, looked_at }))
}

/// Keeps what was said of activities, and computes the loads anew in whose place it stands; answers how many rows that
/// were, and the first day that this changes.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    athlete: &str,
    work: &Work,
    turns: &[Turn],
    (numbers, rested): (&[OfActivity], &[String]),
) -> store::Result<(u64, Option<Date>)> {
    let written = own_number::put(tx, athlete, numbers)?;
    for turn in turns.iter().filter(|turn| rested.contains(&turn.name())) {
        let formula = &turn.entry.metric.formula;
        own_metric::rest(tx, athlete, (formula.id(), formula.hash()))?;
        warn!(
            metric = formula.id(),
            "it failed too often and is asked no more; `paceline metrics` tells why"
        );
    }
    let replaces = |name: &str| work.metrics.find(name).is_some_and(|entry| entry.replaces);
    let replaced = numbers.iter().filter(|number| replaces(&number.name));
    let mut ids: Vec<String> = replaced.map(|number| number.activity.clone()).collect();
    ids.sort();
    ids.dedup();
    Ok((written, load::again(tx, athlete, &ids, &work.history)?))
}

/// Asks each metric about the activities that are due for it. Runs script code.
pub(crate) fn ask(
    panel: &mut Panel,
    work: &Work,
    (turns, due, days): (&[Turn], &[Due], &Days),
    mut failing: Failing,
    is_due: impl Fn(&Turn, &Due) -> bool,
) -> Result<Answers, serde_json::Error> {
    let (mut numbers, mut rested) = (Vec::new(), Vec::new());
    for due in due {
        if work.is_stopped() {
            break;
        }
        let given = Given::of(due, &work.history, days)?;
        for turn in turns.iter().filter(|turn| is_due(turn, due)) {
            let name = turn.name();
            if rested.contains(&name) {
                continue;
            }
            let began = Instant::now();
            let said = given.ask(panel, &turn.entry)?;
            work.spent.add(&name, began.elapsed());
            // What is of other sports was not asked, and says nothing of how a metric gets on.
            if given.is_asked(&turn.entry) && failing.entry(name.clone()).or_default().note(&said) {
                rested.push(name.clone());
            }
            let hash = turn.entry.metric.formula.hash();
            numbers.extend(Scope::BOTH.into_iter().zip(said).map(|(scope, said)| OfActivity {
                activity: due.id.clone(),
                name: name.clone(),
                scope,
                hash: hash.to_owned(),
                number: said.number,
            }));
        }
    }
    Ok(Answers { numbers, rested, failing })
}

impl Work {
    /// True where loads may be replaced in the next run only.
    fn leaves_loads(&self) -> bool {
        self.metrics.ready.iter().any(|entry| entry.replaces && self.spent.is_over(entry.metric.name()))
    }

    /// True where nothing of what is asked can be kept any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.ctx.is_cancelled()
    }

    /// The metrics of activities or of days whose turn it is in this step, as far as they were asked.
    pub(crate) fn turns(&self, kept: &[OwnMetric], per: Per) -> Vec<Turn> {
        let is_meant = |entry: &&Arc<Entry>| {
            let metric = &entry.metric;
            self.asked.contains(metric.formula.path())
                && !self.spent.is_over(metric.name())
                && metric.about.per == per
                && metric.follows_days() == (self.of == Of::Days)
        };
        let turn = |entry: &Arc<Entry>| {
            let formula = &entry.metric.formula;
            let known =
                kept.iter().find(|known| known.name == formula.id() && known.hash == formula.hash())?;
            let (after, first_day) = (known.after.clone(), known.first_day);
            (!known.rests).then(|| Turn { entry: entry.clone(), after, first_day })
        };
        self.metrics.ready.iter().filter(is_meant).filter_map(turn).collect()
    }
}

impl Turn {
    pub(crate) fn name(&self) -> String {
        self.entry.metric.name().to_owned()
    }
}

/// Asks on a thread that may block, with one engine for all questions.
pub(crate) async fn in_panel<T: Send + 'static>(
    ask: impl FnOnce(&mut Panel) -> Result<T, serde_json::Error> + Send + 'static,
) -> Result<T, StepError> {
    let asked = worked_out(move || rule::panel(ask)).await?;
    let message = || "the system gave no thread to ask metrics on".to_owned();
    let asked = asked.ok_or_else(|| {
        StepError::Failed(Cause { code: "metrics_failed", message: message(), source: None })
    })?;
    asked.map_err(|error| StepError::Failed(failed(error)))
}

async fn worked_out<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StepError> {
    tokio::task::spawn_blocking(carried(work)).await.map_err(|error| StepError::Failed(failed(error)))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    let message = "asking the metrics has failed".to_owned();
    Cause { code: "metrics_failed", message, source: Some(Box::new(error)) }
}
