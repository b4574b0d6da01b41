//! The application's subscription to webhooks, with the sealed words of its address and its handshake.

use store::{Result, Row, Sql, Tx, params};

/// The table, as sealed words are bound to it.
pub const TABLE: &str = "strava_subscription";

/// A subscription's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The address that Strava calls, without its word.
    pub callback: String,
    /// Nothing until Strava has accepted it.
    pub subscription_id: Option<i64>,
    pub path_word: String,
    pub verify_token: String,
    pub changed_ms: i64,
}

const LIST: Sql = Sql::Both(
    "SELECT callback, subscription_id, path_word, verify_token, changed_ms FROM strava_subscription \
     ORDER BY callback",
);
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_subscription (callback, subscription_id, path_word, verify_token, changed_ms) \
     VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (callback) DO UPDATE SET subscription_id = excluded.subscription_id, \
     path_word = excluded.path_word, verify_token = excluded.verify_token, changed_ms = excluded.changed_ms",
);
const ACCEPT: Sql = Sql::Both(
    "UPDATE strava_subscription SET subscription_id = $2, changed_ms = $3 \
     WHERE callback = $1 AND subscription_id IS NULL",
);
// Another process may have made other words meanwhile.
const SEAL_ANEW: Sql = Sql::Both(
    "UPDATE strava_subscription SET path_word = $4, verify_token = $5 \
     WHERE callback = $1 AND path_word = $2 AND verify_token = $3",
);
const REMOVE: Sql = Sql::Both("DELETE FROM strava_subscription WHERE callback = $1");

/// Every subscription by its address; an application has one, and more only while its address changes.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Subscription>> {
    tx.query(&LIST, &[], read)
}

/// Writes a subscription in the place of what was kept for its address.
pub fn put(tx: &mut Tx<'_>, subscription: &Subscription) -> Result<()> {
    let Subscription { callback, subscription_id, path_word, verify_token, changed_ms } = subscription;
    tx.execute(&PUT, &params![callback, *subscription_id, path_word, verify_token, *changed_ms]).map(drop)
}

/// Notes that Strava has accepted the subscription for an address.
pub fn accept(tx: &mut Tx<'_>, callback: &str, subscription_id: i64, now_ms: i64) -> Result<()> {
    tx.execute(&ACCEPT, &params![callback, subscription_id, now_ms]).map(drop)
}

/// Puts the same words, sealed by another key, in the place of those that were read.
pub fn seal_anew(
    tx: &mut Tx<'_>,
    read: &Subscription,
    (path_word, verify_token): (&str, &str),
) -> Result<()> {
    let params = params![&read.callback, &read.path_word, &read.verify_token, path_word, verify_token];
    tx.execute(&SEAL_ANEW, &params).map(drop)
}

/// Removes a subscription, and says whether it was there.
pub fn remove(tx: &mut Tx<'_>, callback: &str) -> Result<bool> {
    Ok(tx.execute(&REMOVE, &params![callback])? > 0)
}

fn read(row: &Row<'_>) -> Result<Subscription> {
    Ok(Subscription {
        callback: row.get(0)?,
        subscription_id: row.get(1)?,
        path_word: row.get(2)?,
        verify_token: row.get(3)?,
        changed_ms: row.get(4)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, PUT, ACCEPT, SEAL_ANEW, REMOVE];
