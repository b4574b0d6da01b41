//! `paceline work`: a worker without an API, until the process is told to stop.

use clap::Args;
use engine::worker::Settings;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::{Config, LogForm};
use crate::crew::Crew;
use crate::{error, output, program, signals};

const AFTER_HELP: &str = "\
Examples:
  paceline work                     beside `paceline serve`, on the same database
  paceline work --slots 8           up to eight runs at once

Any number of workers may share a PostgreSQL, and several processes of one machine a SQLite file.
SIGTERM and Ctrl-C end it: running pipelines are handed back to the other workers.";

/// Works off the queue, without serving the API
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Work {
    /// Runs at once; FITNESS_WORKER_SLOTS or 4 where none is given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    slots: Option<u16>,
}

impl Work {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let stop = CancellationToken::new();
        let told = tokio::spawn(signals::until_told(stop.clone())?);
        let Some(engine) = stop.run_until_cancelled(program::engine(config, None)).await.transpose()? else {
            return Ok(error::DONE);
        };
        program::prepare_key(config);
        let mut settings: Settings = config.worker.clone();
        settings.slots = self.slots.map_or(settings.slots, usize::from);
        let crew = Crew::start(config, &engine, settings, &stop)?;
        if config.log.form == LogForm::Readable {
            output::note("working; Ctrl-C ends it, and `paceline workers` lists who works");
        }
        crew.ended().await?;
        told.abort();
        info!("stopped");
        Ok(error::DONE)
    }
}
