//! Writes what was told, and keeps what a run changed, so that one that is cut goes on where it was.

use engine::context::{Cursor, StepContext};
use engine::step::StepError;
use fitness::Changes;
use fitness::records::change_number;
use fitness::records::intake::Intake;
use fitness::records::strava::connection;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::token::not_connected;

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark<P> {
    run: String,
    /// When this step of the run began, in epoch milliseconds.
    pub(crate) began_ms: i64,
    pub(crate) changes: Changes,
    /// Where in its work the step is.
    pub(crate) place: P,
}

impl<P> Mark<P>
where
    P: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Goes on where this run was cut, or begins: what was not written to before may as well begin later.
    pub(crate) async fn begin(ctx: &StepContext) -> Result<Self, StepError> {
        let (run, athlete, now_ms) = (ctx.run.id.clone(), ctx.run.partition.clone(), ctx.clock.now_ms());
        let begin = move |tx: &mut store::Tx<'_>, cursor: &Cursor| {
            if let Some(mark) = cursor.get::<Self>().filter(|mark| mark.run == run) {
                return Ok(mark);
            }
            let changes = Changes::none(change_number::last(tx, &athlete)?);
            Ok(Self { run: run.clone(), began_ms: now_ms, changes, place: P::default() })
        };
        ctx.peek(begin).await
    }

    /// Keeps since when the step is at work, where it is about to wait.
    pub(crate) async fn hold(&self, ctx: &StepContext) -> Result<(), StepError> {
        let mark = self.clone();
        ctx.commit(move |_, cursor| cursor.set(&mark)).await
    }

    /// Writes what was told in one transaction, with where the step is then; what is written there is counted at once.
    /// Nothing is written of who has disconnected while the answer was under way.
    pub(crate) async fn commit<T>(
        &mut self,
        ctx: &StepContext,
        place: P,
        work: impl Fn(&mut Intake<'_, '_>) -> store::Result<T> + Send + 'static,
    ) -> Result<T, StepError>
    where
        T: Send + 'static,
    {
        let held = move |intake: &mut Intake<'_, '_>| {
            if !connection::hold(intake.tx, intake.athlete)? {
                return Ok(None);
            }
            work(intake).map(Some)
        };
        let written = self.remove(ctx, place, held).await?;
        written.ok_or_else(|| StepError::Hopeless(not_connected()))
    }

    /// The same for what is removed, whether there is a connection or not.
    pub(crate) async fn remove<T>(
        &mut self,
        ctx: &StepContext,
        place: P,
        work: impl Fn(&mut Intake<'_, '_>) -> store::Result<T> + Send + 'static,
    ) -> Result<T, StepError>
    where
        T: Send + 'static,
    {
        let before = Self { place, ..self.clone() };
        let athlete = ctx.run.partition.clone();
        let done = ctx.commit(move |tx, cursor| {
            let from = change_number::last(tx, &athlete)?;
            let mut intake = Intake::new(tx, &athlete);
            let value = work(&mut intake)?;
            intake.relink()?;
            let taken = intake.close()?;
            let mut after = before.clone();
            after.changes = after.changes.merge(taken.changes(from));
            cursor.set(&after)?;
            Ok((after, value, taken.activities))
        });
        let (after, value, activities) = done.await?;
        ctx.meter.rows_out(activities);
        *self = after;
        Ok(value)
    }
}
