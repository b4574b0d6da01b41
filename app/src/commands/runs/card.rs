//! A run as a person reads it: what it is, its steps, who tried what and when, and why something was not done.

use engine::child::Counts;
use engine::queue::Why;
use engine::run::record::{AttemptRecord, RunRecord, StepRecord};
use engine::run::{RunState, StepState};
use jiff::tz::TimeZone;

use super::took;
use crate::table::Side::{Left, Right};
use crate::table::{Table, wrapped};
use crate::units;

const LABEL: usize = 10;
const STEP: usize = 14;

pub(super) fn text(
    run: &RunRecord,
    steps: &[StepRecord],
    (why, children): (Option<&Why>, &[Counts]),
    zone: &TimeZone,
) -> String {
    let mut lines = head(run, steps, why, zone);
    lines.extend(children.iter().map(|counts| wrapped("Children", &children_of(counts), LABEL)));
    lines.push(format!("\n{}", step_table(steps)));
    let tried = Tried::of(steps);
    if !tried.attempts.is_empty() {
        lines.push(format!("\n{}\n\n{}", tried.table(zone), tried.legend()));
    }
    let reasons: Vec<String> = steps.iter().filter_map(reason).collect();
    if !reasons.is_empty() {
        lines.push(format!("\n{}", reasons.join("\n")));
    }
    lines.join("\n")
}

fn head(run: &RunRecord, steps: &[StepRecord], why: Option<&Why>, zone: &TimeZone) -> Vec<String> {
    let line = |label: &str, text: &str| wrapped(label, text, LABEL);
    let moment = |ms: i64| units::local_moment(ms, zone);
    let mut lines = vec![
        line("Run", &run.id),
        line("Pipeline", &format!("{} for `{}`, asked by {}", run.pipeline, run.partition, run.cause)),
        line("Asked", &moment(run.enqueued_ms)),
    ];
    lines.extend(run.started_ms.map(|started_ms| line("Started", &moment(started_ms))));
    lines.push(line("State", &state(run)));
    lines.extend(run.error.as_ref().map(|error| line("Why", &with_code(error, run.error_code.as_deref()))));
    lines.extend(why.map(|why| line("Waits", &waits(why, steps, zone))));
    lines.extend(run.follows.as_ref().map(|former| line("Follows", former)));
    lines.extend(run.parent.as_ref().map(|parent| line("Parent", &format!("{parent}, {}", place(run)))));
    lines.extend(reused(steps).into_iter().map(|text| line("Reused", &text)));
    lines
}

/// From which runs results were taken over, and why.
fn reused(steps: &[StepRecord]) -> Vec<String> {
    // What a retry takes over comes with its attempts.
    let source = |step: &StepRecord| Some((step.reused_from.clone()?, step.attempts.is_empty()));
    let mut sources: Vec<(String, bool)> = Vec::new();
    for source in steps.iter().filter_map(source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let text = |wanted: &(String, bool)| {
        let taken = steps.iter().filter(|step| source(step).as_ref() == Some(wanted));
        let names: Vec<_> = taken.map(|step| step.step.as_str()).collect();
        let why = if wanted.1 { ": inputs unchanged" } else { "" };
        format!("{} of run {}{why}", names.join(", "), wanted.0)
    };
    sources.iter().map(text).collect()
}

/// What the run is to its parent.
fn place(run: &RunRecord) -> String {
    let step = run.parent_step.as_deref().unwrap_or_default();
    run.part.map_or_else(|| format!("step `{step}`"), |part| format!("part {} of step `{step}`", part + 1))
}

fn children_of(counts: &Counts) -> String {
    let Counts { step, queued, running, succeeded, failed, cancelled } = counts;
    let words = [
        (*succeeded, "succeeded"),
        (*running, "running"),
        (*queued, "queued"),
        (*failed, "failed"),
        (*cancelled, "cancelled"),
    ];
    let told: Vec<_> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    format!("{} of step `{step}`: {}", counts.all(), told.join(", "))
}

/// What a run waits for, as it follows the word.
pub(super) fn waits(why: &Why, steps: &[StepRecord], zone: &TimeZone) -> String {
    match why {
        Why::Ready => "for a worker; `paceline serve` is one".to_owned(),
        Why::Children { left, of } => format!("for {left} of its {of} children"),
        Why::Locked { by } => format!("for run {by}, which has what only one may have at a time"),
        Why::Pool { pool, obstacle, .. } => {
            let sentence = obstacle.sentence(pool, |ms| units::local_moment(ms, zone));
            sentence.trim_start_matches("waits ").to_owned()
        }
        Why::Parked { until_ms } => {
            let until = units::local_moment(*until_ms, zone);
            let waiting: Vec<_> = steps
                .iter()
                .filter(|step| step.state == StepState::Waiting)
                .map(|step| format!("`{}`", step.step))
                .collect();
            match waiting.is_empty() {
                true => format!("until {until}"),
                false => format!("until {until}, as {} asked", waiting.join(", ")),
            }
        }
    }
}

fn state(run: &RunRecord) -> String {
    match run.state {
        RunState::Queued | RunState::Running => run.state.as_str().to_owned(),
        _ => format!("{} after {}", run.state.as_str(), took(run.started_ms, run.finished_ms)),
    }
}

/// Why a step was not done, or not yet.
fn reason(step: &StepRecord) -> Option<String> {
    let text = with_code(step.error.as_deref()?, step.error_code.as_deref());
    let text = match step.state {
        StepState::Skipped => format!("skipped: {text}"),
        StepState::Waiting => format!("waits: {text}"),
        _ => text,
    };
    let width = STEP.max(step.step.chars().count() + 2);
    Some(wrapped(&step.step, &text, width))
}

fn with_code(error: &str, code: Option<&str>) -> String {
    code.map_or_else(|| error.to_owned(), |code| format!("{error} [{code}]"))
}

fn step_table(steps: &[StepRecord]) -> Table {
    let mut table = Table::new(&[
        ("Step", Left),
        ("Kind", Left),
        ("State", Left),
        ("Attempts", Right),
        ("Took", Right),
        ("Rows in", Right),
        ("Rows out", Right),
    ]);
    for step in steps {
        let many = |rows: u64| if rows == 0 { String::new() } else { rows.to_string() };
        table.row([
            step.step.clone(),
            step.kind.clone(),
            if step.reused_from.is_some() { "reused".to_owned() } else { step.state.as_str().to_owned() },
            step.attempts.len().to_string(),
            took(step.started_ms, step.finished_ms),
            many(step.meters.rows_in),
            many(step.meters.rows_out),
        ]);
    }
    table
}

/// Who tried what in this run: what was taken over is told by the run that did it.
struct Tried<'a> {
    attempts: Vec<(&'a str, &'a AttemptRecord)>,
    /// In the order in which they come in the attempts; each is known by its place.
    workers: Vec<&'a str>,
}

