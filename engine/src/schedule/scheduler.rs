//! Looks once a second which slots are due, and enqueues their runs.
//!
//! Every worker process has one. What it does to one schedule is one transaction that moves on from what it saw,
//! so that of several schedulers one succeeds, and a process that dies leaves the slot to the next look.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use store::Tx;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::catch_up::Due;
use super::pause::{is_paused, pauses};
use super::{CatchUp, Rule, Schedule, Slot, Standing, table};
use crate::host::{Engine, Request};
use crate::plan::Plan;
use crate::queue::{self, Job};
use crate::registry::{Partition, Registry};
use crate::run::Cause;

/// How often a scheduler looks.
const TICK: Duration = Duration::from_secs(1);
/// How long a look may take; the next one begins anew.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many schedules one look changes; the others are for the next.
const MOST_CHANGES: usize = 100;

/// Enqueues what is due.
pub struct Scheduler {
    engine: Engine,
    /// When it last looked: the clock may have been set back since.
    looked_ms: Option<i64>,
}

/// What the database knew at the beginning of a look.
struct Seen {
    partitions: Vec<Partition>,
    standings: HashMap<(String, String), Standing>,
    paused: Vec<String>,
    /// Who has connected what, as far as a plan asks for it: the connection and the partition.
    connected: HashSet<(String, String)>,
}

/// A schedule that must be changed.
enum Change {
    /// Its rule is new, or was set back with the clock.
    Begin(Standing),
    Rewind(Standing, i64),
    Fill(Filling),
    /// Neither the pipeline nor the partition asks for it any more.
    End(Standing),
}

/// Slots that are due, with their runs to be.
struct Filling {
    standing: Standing,
    next_ms: i64,
    runs: Vec<(Slot, Job)>,
    left_out: Option<Slot>,
    catch_up: CatchUp,
}

impl Seen {
    /// False where the plan runs only for those who have connected what the partition has not.
    fn is_for(&self, plan: &Plan, partition: &Partition) -> bool {
        let connection = plan.options.connection.as_ref();
        connection.is_none_or(|name| self.connected.contains(&(name.clone(), partition.id.clone())))
    }
}

impl Scheduler {
    /// A scheduler of this process.
    pub fn new(engine: Engine) -> Self {
        engine.note_scheduler();
        Self { engine, looked_ms: None }
    }

