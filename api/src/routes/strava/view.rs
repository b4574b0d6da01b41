//! What is told of a connection.

use std::collections::BTreeMap;

use engine::registry;
use serde::Serialize;
use utoipa::ToSchema;

/// Where a person allows what is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Begun {
    /// To be opened within ten minutes, once.
    pub(super) url: String,
}

/// What was allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connected {
    /// The account's id at Strava.
    pub(super) account: String,
    pub(super) granted: Vec<String>,
    /// What was asked for and not allowed.
    pub(super) missing: Vec<Missing>,
    /// Whether there is anything that can be synced.
    pub(super) syncs: bool,
}

/// What was asked for and not allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Missing {
    pub(super) scope: &'static str,
    /// What there will not be without it.
    pub(super) without: &'static str,
}

/// How the connection to Strava is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// `not_connected`, `connected`, `needs_reauth`, `scope_missing`, `inactive`, `athlete_limit` or `disconnecting`.
    state: &'static str,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The account's id at Strava.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    granted: Vec<String>,
    missing: Vec<Missing>,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_ms: Option<i64>,
    /// What the last disconnect did.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
}

/// What a disconnect did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Epoch milliseconds.
    asked_ms: i64,
    /// Epoch milliseconds.
    done_ms: i64,
    /// Whether Strava confirmed that the access is over.
    revoked: bool,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_revoked: Option<String>,
    /// Rows that were deleted, by table.
    deleted: BTreeMap<String, u64>,
}

impl From<registry::Missing> for Missing {
    fn from(registry::Missing { scope, without }: registry::Missing) -> Self {
        Self { scope, without }
    }
}

impl From<registry::Connected> for Connected {
    fn from(from: registry::Connected) -> Self {
        Self {
            account: from.account,
            granted: from.granted,
            missing: from.missing.into_iter().map(Missing::from).collect(),
            syncs: from.then.is_some(),
        }
    }
}

impl From<registry::Receipt> for Receipt {
    fn from(from: registry::Receipt) -> Self {
        let registry::Receipt { asked_ms, done_ms, revoked, not_revoked, deleted, .. } = from;
        Self { asked_ms, done_ms, revoked, not_revoked, deleted }
    }
}

impl From<registry::Status> for Status {
    fn from(from: registry::Status) -> Self {
        Self {
            state: from.state,
            reason: from.reason,
            account: from.account,
            granted: from.granted,
            missing: from.missing.into_iter().map(Missing::from).collect(),
            connected_ms: from.connected_ms,
            receipt: from.receipt.map(Receipt::from),
        }
    }
}
