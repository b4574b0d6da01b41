//! Connections to accounts of an outside service, as a plugin makes them.

use std::collections::BTreeMap;

use super::Means;
use crate::step::{BoxFuture, Cause};

/// Connects each partition with its account of an outside service.
pub trait Connection: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    /// Begins, and answers the address at which a person allows it; what comes of it is sent to `redirect`.
    fn begin<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        redirect: &'a str,
    ) -> BoxFuture<'a, Result<String, Cause>>;
    /// Ends what was begun for the partition, with the query that came back. What was begun is ended once.
    fn finish<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        query: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Connected, Cause>>;
    /// Goes on with a secret that another program was given.
    fn take_over<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        secret: &'a str,
    ) -> BoxFuture<'a, Result<Connected, Cause>>;
    /// How the connection is, without asking anybody.
    fn status<'a>(&'a self, means: &'a Means, partition: &'a str) -> BoxFuture<'a, Result<Status, Cause>>;
    /// Gives the access back and deletes all that came through it. One that was cut off goes on where it was.
    fn disconnect<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
    ) -> BoxFuture<'a, Result<Receipt, Cause>>;
}

/// What a person has allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The account's id at the service.
    pub account: String,
    pub granted: Vec<String>,
    pub missing: Vec<Missing>,
    /// The pipeline that has something to do now; nothing where too little was allowed.
    pub then: Option<&'static str>,
}

/// What a person has not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub scope: &'static str,
    /// What there will not be without it, as a sentence's end.
    pub without: &'static str,
}

/// How a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub state: &'static str,
    /// Why it is not well, and what to do.
    pub reason: Option<String>,
    pub account: Option<String>,
    pub granted: Vec<String>,
    pub missing: Vec<Missing>,
    pub connected_ms: Option<i64>,
    /// What the last disconnect did.
    pub receipt: Option<Receipt>,
}

/// What a disconnect did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub asked_ms: i64,
    pub done_ms: i64,
    /// Whether the service confirmed that the access is over; why not stands beside it.
    pub revoked: bool,
    pub not_revoked: Option<String>,
    /// Rows that were deleted, by table.
    pub deleted: BTreeMap<String, u64>,
    /// The pipeline that brings up to date what rested on them.
    pub then: Option<&'static str>,
}
