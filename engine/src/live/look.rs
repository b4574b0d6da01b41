//! Looks for all who follow runs in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Sql, Tx, params};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::Cursor;
use super::facts::{self, Batch, LINES_FOR_ALL, Look};
use crate::host::Engine;
use crate::run::RunState;

/// Between two looks, at least.
const PAUSE: Duration = Duration::from_millis(250);
/// And for so many times as long as a look took, so that following never becomes the database's main work.
const SHARE: u32 = 10;
/// But no longer than this.
const LONGEST: Duration = Duration::from_secs(5);
/// How often the steps of a run are asked for their numbers where nothing else happened: all of them are read for that,
/// with what they left.
const STEPS: Duration = Duration::from_secs(1);
/// So many batches wait for who is slow; who is slower reads the database.
const BEHIND: usize = 16;

/// The runs that somebody follows in this process.
#[derive(Default)]
pub(crate) struct Live(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    channels: HashMap<String, Channel>,
    /// A task looks at them.
    is_watched: bool,
}

struct Channel {
    sender: broadcast::Sender<Arc<Batch>>,
    /// What all who are on the channel know; nothing before the first of them has read.
    cursor: Option<Cursor>,
    /// When its steps were last asked for.
    asked: Option<Instant>,
}

/// A run that somebody follows.
struct Followed {
    run: String,
    cursor: Cursor,
    /// Its steps are asked for too.
    with_steps: bool,
}

impl Engine {
    /// Takes a place among those who follow the run, and has it looked at.
    pub(super) fn join(&self, run: &str) -> broadcast::Receiver<Arc<Batch>> {
        let mut watched = self.live().lock();
        let channel = watched.channels.entry(run.to_owned()).or_insert_with(Channel::new);
        let receiver = channel.sender.subscribe();
        if !std::mem::replace(&mut watched.is_watched, true) {
            tokio::spawn(watch(self.clone()));
        }
        receiver
    }
}

impl Channel {
    fn new() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND), cursor: None, asked: None }
    }
}

impl Live {
    /// Has the channel go on from here, where it goes on from nowhere yet.
    pub(super) fn anchor(&self, run: &str, cursor: Cursor) {
        if let Some(channel) = self.lock().channels.get_mut(run) {
            channel.cursor.get_or_insert(cursor);
        }
    }

    /// What is followed, or nothing where nobody is left and the task ends.
    fn followed(&self, now: Instant) -> Option<Vec<Followed>> {
        let mut watched = self.lock();
        watched.channels.retain(|_, channel| channel.sender.receiver_count() > 0);
        if watched.channels.is_empty() {
            watched.is_watched = false;
            return None;
        }
        let anchored = |(run, channel): (&String, &mut Channel)| {
            let cursor = channel.cursor?;
            let with_steps = channel.asked.is_none_or(|asked| now.duration_since(asked) >= STEPS);
            if with_steps {
                channel.asked = Some(now);
            }
            Some(Followed { run: run.clone(), cursor, with_steps })
        };
        Some(watched.channels.iter_mut().filter_map(anchored).collect())
    }

