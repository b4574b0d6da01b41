//! One question to the API, and what comes of it.

use std::time::Duration;

use engine::context::StepContext;
use engine::http::{Answer, Authorization, HttpError, Limits, Question, Verb};
use engine::step::{Cause, StepError};
use fitness::records::strava::quota::Purpose;
use serde_json::Value;

use crate::options::Options;
use crate::quota;
use crate::refusal::Refusal;
use crate::token::{self, Access, State};

/// An answer is slower or larger than this only where something is wrong.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), bytes: 8 << 20 };

/// Asks the API for an athlete, politely.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    options: Options,
}

/// What the API answered; whatever stops a whole sync is an error instead.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reply {
    Told(Value),
    /// There is no such thing, or not for this athlete.
    Gone,
    /// The athlete has no right to it, as without a subscription, or did not grant it.
    NotEntitled,
    /// Strava fails at this one thing, with that status, or its answer cannot be read.
    Faulty(u16),
}

/// The list without which nothing is synced.
pub(crate) const LIST: &str = "athlete/activities";

/// An answer, and what it was asked with.
struct Heard {
    answer: Answer,
    access: Access,
    is_list: bool,
    /// When the call was taken out of its windows, in epoch milliseconds.
    taken_ms: i64,
}

impl Client {
    pub(crate) fn new(options: Options) -> Self {
        Self { options }
    }

    /// Asks for what is at a path, with a token that is good, out of a window that is not spent.
    pub(crate) async fn get(
        &self,
        ctx: &StepContext,
        path: &str,
        query: &[(&str, &str)],
        purpose: Purpose,
    ) -> Result<Reply, StepError> {
        let access = token::current(ctx, &self.options).await?;
        let heard = self.ask(ctx, access.clone(), path, query, purpose).await?;
        if heard.answer.status != 401 || Refusal::of(&heard.answer) != Some(Refusal::Token) {
            return self.reply(ctx, heard).await;
        }
        // It may have been taken back, or have ended by Strava's clock and not by ours.
        let access = token::renew(ctx, &self.options, &access).await?;
        let heard = self.ask(ctx, access, path, query, purpose).await?;
        self.reply(ctx, heard).await
    }

    /// True where Strava takes neither the token nor, when asked just now, the one that renews it. Of a connection that
    /// was dead before, which an answer that was lost ends in too, nothing is renewed: its last token is asked with.
    pub(crate) async fn is_refused(&self, ctx: &StepContext) -> Result<bool, StepError> {
        let is_token = |heard: &Heard| Refusal::of(&heard.answer) == Some(Refusal::Token);
        if let Some(access) = token::last(ctx).await? {
            let heard = self.ask(ctx, access, "athlete", &[], Purpose::Fresh).await?;
            return if is_token(&heard) { Ok(true) } else { self.is_lost(ctx, heard).await };
        }
        let access = token::current(ctx, &self.options).await?;
        let heard = self.ask(ctx, access, "athlete", &[], Purpose::Fresh).await?;
        if !is_token(&heard) {
            return self.is_lost(ctx, heard).await;
        }
        let access = match token::renew(ctx, &self.options, &heard.access).await {
            Ok(access) => access,
            Err(StepError::Hopeless(cause)) if cause.code == "strava_needs_reauth" => return Ok(true),
            Err(error) => return Err(error),
        };
        let heard = self.ask(ctx, access, "athlete", &[], Purpose::Fresh).await?;
        if is_token(&heard) { Ok(true) } else { self.is_lost(ctx, heard).await }
    }

    /// False where the token was taken; where Strava is in trouble that is not known.
    async fn is_lost(&self, ctx: &StepContext, heard: Heard) -> Result<bool, StepError> {
        match self.reply(ctx, heard).await? {
            Reply::Told(_) | Reply::NotEntitled => Ok(false),
            Reply::Gone | Reply::Faulty(_) => {
                let message = "Strava does not say whether the access is over";
                Err(StepError::Failed(Cause::new("upstream_unavailable", message)))
            }
        }
    }

    /// The athlete's account.
    pub(crate) async fn account(&self, ctx: &StepContext) -> Result<i64, StepError> {
        Ok(token::current(ctx, &self.options).await?.strava_id)
    }

