//! A model of the queue's protocol, checked in every order in which things may happen.
//!
//! A stalled worker is one that does nothing for a while. Nothing in the model forces anybody to act at any time, so it is
//! in it: a lease may run out after any number of heartbeats. The clock of the leases may also jump, forward, so that all
//! of them run out at once, and back, so that all of them last longer.
//!
//! Each action spends something or leads on to a state that was not there before, so that no order of them goes round in a
//! circle: where nothing more can happen only with every run over, every run comes to its end.

use stateright::{Checker, Model, Property};

const JOBS: usize = 2;
const WORKERS: usize = 2;
/// Ticks until a lease that is not renewed runs out.
const LEASE: u8 = 2;

/// What is checked; a queue without fences shows that the check would find what they prevent.
#[derive(Clone)]
struct Queue {
    fenced: bool,
    /// Both runs want the same lock.
    locked: bool,
    /// How often in a row a run may be taken up without a commit; 0 is for ever.
    max_claims: u8,
    /// How much may happen of what could go on for ever.
    ticks: u8,
    beats: u8,
    crashes: u8,
    drains: u8,
    cancels: u8,
    jumps: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    jobs: [Job; JOBS],
    workers: [Worker; WORKERS],
    ticks: u8,
    beats: u8,
    crashes: u8,
    drains: u8,
    cancels: u8,
    jumps: u8,
}

