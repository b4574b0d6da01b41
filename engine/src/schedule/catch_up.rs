//! What becomes of slots that came due while nothing could run.

use serde::Serialize;

use super::{Rule, Slot};

/// Until then a slot is on time: a scheduler looks once a second, and may be held up.
const GRACE_MS: i64 = 60_000;

/// What is made up for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Nothing: the next slot is the next run.
    #[default]
    None,
    /// The latest slot that was missed, whatever else was.
    Last,
    /// Each slot that was missed, the latest where there are more than that.
    All { limit: u32 },
}

/// What is to be run now, and what is left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub run: Vec<Slot>,
    /// The first slot that is left out.
    pub left_out: Option<Slot>,
}

impl CatchUp {
    /// The word that scripts say.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Last => "last",
            Self::All { .. } => "all",
        }
    }

    /// Chooses among the slots from that of `first_ms` on up to now.
    pub(super) fn choose(self, rule: &Rule, first_ms: i64, now_ms: i64) -> Due {
        let before_ms = first_ms.saturating_sub(1);
        let limit = if let Self::All { limit } = self { limit as usize } else { 1 };
        let mut run = rule.latest(before_ms, now_ms, limit);
        if self == Self::None {
            run.retain(|slot| now_ms.saturating_sub(slot.due_ms) < GRACE_MS);
        }
        let kept_ms = run.first().map_or(i64::MAX, |slot| slot.due_ms);
        let left_out = rule.next(before_ms).filter(|slot| slot.due_ms < kept_ms && slot.due_ms <= now_ms);
        Due { run, left_out }
    }
}
