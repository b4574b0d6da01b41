//! The steps of a run as the plan has them that it pinned.

use store::{Sql, params};

use crate::catalog::{StepInfo, step_infos};
use crate::host::Engine;

impl Engine {
    /// The steps of the plan that a run pinned, with what each waits for. Nothing for a run of a part, which has one
    /// step, and where this version makes another plan of the script.
    pub async fn steps_of(&self, run: &str) -> store::Result<Option<Vec<StepInfo>>> {
        let run = run.to_owned();
        let read = self.store().read(move |tx| {
            tx.optional(&PINNED, &params![&run], |row| {
                Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
            })
        });
        let Some((script_hash, body, plan_hash)) = read.await? else { return Ok(None) };
        let engine = self.clone();
        let planned = tokio::task::spawn_blocking(move || engine.pinned(&script_hash, &body)).await;
        let ready = planned.ok().and_then(Result::ok).filter(|ready| ready.plan.hash == plan_hash);
        Ok(ready.map(|ready| step_infos(&ready.plan)))
    }
}

const PINNED: Sql = Sql::Both(
    "SELECT run.script_hash, script.body, run.plan_hash FROM run JOIN script ON script.hash = run.script_hash \
     WHERE run.id = $1 AND run.part IS NULL",
);
pub(super) const QUERIES: &[&Sql] = &[&PINNED];