    fn tell(&self, run: &str, batch: Batch) {
        let mut watched = self.lock();
        let Some(channel) = watched.channels.get_mut(run) else { return };
        channel.cursor = Some(batch.to());
        let is_over = batch.is_over;
        // Whoever listened may be gone.
        let _ = channel.sender.send(Arc::new(batch));
        if is_over {
            watched.channels.remove(run);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has another task look where this one is dropped before its end.
struct Watch {
    engine: Engine,
    has_ended: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut watched = self.engine.live().lock();
            watched.is_watched = false;
            // Who is on them joins again, and so begins another one.
            watched.channels.clear();
        }
    }
}

/// Looks until nobody follows anything.
async fn watch(engine: Engine) {
    let mut watch = Watch { engine: engine.clone(), has_ended: false };
    let mut pause = PAUSE;
    loop {
        sleep(pause).await;
        let Some(followed) = engine.live().followed(Instant::now()) else {
            watch.has_ended = true;
            return;
        };
        let (began, now_ms) = (Instant::now(), engine.clock().now_ms());
        pause = match engine.store().read(move |tx| look(tx, &followed, now_ms)).await {
            Ok(batches) => {
                let has_more = batches.iter().any(|(_, batch)| batch.has_more);
                batches.into_iter().for_each(|(run, batch)| engine.live().tell(&run, batch));
                pause_after(began.elapsed(), has_more)
            }
            // Who follows hears more once the database is back.
            Err(error) => {
                debug!(code = error.code(), error = %error, "cannot look at the runs that are followed");
                PAUSE
            }
        };
    }
}

/// How long to wait after a look that took so long; not at all where it left something.
fn pause_after(took: Duration, has_more: bool) -> Duration {
    if has_more { Duration::ZERO } else { took.saturating_mul(SHARE).clamp(PAUSE, LONGEST) }
}

/// How far a run is.
struct Tip {
    state: Option<RunState>,
    revision: i64,
    seq: i64,
}

/// What happened to the runs since each was last looked at.
fn look(tx: &mut Tx<'_>, followed: &[Followed], now_ms: i64) -> store::Result<Vec<(String, Batch)>> {
    let began = Instant::now();
    if followed.is_empty() {
        return Ok(Vec::new());
    }
    let runs: Vec<String> = followed.iter().map(|one| one.run.clone()).collect();
    let with_steps = followed.iter().filter(|one| one.with_steps);
    let with_steps: Vec<String> = with_steps.map(|one| one.run.clone()).collect();
    let tips = tx.query(&TIPS, &params![&runs, &with_steps], |row| {
        let tip =
            Tip { state: RunState::parse(&row.get::<String>(1)?), revision: row.get(2)?, seq: row.get(3)? };
        Ok((row.get::<String>(0)?, tip))
    })?;
    let tips: HashMap<String, Tip> = tips.into_iter().collect();
    let mut batches = Vec::new();
    for Followed { run, cursor, .. } in followed {
        let batch = match tips.get(run) {
            Some(tip) if !tip.is_beyond(*cursor) => continue,
            Some(_) => facts::since(tx, run, *cursor, Look { lines: LINES_FOR_ALL, now_ms })?,
            None => None,
        };
        let batch = batch.unwrap_or_else(|| Batch::gone(*cursor));
        // The snapshot is that of the first statement.
        batches.push((run.clone(), Batch { began, ..batch }));
    }
    Ok(batches)
}

impl Tip {
    fn is_beyond(&self, cursor: Cursor) -> bool {
        self.state != cursor.state || self.revision >= cursor.revision || self.seq >= cursor.seq
    }
}

// Lists are bound in each database's own way.
const TIPS: Sql = Sql::Per {
    sqlite: "SELECT run.id, run.state, CASE WHEN run.id IN (SELECT value FROM json_each($2)) THEN \
             COALESCE((SELECT MAX(step_run.revision) FROM step_run WHERE step_run.run_id = run.id), -1) \
             ELSE -1 END, \
             COALESCE((SELECT MAX(step_log.seq) FROM step_log WHERE step_log.run_id = run.id), -1) \
             FROM run WHERE run.id IN (SELECT value FROM json_each($1)) ORDER BY run.id",
    postgres: "SELECT run.id, run.state, CASE WHEN run.id = ANY($2) THEN \
               COALESCE((SELECT MAX(step_run.revision) FROM step_run WHERE step_run.run_id = run.id), -1) \
               ELSE -1 END, \
               COALESCE((SELECT MAX(step_log.seq) FROM step_log WHERE step_log.run_id = run.id), -1) \
               FROM run WHERE run.id = ANY($1) ORDER BY run.id",
};
pub(super) const QUERIES: &[&Sql] = &[&TIPS];

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::RecvError;

    use super::*;
    use crate::stage::Stage;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_that_breaks_off_lets_go_of_all_who_follow() {
        for stage in Stage::each(&[]).await {
            let mut told = stage.engine.join("run");
            drop(Watch { engine: stage.engine.clone(), has_ended: false });
            assert!(matches!(told.recv().await, Err(RecvError::Closed)));
        }
    }

    #[test]
    fn steps_are_asked_for_once_a_second() {
        let live = Live::default();
        let channel = Channel { cursor: Some(Cursor::START), ..Channel::new() };
        let _listener = channel.sender.subscribe();
        live.lock().channels.insert("run".to_owned(), channel);
        let began = Instant::now();
        let asked = |after_ms| live.followed(began + Duration::from_millis(after_ms)).unwrap()[0].with_steps;
        assert_eq!([0, 250, 999, 1_000, 1_250].map(asked), [true, false, false, true, false]);
    }

    #[test]
    fn a_slow_look_is_followed_by_a_long_pause_within_bounds() {
        let pause = |took_ms, has_more| pause_after(Duration::from_millis(took_ms), has_more);
        assert_eq!((pause(1, false), pause(100, false)), (PAUSE, Duration::from_secs(1)));
        assert_eq!((pause(60_000, false), pause(60_000, true)), (LONGEST, Duration::ZERO));
    }
}
