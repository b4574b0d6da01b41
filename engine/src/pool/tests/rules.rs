//! What a pool does, as a pure function of what happened to it.

use std::time::Duration;

use crate::pool::obstacle::{ClosedBy, Obstacle};
use crate::pool::size::{Cooldown, Rate, Size};
use crate::pool::state::State;

const MINUTE_MS: i64 = 60_000;
const AFTER_TWO: Cooldown = Cooldown { failures: 2, pause: Duration::from_secs(600) };

fn size(slots: Option<u32>, calls: Option<u32>) -> Size {
    Size { slots, rate: calls.map(|calls| Rate { calls, per: Duration::from_secs(900) }) }
}

/// What is in the way of one more, in a word, at a minute of the clock.
fn way(state: &State, size: &Size, others: usize, minute: i64) -> String {
    let others: Vec<String> = (0..others).map(|number| format!("run{number}")).collect();
    match state.clone().at(minute * MINUTE_MS, size).obstacle(size, &others) {
        None => "free".to_owned(),
        Some(Obstacle::Closed { until_ms, by, failures }) => {
            format!("closed by {} to {} after {failures}", by.as_str(), until_ms / MINUTE_MS)
        }
        Some(Obstacle::Spent { calls, of, until_ms }) => {
            format!("{calls} of {of} to {}", until_ms / MINUTE_MS)
        }
        Some(Obstacle::Full { slots, .. }) => format!("{slots} taken"),
        Some(Obstacle::Trial { .. }) => "trial".to_owned(),
    }
}

fn paid(mut state: State, size: &Size, minute: i64, calls: u32) -> State {
    for _ in 0..calls {
        state = state.at(minute * MINUTE_MS, size);
        state.pay();
    }
    state
}

#[test]
fn slots_are_those_at_work_and_a_pool_without_them_has_no_end() {
    let none = State::default();
    assert_eq!(way(&none, &size(Some(2), None), 1, 0), "free");
    assert_eq!(way(&none, &size(Some(2), None), 2, 0), "2 taken");
    assert_eq!(way(&none, &size(Some(2), None), 3, 0), "2 taken", "a pool that was made smaller waits");
    assert_eq!(way(&none, &size(None, Some(5)), 1000, 0), "free");
}

#[test]
fn a_window_turns_with_the_clock_and_not_with_the_first_call() {
    let size = size(None, Some(3));
    let state = paid(State::default(), &size, 14, 3);
    assert_eq!(way(&state, &size, 0, 14), "3 of 3 to 15");
    assert_eq!(way(&state, &size, 0, 15), "free");
    let state = paid(state, &size, 15, 2);
    assert_eq!((state.calls, way(&state, &size, 0, 29)), (2, "free".to_owned()));
}

#[test]
fn a_clock_that_was_set_back_neither_gives_calls_again_nor_holds_anybody_until_the_old_time() {
    let size = size(None, Some(3));
    let state = paid(State::default(), &size, 600, 3);
    assert_eq!(way(&state, &size, 0, 540), "3 of 3 to 555", "an hour back");
    assert_eq!(way(&state.at(540 * MINUTE_MS, &size), &size, 0, 555), "free", "the next window is the next");
    let mut state = State::default();
    state.spend(600 * MINUTE_MS, 610 * MINUTE_MS);
    let state = state.at(540 * MINUTE_MS, &size);
    assert_eq!(
        way(&state, &size, 0, 540),
        "closed by upstream to 550 after 0",
        "as long as it was going to be"
    );
    assert_eq!(way(&state, &size, 0, 550), "free");
}

#[test]
fn a_clock_that_was_put_forward_begins_another_window() {
    let size = size(None, Some(3));
    let state = paid(State::default(), &size, 600, 3);
    assert_eq!(way(&state, &size, 0, 2_000), "free");
}

#[test]
fn what_the_upstream_counted_is_believed_when_it_is_more() {
    let size = size(None, Some(3));
    let mut state = paid(State::default(), &size, 0, 1);
    state.observe(0);
    assert_eq!(state.calls, 1);
    state.observe(7);
    assert_eq!(way(&state, &size, 0, 0), "7 of 3 to 15");
}