    /// True where the athlete granted a look at the zones.
    pub(crate) async fn sees_zones(&self, ctx: &StepContext) -> Result<bool, StepError> {
        Ok(token::current(ctx, &self.options).await?.scopes.see_zones())
    }

    async fn ask(
        &self,
        ctx: &StepContext,
        access: Access,
        path: &str,
        query: &[(&str, &str)],
        purpose: Purpose,
    ) -> Result<Heard, StepError> {
        let base = self.options.api_base().map_err(StepError::Hopeless)?;
        let taken_ms = quota::take(ctx, purpose).await?;
        let question = Question {
            base: &base.below(path),
            verb: Verb::Get,
            query,
            authorization: Authorization::Bearer(&access.token),
            limits: self.options.limits.unwrap_or(LIMITS),
        };
        ctx.meter.upstream_calls(1);
        let answer = tokio::select! {
            answer = ctx.http.ask(question) => answer.map_err(|error| unanswered(&error))?,
            () = ctx.cancelled() => return Err(StepError::Cancelled),
        };
        ctx.meter.bytes(answer.body.len() as u64);
        quota::learn(ctx, &answer, taken_ms).await?;
        Ok(Heard { answer, access, is_list: path == LIST, taken_ms })
    }

    async fn reply(&self, ctx: &StepContext, heard: Heard) -> Result<Reply, StepError> {
        let Heard { answer, access, is_list, taken_ms } = heard;
        let Some(refusal) = Refusal::of(&answer) else {
            if matches!(access.state, State::Inactive | State::AthleteLimit) {
                token::note(ctx, &access, State::Connected, None).await?;
            }
            return Ok(read(answer).await);
        };
        match refusal {
            Refusal::Gone => Ok(Reply::Gone),
            Refusal::NotEntitled => Ok(Reply::NotEntitled),
            Refusal::Faulty => Ok(Reply::Faulty(answer.status)),
            Refusal::Spent => Err(quota::refused(ctx, &answer, taken_ms).await?),
            Refusal::Token => stop(ctx, &access, State::NeedsReauth, "Strava takes the token no more").await,
            // Whoever did not grant one thing may see the others.
            Refusal::Scope if !is_list => Ok(Reply::NotEntitled),
            Refusal::Scope => {
                let reason = "what was granted does not cover this; connect again and leave all boxes ticked";
                stop(ctx, &access, State::ScopeMissing, reason).await
            }
            Refusal::Inactive => {
                let reason = "the API application is switched off: its owner's subscription may have ended";
                stop(ctx, &access, State::Inactive, reason).await
            }
            Refusal::TooManyAthletes => {
                let reason =
                    "the API application has as many athletes as it may; its owner can have it raised";
                stop(ctx, &access, State::AthleteLimit, reason).await
            }
            Refusal::Wrong => {
                let message = format!("Strava does not take the question (status {})", answer.status);
                Err(StepError::Hopeless(Cause::new("upstream_refused", message)))
            }
            Refusal::Trouble => {
                let message = format!("Strava is in trouble (status {})", answer.status);
                Err(StepError::Failed(Cause::new("upstream_unavailable", message)))
            }
        }
    }
}

/// Makes a state visible that no retry mends.
async fn stop(ctx: &StepContext, access: &Access, state: State, reason: &str) -> Result<Reply, StepError> {
    token::note(ctx, access, state, Some(reason)).await?;
    Err(StepError::Hopeless(Cause::new(code(state), reason)))
}

fn code(state: State) -> &'static str {
    match state {
        State::ScopeMissing => "strava_scope_missing",
        State::Inactive => "strava_inactive",
        State::AthleteLimit => "strava_athlete_limit",
        _ => "strava_needs_reauth",
    }
}

/// Large answers take a while to read.
async fn read(answer: Answer) -> Reply {
    let status = answer.status;
    let read = tokio::task::spawn_blocking(move || serde_json::from_slice(&answer.body));
    match read.await {
        Ok(Ok(value)) => Reply::Told(value),
        _ => Reply::Faulty(status),
    }
}

fn unanswered(error: &HttpError) -> StepError {
    StepError::Failed(Cause::new(error.code(), format!("Strava does not answer: {error}")))
}
