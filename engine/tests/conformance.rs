//! Drives the queue of both databases through the same random operations, beside a small queue in memory: all three must
//! answer the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod reference;

use std::time::Duration;

use paceline_engine::plan::Overlap;
use paceline_engine::queue::{self, Claimed, Ended, Job, Lease};
use paceline_engine::run::{Cause, Fence, RunState, begin, record};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::Reference;
use store::{Sql, Store};
use tokio::runtime::Runtime;

/// Most clocks are right; others are an hour or a day off.
const SKEWS_MS: &[i64] = &[0, 0, 0, 0, 3_600_000, -3_600_000, 86_400_000, -86_400_000];
const USUAL_CASES: u32 = 24;

/// Something that happens to the queue. Numbers choose among what there is: a run, or a claim somebody ever made.
#[derive(Debug, Clone)]
enum Operation {
    Enqueue {
        partition: u8,
        priority: i64,
        locked: bool,
    },
    Claim {
        worker: u8,
        limit: i64,
        /// How far its clock is off.
        skew_ms: i64,
    },
    Renew {
        worker: u8,
    },
    /// The leases of a worker run out.
    RunOut {
        worker: u8,
    },
    Commit {
        claim: usize,
    },
    Finish {
        claim: usize,
    },
    Release {
        claim: usize,
    },
    Cancel {
        run: usize,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let (worker, claim) = (0..3_u8, 0..8_usize);
    prop_oneof![
        4 => (0..3_u8, 0..2_i64, any::<bool>())
            .prop_map(|(partition, priority, locked)| Enqueue { partition, priority, locked }),
        4 => (worker.clone(), 1..4_i64, prop::sample::select(SKEWS_MS))
            .prop_map(|(worker, limit, skew_ms)| Claim { worker, limit, skew_ms }),
        1 => worker.clone().prop_map(|worker| Renew { worker }),
        1 => worker.prop_map(|worker| RunOut { worker }),
        2 => claim.clone().prop_map(|claim| Commit { claim }),
        3 => claim.clone().prop_map(|claim| Finish { claim }),
        1 => claim.prop_map(|claim| Release { claim }),
        1 => (0..12_usize).prop_map(|run| Cancel { run }),
    ]
}

/// The queue of one database, with every claim that was ever made.
struct Driven {
    store: Store,
    claims: Vec<Claimed>,
    runs: usize,
}

impl Driven {
    async fn open(url: &str) -> Self {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, claims: Vec::new(), runs: 0 }
    }

    async fn clear(&mut self) {
        const CLEAR: Sql = Sql::Both("DELETE FROM run");
        self.store.write(|tx| tx.execute(&CLEAR, &[])).await.unwrap();
        self.claims.clear();
        self.runs = 0;
    }

    /// Does it and tells, as a line, what came of it.
    async fn apply(&mut self, operation: &Operation, now_ms: i64) -> String {
        match operation {
            Operation::Enqueue { partition, priority, locked } => {
                let job = job(self.runs, *partition, *priority, *locked, now_ms);
                self.runs += 1;
                let enqueued = self.store.write(move |tx| queue::enqueue(tx, &job)).await.unwrap();
                format!("enqueued {}", enqueued.run)
            }
            Operation::Claim { worker, limit, skew_ms } => {
                let (lease, limit) = (lease(*worker, now_ms + skew_ms), *limit);
                let claimed =
                    self.store.write_latest(move |tx| queue::claim(tx, &lease, limit)).await.unwrap();
                let told: Vec<_> = claimed
                    .iter()
                    .map(|claimed| format!("{} for the {}.", claimed.run, claimed.claims))
                    .collect();
                // As a worker does before all else.
                for claimed in &claimed {
                    let fence = claimed.fence.clone();
                    self.store.write(move |tx| begin(tx, &fence, now_ms)).await.unwrap();
                }
                self.claims.extend(claimed);
                format!("claimed {told:?}")
            }
            Operation::Renew { worker } => {
                let (lease, runs) = (lease(*worker, now_ms), self.claimed());
                let mut held =
                    self.store.write_latest(move |tx| queue::renew(tx, &lease, &runs)).await.unwrap();
                held.sort();
                format!("renewed {held:?}")
            }
            Operation::RunOut { worker } => {
                let worker = name(*worker);
                self.store.write(move |tx| queue::forget(tx, &worker)).await.unwrap();
                "ran out".to_owned()
            }
            Operation::Commit { claim } => self.under_fence(*claim, |tx, fence| fence.check(tx)).await,
            Operation::Finish { claim } => {
                let ended = Ended::well(RunState::Succeeded, now_ms);
                self.under_fence(*claim, move |tx, fence| queue::finish(tx, fence, &ended)).await
            }
            Operation::Release { claim } => {
                self.under_fence(*claim, move |tx, fence| queue::release(tx, fence, now_ms)).await
            }
            Operation::Cancel { run } => {
                let run = id(*run);
                let found = self.store.write(move |tx| queue::ask_cancel(tx, &run, now_ms)).await.unwrap();
                format!("cancelled {found}")
            }
        }
    }

