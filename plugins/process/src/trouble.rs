//! What can go wrong with a program from outside.

use std::io;

use engine::step::{Cause, StepError};

/// Why a program's work does not count. What it printed is never repeated: it may be anybody's data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("programs from outside are not allowed here: FITNESS_PROCESS_PROGRAMS names no folder")]
    NotAllowed,
    #[error("others than its owner may change {0}")]
    Unsafe(String),
    #[error("`{0}` is no program in the folder that FITNESS_PROCESS_PROGRAMS names")]
    Unknown(String),
    #[error("`{program}` cannot be started")]
    Unstartable {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("the program ended with exit code {0}")]
    Exit(i32),
    #[error("the program was ended by signal {0}")]
    Signal(String),
    #[error("the program was not done within {0} s")]
    Timeout(u64),
    #[error("the program printed more than {0} MiB")]
    OutputTooLarge(u64),
    #[error("line {line} has more than {most_kib} KiB")]
    LineTooLong { line: u64, most_kib: usize },
    #[error("line {line} is no JSON, at column {column}")]
    BadJson { line: u64, column: usize },
    #[error("line {line}: {why}")]
    BadMessage { line: u64, why: String },
    #[error("the program ended, and what it started held on to its output")]
    LeftChildren,
    #[error("the program ended well and printed nothing")]
    Silent,
    #[error("cannot talk to the program")]
    Pipe(#[source] io::Error),
    #[error("cannot prepare a folder for the program")]
    NoRoom(#[source] io::Error),
    #[error("{what} cannot be read: {why}")]
    TapFile { what: String, why: String },
    #[error("the tap has no stream `{0}`")]
    StreamUnknown(String),
    #[error("stream `{0}` is described otherwise than when the state was saved")]
    StateOutdated(String),
}

impl Trouble {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "programs_not_allowed",
            Self::Unsafe(_) => "programs_unsafe",
            Self::Unknown(_) => "program_unknown",
            Self::Unstartable { .. } => "program_unstartable",
            Self::Exit(_) => "process_exit",
            Self::Signal(_) => "process_signal",
            Self::Timeout(_) => "process_timeout",
            Self::OutputTooLarge(_) => "process_output_too_large",
            Self::LineTooLong { .. } => "process_line_too_long",
            Self::BadJson { .. } => "process_bad_json",
            Self::BadMessage { .. } => "process_bad_message",
            Self::LeftChildren => "process_left_children",
            Self::Silent => "process_silent",
            Self::Pipe(_) | Self::NoRoom(_) => "process_io",
            Self::TapFile { .. } => "tap_file_unreadable",
            Self::StreamUnknown(_) => "tap_stream_unknown",
            Self::StateOutdated(_) => "tap_state_outdated",
        }
    }

    /// Whether another attempt would end in the same way.
    fn is_hopeless(&self) -> bool {
        matches!(
            self,
            Self::NotAllowed
                | Self::Unsafe(_)
                | Self::Unknown(_)
                | Self::OutputTooLarge(_)
                | Self::LineTooLong { .. }
                | Self::TapFile { .. }
                | Self::StreamUnknown(_)
                | Self::StateOutdated(_)
        )
    }
}

impl From<Trouble> for StepError {
    fn from(trouble: Trouble) -> Self {
        let is_hopeless = trouble.is_hopeless();
        let cause =
            Cause { code: trouble.code(), message: trouble.to_string(), source: into_source(trouble) };
        if is_hopeless { Self::Hopeless(cause) } else { Self::Failed(cause) }
    }
}

fn into_source(trouble: Trouble) -> Option<Box<dyn std::error::Error + Send + Sync>> {
    match trouble {
        Trouble::Unstartable { source, .. } | Trouble::Pipe(source) | Trouble::NoRoom(source) => {
            Some(Box::new(source))
        }
        _ => None,
    }
}
