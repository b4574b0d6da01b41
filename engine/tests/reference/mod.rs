//! The queue as a person would think of it: a list in memory, and no database.

use std::collections::{HashMap, HashSet};

use paceline_engine::run::RunState;

use super::{Operation, id};

#[derive(Default)]
pub(super) struct Reference {
    runs: Vec<Run>,
    /// Every claim ever made: the run, and how often it had changed hands then.
    claims: Vec<(usize, u32)>,
}

struct Run {
    partition: u8,
    priority: i64,
    locked: bool,
    ready_ms: i64,
    state: RunState,
    /// Who has it, and whether its lease is alive.
    holder: Option<(u8, bool)>,
    /// Grows whenever the run changes hands.
    fence: u32,
    claims: u32,
    cancel_asked: bool,
    has_lock: bool,
}

impl Run {
    fn is_waiting(&self) -> bool {
        !self.state.is_over() && self.holder.is_none()
    }

    fn leave(&mut self, state: RunState) {
        self.state = state;
        self.holder = None;
        self.has_lock = false;
        self.fence += 1;
    }
}

impl Reference {
    pub(super) fn apply(&mut self, operation: &Operation, now_ms: i64) -> String {
        match operation {
            Operation::Enqueue { partition, priority, locked } => {
                self.enqueue((*partition, *priority, *locked), now_ms)
            }
            Operation::Claim { worker, limit, skew_ms } => {
                self.claim(*worker, *limit as usize, now_ms + skew_ms)
            }
            Operation::Renew { worker } => self.renew(*worker),
            Operation::RunOut { worker } => {
                for run in &mut self.runs {
                    run.holder = run.holder.map(|(holder, alive)| (holder, alive && holder != *worker));
                }
                "ran out".to_owned()
            }
            Operation::Commit { claim } => self.under_fence(*claim, |_| ()),
            Operation::Finish { claim } => self.under_fence(*claim, |run| run.leave(RunState::Succeeded)),
            Operation::Release { claim } => self.under_fence(*claim, |run| {
                run.leave(RunState::Queued);
                // One that shall stop ends at once, before those that wait.
                run.ready_ms = if run.cancel_asked { 0 } else { now_ms };
                run.claims -= 1;
            }),
            Operation::Cancel { run } => self.cancel(*run),
        }
    }

    pub(super) fn states(&self) -> Vec<(String, RunState)> {
        self.runs.iter().enumerate().map(|(number, run)| (id(number), run.state)).collect()
    }

    fn enqueue(&mut self, (partition, priority, locked): (u8, i64, bool), now_ms: i64) -> String {
        self.runs.push(Run {
            partition,
            priority,
            locked,
            ready_ms: now_ms,
            state: RunState::Queued,
            holder: None,
            fence: 0,
            claims: 0,
            cancel_asked: false,
            has_lock: false,
        });
        format!("enqueued {}", id(self.runs.len() - 1))
    }

    fn claim(&mut self, worker: u8, limit: usize, now_ms: i64) -> String {
        for run in &mut self.runs {
            run.holder = run.holder.filter(|(_, alive)| *alive);
        }
        let (mut claimed, mut locks) = (Vec::new(), HashSet::new());
        for number in self.next(limit, now_ms) {
            let run = &mut self.runs[number];
            // Of those that want the same lock only the first gets it, even where it ends at once.
            if run.locked && !locks.insert(run.partition) {
                continue;
            }
            run.has_lock = run.locked;
            if run.cancel_asked {
                run.leave(RunState::Cancelled);
                continue;
            }
            run.state = RunState::Running;
            run.holder = Some((worker, true));
            run.fence += 1;
            run.claims += 1;
            self.claims.push((number, run.fence));
            claimed.push(format!("{} for the {}.", id(number), run.claims));
        }
        format!("claimed {claimed:?}")
    }

    /// Whose turn it is: by priority, then by how many of its partition are at work or go before it, then by age.
    fn next(&self, limit: usize, now_ms: i64) -> Vec<usize> {
        let free = |run: &Run, number| {
            !run.locked || self.lock_holder(run.partition).is_none_or(|holder| holder == number)
        };
        let mut ready: Vec<usize> = (0..self.runs.len())
            .filter(|number| {
                let run = &self.runs[*number];
                run.is_waiting() && run.ready_ms <= now_ms && free(run, *number)
            })
            .collect();
        ready.sort_by_key(|number| (self.runs[*number].ready_ms, *number));
        let at_work = |partition| {
            self.runs.iter().filter(|run| run.holder.is_some() && run.partition == partition).count()
        };
        let mut before: HashMap<(i64, u8), usize> = HashMap::new();
        let mut turns: Vec<_> = ready
            .into_iter()
            .map(|number| {
                let run = &self.runs[number];
                let ahead = before.entry((run.priority, run.partition)).or_default();
                *ahead += 1;
                ((-run.priority, at_work(run.partition) + *ahead, run.ready_ms, number), number)
            })
            .collect();
        turns.sort();
        turns.into_iter().take(limit).map(|(_, number)| number).collect()
    }

    fn lock_holder(&self, partition: u8) -> Option<usize> {
        self.runs.iter().position(|run| run.has_lock && run.partition == partition)
    }

    fn renew(&mut self, worker: u8) -> String {
        let mut held = Vec::new();
        for (number, run) in self.runs.iter_mut().enumerate() {
            if run.holder.is_some_and(|(holder, _)| holder == worker) {
                run.holder = Some((worker, true));
                held.push(id(number));
            }
        }
        format!("renewed {held:?}")
    }

    fn under_fence(&mut self, claim: usize, write: impl FnOnce(&mut Run)) -> String {
        let Some((number, fence)) = self.claims.get(claim) else { return "no such claim".to_owned() };
        let run = &mut self.runs[*number];
        if run.fence != *fence {
            return "refused: the run belongs to another worker now".to_owned();
        }
        write(run);
        "accepted".to_owned()
    }

    fn cancel(&mut self, number: usize) -> String {
        let Some(run) = self.runs.get_mut(number).filter(|run| !run.state.is_over()) else {
            return "cancelled false".to_owned();
        };
        run.cancel_asked = true;
        if run.holder.is_none() {
            run.leave(RunState::Cancelled);
        }
        "cancelled true".to_owned()
    }
}
