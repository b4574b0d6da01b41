//! The step that computes the load of every activity whose facts or settings changed.

mod links;
mod numbers;
mod settings;

use std::sync::Arc;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::load::Load;
use fitness::records::load_position::LoadPosition;
use fitness::settings::SettingsHistory;
use fitness::{Changes, records};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use store::Tx;

use crate::athlete;

/// Activities in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;

/// Computes the loads of activities, and the estimates of settings that they rest on.
#[derive(Debug)]
pub struct Loads;

/// No settings: what a load is measured against belongs to the athlete.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadsConfig {}

/// What the chunks work with.
struct Start {
    history: SettingsHistory,
    changed: i64,
    /// How many activities are to be looked at.
    due: u64,
}

/// What a commit did.
struct Chunk {
    looked_at: usize,
    written: u64,
    first_day: Option<Date>,
}

impl Step for Loads {
    const KIND: &'static str = "rollup.loads";
    const ABOUT: &'static str =
        "Computes the numbers and the load of each activity that changed, or whose dated settings changed.";
    type Config = LoadsConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(_config: LoadsConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, ctx: &StepContext, (changes,): (Gather<Changes>,)) -> Result<Changes, StepError> {
        let told = changes.0.into_iter().fold(Changes::default(), Changes::merge).days;
        let told: Option<Date> = told.and_then(|day| day.parse().ok());
        let relinked = links::bring_up_to_date(ctx).await?;
        let renewed = numbers::bring_up_to_date(ctx).await?;
        let told = told.into_iter().chain(relinked).chain(renewed).min();
        let Some(start) = begin(ctx, told).await.map_err(athlete::hopeless_where_misconfigured)? else {
            return Ok(Changes::none(0));
        };
        let history = Arc::new(start.history);
        let (mut first_day, mut done, mut is_left) = (told, 0, start.due > 0);
        while is_left {
            let chunk = advance(ctx, history.clone()).await?;
            done += chunk.looked_at as u64;
            ctx.progress.tell(done, start.due.max(done), "loads of activities");
            ctx.meter.rows_in(chunk.looked_at as u64);
            ctx.meter.rows_out(chunk.written);
            first_day = first_day.into_iter().chain(chunk.first_day).min();
            is_left = chunk.looked_at == CHUNK as usize;
        }
        let partition = ctx.run.partition.clone();
        let to = ctx.read(move |tx| records::change_number::last(tx, &partition)).await?;
        Ok(Changes { from: start.changed, to, days: first_day.map(|day| day.to_string()) })
    }
}

/// Brings the settings up to date and marks the activities that depend on those that changed.
async fn begin(ctx: &StepContext, told: Option<Date>) -> Result<Option<Start>, StepError> {
    let (partition, clock) = (ctx.run.partition.clone(), ctx.clock.clone());
    ctx.commit(move |tx, _| {
        let now_ms = clock.now_ms();
        let Some(today) = athlete::today(tx, &partition, now_ms)? else {
            return Ok(None);
        };
        if let Some(day) = told {
            records::stale_day::lower(tx, &partition, day)?;
        }
        let position = records::load_position::get(tx, &partition)?;
        let changed = position.changed;
        let before = (changed > 0).then(|| position.given.clone());
        let (history, given) = settings::refresh(tx, &partition, before, today, now_ms)?;
        let due = records::activity::count_pending(tx, &partition, (changed, &position.activity_id))?;
        if given != position.given {
            records::load_position::put(tx, &partition, &LoadPosition { given, ..position })?;
        }
        Ok(Some(Start { history, changed, due }))
    })
    .await
}

/// Computes the next loads, writes those that differ and moves the cursor behind them.
async fn advance(ctx: &StepContext, history: Arc<SettingsHistory>) -> Result<Chunk, StepError> {
    let partition = ctx.run.partition.clone();
    ctx.commit(move |tx, _| chunk(tx, &partition, &history)).await
}

fn chunk(tx: &mut Tx<'_>, partition: &str, history: &SettingsHistory) -> store::Result<Chunk> {
    let position = records::load_position::get(tx, partition)?;
    let key = (position.changed, position.activity_id.as_str());
    let pending = records::activity::pending(tx, partition, key, CHUNK)?;
    let Some(last) = pending.last() else {
        return Ok(Chunk { looked_at: 0, written: 0, first_day: None });
    };
    let loads: Vec<(String, Load)> =
        pending.iter().map(|activity| (activity.id.clone(), activity.load(history))).collect();
    let written = records::activity_load::put(tx, &loads)?;
    let first_day = pending.iter().filter_map(|activity| activity.local_date).min().filter(|_| written > 0);
    if let Some(day) = first_day {
        records::stale_day::lower(tx, partition, day)?;
    }
    if written > 0 {
        records::change_number::next(tx, partition)?;
    }
    let (changed, activity_id) = (last.changed, last.id.clone());
    records::load_position::put(tx, partition, &LoadPosition { changed, activity_id, ..position })?;
    Ok(Chunk { looked_at: pending.len(), written, first_day })
}
