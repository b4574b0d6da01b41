//! The step that looks up the weather of activities.

use std::collections::{BTreeSet, HashSet};

use engine::context::{Cursor, StepContext};
use engine::plan::Plan;
use engine::step::{Cause, ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::records::activity_weather::{self, Due, Settled, Window};
use fitness::records::change_number;
use fitness::shareable::{Shareable, Spots};
use fitness::weather::{Cell, Endpoint, Location};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::client::Client;
use crate::options::Options;
use crate::quota::QuotaConfig;
use crate::work::{self, Refused};

/// Activities that are looked at together; a commit must stay below 100 ms.
const CHUNK: u32 = 64;
/// Activities whose places are asked for together, so that requests are full.
const ROUND: u32 = 2_000;
/// Activities that are settled in one commit.
const SETTLED: usize = 100;
const DAY_MS: i64 = 86_400_000;

/// Looks up the weather of activities, where and when each was.
#[derive(Debug)]
pub struct History {
    decimals: u8,
    lookback_days: u32,
    client: Client,
}

/// Whose weather is looked up, and how finely.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryConfig {
    /// Decimals kept of a coordinate, 0 to 2; fewer share more answers.
    pub precision: u8,
    /// Activities that began at most so many days ago; older ones are for `paceline weather backfill`. 0 is no limit.
    pub lookback_days: u32,
    /// What the service gives away.
    pub quota: QuotaConfig,
}

impl HistoryConfig {
    /// How a pipeline looks back, so that who previews it counts as it does; nothing where it does not.
    pub fn of(plan: &Plan) -> Option<Self> {
        let step = plan.steps.iter().find(|step| step.kind.kind == History::KIND)?;
        serde_json::from_value(step.config.clone()).ok()
    }
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { precision: Cell::DECIMALS_MOST, lookback_days: 30, quota: QuotaConfig::default() }
    }
}

impl Step for History {
    const KIND: &'static str = "open_meteo.history";
    const ABOUT: &'static str = "Looks up the weather of activities, where and when each was.";
    type Config = HistoryConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: HistoryConfig) -> Result<Self, ConfigError> {
        Self::with(&config, Options::standard())
    }

    // Which activities changed stands in the store: a giver that failed must not leave them without weather.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        let window = self.window(ctx)?;
        let (run, partition) = (ctx.run.id.clone(), ctx.run.partition.clone());
        let now_ms = ctx.clock.now_ms();
        let (progress, is_idle) = ctx
            .commit(move |tx, cursor| {
                let progress = cursor.get::<Progress>().filter(|progress| progress.run == run);
                let is_idle = !activity_weather::has_pending(tx, &partition)?
                    && !activity_weather::has_due(tx, &partition, window, now_ms)?;
                let from = change_number::last(tx, &partition)?;
                Ok((progress.unwrap_or(Progress { run: run.clone(), from, first_day: None }), is_idle))
            })
            .await?;
        let from = progress.from;
        let first_day = if is_idle {
            progress.first_day
        } else {
            let looked = self.look(ctx, progress).await?;
            self.catch_up(ctx, window, looked).await?.first_day
        };
        let partition = ctx.run.partition.clone();
        let to = ctx.read(move |tx| change_number::last(tx, &partition)).await?;
        Ok(match first_day {
            Some(_) => Changes { from, to, days: first_day },
            None => Changes::none(to),
        })
    }
}

/// What a run has changed so far, so that one that was cut tells in the end what it would have told uncut.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Progress {
    run: String,
    from: i64,
    /// The first local day whose weather is another now.
    first_day: Option<String>,
}

impl Progress {
    /// Notes what was settled, with the transaction that did it.
    fn note(&mut self, cursor: &mut Cursor, settled: Settled) -> store::Result<()> {
        let Some(day) = settled.first_day.map(|day| day.to_string()) else { return Ok(()) };
        self.first_day = self.first_day.take().into_iter().chain([day]).min();
        cursor.set(self)
    }
}

impl History {
    pub(crate) fn with(config: &HistoryConfig, options: Options) -> Result<Self, ConfigError> {
        if config.precision > Cell::DECIMALS_MOST {
            let message = format!("`precision` must be 0 to {}", Cell::DECIMALS_MOST);
            return Err(ConfigError::at("precision", message));
        }
        let client = Client { options, limits: config.quota.limits() };
        Ok(Self { decimals: config.precision, lookback_days: config.lookback_days, client })
    }

    /// From when through when activities began: the run's `from` and `to`, else the last days.
    fn window(&self, ctx: &StepContext) -> Result<Window, StepError> {
        let (from, to) = (day(ctx, "from")?, day(ctx, "to")?);
        let window = Window::of_days(from, to);
        let lookback = i64::from(self.lookback_days);
        if window.is_asked || lookback == 0 {
            return Ok(window);
        }
        Ok(Window { from_ms: ctx.clock.now_ms() - lookback * DAY_MS, ..window })
    }

    /// Looks at every activity that is new or another than before.
    async fn look(&self, ctx: &StepContext, mut progress: Progress) -> Result<Progress, StepError> {
        let mut done = 0;
        loop {
            let partition = ctx.run.partition.clone();
            let pending = ctx.read(move |tx| activity_weather::pending(tx, &partition, CHUNK)).await?;
            let (count, decimals, now_ms) = (pending.len(), self.decimals, ctx.clock.now_ms());
            if count == 0 {
                return Ok(progress);
            }
            let plan = move || pending.into_iter().map(|one| one.plan(decimals, now_ms)).collect::<Vec<_>>();
            let planned = tokio::task::spawn_blocking(plan).await.map_err(|error| {
                let message = "finding where an activity was went wrong".to_owned();
                StepError::Failed(Cause { code: "weather_failed", message, source: Some(Box::new(error)) })
            })?;
            let partition = ctx.run.partition.clone();
            progress = ctx
                .commit(move |tx, cursor| {
                    let mut progress = progress.clone();
                    progress.note(cursor, activity_weather::keep(tx, &partition, &planned, now_ms)?)?;
                    Ok(progress)
                })
                .await?;
            done += count as u64;
            ctx.meter.rows_in(count as u64);
            ctx.progress.tell(done, done, "activities looked at for their weather");
        }
    }