impl<'a> Tried<'a> {
    fn of(steps: &'a [StepRecord]) -> Self {
        let own = steps.iter().filter(|step| step.reused_from.is_none());
        let attempts: Vec<_> =
            own.flat_map(|step| step.attempts.iter().map(|attempt| (step.step.as_str(), attempt))).collect();
        let mut workers = Vec::new();
        for (_, attempt) in &attempts {
            if !workers.contains(&attempt.worker.as_str()) {
                workers.push(attempt.worker.as_str());
            }
        }
        Self { attempts, workers }
    }

    fn table(&self, zone: &TimeZone) -> Table {
        let mut table = Table::new(&[
            ("Step", Left),
            ("Attempt", Right),
            ("State", Left),
            ("Started", Left),
            ("Took", Right),
            ("Worker", Right),
            ("Code", Left),
        ]);
        for (step, attempt) in &self.attempts {
            let worker = self.workers.iter().position(|worker| *worker == attempt.worker);
            table.row([
                (*step).to_owned(),
                attempt.attempt.to_string(),
                attempt.state.as_str().to_owned(),
                units::local_moment(attempt.started_ms, zone),
                attempt_took(attempt),
                worker.map(|place| (place + 1).to_string()).unwrap_or_default(),
                attempt.error_code.clone().unwrap_or_default(),
            ]);
        }
        table
    }

