//! The access token of an athlete: opened, and renewed by one process at a time.
//!
//! A refresh token may be dead the moment a new one is given, so that a new pair is committed before anybody uses it,
//! and whoever asked for it waits for that even where nobody wants the answer any more.

mod renewal;
mod vault;

use engine::context::StepContext;
use engine::registry::Means;
use engine::step::{Cause, StepError};
use fitness::records::strava::connection::{self, Connection};
use tracing::warn;
use zeroize::Zeroizing;

use crate::identity;
use crate::options::Options;
use crate::scope::Scopes;

pub(crate) use connection::State;
pub(crate) use vault::Vault;

use renewal::Renewal;

/// A token that ends sooner is renewed before it is used.
const LEFT_MS: i64 = 5 * 60_000;

/// A token that is in force, and whose it is.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) token: Zeroizing<String>,
    /// Which of the pairs that came.
    pub(crate) pair: i64,
    pub(crate) strava_id: i64,
    pub(crate) scopes: Scopes,
    /// How the connection was thought to be before the token is used.
    pub(crate) state: State,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("pair", &self.pair)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Which token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One that lasts for some minutes.
    Lasting,
    /// One of a later pair.
    After(i64),
}

impl Wanted {
    fn is_met(self, connection: &Connection, now_ms: i64) -> bool {
        match self {
            Self::Lasting => connection.pair.expires_ms - now_ms > LEFT_MS,
            Self::After(pair) => connection.number > pair,
        }
    }
}

/// The token of the run's athlete; one that is about to end is renewed first.
pub(crate) async fn current(ctx: &StepContext, options: &Options) -> Result<Access, StepError> {
    find(&ctx.means()?, options, &ctx.run.partition, Wanted::Lasting).await
}

/// A later token than one that Strava did not take. It may have the same text, which then is not taken either.
pub(crate) async fn renew(ctx: &StepContext, options: &Options, used: &Access) -> Result<Access, StepError> {
    find(&ctx.means()?, options, &ctx.run.partition, Wanted::After(used.pair)).await
}

/// True where no token is given out until a person does something.
pub(crate) fn is_dead(state: State) -> bool {
    matches!(state, State::NeedsReauth | State::ScopeMissing)
}

/// The last token of a connection that gives out none any more; it is renewed no more either.
pub(crate) async fn last(ctx: &StepContext) -> Result<Option<Access>, StepError> {
    let athlete = ctx.run.partition.clone();
    let kept = ctx.read(move |tx| connection::get(tx, &athlete)).await?;
    let Some(kept) = kept.filter(|kept| is_dead(kept.state)) else { return Ok(None) };
    let Some(strava_id) = kept.strava_id else { return Ok(None) };
    let token = Vault { keys: &ctx.means()?.secrets }.access(&kept).map_err(StepError::Hopeless)?;
    let (pair, scopes, state) = (kept.number, Scopes::parse(&kept.scopes), kept.state);
    Ok(Some(Access { token, pair, strava_id, scopes, state }))
}

/// Notes how the connection is, for everybody to see; what a pair was told that is over by now is forgotten.
pub(crate) async fn note(
    ctx: &StepContext,
    access: &Access,
    state: State,
    reason: Option<&str>,
) -> Result<(), StepError> {
    let (athlete, pair, now_ms) = (ctx.run.partition.clone(), access.pair, ctx.clock.now_ms());
    let told = reason.map(str::to_owned);
    let note = move |tx: &mut store::Tx<'_>, _: &mut engine::context::Cursor| {
        connection::note(tx, &athlete, pair, (state, told.as_deref()), now_ms)
    };
    let news = ctx.commit(note).await?;
    if news && state != State::Connected {
        warn!(state = state.as_str(), reason, "the connection to Strava needs attention");
    }
    Ok(())
}

/// The token of an athlete, as it is wanted.
pub(crate) async fn find(
    means: &Means,
    options: &Options,
    athlete: &str,
    wanted: Wanted,
) -> Result<Access, StepError> {
    let renewal = Renewal { means, options, athlete };
    let connection = renewal.find(wanted).await?;
    let token = Vault { keys: &means.secrets }.access(&connection).map_err(StepError::Hopeless)?;
    let (pair, scopes) = (connection.number, Scopes::parse(&connection.scopes));
    match connection.strava_id.filter(|_| !connection.is_unproven()) {
        Some(strava_id) => Ok(Access { token, pair, strava_id, scopes, state: connection.state }),
        None => identity::learn(means, options, athlete, (token, pair)).await,
    }
}

/// Why there is no token for a connection of that state.
pub(crate) fn closed(state: State, reason: Option<&str>) -> Option<Cause> {
    let (code, usual) = match state {
        // Whether the application is well again is known by asking once more.
        State::Connected | State::Inactive | State::AthleteLimit => return None,
        State::NeedsReauth => ("strava_needs_reauth", "Strava takes the tokens no more; connect again"),
        State::ScopeMissing => (
            "strava_scope_missing",
            "Strava was not allowed to show activities; connect again and tick the box",
        ),
        State::Disconnecting => return Some(not_connected()),
    };
    Some(Cause::new(code, reason.unwrap_or(usual)))
}

pub(crate) fn not_connected() -> Cause {
    Cause::new("strava_not_connected", "Strava is not connected; `paceline strava connect` does it")
}
