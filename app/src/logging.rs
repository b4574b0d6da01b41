//! The log: on stderr, readable or JSON.

use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{Log, LogForm};

/// Starts the log of this process; `usual` is the level where none is set.
pub(crate) fn start(log: Log, usual: Level) -> Result<(), TryInitError> {
    let level = LevelFilter::from_level(log.level.unwrap_or(usual));
    let lines = fmt::layer().with_writer(stderr);
    let lines = match log.form {
        LogForm::Readable => lines.compact().with_target(false).with_ansi(stderr().is_terminal()).boxed(),
        LogForm::Json => lines.json().flatten_event(true).with_ansi(false).boxed(),
    };
    registry().with(lines.with_filter(level)).try_init()
}