    /// Looks once a second until it is told to stop. Trouble is logged, and the next look begins anew.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut turn = tokio::time::interval(TICK);
        turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = turn.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                looked = tokio::time::timeout(PATIENCE, self.tick()) => match looked {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => warn!(code = error.code(), error = %error, "cannot look for what is due"),
                    Err(_) => warn!("the look for what is due took too long"),
                }
            }
        }
    }

    /// Looks once: enqueues a run for each slot that is due and has none.
    pub async fn tick(&mut self) -> store::Result<()> {
        let now_ms = self.engine.clock().now_ms();
        let was_set_back = self.looked_ms.is_none_or(|looked_ms| now_ms < looked_ms);
        let seen = self.see().await?;
        for change in self.changes(&seen, now_ms, was_set_back).into_iter().take(MOST_CHANGES) {
            self.apply(change, now_ms).await?;
        }
        self.looked_ms = Some(now_ms);
        self.engine.note_tick(now_ms);
        Ok(())
    }

    async fn see(&self) -> store::Result<Seen> {
        let registry = self.engine.registry().clone();
        let plans = self.engine.plans().into_iter();
        let asked: BTreeSet<String> = plans.filter_map(|plan| plan.options.connection.clone()).collect();
        let read = self.engine.store().read(move |tx| {
            let standings = table::standings(tx)?.into_iter();
            let key = |standing: &Standing| (standing.pipeline.clone(), standing.partition.clone());
            let partitions = registry.list_partitions(tx)?;
            Ok(Seen {
                connected: connected(tx, &registry, &asked, &partitions)?,
                partitions,
                standings: standings.map(|standing| (key(&standing), standing)).collect(),
                paused: pauses(tx)?.into_iter().map(|pause| pause.pipeline).collect(),
            })
        });
        read.await
    }

    fn changes(&self, seen: &Seen, now_ms: i64, was_set_back: bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut wanted = Vec::new();
        for plan in self.engine.plans() {
            let Some(schedule) = &plan.options.schedule else { continue };
            for partition in seen.partitions.iter().filter(|partition| seen.is_for(&plan, partition)) {
                wanted.push((plan.name.clone(), partition.id.clone()));
                let rule = schedule.rule(partition.time_zone.as_ref());
                let standing = seen.standings.get(&(plan.name.clone(), partition.id.clone()));
                changes.extend(match standing.filter(|standing| standing.rule == rule.to_string()) {
                    None => begin(&plan.name, partition, &rule, now_ms),
                    Some(_) if seen.paused.contains(&plan.name) => None,
                    Some(standing) if standing.next_ms <= now_ms => {
                        self.fill(standing, schedule, &rule, now_ms)
                    }
                    Some(standing) if was_set_back => rewind(standing, &rule, now_ms),
                    Some(_) => None,
                });
            }
        }
        // What this process cannot read may be another's, which has a newer script.
        let is_known = |pipeline: &str| self.engine.plan(pipeline).is_ok();
        let old = seen.standings.iter().filter(|(key, _)| is_known(&key.0) && !wanted.contains(key));
        changes.extend(old.map(|(_, standing)| Change::End(standing.clone())));
        changes
    }

    fn fill(&self, standing: &Standing, schedule: &Schedule, rule: &Rule, now_ms: i64) -> Option<Change> {
        let Due { run, left_out } = schedule.catch_up.choose(rule, standing.next_ms, now_ms);
        let runs = run.into_iter().map(|slot| self.run_of(standing, slot)).collect::<Option<Vec<_>>>()?;
        Some(Change::Fill(Filling {
            standing: standing.clone(),
            next_ms: next_ms(rule, now_ms),
            runs,
            left_out,
            catch_up: schedule.catch_up,
        }))
    }

    fn run_of(&self, standing: &Standing, slot: Slot) -> Option<(Slot, Job)> {
        let request = Request {
            pipeline: standing.pipeline.clone(),
            partition: standing.partition.clone(),
            params: serde_json::Value::Null,
            cause: Cause::Schedule,
            force: false,
            fresh: false,
            key: None,
            request_id: None,
        };
        Some((slot, self.engine.prepare(&request).ok()?))
    }

    async fn apply(&self, change: Change, now_ms: i64) -> store::Result<()> {
        let store = self.engine.store();
        match change {
            Change::Begin(new) => store.write(move |tx| table::begin(tx, &new)).await,
            Change::Rewind(seen, next_ms) => {
                info!(
                    pipeline = seen.pipeline,
                    next_ms, "the clock was set back; the schedule goes back with it"
                );
                store.write(move |tx| table::advance(tx, &seen, next_ms)).await.map(drop)
            }
            Change::End(old) => store.write(move |tx| table::end(tx, &old)).await,
            Change::Fill(filling) => {
                let (pipeline, partition) =
                    (filling.standing.pipeline.clone(), filling.standing.partition.clone());
                let (catch_up, left_out) = (filling.catch_up.as_str(), filling.left_out.clone());
                let filled = store.write_latest(move |tx| fill(tx, &filling, now_ms)).await?;
                let Some(filled) = filled else { return Ok(()) };
                for (slot, run) in filled {
                    info!(run.id = run, pipeline, partition, slot, cause = "schedule", "run enqueued");
                }
                if let Some(slot) = left_out {
                    info!(pipeline, partition, from = slot.key, catch_up, "missed slots left out");
                }
                self.engine.wake();
                Ok(())
            }
        }
    }
}

/// Who has connected these.
fn connected(
    tx: &mut Tx<'_>,
    registry: &Registry,
    names: &BTreeSet<String>,
    partitions: &[Partition],
) -> store::Result<HashSet<(String, String)>> {
    let mut connected = HashSet::new();
    for name in names {
        let Some(connection) = registry.find_connection(name) else { continue };
        for partition in partitions {
            if connection.is_connected(tx, &partition.id)? {
                connected.insert((name.clone(), partition.id.clone()));
            }
        }
    }
    Ok(connected)
}

/// Enqueues the runs of the slots that have none. Answers nothing where another scheduler was faster, or somebody
/// paused the pipeline meanwhile.
fn fill(tx: &mut Tx<'_>, filling: &Filling, now_ms: i64) -> store::Result<Option<Vec<(String, String)>>> {
    let standing = &filling.standing;
    if is_paused(tx, &standing.pipeline)? || !table::advance(tx, standing, filling.next_ms)? {
        return Ok(None);
    }
    let mut filled = Vec::new();
    for (slot, job) in &filling.runs {
        if table::take(tx, standing, slot)? {
            let enqueued = queue::enqueue(tx, job)?;
            table::fill(tx, standing, slot, &enqueued.run)?;
            filled.push((slot.key.clone(), enqueued.run));
        }
    }
    table::prune(tx, standing, now_ms)?;
    Ok(Some(filled))
}

fn begin(pipeline: &str, partition: &Partition, rule: &Rule, now_ms: i64) -> Option<Change> {
    Some(Change::Begin(Standing {
        pipeline: pipeline.to_owned(),
        partition: partition.id.clone(),
        rule: rule.to_string(),
        next_ms: next_ms(rule, now_ms),
        last_slot: None,
    }))
}

fn rewind(standing: &Standing, rule: &Rule, now_ms: i64) -> Option<Change> {
    let next_ms = next_ms(rule, now_ms);
    (next_ms < standing.next_ms).then(|| Change::Rewind(standing.clone(), next_ms))
}

/// A rule that has come to its end is due at the end of time.
fn next_ms(rule: &Rule, now_ms: i64) -> i64 {
    rule.next(now_ms).map_or(i64::MAX, |slot| slot.due_ms)
}