#[test]
fn an_upstream_closes_a_pool_for_a_day_at_most_and_never_opens_it() {
    let size = size(Some(1), None);
    let mut state = State::default();
    state.spend(0, 10 * MINUTE_MS);
    state.spend(0, 5 * MINUTE_MS);
    state.spend(0, -MINUTE_MS);
    assert_eq!(way(&state, &size, 0, 1), "closed by upstream to 10 after 0");
    state.spend(0, i64::MAX);
    assert_eq!(way(&state, &size, 0, 1), "closed by upstream to 1440 after 0");
    assert_eq!(way(&state, &size, 0, 1440), "free", "with no trial: the upstream said when it is back");
}

#[test]
fn failures_in_a_row_close_it_and_a_success_between_them_does_not_count() {
    let size = size(Some(5), None);
    let mut state = State::default();
    state.fail(0, Some(AFTER_TWO));
    state.succeed();
    state.fail(0, Some(AFTER_TWO));
    assert_eq!(way(&state, &size, 4, 0), "free");
    state.fail(0, Some(AFTER_TWO));
    assert_eq!(way(&state, &size, 0, 9), "closed by failures to 10 after 2");
    state.fail(5 * MINUTE_MS, Some(AFTER_TWO));
    state.succeed();
    assert_eq!(
        way(&state, &size, 0, 9),
        "closed by failures to 10 after 3",
        "what began before it closed neither prolongs nor ends it"
    );
}

#[test]
fn failures_of_steps_without_a_cooldown_count_for_those_that_have_one() {
    let mut state = State::default();
    state.fail(0, None);
    assert_eq!(state.closed, None);
    state.fail(0, None);
    assert_eq!(state.closed, None);
    state.fail(0, Some(AFTER_TWO));
    assert!(state.closed.is_some_and(|closed| closed.by == ClosedBy::Failures));
}

#[test]
fn after_a_cooldown_one_at_a_time_tries_and_decides() {
    let size = size(Some(5), None);
    let mut state = State::default();
    state.fail(0, Some(AFTER_TWO));
    state.fail(0, Some(AFTER_TWO));
    assert_eq!(
        (way(&state, &size, 0, 10), way(&state, &size, 1, 10)),
        ("free".to_owned(), "trial".to_owned())
    );
    let mut failed = state.clone().at(10 * MINUTE_MS, &size);
    failed.fail(11 * MINUTE_MS, None);
    assert_eq!(way(&failed, &size, 0, 12), "closed by failures to 21 after 3");
    let mut succeeded = state.at(10 * MINUTE_MS, &size);
    succeeded.succeed();
    assert_eq!((way(&succeeded, &size, 4, 10), succeeded.failures), ("free".to_owned(), 0));
}

#[test]
fn a_reason_is_said_in_a_sentence() {
    let say = |obstacle: Obstacle| obstacle.sentence("strava", |ms| format!("{ms} ms"));
    let run = |number: u32| format!("r{number}");
    let full = |by| say(Obstacle::Full { slots: 2, by });
    assert_eq!(full(vec![run(1), run(2)]), "waits for pool `strava`: 2 of 2 slots taken by run r1, r2");
    assert_eq!(full(vec![run(1), run(1)]), "waits for pool `strava`: 2 of 2 slots taken by run r1");
    assert!(full((0..9).map(run).collect()).ends_with("9 of 2 slots taken by run r0, r1, r2 and 6 more"));
    let closed = Obstacle::Closed { until_ms: 7, by: ClosedBy::Failures, failures: 5 };
    assert_eq!(say(closed), "waits for pool `strava`: closed until 7 ms after 5 failures");
    let spent = Obstacle::Spent { calls: 100, of: 100, until_ms: 7 };
    assert_eq!(
        spent.cause("s").report(),
        "waits for pool `s`: 100 of 100 calls spent until 1970-01-01T00:00:00Z"
    );
}
