//! How far the syncs are: what was read when, what is left of the past, and what waits for a person.

use engine::Engine;
use fitness::records::strava::activity;
use fitness::records::strava::progress::{self, Progress};
use fitness::records::strava::sync::{self, Sync};
use serde_json::{Value, json};

use crate::units;

/// What is known of an athlete's syncs.
pub(super) struct Standing {
    sync: Sync,
    progress: Progress,
    faulty: u32,
    now_ms: i64,
}

impl Standing {
    pub(super) async fn of(engine: &Engine, athlete: &str) -> anyhow::Result<Self> {
        let (athlete, now_ms) = (athlete.to_owned(), engine.clock().now_ms());
        let read = engine.store().read(move |tx| {
            Ok(Self {
                sync: sync::get(tx, &athlete)?,
                progress: progress::of(tx, &athlete, now_ms)?,
                faulty: activity::counts(tx, &athlete)?.faulty,
                now_ms,
            })
        });
        Ok(read.await?)
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { sync, progress, faulty, .. } = self;
        json!({
            "synced_ms": sync.synced_ms,
            "swept_ms": sync.swept_ms,
            "held_back": sync.held_back,
            "activities": progress.activities,
            "whole": progress.whole,
            "calls_left": progress.calls_left,
            "per_day": progress.per_day,
            "done_ms": progress.done_ms,
            "waits_until_ms": progress.waits_until_ms,
            "faulty": faulty,
            "no_efforts_ms": sync.no_efforts_ms,
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let Self { sync, progress, faulty, now_ms } = self;
        let ago = |at_ms: Option<i64>| match at_ms {
            Some(at_ms) => format!("{} ago", units::took(at_ms, *now_ms)),
            None => "never".to_owned(),
        };
        let mut lines =
            vec![format!("what is new was read {}, everything {}", ago(sync.synced_ms), ago(sync.swept_ms))];
        lines.push(self.past());
        if let Some(until_ms) = progress.waits_until_ms {
            let left = units::took(*now_ms, until_ms);
            lines.push(format!("the quota is spent; the next call can be made in {left}"));
        }
        if *faulty > 0 {
            let these = units::count(*faulty as usize, "activity", "activities");
            lines.push(format!("Strava fails at {these}; `paceline strava retry` asks for them again"));
        }
        if sync.no_efforts_ms.is_some() {
            lines.push("Strava gives the efforts on segments to its subscribers alone".to_owned());
        }
        if let Some(held_back) = &sync.held_back {
            let (missing, of) = (held_back.missing, held_back.of);
            lines.push(format!(
                "{missing} of {of} activities are gone at Strava; `paceline sync --confirm` removes them here"
            ));
        }
        lines
    }

    fn past(&self) -> String {
        let Progress { activities, whole, per_day, done_ms, .. } = self.progress;
        let Some(done_ms) = done_ms else {
            return format!("{activities} activities, and nothing of them is left to fetch");
        };
        let left = units::took(self.now_ms, done_ms);
        format!(
            "{whole} of {activities} activities have their details and samples; at {per_day} a day the rest takes {left}"
        )
    }
}
