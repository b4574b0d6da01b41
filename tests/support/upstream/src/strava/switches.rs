//! How Strava behaves where it may behave in several ways.

use serde::{Deserialize, Serialize};

/// When a refresh gives a new refresh token, which kills the old one at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// On every refresh.
    Always,
    /// With a new access token.
    #[default]
    WhenNew,
    /// Not at all.
    Never,
}

/// How the names of the limits' headers are spelled on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderCase {
    /// `x-ratelimit-limit`.
    #[default]
    Lower,
    /// `X-RateLimit-Limit`, as in the documentation.
    Documented,
    /// `X-Ratelimit-Limit`, as it was recorded.
    Title,
    /// `X-RATELIMIT-LIMIT`.
    Upper,
}

/// The form of a 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitForm {
    /// `errors` is a text.
    #[default]
    Text,
    /// `errors` is a list that names the limit.
    List,
}

/// What can be switched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    /// When a refresh token is changed.
    pub rotation: Rotation,
    /// Who consents; without a number the athlete who is there from the start.
    pub consents_as: Option<i64>,
    /// Scopes whose boxes the athlete unticks.
    pub unticked: Vec<String>,
    /// Whether the athlete says no.
    pub is_denied: bool,
    /// How many of the next exchanges of a good code fail, as they do right after the redirect.
    pub code_races: u32,
    /// The domain that redirects must lead to, besides this machine.
    pub callback_domain: String,
    /// Whether the application is switched off, so that each call is a 403.
    pub is_inactive: bool,
    /// Whether no further athlete may connect; those who are connected may do so again.
    pub is_full: bool,
    /// Activities over which the service stumbles with a 500.
    pub poison: Vec<i64>,
    /// Activities that are listed and not found.
    pub missing: Vec<i64>,
    /// Activities whose samples are an answer that names no stream.
    pub bare_streams: Vec<i64>,
    /// Whether reads of segments and zones are a 402 even for subscribers.
    pub is_paid_only: bool,
    /// What a missing scope is answered with: 401 or 403.
    pub scope_status: u16,
    /// The form of a 429.
    pub limit_form: LimitForm,
    /// Whether a 429 comes without the limits' headers.
    pub hides_limits: bool,
    /// How the limits' headers are spelled.
    pub header_case: HeaderCase,
    /// Whether changes are sent to the callback at once, not only when a test says so.
    pub sends_events: bool,
    /// How long a callback may take.
    pub callback_timeout_ms: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rotation: Rotation::default(),
            consents_as: None,
            unticked: Vec::new(),
            is_denied: false,
            code_races: 0,
            callback_domain: "paceline.example".to_owned(),
            is_inactive: false,
            is_full: false,
            poison: Vec::new(),
            missing: Vec::new(),
            bare_streams: Vec::new(),
            is_paid_only: false,
            scope_status: 401,
            limit_form: LimitForm::default(),
            hides_limits: false,
            header_case: HeaderCase::default(),
            sends_events: false,
            callback_timeout_ms: 2_000,
        }
    }
}
