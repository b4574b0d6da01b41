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
    /// The athlete has no right to it, as without a subscription.
    NotEntitled,
    /// Strava fails at this one thing, with that status, or its answer cannot be read.
    Faulty(u16),
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
        let answer = self.ask(ctx, &access, path, query, purpose).await?;
        if answer.status != 401 || Refusal::of(&answer) != Some(Refusal::Token) {
            return self.reply(ctx, answer).await;
        }
        // It may have been taken back, or have ended by Strava's clock and not by ours.
        let access = token::renew(ctx, &self.options, &access).await?;
        let answer = self.ask(ctx, &access, path, query, purpose).await?;
        self.reply(ctx, answer).await
    }

    /// True where the athlete granted a look at the zones.
    pub(crate) async fn sees_zones(&self, ctx: &StepContext) -> Result<bool, StepError> {
        Ok(token::current(ctx, &self.options).await?.scopes.see_zones())
    }

    async fn ask(
        &self,
        ctx: &StepContext,
        access: &Access,
        path: &str,
        query: &[(&str, &str)],
        purpose: Purpose,
    ) -> Result<Answer, StepError> {
        let base = self.options.api_base().map_err(StepError::Hopeless)?;
        quota::take(ctx, purpose).await?;
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
        quota::learn(ctx, &answer).await?;
        Ok(answer)
    }

    async fn reply(&self, ctx: &StepContext, answer: Answer) -> Result<Reply, StepError> {
        let Some(refusal) = Refusal::of(&answer) else { return Ok(read(answer).await) };
        match refusal {
            Refusal::Gone => Ok(Reply::Gone),
            Refusal::NotEntitled => Ok(Reply::NotEntitled),
            Refusal::Faulty => Ok(Reply::Faulty(answer.status)),
            Refusal::Spent => Err(quota::refused(ctx, &answer).await?),
            Refusal::Token => stop(ctx, State::NeedsReauth, "Strava takes the token no more").await,
            Refusal::Scope => {
                let reason = "what was granted does not cover this; connect again and leave all boxes ticked";
                stop(ctx, State::ScopeMissing, reason).await
            }
            Refusal::Inactive => {
                let reason = "the API application is switched off: its owner's subscription may have ended";
                stop(ctx, State::Inactive, reason).await
            }
            Refusal::TooManyAthletes => {
                let reason =
                    "the API application has as many athletes as it may; its owner can have it raised";
                stop(ctx, State::AthleteLimit, reason).await
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
async fn stop(ctx: &StepContext, state: State, reason: &str) -> Result<Reply, StepError> {
    token::note(ctx, state, reason).await?;
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
