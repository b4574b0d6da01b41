//! How an execution ends.

use super::FailureClass;

/// How an execution ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Succeeded,
    Failed {
        class: FailureClass,
        code: String,
        error: String,
    },
    Cancelled,
    /// To be taken up again from then on.
    Parked {
        until_ms: i64,
    },
    /// To be taken up again when its children are over.
    Awaiting {
        /// Since when its time is counted.
        begun_ms: i64,
        /// Until when it may take.
        deadline_ms: Option<i64>,
    },
    HandedBack,
    /// Another worker has the run: nothing may be written any more.
    Lost,
}

impl Outcome {
    /// That of a run that outlasted its timeout.
    pub(crate) fn timed_out() -> Self {
        let error = "the run took longer than its timeout".to_owned();
        Self::Failed { class: FailureClass::Timeout, code: "run_timeout".to_owned(), error }
    }
}