/// A run as the database has it, and below what only the model knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Job {
    place: Place,
    fence: u8,
    /// Ticks left.
    lease: u8,
    cancel_asked: bool,
    /// Claims in a row that have brought nothing yet.
    claims: u8,
    has_lock: bool,
    /// The claim that is entitled to write: the newest, until the run is over or handed back.
    entitled: Option<(usize, u8)>,
    finishes: u8,
    stale_write: bool,
    late_write: bool,
    /// While another run had the lock that this one wants.
    unlocked_write: bool,
    /// After fewer claims than it takes.
    early_death: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Place {
    #[default]
    Waiting,
    /// By a worker of that start: who starts again has another id.
    Held(usize, u8),
    Over(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Succeeded,
    Cancelled,
    /// Given up, because it most likely kills its workers.
    Dead,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Worker {
    start: u8,
    draining: bool,
    /// The fence under which it believes to hold a run.
    hands: [Option<u8>; JOBS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Tick,
    JumpForward,
    JumpBack,
    Claim(usize, usize),
    Reclaim(usize),
    Renew(usize),
    Commit(usize, usize),
    Finish(usize, usize),
    /// Ends a run because it was asked to.
    Heed(usize, usize),
    AskCancel(usize),
    Drain(usize),
    HandBack(usize, usize),
    Crash(usize),
    /// After a drain, as another one.
    Restart(usize),
}

fn has_lease(job: &Job) -> bool {
    job.lease > 0
}

impl Job {
    fn is_over(&self) -> bool {
        matches!(self.place, Place::Over(_))
    }

    fn is_orphan(&self, workers: &[Worker; WORKERS]) -> bool {
        matches!(self.place, Place::Held(worker, start) if workers[worker].start != start)
    }

    fn is_given_up(&self, max_claims: u8) -> bool {
        max_claims > 0 && self.claims > max_claims
    }

    /// A transaction of a claim: answers whether it is accepted, and notes whether it should not have been.
    fn accepts(&mut self, fenced: bool, worker: usize, fence: u8) -> bool {
        let accepted = if fenced { self.fence == fence } else { true };
        if accepted {
            self.late_write |= self.is_over();
            self.stale_write |= self.entitled != Some((worker, fence));
        }
        accepted
    }

    fn leave(&mut self, place: Place) {
        self.place = place;
        self.fence += 1;
        self.lease = 0;
        self.entitled = None;
        self.has_lock = false;
    }
}

impl Model for Queue {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            jobs: Default::default(),
            workers: Default::default(),
            ticks: self.ticks,
            beats: self.beats,
            crashes: self.crashes,
            drains: self.drains,
            cancels: self.cancels,
            jumps: self.jumps,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // Time goes on for as long as somebody waits for the lease of a worker that is gone.
        let waits = |job: &Job| has_lease(job) && job.is_orphan(&state.workers);
        if state.jobs.iter().any(waits) || (state.ticks > 0 && state.jobs.iter().any(has_lease)) {
            actions.push(Action::Tick);
        }
        if state.jumps > 0 && state.jobs.iter().any(has_lease) {
            actions.extend([Action::JumpForward, Action::JumpBack]);
        }
        for (number, job) in state.jobs.iter().enumerate() {
            if matches!(job.place, Place::Held(..)) && job.lease == 0 {
                actions.push(Action::Reclaim(number));
            }
            if state.cancels > 0 && !job.cancel_asked && !job.is_over() {
                actions.push(Action::AskCancel(number));
            }
        }
        for (number, worker) in state.workers.iter().enumerate() {
            self.actions_of(state, number, worker, actions);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Tick => {
                state.ticks = state.ticks.saturating_sub(1);
                state.jobs.iter_mut().for_each(|job| job.lease = job.lease.saturating_sub(1));
            }
            Action::JumpForward => {
                state.jumps -= 1;
                state.jobs.iter_mut().for_each(|job| job.lease = 0);
            }
            Action::JumpBack => {
                state.jumps -= 1;
                state.jobs.iter_mut().filter(|job| has_lease(job)).for_each(|job| job.lease += LEASE);
            }
            Action::Reclaim(job) => state.jobs[job].place = Place::Waiting,
            Action::AskCancel(job) => {
                state.cancels -= 1;
                state.jobs[job].cancel_asked = true;
                if state.jobs[job].place == Place::Waiting {
                    state.jobs[job].leave(Place::Over(Outcome::Cancelled));
                }
            }
            Action::Drain(worker) => {
                state.drains -= 1;
                state.workers[worker].draining = true;
            }
            Action::Crash(worker) => {
                state.crashes -= 1;
                state.start_anew(worker);
            }
            Action::Restart(worker) => state.start_anew(worker),
            Action::Claim(worker, job) => state.claim(self, worker, job),
            Action::Renew(worker) => state.renew(worker),
            Action::Commit(worker, job) => {
                let fence = state.workers[worker].hands[job]?;
                if state.accepts(self.fenced, worker, job, fence) {
                    state.jobs[job].claims = self.max_claims.min(1);
                } else {
                    state.workers[worker].hands[job] = None;
                }
            }
            Action::Finish(worker, job) => {
                let is_dead = state.jobs[job].is_given_up(self.max_claims);
                let outcome = if is_dead { Outcome::Dead } else { Outcome::Succeeded };
                state.end(self, worker, job, Place::Over(outcome))?;
            }
            Action::Heed(worker, job) => {
                state.end(self, worker, job, Place::Over(Outcome::Cancelled))?;
            }
            Action::HandBack(worker, job) => state.end(self, worker, job, Place::Waiting)?,
        }
        Some(state).filter(|state| state != before)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("a run is finished at most once", |_, state| {
                state.jobs.iter().all(|job| job.finishes <= 1)
            }),
            Property::<Self>::always("nothing is written by a claim that was overtaken", |_, state| {
                state.jobs.iter().all(|job| !job.stale_write)
            }),
            Property::<Self>::always("nothing is written once a run is over", |_, state| {
                state.jobs.iter().all(|job| !job.late_write)
            }),
            Property::<Self>::always("nothing is written without the lock", |_, state| {
                state.jobs.iter().all(|job| !job.unlocked_write)
            }),
            Property::<Self>::always(
                "a run is given up only after its claims came to nothing",
                |_, state| state.jobs.iter().all(|job| !job.early_death),
            ),
            Property::<Self>::eventually("every run is over", |_, state| state.jobs.iter().all(Job::is_over)),
            Property::<Self>::always("where nothing more can happen every run is over", |model, state| {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                let ends = actions.into_iter().all(|action| model.next_state(state, action).is_none());
                !ends || state.jobs.iter().all(Job::is_over)
            }),
            Property::<Self>::sometimes("a run that was taken over succeeds", |_, state| {
                state.jobs.iter().any(|job| job.place == Place::Over(Outcome::Succeeded) && job.fence > 2)
            }),
            Property::<Self>::sometimes("a run that was given up is over", |model, state| {
                let is_dead = |job: &Job| job.place == Place::Over(Outcome::Dead);
                model.max_claims == 0 || state.jobs.iter().any(is_dead)
            }),
            Property::<Self>::sometimes("a held run is cancelled", |model, state| {
                model.cancels == 0
                    || state
                        .jobs
                        .iter()
                        .any(|job| job.place == Place::Over(Outcome::Cancelled) && job.fence > 1)
            }),
        ]
    }
}

impl Queue {
    fn actions_of(&self, state: &State, number: usize, worker: &Worker, actions: &mut Vec<Action>) {
        let holds = worker.hands.iter().any(Option::is_some);
        if state.crashes > 0 {
            actions.push(Action::Crash(number));
        }
        if state.drains > 0 && !worker.draining {
            actions.push(Action::Drain(number));
        }
        if worker.draining && !holds {
            actions.push(Action::Restart(number));
        }
        if state.beats > 0 && holds {
            actions.push(Action::Renew(number));
        }
        for (job, row) in state.jobs.iter().enumerate() {
            if row.place == Place::Waiting && !worker.draining && state.is_lock_free(self.locked, job) {
                actions.push(Action::Claim(number, job));
            }
            if worker.hands[job].is_none() {
                continue;
            }
            if !row.is_given_up(self.max_claims) {
                actions.push(Action::Commit(number, job));
            }
            actions.push(Action::Finish(number, job));
            if row.cancel_asked {
                actions.push(Action::Heed(number, job));
            }
            if worker.draining {
                actions.push(Action::HandBack(number, job));
            }
        }
    }
}

impl State {
    fn is_lock_free(&self, locked: bool, job: usize) -> bool {
        let mut others = self.jobs.iter().enumerate().filter(|(number, _)| *number != job);
        !locked || others.all(|(_, other)| !other.has_lock)
    }

    fn accepts(&mut self, fenced: bool, worker: usize, job: usize, fence: u8) -> bool {
        let is_foreign = self.jobs.iter().enumerate().any(|(number, other)| number != job && other.has_lock);
        let row = &mut self.jobs[job];
        let accepted = row.accepts(fenced, worker, fence);
        row.unlocked_write |= accepted && is_foreign;
        accepted
    }

    fn claim(&mut self, queue: &Queue, worker: usize, job: usize) {
        let start = self.workers[worker].start;
        let row = &mut self.jobs[job];
        if row.cancel_asked {
            return row.leave(Place::Over(Outcome::Cancelled));
        }
        row.place = Place::Held(worker, start);
        row.fence += 1;
        // Counted only where it matters: it would double the states.
        row.claims += u8::from(queue.max_claims > 0);
        row.has_lock = queue.locked;
        row.lease = LEASE;
        row.entitled = Some((worker, row.fence));
        self.workers[worker].hands[job] = Some(row.fence);
    }

    fn renew(&mut self, worker: usize) {
        self.beats -= 1;
        let Worker { start, hands, .. } = &mut self.workers[worker];
        for (row, hand) in self.jobs.iter_mut().zip(hands) {
            if row.place == Place::Held(worker, *start) {
                row.lease = LEASE;
            } else {
                *hand = None;
            }
        }
    }

    /// What a claim writes last: the run's end, or that others shall go on with it.
    fn end(&mut self, queue: &Queue, worker: usize, job: usize, place: Place) -> Option<()> {
        let fence = self.workers[worker].hands[job].take()?;
        if self.accepts(queue.fenced, worker, job, fence) {
            let row = &mut self.jobs[job];
            row.early_death |= place == Place::Over(Outcome::Dead) && row.claims <= queue.max_claims;
            // A run that is handed back was not given a chance.
            row.claims = row.claims.saturating_sub(u8::from(place == Place::Waiting));
            row.finishes += u8::from(matches!(place, Place::Over(_)));
            row.leave(place);
        }
        Some(())
    }

    fn start_anew(&mut self, worker: usize) {
        self.workers[worker] = Worker { start: self.workers[worker].start + 1, ..Worker::default() };
    }
}

const USUAL: Queue = Queue {
    fenced: true,
    locked: false,
    max_claims: 0,
    ticks: 2,
    beats: 1,
    crashes: 1,
    drains: 1,
    cancels: 1,
    jumps: 0,
};

#[expect(clippy::print_stdout, reason = "figures for a person")]
fn check(queue: Queue) {
    let checker = queue.checker().spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn in_every_order_each_run_ends_once_and_nobody_writes_who_must_not() {
    check(USUAL);
}

#[test]
fn the_same_holds_where_the_clock_of_the_leases_jumps() {
    check(Queue { jumps: 2, ticks: 0, crashes: 0, drains: 0, ..USUAL });
}

#[test]
fn the_same_holds_where_runs_want_the_same_lock() {
    check(Queue { locked: true, ..USUAL });
}

#[test]
fn a_run_that_kills_its_workers_is_given_up_and_no_other_is() {
    check(Queue { locked: true, max_claims: 2, ticks: 0, beats: 0, crashes: 3, ..USUAL });
}

#[test]
fn without_fences_the_check_finds_the_late_write() {
    let queue = Queue { fenced: false, locked: true, beats: 0, drains: 0, ..USUAL };
    let checker = queue.checker().spawn_bfs().join();
    for property in [
        "nothing is written by a claim that was overtaken",
        "nothing is written once a run is over",
        "nothing is written without the lock",
    ] {
        assert!(checker.discovery(property).is_some(), "{property}");
    }
}
