//! The log, on stderr, readable or JSON; what steps say, beside their runs; and the spans for a collector, where one is
//! named.

use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{Config, Log, LogForm};
use crate::spans::{self, Exporter};

/// Starts the log of this process; `usual` is the level where none is set. What it answers is kept until the end.
pub(crate) fn start(config: &Config, usual: Level) -> anyhow::Result<Option<Exporter>> {
    let Log { form, level } = config.log;
    let level = LevelFilter::from_level(level.unwrap_or(usual));
    let lines = fmt::layer().with_writer(stderr);
    let lines = match form {
        LogForm::Readable => lines.compact().with_target(false).with_ansi(stderr().is_terminal()).boxed(),
        LogForm::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
    };
    let (spans, exporter) = config.otlp.as_deref().map(spans::layer).transpose()?.unzip();
    // Whatever the log shows, a collector gets each run and step.
    let spans = spans.map(|spans| spans.with_filter(LevelFilter::INFO));
    registry().with(lines.with_filter(level)).with(engine::log::layer()).with(spans).try_init()?;
    Ok(exporter)
}
