//! The weather of activities: where each was and when, what came of it, and when to look again.

mod due;
mod plan;
mod preview;
mod shown;

pub(crate) use due::missing;
pub use due::{Due, Settled, Window, due, has_due, known, postpone, refuse, settle, settle_known, tell};
pub use plan::{Pending, Planned, has_pending, keep, look_again, pending};
pub use preview::{Part, Preview, preview};
pub use shown::{Overview, Shown, at_start, between, of, overview, wind_costs};

/// How far an activity's weather is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was never asked for.
    Due,
    /// It is known, and will be known better.
    Provisional,
    /// It is known for good, or nobody knows it.
    Final,
    /// It has none, and why stands beside.
    None,
}

/// Why an activity has no weather of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Another record of the same activity is counted.
    Duplicate,
    /// Its source told the weather itself.
    Told,
    /// Its source keeps to itself when it began.
    HiddenStart,
    Indoors,
    NoTime,
    NoPosition,
    /// Before 1940.
    OutOfRange,
    /// The service refused it for good.
    Refused,
    /// It is known from the Strava API alone, whose terms forbid to hand on where somebody was.
    StravaApi,
}

impl State {
    const ALL: [Self; 4] = [Self::Due, Self::Provisional, Self::Final, Self::None];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Provisional => "provisional",
            Self::Final => "final",
            Self::None => "none",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 9] = [
        Self::Duplicate,
        Self::Told,
        Self::HiddenStart,
        Self::Indoors,
        Self::NoTime,
        Self::NoPosition,
        Self::OutOfRange,
        Self::Refused,
        Self::StravaApi,
    ];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Told => "told",
            Self::HiddenStart => "hidden_start",
            Self::Indoors => "indoors",
            Self::NoTime => "no_time",
            Self::NoPosition => "no_position",
            Self::OutOfRange => "out_of_range",
            Self::Refused => "refused",
            Self::StravaApi => "strava_api",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[&[store::Sql]] = &[plan::QUERIES, due::QUERIES, shown::QUERIES];