    async fn under_fence(
        &self,
        claim: usize,
        write: impl Fn(&mut store::Tx<'_>, &Fence) -> store::Result<()> + Send + 'static,
    ) -> String {
        let Some(claimed) = self.claims.get(claim) else { return "no such claim".to_owned() };
        let fence = claimed.fence.clone();
        let accepted = self.store.write(move |tx| write(tx, &fence)).await;
        match accepted {
            Ok(()) => "accepted".to_owned(),
            Err(error) => {
                format!("refused: {}", error.downcast_aborted::<paceline_engine::run::Fenced>().unwrap())
            }
        }
    }

    fn claimed(&self) -> Vec<String> {
        let mut runs: Vec<_> = self.claims.iter().map(|claimed| claimed.run.clone()).collect();
        runs.sort();
        runs.dedup();
        runs
    }

    /// Every run with its state.
    async fn states(&self) -> Vec<(String, RunState)> {
        let page = record::Page { limit: 1_000, ..record::Page::default() };
        let mut runs = self.store.read(move |tx| record::runs(tx, &page)).await.unwrap();
        runs.reverse();
        runs.into_iter().map(|run| (run.id, run.state)).collect()
    }
}

fn id(number: usize) -> String {
    format!("run{number:03}")
}

fn name(worker: u8) -> String {
    format!("worker{worker}")
}

fn partition(number: u8) -> String {
    format!("athlete{number}")
}

fn lease(worker: u8, now_ms: i64) -> Lease {
    Lease { worker: name(worker), length: Duration::from_secs(3600), now_ms }
}

fn job(number: usize, partition: u8, priority: i64, locked: bool, now_ms: i64) -> Job {
    let partition = self::partition(partition);
    Job {
        id: id(number),
        pipeline: "daily".to_owned(),
        lock_key: locked.then(|| format!("ingest/{partition}")),
        partition,
        params: "{}".to_owned(),
        cause: Cause::Cli,
        request_id: None,
        priority,
        overlap: Overlap::Queue,
        script_hash: "hash".to_owned(),
        script_body: "{}".to_owned(),
        plan_hash: "plan".to_owned(),
        now_ms,
    }
}

/// `PACELINE_CONFORMANCE_CASES` says how many sequences.
#[expect(clippy::disallowed_methods, reason = "the length of a test is the caller's")]
fn cases() -> u32 {
    std::env::var("PACELINE_CONFORMANCE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(USUAL_CASES)
}

#[test]
fn both_databases_answer_as_the_queue_in_memory_does() {
    let runtime = Runtime::new().unwrap();
    let mut driven: Vec<Driven> =
        support::databases().iter().map(|url| runtime.block_on(Driven::open(url))).collect();
    let sequences = proptest::collection::vec(operation(), 1..40);
    let mut runner =
        TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() });
    let driven = std::cell::RefCell::new(&mut driven);
    let compared = runner.run(&sequences, |operations| {
        for queue in driven.borrow_mut().iter_mut() {
            let mut reference = Reference::default();
            runtime.block_on(queue.clear());
            for (step, operation) in operations.iter().enumerate() {
                let now_ms = step as i64;
                let (wanted, found) =
                    (reference.apply(operation, now_ms), runtime.block_on(queue.apply(operation, now_ms)));
                prop_assert_eq!(wanted, found, "step {} on {:?}: {:?}", step, queue.store, operation);
            }
            prop_assert_eq!(reference.states(), runtime.block_on(queue.states()));
        }
        Ok(())
    });
    compared.unwrap();
}