    /// Asks for what is missing of the activities that are due.
    async fn catch_up(
        &self,
        ctx: &StepContext,
        window: Window,
        mut progress: Progress,
    ) -> Result<Progress, StepError> {
        loop {
            let round = Round::read(ctx, window).await?;
            let is_last = round.due.len() < ROUND as usize;
            let asked = self.ask(ctx, &round).await;
            // What did come is kept and shown, whatever became of the rest.
            let changed = round.settle(ctx, asked.as_ref().ok(), &mut progress).await?;
            asked?;
            if is_last || changed == 0 {
                return Ok(progress);
            }
        }
    }

    async fn ask(&self, ctx: &StepContext, round: &Round) -> Result<Vec<Refused>, StepError> {
        let asks = round.missing.requests();
        let (total, mut done) = (asks.len() as u64, 0);
        let days: BTreeSet<(Cell, Date)> =
            round.missing.iter().map(|(_, spot)| (spot.cell, spot.hour.date())).collect();
        let is_wanted = |location: &Location, date: Date| days.contains(&(location.cell, date));
        let mut refused = Vec::new();
        for request in asks {
            refused.extend(work::fetch(&self.client, ctx, request, &is_wanted).await?);
            done += 1;
            ctx.progress.tell(done, total, "requests for weather");
        }
        Ok(refused)
    }
}

/// The activities that are due, and what is missing of them.
struct Round {
    due: Vec<Due>,
    missing: Shareable<Spots>,
}

impl Round {
    async fn read(ctx: &StepContext, window: Window) -> Result<Self, StepError> {
        let (partition, now_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms());
        ctx.read(move |tx| {
            let due = activity_weather::due(tx, &partition, window, now_ms, ROUND)?;
            let missing = Shareable::missing(tx, &partition, &due, now_ms)?;
            Ok(Self { due, missing })
        })
        .await
    }

    /// Settles all, or where asking failed those of which nothing is missing any more; answers how many have other weather.
    async fn settle(
        self,
        ctx: &StepContext,
        refused: Option<&Vec<Refused>>,
        progress: &mut Progress,
    ) -> Result<u64, StepError> {
        let refused_by = |is_archive: bool| -> HashSet<(Cell, Date)> {
            let all = refused.into_iter().flatten();
            let theirs = all.filter(|refused| (refused.endpoint == Endpoint::Archive) == is_archive);
            theirs.map(|refused| (refused.location.cell, refused.location.from)).collect()
        };
        let (by_archive, by_forecast) = (refused_by(true), refused_by(false));
        let is_in = |days: &HashSet<(Cell, Date)>, activity: &Due| {
            activity.track.spots.iter().any(|spot| days.contains(&(spot.cell, spot.hour.date())))
        };
        let count = by_archive.len() + by_forecast.len();
        if count > 0 {
            warn!(code = "upstream_refused", count, "the weather service refuses days of places");
        }
        let (off, on): (Vec<Due>, Vec<Due>) = self.due.into_iter().partition(|one| is_in(&by_archive, one));
        let (late, on): (Vec<Due>, Vec<Due>) = on.into_iter().partition(|one| is_in(&by_forecast, one));
        let (is_whole, mut changed) = (refused.is_some(), 0);
        for chunk in on.chunks(SETTLED) {
            changed += commit(ctx, chunk.to_vec(), is_whole, progress).await?;
        }
        if !off.is_empty() || !late.is_empty() {
            let now_ms = ctx.clock.now_ms();
            ctx.commit(move |tx, _| {
                off.iter().try_for_each(|one| activity_weather::refuse(tx, &one.id))?;
                late.iter().try_for_each(|one| activity_weather::postpone(tx, one, now_ms))
            })
            .await?;
        }
        Ok(changed)
    }
}

async fn commit(
    ctx: &StepContext,
    due: Vec<Due>,
    is_whole: bool,
    progress: &mut Progress,
) -> Result<u64, StepError> {
    let (partition, now_ms, before) = (ctx.run.partition.clone(), ctx.clock.now_ms(), progress.clone());
    let (changed, after) = ctx
        .commit(move |tx, cursor| {
            let ready = due.clone();
            let ready = if is_whole { ready } else { activity_weather::known(tx, ready, now_ms)? };
            let settled = activity_weather::settle(tx, &ready, now_ms)?;
            // Advice rests on the weather of outings: from here on it would be that of another.
            activity_weather::tell(tx, &partition, settled)?;
            let mut progress = before.clone();
            progress.note(cursor, settled)?;
            Ok((settled.changed, progress))
        })
        .await?;
    *progress = after;
    Ok(changed)
}

/// A day that the run was given, where it was.
fn day(ctx: &StepContext, param: &str) -> Result<Option<Date>, StepError> {
    let text = ctx.run.params.get(param).and_then(|value| value.as_str()).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    fitness::day::parse(text).map(Some).ok_or_else(|| {
        let message = format!("`{param}` is `{text}`, which is no day such as `2026-05-02`");
        StepError::Hopeless(Cause::new("invalid_parameter", message))
    })
}
