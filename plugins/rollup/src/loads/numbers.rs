//! Brings the numbers of recordings up to date, from their samples as they are stored.
//!
//! An activity is due where it is new, where its samples or its sport are others, and where its numbers are of an
//! older version than this program's; so a program with another formula computes the whole history anew at its first
//! run, and says how far it is.

use engine::context::StepContext;
use engine::step::{Cause, StepError};
use fitness::records;
use fitness::records::activity_number::{self, Chunk, Computed, Due};
use jiff::civil::Date;

/// Activities that are read, computed and committed together; a commit must stay below 100 ms.
const CHUNK: Chunk = Chunk { most: 512, with_samples: 64 };

/// Computes what is due, and answers the first day whose best efforts are others than before.
pub(super) async fn bring_up_to_date(ctx: &StepContext) -> Result<Option<Date>, StepError> {
    let partition = ctx.run.partition.clone();
    let total = ctx.read(move |tx| activity_number::count_due(tx, &partition)).await?;
    let (mut done, mut first_day) = (0, None);
    loop {
        let partition = ctx.run.partition.clone();
        let due = ctx.read(move |tx| activity_number::due(tx, &partition, CHUNK)).await?;
        if due.is_empty() {
            return Ok(first_day);
        }
        let computed = compute(due).await?;
        done += computed.len() as u64;
        let day = commit(ctx, computed).await?;
        first_day = first_day.into_iter().chain(day).min();
        ctx.progress.tell(done, total.max(done), "numbers of activities");
    }
}

async fn commit(ctx: &StepContext, computed: Vec<Computed>) -> Result<Option<Date>, StepError> {
    let partition = ctx.run.partition.clone();
    ctx.commit(move |tx, _| {
        let changed = records::change_number::next(tx, &partition)?;
        activity_number::put(tx, &computed, changed)
    })
    .await
}

/// Computes on as many threads as there are processors.
async fn compute(mut due: Vec<Due>) -> Result<Vec<Computed>, StepError> {
    let width = std::thread::available_parallelism().map_or(1, usize::from);
    let share = due.len().div_ceil(width).max(1);
    let mut tasks = Vec::new();
    while !due.is_empty() {
        let part = due.split_off(due.len().saturating_sub(share));
        tasks.push(tokio::task::spawn_blocking(|| part.into_iter().map(Due::compute).collect::<Vec<_>>()));
    }
    let mut computed = Vec::new();
    for task in tasks {
        computed.extend(task.await.map_err(|error| {
            let message = "computing the numbers of an activity went wrong".to_owned();
            StepError::Failed(Cause { code: "numbers_failed", message, source: Some(Box::new(error)) })
        })?);
    }
    Ok(computed)
}