    fn legend(&self) -> String {
        let line = |(place, worker): (usize, &&str)| wrapped(&format!("Worker {}", place + 1), worker, LABEL);
        self.workers.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Nobody saw the end of an attempt that was lost, only that it had come.
fn attempt_took(attempt: &AttemptRecord) -> String {
    let took = took(Some(attempt.started_ms), attempt.finished_ms);
    if attempt.state == StepState::Lost { format!("< {took}") } else { took }
}

#[cfg(test)]
mod tests {
    use engine::pool::{ClosedBy, Obstacle};
    use serde_json::json;

    use super::super::tests::run;
    use super::*;

    const START_MS: i64 = 1_709_335_800_000;

    fn attempt(number: i64, worker: &str, state: StepState, code: Option<&str>) -> AttemptRecord {
        let started_ms = START_MS + number * 10_000;
        AttemptRecord {
            step: String::new(),
            attempt: number,
            worker: worker.to_owned(),
            state,
            started_ms,
            finished_ms: Some(started_ms + 4_000),
            error_code: code.map(str::to_owned),
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
            artifact: Some(json!({})),
            started_ms: None,
            finished_ms: None,
            error_code: None,
            error: None,
            reused_from: None,
            attempts,
        }
    }

    #[test]
    fn a_run_that_lost_two_workers_tells_who_tried_what() {
        let lost = Some("worker_lost");
        let attempts = vec![
            attempt(1, "one", StepState::Lost, lost),
            attempt(2, "two", StepState::Lost, lost),
            attempt(3, "three", StepState::Succeeded, None),
        ];
        let steps = [
            step("read", StepState::Succeeded, attempts),
            step("days", StepState::Succeeded, vec![attempt(4, "three", StepState::Succeeded, None)]),
        ];
        let text = text(&run(RunState::Succeeded), &steps, (None, &[]), &TimeZone::UTC);
        let wanted = "
Step  Attempt  State      Started               Took  Worker  Code
read        1  lost       2024-03-01 23:30:10  < 4.0 s       1  worker_lost
read        2  lost       2024-03-01 23:30:20  < 4.0 s       2  worker_lost
read        3  succeeded  2024-03-01 23:30:30    4.0 s       3
days        4  succeeded  2024-03-01 23:30:40    4.0 s       3

Worker 1  one
Worker 2  two
Worker 3  three";
        let wanted = wanted.replace("Started               Took", "Started                Took");
        let wanted = wanted.replace("                Took", "                 Took");
        assert!(text.ends_with(&wanted), "{text}");
    }

    #[test]
    fn a_step_says_why_it_was_skipped_or_waits() {
        let because = |step: StepRecord, code: &str, error: &str| StepRecord {
            error_code: Some(code.to_owned()),
            error: Some(error.to_owned()),
            ..step
        };
        let skipped = step("weather", StepState::Skipped, Vec::new());
        let skipped = because(skipped, "when_false", "its condition said no");
        let waiting =
            because(step("pull", StepState::Waiting, Vec::new()), "rate_limited", "the quota is spent");
        let parked = Why::Parked { until_ms: START_MS };
        let text = text(&run(RunState::Queued), &[skipped, waiting], (Some(&parked), &[]), &TimeZone::UTC);
        assert!(text.contains("Waits     until 2024-03-01 23:30:00, as `pull` asked\n"), "{text}");
        assert!(text.contains("\nweather       skipped: its condition said no [when_false]\n"), "{text}");
        assert!(text.ends_with("\npull          waits: the quota is spent [rate_limited]"), "{text}");
    }

    #[test]
    fn what_was_taken_over_names_the_run_that_did_it() {
        let done = attempt(1, "one", StepState::Succeeded, None);
        let reused = StepRecord {
            reused_from: Some("0198".to_owned()),
            ..step("read", StepState::Succeeded, vec![done])
        };
        let text = text(&run(RunState::Succeeded), &[reused], (None, &[]), &TimeZone::UTC);
        assert!(text.contains("Reused    read of run 0198\n"), "{text}");
        assert!(!text.contains("Worker"), "{text}");
    }

    #[test]
    fn a_result_that_was_kept_says_why_it_stands() {
        let kept = StepRecord {
            reused_from: Some("0198".to_owned()),
            ..step("read", StepState::Succeeded, Vec::new())
        };
        let text = text(&run(RunState::Succeeded), &[kept], (None, &[]), &TimeZone::UTC);
        assert!(text.contains("Reused    read of run 0198: inputs unchanged\n"), "{text}");
    }

    #[test]
    fn a_run_with_children_says_how_they_stand_and_a_part_whose_it_is() {
        let counts =
            Counts { step: "loads".to_owned(), queued: 34, running: 3, succeeded: 63, ..Counts::default() };
        let why = Why::Children { left: 37, of: 100 };
        let card = text(&run(RunState::Queued), &[], (Some(&why), &[counts]), &TimeZone::UTC);
        let wanted = "Waits     for 37 of its 100 children\n\
                      Children  100 of step `loads`: 63 succeeded, 3 running, 34 queued";
        assert!(card.contains(wanted), "{card}");
        let part = RunRecord {
            parent: Some("0199".to_owned()),
            parent_step: Some("loads".to_owned()),
            part: Some(4),
            ..run(RunState::Queued)
        };
        let card = text(&part, &[], (None, &[]), &TimeZone::UTC);
        assert!(card.contains("Parent    0199, part 5 of step `loads`"), "{card}");
    }

    #[test]
    fn a_run_that_waits_says_for_what() {
        let card = |why| text(&run(RunState::Queued), &[], (Some(&why), &[]), &TimeZone::UTC);
        assert!(card(Why::Ready).contains("Waits     for a worker"));
        assert!(card(Why::Parked { until_ms: START_MS }).contains("Waits     until 2024-03-01 23:30:00\n"));
        assert!(card(Why::Locked { by: "0199".to_owned() }).contains("Waits     for run 0199,"));
        let obstacle = Obstacle::Closed { until_ms: START_MS, by: ClosedBy::Failures, failures: 5 };
        let pool = Why::Pool { pool: "strava".to_owned(), until_ms: None, obstacle };
        let wanted = "Waits     for pool `strava`: closed until 2024-03-01 23:30:00 after 5 failures";
        assert!(card(pool).contains(wanted));
    }

    #[test]
    fn a_failure_says_why() {
        let failed = RunRecord {
            error_code: Some("storage_full".to_owned()),
            error: Some("step `days`: no space".to_owned()),
            ..run(RunState::Failed)
        };
        let text = text(&failed, &[], (None, &[]), &TimeZone::UTC);
        assert!(
            text.contains("State     failed after 4.2 s\nWhy       step `days`: no space [storage_full]"),
            "{text}"
        );
    }
}
