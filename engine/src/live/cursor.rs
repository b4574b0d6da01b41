//! How much a follower knows of a run.

use std::fmt;

use crate::run::RunState;

/// What was told of a run so far. As text it is `revision.line.state`, which any process understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Steps that were changed by earlier commits than this one are known as they stand.
    pub(super) revision: i64,
    /// Lines before this one are known.
    pub(super) seq: i64,
    /// How the run stood when that was last told.
    pub(super) state: Option<RunState>,
}

impl Cursor {
    /// Who knows nothing yet.
    pub const START: Self = Self { revision: 0, seq: 0, state: None };

    /// Reads what a cursor was written as.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let mut number = || parts.next()?.parse::<i64>().ok().filter(|number| *number >= 0);
        let (revision, seq) = (number()?, number()?);
        let state = match parts.next()? {
            "" => None,
            word => Some(RunState::parse(word)?),
        };
        Some(Self { revision, seq, state })
    }

    /// Whether something happened between what this one and what the other one knows.
    pub(super) fn is_behind(self, other: Self) -> bool {
        self.revision < other.revision || self.seq < other.seq
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.revision, self.seq, self.state.map_or("", RunState::as_str))
    }
}
