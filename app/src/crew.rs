//! What works beside the foreground for as long as the process lives: the worker, the upkeep, the watch over scripts.

use engine::Engine;
use engine::reload::Reload;
use engine::upkeep::Upkeep;
use engine::worker::{Settings, Worker};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::config::Config;

/// Tasks that end when the process is told to stop.
pub(crate) struct Crew(Vec<JoinHandle<()>>);

impl Crew {
    /// Begins to work off the queue, to delete old history and, where a folder of scripts is set, to read it again.
    pub(crate) fn start(
        config: &Config,
        engine: &Engine,
        settings: Settings,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        if !engine::script::memory_is_bounded() {
            warn!("the memory of scripts has no bound, because another allocator was linked in");
        }
        let worker = Worker::new(engine.clone(), settings)?;
        let upkeep = Upkeep::new(engine.clone(), config.keep);
        let reload =
            config.scripts_dir.as_deref().map(|folder| Reload::new(engine.clone(), folder)).transpose()?;
        let mut tasks = vec![tokio::spawn(worker.run(stop.clone())), tokio::spawn(upkeep.run(stop.clone()))];
        tasks.extend(reload.map(|reload| tokio::spawn(reload.run(stop.clone()))));
        Ok(Self(tasks))
    }

    /// Waits until all have ended.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        for task in self.0 {
            task.await?;
        }
        Ok(())
    }
}
