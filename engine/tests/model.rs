//! A model of the queue's protocol, checked in every order in which things may happen.
//!
//! A stalled worker is one that does nothing for a while, and a skewed clock one that acts early or late. Nothing in the
//! model forces anybody to act at any time, so both are in it: a lease may run out after any number of heartbeats.

use stateright::{Checker, Model, Property};

const JOBS: usize = 2;
const WORKERS: usize = 2;
/// Ticks until a lease that is not renewed runs out.
const LEASE: u8 = 2;

/// What is checked; a queue without fences shows that the check would find what they prevent.
#[derive(Clone)]
struct Queue {
    fenced: bool,
    /// How much may happen of what could go on for ever.
    ticks: u8,
    beats: u8,
    crashes: u8,
    drains: u8,
    cancels: u8,
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
}

/// A run as the database has it, and below what only the model knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Job {
    place: Place,
    fence: u8,
    /// Ticks left.
    lease: u8,
    cancel_asked: bool,
    /// The claim that is entitled to write: the newest, until the run is over or handed back.
    entitled: Option<(usize, u8)>,
    finishes: u8,
    stale_write: bool,
    late_write: bool,
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

impl Job {
    fn is_over(&self) -> bool {
        matches!(self.place, Place::Over(_))
    }

    fn is_orphan(&self, workers: &[Worker; WORKERS]) -> bool {
        matches!(self.place, Place::Held(worker, start) if workers[worker].start != start)
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
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let has_lease = |job: &Job| job.lease > 0;
        // Time goes on for as long as somebody waits for the lease of a worker that is gone.
        let waits = |job: &Job| has_lease(job) && job.is_orphan(&state.workers);
        if state.jobs.iter().any(waits) || (state.ticks > 0 && state.jobs.iter().any(has_lease)) {
            actions.push(Action::Tick);
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
            Action::Claim(worker, job) => state.claim(worker, job),
            Action::Renew(worker) => state.renew(worker),
            Action::Commit(worker, job) => {
                let fence = state.workers[worker].hands[job]?;
                if !state.jobs[job].accepts(self.fenced, worker, fence) {
                    state.workers[worker].hands[job] = None;
                }
            }
            Action::Finish(worker, job) => {
                state.end(self.fenced, worker, job, Place::Over(Outcome::Succeeded))?;
            }
            Action::Heed(worker, job) => {
                state.end(self.fenced, worker, job, Place::Over(Outcome::Cancelled))?;
            }
            Action::HandBack(worker, job) => state.end(self.fenced, worker, job, Place::Waiting)?,
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
            Property::<Self>::always("where nothing more can happen every run is over", |model, state| {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                let ends = actions.into_iter().all(|action| model.next_state(state, action).is_none());
                !ends || state.jobs.iter().all(Job::is_over)
            }),
            Property::<Self>::sometimes("a run that was taken over succeeds", |_, state| {
                state.jobs.iter().any(|job| job.place == Place::Over(Outcome::Succeeded) && job.fence > 2)
            }),
            Property::<Self>::sometimes("a held run is cancelled", |_, state| {
                state.jobs.iter().any(|job| job.place == Place::Over(Outcome::Cancelled) && job.fence > 1)
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
            if row.place == Place::Waiting && !worker.draining {
                actions.push(Action::Claim(number, job));
            }
            if worker.hands[job].is_none() {
                continue;
            }
            actions.extend([Action::Commit(number, job), Action::Finish(number, job)]);
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
    fn claim(&mut self, worker: usize, job: usize) {
        let start = self.workers[worker].start;
        let row = &mut self.jobs[job];
        if row.cancel_asked {
            return row.leave(Place::Over(Outcome::Cancelled));
        }
        row.place = Place::Held(worker, start);
        row.fence += 1;
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
    fn end(&mut self, fenced: bool, worker: usize, job: usize, place: Place) -> Option<()> {
        let fence = self.workers[worker].hands[job].take()?;
        let row = &mut self.jobs[job];
        if row.accepts(fenced, worker, fence) {
            row.finishes += u8::from(matches!(place, Place::Over(_)));
            row.leave(place);
        }
        Some(())
    }

    fn start_anew(&mut self, worker: usize) {
        self.workers[worker] = Worker { start: self.workers[worker].start + 1, ..Worker::default() };
    }
}

const USUAL: Queue = Queue { fenced: true, ticks: 2, beats: 1, crashes: 1, drains: 1, cancels: 1 };

#[test]
fn in_every_order_each_run_ends_once_and_nobody_writes_who_must_not() {
    let checker = USUAL.checker().spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn without_fences_the_check_finds_the_late_write() {
    let checker = Queue { fenced: false, ..USUAL }.checker().target_state_count(100_000).spawn_bfs().join();
    assert!(checker.discovery("nothing is written by a claim that was overtaken").is_some());
    assert!(checker.discovery("nothing is written once a run is over").is_some());
}
