//! Ends a connection: the access is given back, and all that came through it is deleted.
//!
//! Each part is a transaction of its own that adds to the receipt, so that one that was cut off goes on where it was.

use std::time::Duration;

use engine::context::StepContext;
use engine::registry::{Means, Receipt};
use engine::step::{Cause, StepError};
use fitness::records::purge_receipt::{self, Receipt as Row};
use fitness::records::strava::connection::{self, Connection, LEASE_MS, State};
use fitness::records::strava::purge::{self, PROVENANCE};
use store::Tx;
use tracing::info;

use super::DAILY;
use crate::oauth;
use crate::options::Options;
use crate::token::{Vault, not_connected};

const LOOK: Duration = Duration::from_millis(200);
const LOOKS: i64 = LEASE_MS / 200 + 25;

/// Who wants the connection to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The athlete, here: Strava is told.
    ByAthlete,
    /// The athlete, at Strava: it knows already.
    AtStrava,
}

/// Gives the access back and deletes; an error of Strava's stops nothing and is told.
pub(crate) async fn disconnect(
    means: &Means,
    options: &Options,
    athlete: &str,
    asked: Asked,
) -> Result<Receipt, Cause> {
    let (connection, mut row) = begin(means, athlete).await?;
    if !row.is_revoked {
        let revoked = match asked {
            Asked::ByAthlete => revoke(means, options, &connection).await,
            Asked::AtStrava => Ok(()),
        };
        (row.is_revoked, row.not_revoked) = (revoked.is_ok(), revoked.err());
        let (whose, kept) = (athlete.to_owned(), row);
        means.store.write(move |tx| purge_receipt::put(tx, &whose, PROVENANCE, &kept)).await?;
    }
    let row = purge(means, athlete).await?;
    info!(revoked = row.is_revoked, "Strava is disconnected, and what came from there is deleted");
    receipt(row).ok_or_else(not_connected)
}

/// Goes on with a purge that was cut off, and says whether there was one.
pub(crate) async fn go_on(ctx: &StepContext, options: &Options) -> Result<bool, StepError> {
    let athlete = ctx.run.partition.clone();
    let connection = ctx.read(move |tx| connection::get(tx, &athlete)).await?;
    if connection.is_none_or(|connection| connection.state != State::Disconnecting) {
        return Ok(false);
    }
    let done = disconnect(&ctx.means()?, options, &ctx.run.partition, Asked::ByAthlete).await;
    done.map_err(StepError::Failed)?;
    Ok(true)
}

/// The receipt of a purge that is done.
pub(super) fn receipt(row: Row) -> Option<Receipt> {
    let Row { asked_ms, done_ms, is_revoked, not_revoked, deleted } = row;
    Some(Receipt {
        asked_ms,
        done_ms: done_ms?,
        revoked: is_revoked,
        not_revoked,
        deleted,
        then: Some(DAILY),
    })
}

/// From here on no token is given out. Who asks for a new pair meanwhile is waited for, or that pair would live on.
async fn begin(means: &Means, athlete: &str) -> Result<(Connection, Row), Cause> {
    for _ in 0..LOOKS {
        let (athlete, now_ms) = (athlete.to_owned(), means.clock.now_ms());
        let begin = move |tx: &mut Tx<'_>| {
            let Some(connection) = connection::get(tx, &athlete)? else { return Ok(Err(true)) };
            if connection.state != State::Disconnecting {
                if !connection::lease(tx, &athlete, connection.number)? {
                    return Ok(Err(false));
                }
                connection::leave(tx, &athlete, now_ms)?;
            }
            Ok(Ok((connection, purge_receipt::begin(tx, &athlete, PROVENANCE, now_ms)?)))
        };
        match means.store.write(begin).await? {
            Ok(begun) => return Ok(begun),
            Err(true) => return Err(not_connected()),
            Err(false) => tokio::time::sleep(LOOK).await,
        }
    }
    Err(Cause::new("strava_refreshing", "another process is asking Strava for a new token; try again"))
}

async fn revoke(means: &Means, options: &Options, connection: &Connection) -> Result<(), String> {
    let token = Vault { keys: &means.secrets }.refresh(connection).map_err(|cause| cause.report())?;
    let revoked = oauth::revoke(&means.http, &means.clock, options, &token).await;
    revoked.map_err(|refusal| refusal.cause().report())
}

async fn purge(means: &Means, athlete: &str) -> Result<Row, Cause> {
    loop {
        let (athlete, now_ms) = (athlete.to_owned(), means.clock.now_ms());
        let delete = move |tx: &mut Tx<'_>| {
            let is_over = connection::get(tx, &athlete)?.is_none();
            let last = if is_over { purge_receipt::last(tx, &athlete, PROVENANCE)? } else { None };
            // Another process was faster with the last of it.
            if let Some(done) = last.filter(|last| last.done_ms.is_some()) {
                return Ok(done);
            }
            let mut row = purge_receipt::begin(tx, &athlete, PROVENANCE, now_ms)?;
            let deleted = purge::some(tx, &athlete)?;
            // The tokens are the last: with them in the same transaction the receipt is whole.
            let is_done = deleted.is_empty() || deleted.contains_key(connection::TABLE);
            for (table, rows) in deleted {
                *row.deleted.entry(table).or_default() += rows;
            }
            row.done_ms = is_done.then_some(now_ms);
            purge_receipt::put(tx, &athlete, PROVENANCE, &row)?;
            Ok(row)
        };
        let row = means.store.write(delete).await?;
        if row.done_ms.is_some() {
            return Ok(row);
        }
    }
}
