//! `paceline serve`: the API and a worker, until the process is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use engine::Engine;
use files::watch::Watch;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::cli::ATHLETE;
use crate::config::{self, Config, IMPORT_DIR, LogForm};
use crate::crew::Crew;
use crate::error::{self, Problem};
use crate::{open_files, output, program, signals};

const AFTER_HELP: &str = "\
Examples:
  paceline serve
  paceline serve --listen 127.0.0.1:9000
  FITNESS_IMPORT_DIR=~/import paceline serve       imports what is put into that folder

There are no accounts yet, so only loopback addresses are accepted. SIGTERM and Ctrl-C end it:
open requests are finished, and running pipelines are handed back to the next process.";

/// Serves the API on this machine and works off the queue
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Serve {
    /// The address; FITNESS_LISTEN or 127.0.0.1:8080 where none is given
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

impl Serve {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let address = self.listen.unwrap_or(config.listen);
        refuse_strangers(address, self.listen.is_some())?;
        // Before the engine: it makes the series of every planned step.
        let metrics = engine::telemetry::install()?;
        let engine = program::engine(config, None).await?;
        program::meet(engine.store(), ATHLETE).await?;
        program::prepare_key(config);
        let watch = watch(config, &engine)?;
        let listener = listen(address).await?;
        if config.log.form == LogForm::Readable {
            output::note(format!("http://{}/api/v1/health answers; Ctrl-C ends it", listener.local_addr()?));
        }

        let stop = CancellationToken::new();
        let crew = Crew::start(config, &engine, config.worker.clone(), &stop)?;
        let told = tokio::spawn(signals::until_told(stop.clone())?);
        let watching = watch.map(|watch| tokio::spawn(watch.run(stop.clone())));
        let metrics = Arc::new(move || metrics.render());
        let state = api::State::new(engine, metrics, ATHLETE, env!("CARGO_PKG_VERSION"));
        let limits = api::Limits { streams: open_files::streams(open_files::raise()), ..state.limits };
        let state = api::State { sync_age: config.sync_age, limits, ..state };
        let served = api::serve(listener, state, stop.clone().cancelled_owned()).await;
        stop.cancel();
        crew.ended().await?;
        if let Some(watching) = watching {
            watching.await?;
        }
        told.abort();
        served?;
        info!("stopped");
        Ok(error::DONE)
    }
}

/// The watch over the folder of new files, where one is set.
fn watch(config: &Config, engine: &Engine) -> Result<Option<Watch>, Problem> {
    let Some(folder) = &config.import_dir else { return Ok(None) };
    // It is not made: a folder that appears by a slip of the pen is one that nobody puts files into.
    let unusable = |error: std::io::Error| {
        let why = format!("it must name a folder that is there and can be listed ({})", error.kind());
        config::wrong(IMPORT_DIR, &why)
    };
    Watch::new(engine.clone(), folder, ATHLETE).map(Some).map_err(unusable)
}

fn refuse_strangers(address: SocketAddr, by_flag: bool) -> Result<(), Problem> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    let name = if by_flag { "--listen" } else { "FITNESS_LISTEN" };
    let why = "is not a loopback address, and there are no accounts yet that would protect the data";
    Err(Problem {
        exit: error::CONFIG,
        ..Problem::new("config_invalid", format!("{name}: `{address}` {why}"))
    })
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}; `--listen` takes another address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_is_refused() {
        let problem = refuse_strangers("0.0.0.0:8080".parse().unwrap(), true).unwrap_err();
        assert_eq!(problem.exit, 78);
        assert!(problem.message.starts_with("--listen: `0.0.0.0:8080` is not a loopback address"));
    }

    #[test]
    fn both_loopbacks_are_accepted() {
        assert!(refuse_strangers("127.0.0.1:0".parse().unwrap(), true).is_ok());
        assert!(refuse_strangers("[::1]:0".parse().unwrap(), false).is_ok());
    }
}
