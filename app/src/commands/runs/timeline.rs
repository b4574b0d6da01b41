//! When each step of a run was at work, as bars under each other.

use engine::run::StepState;
use engine::run::record::{AttemptRecord, RunRecord, StepRecord};

use crate::graph::mark;
use crate::table::{shortened, width};
use crate::units;

/// Characters that the time of the run is drawn over.
const BAR: usize = 48;
/// A longer name is cut.
const NAME: usize = 24;

/// The time that the bars are drawn over.
struct Span {
    from_ms: i64,
    to_ms: i64,
}

/// A row for each step that tried something, in the order in which they began; nothing where none did.
pub(super) fn text(run: &RunRecord, steps: &[StepRecord], now_ms: i64) -> Option<String> {
    let from_ms = run.started_ms?;
    let to_ms = run.finished_ms.unwrap_or(now_ms);
    let span = Span { from_ms, to_ms: to_ms.max(from_ms + 1) };
    let tried = |step: &&StepRecord| step.reused_from.is_none() && !step.attempts.is_empty();
    let mut rows: Vec<&StepRecord> = steps.iter().filter(tried).collect();
    rows.sort_by_key(|step| step.attempts.iter().map(|attempt| attempt.started_ms).min());
    let name_width = rows.iter().map(|step| width(&step.step)).max()?.min(NAME);
    let row = |step: &&StepRecord| {
        let name = shortened(&step.step, name_width);
        let end_ms = step.finished_ms.unwrap_or(span.to_ms);
        let took = units::took(step.started_ms.unwrap_or(span.from_ms), end_ms);
        let tries =
            if step.attempts.len() > 1 { format!("  try {}", step.attempts.len()) } else { String::new() };
        let line = format!("{} {name:<name_width$}  {}  {took:>8}{tries}", mark(step.state), span.bar(step));
        line.trim_end().to_owned()
    };
    Some(rows.iter().map(row).collect::<Vec<_>>().join("\n"))
}

impl Span {
    fn bar(&self, step: &StepRecord) -> String {
        let mut cells = [' '; BAR];
        // From the first attempt to the last, what is not one is a pause.
        let begun = step.attempts.iter().map(|attempt| self.place(attempt.started_ms)).min().unwrap_or(0);
        let ended = step.attempts.iter().map(|attempt| self.end(attempt)).max().unwrap_or(0);
        cells[begun..ended].fill('·');
        for attempt in &step.attempts {
            let drawn = match attempt.state {
                StepState::Failed | StepState::Lost | StepState::Cancelled | StepState::Waiting => '▒',
                _ => '█',
            };
            cells[self.place(attempt.started_ms)..self.end(attempt)].fill(drawn);
        }
        cells.iter().collect()
    }

    /// The cell in which a moment lies.
    fn place(&self, at_ms: i64) -> usize {
        let share = (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms) as f64;
        ((share * BAR as f64) as usize).min(BAR - 1)
    }

    /// The cell behind an attempt, which has one at least.
    fn end(&self, attempt: &AttemptRecord) -> usize {
        self.place(attempt.finished_ms.unwrap_or(self.to_ms) - 1).max(self.place(attempt.started_ms)) + 1
    }
}

#[cfg(test)]
mod tests {
    use engine::run::RunState;

    use super::super::tests::run;
    use super::*;

    fn attempt(from_ms: i64, to_ms: Option<i64>, state: StepState) -> AttemptRecord {
        AttemptRecord {
            step: String::new(),
            attempt: 1,
            worker: "one".to_owned(),
            state,
            started_ms: from_ms,
            finished_ms: to_ms,
            error_code: None,
            error: None,
            meters: Default::default(),
        }
    }

    fn step(name: &str, state: StepState, attempts: Vec<AttemptRecord>) -> StepRecord {
        StepRecord {
            step: name.to_owned(),
            kind: "sample.step".to_owned(),
            state,
            meters: Default::default(),
            artifact: None,
            started_ms: attempts.first().map(|attempt| attempt.started_ms),
            finished_ms: attempts.last().and_then(|attempt| attempt.finished_ms),
            error_code: None,
            error: None,
            reused_from: None,
            attempts,
        }
    }

    /// A run of 4,800 ms, a hundred for each cell.
    fn check(steps: &[StepRecord], wanted: &[&str]) {
        let run = RunRecord { started_ms: Some(0), finished_ms: Some(4_800), ..run(RunState::Succeeded) };
        let drawn = text(&run, steps, 9_999).unwrap_or_default();
        assert_eq!(drawn.lines().collect::<Vec<_>>(), wanted, "\n{drawn}");
    }

    #[test]
    fn a_bar_shows_attempts_and_the_pauses_between_them() {
        let tries = vec![
            attempt(0, Some(1_000), StepState::Failed),
            attempt(1_500, Some(2_400), StepState::Succeeded),
        ];
        let bar = format!("{}{}{}{}", "▒".repeat(10), "·".repeat(5), "█".repeat(9), " ".repeat(24));
        check(&[step("read", StepState::Succeeded, tries)], &[&format!("✓ read  {bar}     2.4 s  try 2")]);
    }

    #[test]
    fn rows_stand_in_the_order_in_which_steps_began() {
        let late = step("late", StepState::Failed, vec![attempt(4_790, Some(4_800), StepState::Failed)]);
        let early = step("early", StepState::Running, vec![attempt(0, None, StepState::Running)]);
        let idle = step("idle", StepState::Skipped, Vec::new());
        let last = format!("✕ late   {}▒     10 ms", " ".repeat(47));
        check(&[late, idle, early], &[&format!("▶ early  {}     4.8 s", "█".repeat(48)), &last]);
    }

    #[test]
    fn a_run_that_tried_nothing_has_no_timeline() {
        assert_eq!(text(&run(RunState::Succeeded), &[], 0), None);
    }
}
