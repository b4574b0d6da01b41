//! Who may see a derived number.

use serde::{Deserialize, Serialize};

/// The provenance of rows that the Strava API's terms bind.
pub const STRAVA_API: &str = "strava_api";

/// In which scopes something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub all: bool,
    pub shareable: bool,
}

impl Counted {
    /// In both.
    pub const EVERYWHERE: Self = Self { all: true, shareable: true };

    /// Whether it does in one of them.
    pub fn is_in(self, scope: Scope) -> bool {
        match scope {
            Scope::All => self.all,
            Scope::Shareable => self.shareable,
        }
    }
}

/// A derived row is kept once for the athlete and once for everyone else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What the athlete sees.
    All,
    /// Computed without any input of the Strava API.
    Shareable,
}

impl Scope {
    /// Both scopes.
    pub const BOTH: [Self; 2] = [Self::All, Self::Shareable];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Shareable => "shareable",
        }
    }

    /// The provenance whose rows do not belong in; no row has an empty one.
    pub(crate) fn left_out(self) -> &'static str {
        if self.includes(STRAVA_API) { "" } else { STRAVA_API }
    }

    /// True where an activity of this provenance belongs in.
    pub fn includes(self, provenance: &str) -> bool {
        self == Self::All || provenance != STRAVA_API
    }
}
