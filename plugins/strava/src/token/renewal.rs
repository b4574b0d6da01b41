//! Asks for a new pair of tokens, alone among all processes.

use std::time::Duration;

use engine::registry::Means;
use engine::step::{Cause, StepError};
use fitness::records::strava::connection::{self, Connection, LEASE_MS, State};
use tracing::{Instrument, info, warn};

use super::{Vault, Wanted, closed, not_connected};
use crate::oauth::{self, Refusal};
use crate::options::Options;

/// How often a process looks whether another one has the new pair.
const LOOK: Duration = Duration::from_millis(200);
/// After so many looks the lease of whoever went away is over.
const LOOKS: i64 = LEASE_MS / 200 + 25;
/// How long a pair that came is tried to be kept, after the first time: the old one may be dead by now.
const PATIENCE: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
const LATER: Duration = Duration::from_secs(5);

pub(super) struct Renewal<'a> {
    pub(super) means: &'a Means,
    pub(super) options: &'a Options,
    pub(super) athlete: &'a str,
}

/// What a look at the row came to.
enum Look {
    Met(Connection),
    /// This process may ask.
    Ours(Connection),
    /// Another one asks.
    Theirs,
    Closed(Cause),
}

impl Renewal<'_> {
    /// The connection as it is wanted.
    pub(super) async fn find(&self, mut wanted: Wanted) -> Result<Connection, StepError> {
        for _ in 0..LOOKS {
            match self.look(wanted).await? {
                Look::Met(connection) => return Ok(connection),
                Look::Closed(cause) => return Err(StepError::Hopeless(cause)),
                Look::Theirs => tokio::time::sleep(LOOK).await,
                Look::Ours(connection) => {
                    // By a clock that is hours ahead no pair lasts: one that was just asked for is taken as it is.
                    wanted = Wanted::After(connection.number);
                    self.ask(connection).await?;
                }
            }
        }
        let source = Cause::new("strava_refreshing", "another process is asking Strava for a new token");
        Err(StepError::Later { after: LATER, source })
    }

    async fn look(&self, wanted: Wanted) -> Result<Look, StepError> {
        let (athlete, now_ms) = (self.athlete.to_owned(), self.means.clock.now_ms());
        let kept = self.means.store.read(move |tx| connection::get(tx, &athlete)).await?;
        let Some(connection) = kept else { return Ok(Look::Closed(not_connected())) };
        if let Some(cause) = closed(connection.state, connection.reason.as_deref()) {
            return Ok(Look::Closed(cause));
        }
        if wanted.is_met(&connection, now_ms) {
            return Ok(Look::Met(connection));
        }
        let (athlete, number) = (self.athlete.to_owned(), connection.number);
        let is_ours = self.means.store.write(move |tx| connection::lease(tx, &athlete, number)).await?;
        Ok(if is_ours { Look::Ours(connection) } else { Look::Theirs })
    }

    /// On a task of its own: a run that is stopped meanwhile must not lose what comes.
    async fn ask(&self, connection: Connection) -> Result<(), StepError> {
        let asking = ask(self.means.clone(), self.options.clone(), connection);
        match tokio::spawn(asking.in_current_span()).await {
            Ok(asked) => asked,
            Err(_) => {
                Err(StepError::Failed(Cause::new("step_panicked", "asking for a new token went wrong")))
            }
        }
    }
}

async fn ask(means: Means, options: Options, connection: Connection) -> Result<(), StepError> {
    let vault = Vault { keys: &means.secrets };
    // Before anything is asked: a pair that could not be sealed would be lost.
    let ready = means.secrets.prepare().map_err(Cause::from).and_then(|()| vault.refresh(&connection));
    let token = match ready {
        Ok(token) => token,
        Err(cause) => {
            release(&means, &connection).await?;
            return Err(StepError::Hopeless(cause));
        }
    };
    let tokens = match oauth::refresh(&means.http, &means.clock, &options, &token).await {
        Ok(tokens) => tokens,
        Err(refusal) => return refused(&means, &connection, refusal).await,
    };
    let pair = vault.seal(&connection.athlete, &tokens).map_err(StepError::Hopeless)?;
    keep(&means, &connection, &pair).await?;
    info!("Strava's tokens were renewed");
    Ok(())
}

/// Commits the new pair. A commit whose fate is unknown is tried again, which changes nothing where it was done.
async fn keep(means: &Means, of: &Connection, pair: &connection::Pair) -> Result<(), StepError> {
    let mut patience = PATIENCE.into_iter();
    loop {
        let (athlete, number, pair) = (of.athlete.clone(), of.number, pair.clone());
        let now_ms = means.clock.now_ms();
        let kept = means.store.write(move |tx| connection::renew(tx, &athlete, number, &pair, now_ms)).await;
        match (kept, patience.next()) {
            // Where it changed nothing, somebody connected anew meanwhile.
            (Ok(_), _) => return Ok(()),
            (Err(error), Some(after)) => {
                warn!(code = error.code(), "new tokens of Strava could not be kept yet");
                tokio::time::sleep(after).await;
            }
            (Err(error), None) => return Err(error.into()),
        }
    }
}

async fn release(means: &Means, of: &Connection) -> Result<(), StepError> {
    let (athlete, number) = (of.athlete.clone(), of.number);
    Ok(means.store.write(move |tx| connection::release(tx, &athlete, number)).await?)
}

/// Notes what concerns the connection, and says what to do about it.
async fn refused(means: &Means, of: &Connection, refusal: Refusal) -> Result<(), StepError> {
    let state = match &refusal {
        Refusal::Dead => Some(State::NeedsReauth),
        Refusal::Inactive => Some(State::Inactive),
        Refusal::AthleteLimit => Some(State::AthleteLimit),
        _ => None,
    };
    let after = if let Refusal::Busy(after) = &refusal { Some(*after) } else { None };
    let is_hopeless = state.is_some() || matches!(refusal, Refusal::Application | Refusal::Unset(_));
    let cause = refusal.cause();
    let Some(state) = state else {
        release(means, of).await?;
        return Err(match after {
            Some(after) => StepError::Later { after, source: cause },
            None if is_hopeless => StepError::Hopeless(cause),
            None => StepError::Failed(cause),
        });
    };
    let (athlete, number, reason) = (of.athlete.clone(), of.number, cause.message.clone());
    let now_ms = means.clock.now_ms();
    let refuse =
        move |tx: &mut store::Tx<'_>| connection::refuse(tx, &athlete, number, (state, &reason), now_ms);
    if means.store.write(refuse).await? {
        warn!(state = state.as_str(), "the connection to Strava needs attention");
        return Err(StepError::Hopeless(cause));
    }
    // Another process was faster, and has a pair that is in force.
    Ok(())
}
