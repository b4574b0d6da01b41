//! Schedules and pauses as people see them beside the pipelines.

use serde::Serialize;

use super::pause::{self, Pause};
use super::table;
use crate::catalog::{PipelineInfo, PlanError};
use crate::host::Engine;

const NOTE_CHARACTERS: usize = 200;

/// When a pipeline runs by itself.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduleInfo {
    /// `every 1h` or `cron 30 4 * * *`.
    pub rule: String,
    /// Whose wall a cron pattern means; each partition's own where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    pub catch_up: &'static str,
    /// The next times; none while the pipeline is paused or before a scheduler saw it.
    pub due: Vec<DueInfo>,
}

/// When a pipeline is due for a partition.
#[derive(Debug, Clone, Serialize)]
pub struct DueInfo {
    pub partition: String,
    pub next_ms: i64,
    /// What the wall showed at the latest time that got a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_slot: Option<String>,
}

/// Why a pipeline was not paused.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("a note has at most {NOTE_CHARACTERS} characters, on one line")]
    Note,
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Engine {
    /// All pipelines with when they are due and whether they rest.
    pub async fn scheduled_pipelines(&self) -> store::Result<Vec<PipelineInfo>> {
        let read = self.store().read(|tx| Ok((table::standings(tx)?, pause::pauses(tx)?)));
        let (standings, pauses) = read.await?;
        let mut pipelines = self.pipelines();
        for pipeline in &mut pipelines {
            pipeline.paused = pauses.iter().find(|pause| pause.pipeline == pipeline.name).cloned();
            let Some(schedule) = pipeline.schedule.as_mut().filter(|_| pipeline.paused.is_none()) else {
                continue;
            };
            let standings = standings.iter().filter(|standing| standing.pipeline == pipeline.name);
            schedule.due = standings
                .map(|standing| DueInfo {
                    partition: standing.partition.clone(),
                    next_ms: standing.next_ms,
                    last_slot: standing.last_slot.clone(),
                })
                .collect();
        }
        Ok(pipelines)
    }

    /// Keeps a pipeline from starting by itself. One that rests already gets the new note.
    pub async fn pause(&self, pipeline: &str, note: Option<String>) -> Result<(), PauseError> {
        self.known(pipeline)?;
        let fits =
            |note: &String| note.chars().count() <= NOTE_CHARACTERS && !note.chars().any(char::is_control);
        if !note.as_ref().is_none_or(fits) {
            return Err(PauseError::Note);
        }
        let pause = Pause { pipeline: pipeline.to_owned(), since_ms: self.clock().now_ms(), note };
        Ok(self.store().write(move |tx| pause::pause(tx, &pause)).await?)
    }

    /// Lets a pipeline go on; answers false where it did not rest.
    pub async fn resume(&self, pipeline: &str) -> Result<bool, PauseError> {
        self.known(pipeline)?;
        let pipeline = pipeline.to_owned();
        Ok(self.store().write(move |tx| pause::resume(tx, &pipeline)).await?)
    }
}
