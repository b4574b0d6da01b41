//! What is asked of Strava's authorization server, and what comes of it.
//!
//! <https://developers.strava.com/docs/authentication>

mod answer;

#[cfg(test)]
mod tests;

use std::time::Duration;

use engine::clock::Clock;
use engine::http::{Answer, Authorization, Base, Http, HttpError, Limits, Question, Verb};
use engine::step::Cause;
use zeroize::Zeroizing;

use crate::options::Options;
use crate::scope::Scopes;

/// Shorter than the lease under which a pair is asked for, so that nobody else asks meanwhile.
const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 1 << 20 };
/// Right after the redirect the code may not be known yet at every server of Strava's.
const RACE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 2_000 });
const QUARTER_MS: i64 = 15 * 60_000;
/// The windows end at the full quarter of Strava's clock, which ours may be ahead of.
const AFTER_QUARTER_MS: i64 = 10_000;

/// Two tokens as they came.
pub(crate) struct Tokens {
    pub(crate) access: Zeroizing<String>,
    pub(crate) refresh: Zeroizing<String>,
    pub(crate) expires_ms: i64,
}

/// What a code was exchanged for.
pub(crate) struct Grant {
    pub(crate) tokens: Tokens,
    pub(crate) strava_id: i64,
}

/// Why Strava gave nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The refresh token, or the code, is not one that is in force.
    Dead,
    /// The application is at rest.
    Inactive,
    AthleteLimit,
    /// The client's id or secret is wrong.
    Application,
    /// Asked too often; what is asked for so much later is answered.
    Busy(Duration),
    Trouble(u16),
    /// With the place.
    Unreadable(String),
    Unanswered(HttpError),
    Unset(Cause),
}

/// Where a person allows what we ask for.
pub(crate) fn authorize_url(options: &Options, state: &str, redirect: &str) -> Result<String, Cause> {
    let scope = Scopes::asked();
    let query = [
        ("client_id", options.application()?.client_id.as_str()),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        // A box that was not ticked is asked for again.
        ("approval_prompt", "force"),
        ("scope", &scope),
        ("state", state),
    ];
    Ok(options.authorization_base()?.below("authorize").to_open(&query))
}

/// Exchanges the code that came back.
pub(crate) async fn exchange(
    http: &Http,
    clock: &Clock,
    options: &Options,
    code: &str,
) -> Result<Grant, Refusal> {
    let fields = [("grant_type", "authorization_code"), ("code", code)];
    let answer = match ask(http, clock, options, &fields).await {
        Err(Refusal::Dead) => {
            tokio::time::sleep(RACE).await;
            ask(http, clock, options, &fields).await?
        }
        answer => answer?,
    };
    answer::grant(&answer.body)
}

/// Asks for the pair after the one that this refresh token belongs to, which may be dead from then on.
pub(crate) async fn refresh(
    http: &Http,
    clock: &Clock,
    options: &Options,
    refresh_token: &str,
) -> Result<Tokens, Refusal> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let answer = ask(http, clock, options, &fields).await?;
    answer::tokens(&answer.body)
}

/// Gives the access back; either of the two tokens ends both.
pub(crate) async fn revoke(
    http: &Http,
    clock: &Clock,
    options: &Options,
    token: &str,
) -> Result<(), Refusal> {
    let application = options.application().map_err(Refusal::Unset)?;
    let base = options.authorization_base().map_err(Refusal::Unset)?.below("revoke");
    let fields = [("token", token)];
    let (user, password) = (application.client_id.as_str(), application.client_secret.as_str());
    let authorization = Authorization::Basic { user, password };
    let question =
        Question { base: &base, verb: Verb::Form(&fields), query: &[], authorization, limits: LIMITS };
    let answer = http.ask(question).await.map_err(Refusal::Unanswered)?;
    Refusal::of(&answer, clock).map_or(Ok(()), Err)
}

async fn ask(
    http: &Http,
    clock: &Clock,
    options: &Options,
    fields: &[(&str, &str)],
) -> Result<Answer, Refusal> {
    let application = options.application().map_err(Refusal::Unset)?;
    let base: Base = options.authorization_base().map_err(Refusal::Unset)?.below("token");
    let (id, secret) = (application.client_id.as_str(), application.client_secret.as_str());
    let fields = [fields, &[("client_id", id), ("client_secret", secret)]].concat();
    let authorization = Authorization::Nobody;
    let verb = Verb::Form(&fields);
    let question = Question { base: &base, verb, query: &[], authorization, limits: LIMITS };
    let answer = http.ask(question).await.map_err(Refusal::Unanswered)?;
    Refusal::of(&answer, clock).map_or(Ok(answer), Err)
}

impl Refusal {
    fn of(answer: &Answer, clock: &Clock) -> Option<Self> {
        let status = answer.status;
        if (200..300).contains(&status) {
            return None;
        }
        if status == 429 {
            let now_ms = clock.now_ms();
            let wait_ms = QUARTER_MS - now_ms.rem_euclid(QUARTER_MS) + AFTER_QUARTER_MS;
            return Some(Self::Busy(Duration::from_millis(wait_ms.unsigned_abs())));
        }
        let told = answer::Told::of(&answer.body);
        Some(match status {
            _ if told.names("RefreshToken") || told.names("AuthorizationCode") => Self::Dead,
            403 if told.names("Application") && told.says("inactive") => Self::Inactive,
            403 if told.says("connected athletes") => Self::AthleteLimit,
            400..=403 if told.names("Application") => Self::Application,
            _ => Self::Trouble(status),
        })
    }

    /// What it means to whoever must do something.
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::Dead => {
                Cause::new("strava_needs_reauth", "Strava takes what it gave no more; connect again")
            }
            Self::Inactive => Cause::new("strava_inactive", INACTIVE),
            Self::AthleteLimit => Cause::new("strava_athlete_limit", ATHLETE_LIMIT),
            Self::Application => {
                let message =
                    "Strava does not know the application: FITNESS_STRAVA_CLIENT_ID or its secret is wrong";
                Cause::new("strava_application_refused", message)
            }
            Self::Busy(after) => {
                let message =
                    format!("Strava was asked too often; it answers again in {} s", after.as_secs());
                Cause::new("strava_rate_limited", message)
            }
            Self::Trouble(status) => {
                let message = format!("Strava is in trouble (status {status})");
                Cause::new("upstream_unavailable", message)
            }
            Self::Unreadable(place) => {
                Cause::new("upstream_unreadable", format!("the answer of Strava cannot be read ({place})"))
            }
            Self::Unanswered(error) => {
                let message = "Strava does not answer".to_owned();
                Cause { code: error.code(), message, source: Some(Box::new(error)) }
            }
            Self::Unset(cause) => cause,
        }
    }
}

pub(crate) const INACTIVE: &str =
    "Strava has put the application to rest: its owner needs a subscription, or it was deactivated";
pub(crate) const ATHLETE_LIMIT: &str =
    "the application has as many athletes as it may; its page at Strava raises that to ten";
