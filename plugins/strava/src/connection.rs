//! Connects an athlete with an account at Strava, and ends that.

mod disconnect;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use engine::registry::{Connected, Connection, Means, Receipt, Status};
use engine::step::{BoxFuture, Cause, StepError};
use fitness::records::purge_receipt;
use fitness::records::strava::connection::{self, Connection as Row, Pair, State};
use fitness::records::strava::{authorization, purge};
use store::Tx;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::oauth::{self, Grant, Refusal, Tokens};
use crate::options::Options;
use crate::scope::Scopes;
use crate::token::{self, Access, Vault, Wanted};
use crate::{identity, word};

pub(crate) use disconnect::{Asked, disconnect, go_on};

/// The pipeline that has something to do once Strava is connected.
const SYNC: &str = "sweep";
/// What brings up to date what rested on rows that are gone.
const DAILY: &str = "daily";

/// Strava, as the API and the command line connect it.
pub(crate) struct Strava {
    pub(crate) options: Options,
}

impl Connection for Strava {
    fn name(&self) -> &'static str {
        "strava"
    }

    fn begin<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        redirect: &'a str,
    ) -> BoxFuture<'a, Result<String, Cause>> {
        Box::pin(self.send(means, partition, redirect))
    }

    fn finish<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        query: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(self.receive(means, partition, query))
    }

    fn take_over<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
        secret: &'a str,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(self.inherit(means, partition, secret))
    }

    fn status<'a>(&'a self, means: &'a Means, partition: &'a str) -> BoxFuture<'a, Result<Status, Cause>> {
        Box::pin(status(means, partition))
    }

    fn is_connected(&self, tx: &mut Tx<'_>, partition: &str) -> store::Result<bool> {
        is_alive(tx, partition)
    }

    fn disconnect<'a>(
        &'a self,
        means: &'a Means,
        partition: &'a str,
    ) -> BoxFuture<'a, Result<Receipt, Cause>> {
        Box::pin(disconnect(means, &self.options, partition, Asked::ByAthlete))
    }
}

impl Strava {
    async fn send(&self, means: &Means, athlete: &str, redirect: &str) -> Result<String, Cause> {
        let state = word::random();
        let url = oauth::authorize_url(&self.options, &state, redirect)?;
        let (athlete, redirect) = (athlete.to_owned(), redirect.to_owned());
        // A database that is read by others tells no state that is still good.
        let (hash, now_ms) = (word::hash(&state), means.clock.now_ms());
        let begin = move |tx: &mut Tx<'_>| authorization::begin(tx, &athlete, (&hash, &redirect), now_ms);
        means.store.write(begin).await?;
        Ok(url)
    }

    async fn receive(
        &self,
        means: &Means,
        athlete: &str,
        query: &BTreeMap<String, String>,
    ) -> Result<Connected, Cause> {
        let state = query.get("state").ok_or_else(mismatch)?;
        let (hash, now_ms) = (word::hash(state), means.clock.now_ms());
        let sent = means.store.write(move |tx| authorization::take(tx, &hash, now_ms)).await?;
        if sent.as_deref() != Some(athlete) {
            return Err(mismatch());
        }
        let Some(code) = query.get("code").filter(|_| !query.contains_key("error")) else {
            return Err(Cause::new("strava_denied", "Strava was not allowed to show anything"));
        };
        // A grant that could not be sealed would be lost.
        means.secrets.prepare()?;
        let granted = oauth::exchange(&means.http, &means.clock, &self.options, code).await;
        let grant = granted.map_err(|refusal| match refusal {
            Refusal::Dead => {
                Cause::new("strava_code_refused", "Strava does not take the code that it sent; connect again")
            }
            other => other.cause(),
        })?;
        let scopes = Scopes::parse(query.get("scope").map_or("", String::as_str));
        match self.keep(means, athlete, &grant, &scopes).await? {
            Kept::Done => {}
            kept => return Err(self.give_back(means, &grant, kept).await),
        }
        info!(scopes = %scopes, "Strava is connected");
        Ok(connected(grant.strava_id, &scopes))
    }

    async fn keep(
        &self,
        means: &Means,
        athlete: &str,
        grant: &Grant,
        scopes: &Scopes,
    ) -> Result<Kept, Cause> {
        let pair = Vault { keys: &means.secrets }.seal(athlete, &grant.tokens)?;
        put(means, row(athlete, Some(grant.strava_id), scopes, pair, means.clock.now_ms())).await
    }

    /// Ends at Strava what is not kept here, and says why it is not.
    async fn give_back(&self, means: &Means, grant: &Grant, kept: Kept) -> Cause {
        // The other athlete's access is of the same grant, and would end with it.
        if kept != Kept::Elsewhere {
            let refresh = &grant.tokens.refresh;
            match oauth::revoke(&means.http, &means.clock, &self.options, refresh).await {
                Ok(()) => info!("a grant that is not kept was given back to Strava"),
                Err(refusal) => {
                    let code = refusal.cause().code;
                    warn!(code, "a grant that is not kept could not be given back to Strava");
                }
            }
        }
        kept.cause()
    }

