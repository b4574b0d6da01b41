//! A step that is done in parts, or by another pipeline: beside each other in this run, or in runs of their own.

use std::sync::atomic::AtomicU32;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;

use super::FailureClass;
use super::attempt::{End, Ended, Part, StepTask};
use super::journal::Error;
use crate::child::{self, Found, Mother};
use crate::context::Readings;
use crate::plan::Spread;
use crate::step::StepError;

impl StepTask<'_> {
    pub(super) async fn spread(&mut self) -> Ended {
        let shared = &self.desk.shared;
        let step = &shared.plan.steps[self.index];
        let is_in_pool = step.policy.pool.is_some();
        // A rehearsal has no queue.
        let engine = shared.family.engine.as_ref();
        let looked = match (&step.spread, engine) {
            (Some(Spread::Parts(parts)), engine) => {
                match (parts.of(&self.inputs, step.kind.slots[0].shape), engine) {
                    (Ok(parts), _) if parts.is_empty() => {
                        return self.now(End::Succeeded("[]".to_owned(), None));
                    }
                    // Each part of a step in a pool has a slot of its own, and so it is a run.
                    (Ok(parts), Some(engine)) if parts.len() > child::INSIDE || is_in_pool => {
                        let givers = step
                            .inputs
                            .iter()
                            .flatten()
                            .map(|giver| shared.plan.steps[*giver].name.to_string());
                        let mother =
                            Mother { fence: shared.context.fence.clone(), step: step.name.to_string() };
                        child::look_at_parts(engine, &mother, givers.collect(), parts.len()).await
                    }
                    (Ok(parts), _) => return self.side_by_side(parts).await,
                    (Err(cause), _) => Err(StepError::Hopeless(cause)),
                }
            }
            (Some(Spread::Pipeline { name, params }), Some(engine)) => {
                let mother = Mother { fence: shared.context.fence.clone(), step: step.name.to_string() };
                let partition = &shared.context.run.partition;
                child::look_at_pipeline(engine, &mother, partition, (name, params)).await
            }
            (Some(Spread::Pipeline { .. }), None) | (None, _) => return self.attempts().await,
        };
        let (end, readings) = match looked {
            Ok(Found::Open { text }) => (End::Awaiting(text), Readings::default()),
            Ok(Found::Done { artifact, readings }) => (End::Succeeded(artifact, None), readings),
            Ok(Found::Failed { code, text }) => {
                (End::Failed(FailureClass::of_code(&code), Error { code, text }), Readings::default())
            }
            // Children may be at work: the step must not end before they are seen.
            Err(StepError::Failed(cause)) => (End::Waiting(child::LOOK, cause), Readings::default()),
            Err(error) => (ending(error), Readings::default()),
        };
        (shared.now_ms(), end, readings)
    }

    /// Works the parts off in this run, some at a time; each has the attempts that the step has.
    async fn side_by_side(&self, parts: Vec<Vec<Value>>) -> Ended {
        let (count, attempts) = (parts.len(), &AtomicU32::new(self.attempt));
        let tasks = parts.into_iter().zip(0_i64..).map(|(inputs, number)| {
            let part = Some(Part { number, attempts });
            let mut task = StepTask {
                desk: self.desk,
                index: self.index,
                attempt: self.attempt,
                failures: 0,
                inputs,
                part,
                keep: None,
            };
            async move { task.attempts().await }
        });
        let ended: Vec<Ended> = stream::iter(tasks).buffered(child::WIDTH).collect().await;
        let readings = ended.iter().map(|(_, _, readings)| *readings).sum();
        let ends = ended.into_iter().map(|(_, end, _)| end);
        (self.desk.shared.now_ms(), join(ends, count), readings)
    }
}

/// What the ends of all parts come to: one that was stopped counts before one that failed, and that before one that
/// must wait.
fn join(ends: impl Iterator<Item = End>, count: usize) -> End {
    let (mut artifacts, mut failed, mut waiting) = (Vec::new(), None, None);
    for (end, number) in ends.zip(1..) {
        match end {
            End::Succeeded(artifact, _) => artifacts.push(artifact),
            End::Failed(class, Error { code, text }) => {
                let text = format!("part {number} of {count}: {text}");
                failed.get_or_insert(End::Failed(class, Error { code, text }));
            }
            End::Waiting(after, cause) => match &waiting {
                Some((longest, _)) if *longest >= after => {}
                _ => waiting = Some((after, cause)),
            },
            end @ (End::Cancelled | End::Skipped(_) | End::Awaiting(_)) => return end,
        }
    }
    match (failed, waiting) {
        (Some(failed), _) => failed,
        (None, Some((after, cause))) => End::Waiting(after, cause),
        (None, None) => {
            child::list(&artifacts).map_or_else(ending, |artifact| End::Succeeded(artifact, None))
        }
    }
}

fn ending(error: StepError) -> End {
    match error {
        StepError::Later { after, source } => End::Waiting(after, source),
        StepError::Failed(cause) => End::Failed(FailureClass::Exhausted, Error::of(&cause)),
        StepError::Hopeless(cause) => End::Failed(FailureClass::Hopeless, Error::of(&cause)),
        StepError::Cancelled => End::Cancelled,
    }
}
