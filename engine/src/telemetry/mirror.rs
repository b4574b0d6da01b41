//! Gauges that mirror the database: they are read when somebody asks, so that they are the same in every process and
//! true from the first moment on.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::exposition::{Family, gauge};
use crate::condition::{self, Condition};
use crate::host::Engine;
use crate::queue::{self, Bloat, Reason};

/// How long an answer is good, at least: several who ask at once cost one reading.
const KEEP: Duration = Duration::from_secs(1);
/// And for so many times as long as its reading took, so that asking often never becomes the database's main work.
const SHARE: u32 = 10;
/// How long the database may take. Whoever asks gives up after ten seconds, and would get no metrics at all.
const PATIENCE: Duration = Duration::from_secs(3);

/// The latest answer.
#[derive(Default)]
pub(crate) struct Mirror(Mutex<Option<Kept>>);

struct Kept {
    until: Instant,
    text: String,
}

/// What is read of the database. A gauge of another part of the engine has its reading here and its lines in [`text`].
struct Reading {
    condition: Condition,
    /// Absent on SQLite.
    bloat: Option<Bloat>,
}

impl Engine {
    /// Gauges of the database and of this process's scheduler as Prometheus text. Without an answer of the database its
    /// gauges are absent, and `paceline_store_up` is 0.
    pub async fn gauges(&self) -> String {
        let mut kept = self.mirror().0.lock().await;
        let asked = Instant::now();
        let of_store = match &*kept {
            Some(kept) if asked < kept.until => kept.text.clone(),
            _ => {
                let text = self.mirrored().await;
                let until = Instant::now() + keep_for(asked.elapsed());
                kept.insert(Kept { until, text }).text.clone()
            }
        };
        let age = self.ticking().map(|ticking| {
            let help =
                "Seconds since a scheduler of this process last looked to the end; it looks once a second.";
            gauge("paceline_scheduler_tick_age_seconds", help, seconds(ticking.age_ms))
        });
        format!("{of_store}{}", age.unwrap_or_default())
    }

    async fn mirrored(&self) -> String {
        let (watched, at_ms) = (self.watched(), self.clock().now_ms());
        let read = self.store().read(move |tx| {
            let condition = condition::read(tx, &watched, at_ms)?;
            Ok(Reading { condition, bloat: queue::bloat(tx)? })
        });
        match timeout(PATIENCE, read).await {
            Ok(Ok(reading)) => [up(true), text(&reading)].concat(),
            // The gauge tells it, and whoever needs the database warns of it.
            Ok(Err(error)) => {
                debug!(code = error.code(), error = %error, "no gauges of the database");
                up(false)
            }
            Err(_) => {
                debug!("no gauges of the database in time");
                up(false)
            }
        }
    }
}

fn keep_for(took: Duration) -> Duration {
    KEEP.max(took.saturating_mul(SHARE))
}

fn up(is_up: bool) -> String {
    gauge("paceline_store_up", "1 while the database can be read, else 0.", f64::from(u8::from(is_up)))
}

fn text(reading: &Reading) -> String {
    let Reading { condition, bloat } = reading;
    let mut families = of_queue(condition);
    families.extend(of_pipelines(condition));
    families.extend(bloat.as_ref().map(of_bloat).into_iter().flatten());
    families.concat()
}

fn of_queue(condition: &Condition) -> Vec<String> {
    let queue = &condition.queue;
    vec![
        waiting(condition),
        gauge(
            "paceline_queue_oldest_ready_seconds",
            "Age of the oldest run that any worker might take; 0 where none waits.",
            seconds(condition.oldest_ready_ms()),
        ),
        gauge("paceline_queue_leases", "Runs that a worker holds.", queue.held as f64),
        gauge("paceline_workers", "Workers that were heard of lately.", queue.workers as f64),
        gauge("paceline_dead_letters", "Dead letters that are open.", condition.dead_letters as f64),
    ]
}

/// One series for each pipeline of this process and each reason, and one for what only others know: the number of
/// labels is bounded by the scripts, whatever lies in the queue.
fn waiting(condition: &Condition) -> String {
    let mut runs: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let known: Vec<&str> = condition.pipelines.iter().map(|fresh| fresh.pipeline.as_str()).collect();
    for pipeline in known.iter().copied().chain([OTHER]) {
        runs.extend(Reason::ALL.map(|reason| ((pipeline, reason.as_str()), 0)));
    }
    for waiting in &condition.queue.waiting {
        let pipeline = known.iter().find(|known| **known == waiting.pipeline).copied().unwrap_or(OTHER);
        *runs.entry((pipeline, waiting.reason.as_str())).or_default() += waiting.runs;
    }
    let family = Family::new("paceline_queue_runs", "Runs that nobody works on, by what they wait for.");
    let with = |family: Family, ((pipeline, why), runs): ((&str, &str), i64)| {
        family.with(&[("pipeline", pipeline), ("why", why)], runs as f64)
    };
    runs.into_iter().fold(family, with).text()
}

/// Stands for pipelines that this process has no script of.
const OTHER: &str = "(other)";

fn of_pipelines(condition: &Condition) -> [String; 2] {
    let mut successes =
        Family::new("paceline_last_success_timestamp_seconds", "When the pipeline last succeeded.");
    let mut late = Family::new(
        "paceline_pipeline_late_partitions",
        "Partitions for which a pipeline was due by its schedule and has not succeeded since.",
    );
    for fresh in &condition.pipelines {
        let labels = [("pipeline", fresh.pipeline.as_str())];
        if let Some(last_ms) = fresh.last_success_ms {
            successes = successes.with(&labels, seconds(last_ms));
        }
        if let Some(lateness) = fresh.lateness {
            late = late.with(&labels, lateness.partitions as f64);
        }
    }
    [successes.text(), late.text()]
}

fn of_bloat(bloat: &Bloat) -> [String; 2] {
    [
        gauge(
            "paceline_postgres_oldest_snapshot_seconds",
            "For how long a transaction has been open that keeps dead rows from being cleared away.",
            seconds(bloat.oldest.as_ref().map_or(0, |oldest| oldest.age_ms)),
        ),
        gauge(
            "paceline_postgres_job_dead_rows",
            "Dead rows in the table of jobs that are not cleared away yet.",
            bloat.dead_rows as f64,
        ),
    ]
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests;
