//! What runs by itself, and whether it does.

use std::sync::Arc;

use engine::Engine;
use engine::clock::Clock;
use engine::registry::Checkup;
use engine::schedule::Freshness;
use jiff::Timestamp;
use store::Store;

use super::{ill, well};
use crate::config::Config;
use crate::{program, scripts, units};

const NAME: &str = "schedules";

/// Looks at every pipeline that starts by itself; nothing is said where none does.
pub(super) async fn look(config: &Config, store: &Store) -> anyhow::Result<Option<Checkup>> {
    let (registry, library) = (program::registry(config)?.into(), Arc::new(scripts::library(config)?));
    let store = store.clone();
    let engine = move || Engine::new(store, registry, library, Clock::system(), None);
    let engine = tokio::task::spawn_blocking(engine).await?;
    let scheduled = engine.scheduled_pipelines().await?;
    let scheduled: Vec<_> = scheduled.iter().filter(|pipeline| pipeline.schedule.is_some()).collect();
    let paused: Vec<&str> = scheduled
        .iter()
        .filter(|pipeline| pipeline.paused.is_some())
        .map(|pipeline| pipeline.name.as_str())
        .collect();
    let late: Vec<String> = engine.condition().await?.pipelines.iter().filter_map(lateness).collect();
    Ok((!scheduled.is_empty()).then(|| told(scheduled.len(), &paused, &late)))
}

fn lateness(freshness: &Freshness) -> Option<String> {
    let lateness = freshness.lateness.filter(|lateness| lateness.partitions > 0)?;
    let due = lateness.due_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Some(match due {
        Some(due) => format!("`{}` was due {due:.0}", freshness.pipeline),
        None => format!("`{}` is late", freshness.pipeline),
    })
}

fn told(scheduled: usize, paused: &[&str], late: &[String]) -> Checkup {
    if !late.is_empty() {
        let what = "`paceline serve` or `paceline work` must run; `paceline runs` shows what failed";
        return ill(NAME, format!("{}; {what}", late.join("; ")));
    }
    let count = units::count(scheduled, "pipeline runs", "pipelines run");
    if paused.is_empty() {
        return well(NAME, format!("{count} by schedule, and on time"));
    }
    let names: Vec<String> = paused.iter().map(|name| format!("`{name}`")).collect();
    well(
        NAME,
        format!(
            "{count} by schedule; paused: {}; `paceline pipelines resume NAME` lets go on",
            names.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paused: &[&str], late: &[&str], wanted: &str) {
        let late: Vec<String> = late.iter().map(|&line| line.to_owned()).collect();
        let checkup = told(2, paused, &late);
        let found = format!("{} {}", if checkup.ok { "ok" } else { "BAD" }, checkup.detail);
        assert!(found.starts_with(wanted), "{found}");
    }

    #[test]
    fn late_is_not_well_and_paused_is_only_told() {
        check(&[], &[], "ok 2 pipelines run by schedule, and on time");
        check(&["weather"], &[], "ok 2 pipelines run by schedule; paused: `weather`;");
        check(&["weather"], &["`daily` is late"], "BAD `daily` is late; `paceline serve`");
    }
}
