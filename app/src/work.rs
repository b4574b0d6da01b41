//! Carries a run out in this process, and waits for it whoever carries it out.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use engine::queue::Enqueued;
use engine::run::record::{self, RunRecord, StepRecord};
use engine::run::{RunState, StepState};
use engine::worker::{Settings, Worker};
use engine::{Engine, Request};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::Problem;
use crate::progress::Progress;
use crate::table::width;
use crate::units;

/// How often the steps of a run are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How long a worker may take to hand its run back; whoever sends SIGTERM sends SIGKILL next.
const HAND_BACK: Duration = Duration::from_secs(8);

/// A run that is over.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) run: RunRecord,
    pub(crate) steps: Vec<StepRecord>,
}

impl Finished {
    /// Why it did not succeed.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let run = &self.run;
        let hint = format!("`paceline runs show {}` shows each step", run.id);
        match run.state {
            RunState::Succeeded => None,
            RunState::Cancelled => Some(Problem::new("run_cancelled", "the run was cancelled").hint(hint)),
            _ => {
                let code = run.error_code.clone().unwrap_or_else(|| "run_failed".to_owned());
                let why = run.error.clone().unwrap_or_else(|| "no step says why".to_owned());
                Some(Problem::new(code, format!("the run of `{}` failed: {why}", run.pipeline)).hint(hint))
            }
        }
    }
}

/// Enqueues a run and works until it is over. Ctrl-C cancels it; twice leaves it to the next process.
/// SIGTERM hands it back to the queue.
pub(crate) async fn carry_out(
    config: &Config,
    engine: &Engine,
    request: Request,
    progress: &Progress,
) -> anyhow::Result<Finished> {
    let is_keyed = request.key.is_some();
    let enqueued = engine.enqueue(request).await?;
    if !enqueued.new {
        progress.say(if is_keyed {
            "there is a run that stands for this key already; this is what it does, or did"
        } else {
            "the same pipeline is at work already; waiting for that run"
        });
    }
    see_through(config, engine, &enqueued, progress).await
}

/// Works until a run that is enqueued is over, and heeds signals as above.
pub(crate) async fn see_through(
    config: &Config,
    engine: &Engine,
    enqueued: &Enqueued,
    progress: &Progress,
) -> anyhow::Result<Finished> {
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    // A command does what it was told; what is due by schedule is for those who stay.
    let settings = Settings { schedules: false, ..config.worker.clone() };
    let worker = Worker::new(engine.clone(), settings)?;
    let working = tokio::spawn(worker.run(stop.clone()));
    let run = wait(engine, &enqueued.run, progress, &mut terminate).await;
    progress.end();
    stop.cancel();
    let run = match run? {
        Some(run) => {
            working.await?;
            run
        }
        None => {
            // What has not stopped by then goes down with the process.
            let _ = tokio::time::timeout(HAND_BACK, working).await;
            left_over(engine, &enqueued.run).await?
        }
    };
    let steps = steps(engine, &run.id).await?;
    Ok(Finished { run, steps })
}

/// The run where it came to its end all the same, else why it did not.
async fn left_over(engine: &Engine, id: &str) -> anyhow::Result<RunRecord> {
    let run = id.to_owned();
    let run = engine.store().read(move |tx| record::run(tx, &run)).await?;
    let run = run.with_context(|| gone(id))?;
    if run.state.is_over() { Ok(run) } else { Err(interrupted(run.state).into()) }
}

fn interrupted(state: RunState) -> Problem {
    let message = match state {
        RunState::Queued => "the run was handed back; the next process finishes it",
        _ => {
            "the run is still held; whoever holds it finishes it, or the next process once its lease is over"
        }
    };
    Problem::new("interrupted", message).hint("`paceline serve` is such a process; what is done stays done")
}

fn gone(run: &str) -> String {
    format!("the run `{run}` is gone")
}

/// The run when it is over, or nothing where the process was told to stop.
async fn wait(
    engine: &Engine,
    run: &str,
    progress: &Progress,
    terminate: &mut Signal,
) -> anyhow::Result<Option<RunRecord>> {
    let mut told = BTreeSet::new();
    let mut look = tokio::time::interval(LOOK);
    let mut asked = false;
    let mut over = std::pin::pin!(engine.ended(run));
    loop {
        tokio::select! {
            ended = &mut over => {
                tell(engine, run, progress, &mut told).await?;
                return ended?.with_context(|| gone(run)).map(Some);
            }
            _ = terminate.recv() => return Ok(None),
            _ = look.tick() => tell(engine, run, progress, &mut told).await?,
            pressed = tokio::signal::ctrl_c() => {
                pressed?;
                if asked {
                    let problem = Problem::new("run_cancelled", "stopped before the run noticed");
                    return Err(problem.hint("it goes on with the next command that runs something").into());
                }
                asked = true;
                progress.say("stopping; what is done stays done");
                engine.cancel(run).await?;
            }
        }
    }
}

/// Says which steps have ended since it was last asked.
async fn tell(
    engine: &Engine,
    run: &str,
    progress: &Progress,
    told: &mut BTreeSet<String>,
) -> anyhow::Result<()> {
    if matches!(progress, Progress::Quiet) {
        return Ok(());
    }
    let steps = steps(engine, run).await?;
    let name_width = steps.iter().map(|step| width(&step.step)).max().unwrap_or(0);
    for step in &steps {
        if is_over(step.state) && told.insert(step.step.clone()) {
            progress.say(&line(step, name_width));
        }
    }
    Ok(())
}

async fn steps(engine: &Engine, run: &str) -> store::Result<Vec<StepRecord>> {
    let run = run.to_owned();
    engine.store().read(move |tx| record::steps(tx, &run)).await
}

fn is_over(state: StepState) -> bool {
    !matches!(state, StepState::Pending | StepState::Running | StepState::Waiting)
}

fn line(step: &StepRecord, name_width: usize) -> String {
    let took =
        step.started_ms.zip(step.finished_ms).map(|(from, to)| units::took(from, to)).unwrap_or_default();
    let why = step.error.as_ref().map(|error| format!("  {error}")).unwrap_or_default();
    let kind = if step.kind == step.step { String::new() } else { format!("  {}", step.kind) };
    let line = format!("  {:<name_width$}  {:<11}{took:>8}{kind}{why}", step.step, step.state.as_str());
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, kind: &str) -> StepRecord {
        StepRecord {
            step: name.to_owned(),
            kind: kind.to_owned(),
            state: StepState::Succeeded,
            meters: Default::default(),
            artifact: None,
            started_ms: Some(1000),
            finished_ms: Some(5200),
            error_code: None,
            error: None,
            reused_from: None,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn steps_stand_in_columns_and_say_their_kind_where_it_is_not_their_name() {
        let lines = [step("rollup.loads", "rollup.loads"), step("days", "rollup.days")];
        let lines = lines.map(|step| line(&step, 12));
        assert_eq!(lines[0], "  rollup.loads  succeeded     4.2 s");
        assert_eq!(lines[1], "  days          succeeded     4.2 s  rollup.days");
    }
}
