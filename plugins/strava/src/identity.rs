//! Whose a grant is that another program was given: Strava tells the account and what it may see only to who asks.

use std::time::Duration;

use engine::http::{Answer, Authorization, Limits, Question, Verb};
use engine::registry::Means;
use engine::step::{Cause, StepError};
use fitness::records::strava::connection::{self, State};
use fitness::records::strava::quota::Purpose;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::options::Options;
use crate::quota;
use crate::scope::Scopes;
use crate::token::Access;

const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 8 << 20 };

#[derive(Deserialize)]
struct Athlete {
    id: i64,
}

/// Asks whose it is and what it may see, and notes both.
pub(crate) async fn learn(
    means: &Means,
    options: &Options,
    athlete: &str,
    (token, pair): (Zeroizing<String>, i64),
) -> Result<Access, StepError> {
    let ask = |path, query| ask(means, options, &token, path, query);
    let answer = ask("athlete", &[]).await?;
    let strava_id = match (answer.status, serde_json::from_slice::<Athlete>(&answer.body)) {
        (200, Ok(Athlete { id })) => id,
        (status, _) => return Err(StepError::Failed(trouble(status))),
    };
    let activities = ask("athlete/activities", &[("per_page", "1")]).await?;
    let zones = ask("athlete/zones", &[]).await?;
    let segments = ask("segments/starred", &[("per_page", "1")]).await?;
    let scopes = Scopes::seen(may(&segments)?, may(&activities)?, may(&zones)?);
    let state = if scopes.see_activities() { State::Connected } else { State::ScopeMissing };
    let (whose, told, now_ms) = (athlete.to_owned(), scopes.to_string(), means.clock.now_ms());
    let note = move |tx: &mut store::Tx<'_>| {
        if connection::of_account(tx, strava_id)?.is_some_and(|who| who != whose) {
            return Ok(Some(elsewhere()));
        }
        // What is stored is of the account that was connected before.
        let known = connection::get(tx, &whose)?.and_then(|known| known.strava_id);
        if known.is_some_and(|known| known != strava_id) {
            let (state, cause) = (State::NeedsReauth, other());
            connection::note(tx, &whose, pair, (state, Some(&cause.message)), now_ms)?;
            return Ok(Some(cause));
        }
        connection::identify(tx, &whose, (strava_id, &told), (state, None), now_ms).map(|()| None)
    };
    if let Some(cause) = means.store.write(note).await? {
        return Err(StepError::Hopeless(cause));
    }
    Ok(Access { token, pair, strava_id, scopes, state })
}

/// An account is one athlete's.
pub(crate) fn elsewhere() -> Cause {
    Cause::new(
        "strava_connected_elsewhere",
        "another athlete of this installation has connected that account",
    )
}

/// An athlete has one account at a time.
pub(crate) fn other() -> Cause {
    let message = "another Strava account is connected; `paceline strava disconnect` ends that first";
    Cause::new("strava_other_account", message)
}

async fn ask(
    means: &Means,
    options: &Options,
    token: &str,
    path: &str,
    query: &[(&str, &str)],
) -> Result<Answer, StepError> {
    let base = options.api_base().map_err(StepError::Hopeless)?.below(path);
    let authorization = Authorization::Bearer(token);
    let question = Question { base: &base, verb: Verb::Get, query, authorization, limits: LIMITS };
    let taken_ms = quota::take_by(means, Purpose::Fresh).await?;
    let answer = means.http.ask(question).await.map_err(|error| {
        let message = "Strava does not answer".to_owned();
        StepError::Failed(Cause { code: error.code(), message, source: Some(Box::new(error)) })
    })?;
    quota::learn_by(means, &answer, taken_ms).await?;
    if answer.status == 429 {
        return Err(quota::refused_by(means, &answer, taken_ms).await?);
    }
    Ok(answer)
}

fn may(answer: &Answer) -> Result<bool, StepError> {
    match answer.status {
        200 => Ok(true),
        401 | 403 => Ok(false),
        status => Err(StepError::Failed(trouble(status))),
    }
}

fn trouble(status: u16) -> Cause {
    Cause::new("upstream_unavailable", format!("Strava is in trouble (status {status})"))
}