    /// The pair after the secret is committed before it is used, and whose it is told only by using it.
    async fn inherit(&self, means: &Means, athlete: &str, secret: &str) -> Result<Connected, Cause> {
        self.options.application()?;
        let connected = |access: Access| connected(access.strava_id, &access.scopes);
        let whose = athlete.to_owned();
        let kept = means.store.read(move |tx| connection::get(tx, &whose)).await?;
        // The secret is dead where something came after it, which then goes on.
        if kept.as_ref().is_none_or(|kept| kept.state == State::NeedsReauth) {
            let refresh = Zeroizing::new(secret.trim().to_owned());
            let tokens = Tokens { access: Zeroizing::default(), refresh, expires_ms: 0 };
            let pair = Vault { keys: &means.secrets }.seal(athlete, &tokens)?;
            let account = kept.as_ref().and_then(|kept| kept.strava_id);
            let unproven = row(athlete, account, &Scopes::default(), pair, means.clock.now_ms());
            match put(means, Row { state: State::Connected, ..unproven }).await? {
                Kept::Done => {}
                kept => return Err(kept.cause()),
            }
        }
        let found = token::find(means, &self.options, athlete, Wanted::Lasting).await;
        match found.map(connected).map_err(cause) {
            Err(cause) if ends(&cause) => {
                take_back(means, athlete, kept.filter(|kept| !kept.is_unproven())).await?;
                Err(cause)
            }
            found => found,
        }
    }
}

/// True where a grant that was taken over is of no use.
fn ends(cause: &Cause) -> bool {
    ["strava_needs_reauth", "strava_other_account", "strava_connected_elsewhere"].contains(&cause.code)
}

/// Leaves what was there before a grant was taken over that is of no use.
async fn take_back(means: &Means, athlete: &str, before: Option<Row>) -> Result<(), Cause> {
    let athlete = athlete.to_owned();
    let restore = move |tx: &mut Tx<'_>| {
        let tried = connection::get(tx, &athlete)?.filter(|kept| kept.scopes.is_empty());
        match (tried, &before) {
            (Some(tried), _) if tried.state == State::Disconnecting => Ok(()),
            (Some(_), Some(before)) => connection::put(tx, before),
            (Some(tried), None) if tried.strava_id.is_none() => connection::remove(tx, &athlete).map(drop),
            _ => Ok(()),
        }
    };
    Ok(means.store.write(restore).await?)
}

/// True where Strava may be asked for an athlete.
pub(crate) fn is_alive(tx: &mut Tx<'_>, athlete: &str) -> store::Result<bool> {
    // Whether the application is well again is known by asking once more.
    let asks = |state| matches!(state, State::Connected | State::Inactive | State::AthleteLimit);
    Ok(connection::get(tx, athlete)?.is_some_and(|connection| asks(connection.state)))
}

async fn status(means: &Means, athlete: &str) -> Result<Status, Cause> {
    let athlete = athlete.to_owned();
    let read = move |tx: &mut Tx<'_>| {
        Ok((connection::get(tx, &athlete)?, purge_receipt::last(tx, &athlete, purge::PROVENANCE)?))
    };
    let (kept, last) = means.store.read(read).await?;
    let receipt = last.and_then(disconnect::receipt);
    let Some(kept) = kept else {
        return Ok(Status {
            state: "not_connected",
            reason: None,
            account: None,
            granted: Vec::new(),
            missing: Vec::new(),
            connected_ms: None,
            receipt,
        });
    };
    let scopes = Scopes::parse(&kept.scopes);
    Ok(Status {
        state: kept.state.as_str(),
        reason: kept.reason.or_else(|| token::closed(kept.state, None).map(|cause| cause.message)),
        account: kept.strava_id.map(|id| id.to_string()),
        granted: scopes.names(),
        missing: scopes.missing(),
        connected_ms: Some(kept.connected_ms),
        receipt,
    })
}

/// What became of a grant that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Done,
    /// The account is another athlete's.
    Elsewhere,
    /// The athlete has connected another account.
    Other,
    Disconnecting,
}

impl Kept {
    /// Why it is not kept.
    fn cause(self) -> Cause {
        match self {
            Self::Elsewhere => identity::elsewhere(),
            Self::Done | Self::Other => identity::other(),
            Self::Disconnecting => {
                let message =
                    "what came from Strava is being deleted; `paceline strava disconnect` goes on with it";
                Cause::new("strava_disconnecting", message)
            }
        }
    }
}

async fn put(means: &Means, row: Row) -> Result<Kept, Cause> {
    let put = move |tx: &mut Tx<'_>| {
        let before = connection::get(tx, &row.athlete)?;
        if let Some(new) = row.strava_id
            && connection::of_account(tx, new)?.is_some_and(|other| other != row.athlete)
        {
            return Ok(Kept::Elsewhere);
        }
        if before.as_ref().is_some_and(|before| before.state == State::Disconnecting) {
            return Ok(Kept::Disconnecting);
        }
        let known = before.and_then(|before| before.strava_id);
        if row.strava_id.is_some_and(|new| known.is_some_and(|known| known != new)) {
            return Ok(Kept::Other);
        }
        connection::put(tx, &row)?;
        Ok(Kept::Done)
    };
    Ok(means.store.write(put).await?)
}

fn row(athlete: &str, strava_id: Option<i64>, scopes: &Scopes, pair: Pair, now_ms: i64) -> Row {
    Row {
        athlete: athlete.to_owned(),
        strava_id,
        scopes: scopes.to_string(),
        pair,
        number: 1,
        state: if scopes.see_activities() { State::Connected } else { State::ScopeMissing },
        reason: None,
        connected_ms: now_ms,
        changed_ms: now_ms,
    }
}

fn connected(strava_id: i64, scopes: &Scopes) -> Connected {
    Connected {
        account: strava_id.to_string(),
        granted: scopes.names(),
        missing: scopes.missing(),
        then: scopes.see_activities().then_some(SYNC),
    }
}

fn mismatch() -> Cause {
    let message = "this answer belongs to no question of ours, or to one that is older than ten minutes";
    Cause::new("oauth_state_mismatch", message)
}

fn cause(error: StepError) -> Cause {
    match error {
        StepError::Later { source, .. } => source,
        StepError::Failed(cause) | StepError::Hopeless(cause) => cause,
        StepError::Cancelled => Cause::new("run_cancelled", "it was stopped"),
    }
}
