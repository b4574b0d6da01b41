//! The answers of the authorization server, read leniently.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Grant, Refusal, Tokens};

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    refresh_token: String,
    /// Epoch seconds.
    expires_at: i64,
}

#[derive(Deserialize)]
struct GrantAnswer {
    #[serde(flatten)]
    tokens: TokenAnswer,
    athlete: Athlete,
}

#[derive(Deserialize)]
struct Athlete {
    id: i64,
}

/// What an error says, as far as anybody asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    message: String,
    /// A list, or a text where there is no more than that.
    errors: serde_json::Value,
}

impl Told {
    pub(super) fn of(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Whether something is wrong with that.
    pub(super) fn names(&self, resource: &str) -> bool {
        let listed = self.errors.as_array().into_iter().flatten();
        listed.filter_map(|error| error["resource"].as_str()).any(|named| named == resource)
    }

    /// Whether these words occur, in whatever case.
    pub(super) fn says(&self, words: &str) -> bool {
        let text = format!("{} {}", self.message, self.errors).to_lowercase();
        text.contains(words)
    }
}

pub(super) fn tokens(body: &[u8]) -> Result<Tokens, Refusal> {
    serde_json::from_slice::<TokenAnswer>(body).map(Tokens::from).map_err(|error| unreadable(&error))
}

pub(super) fn grant(body: &[u8]) -> Result<Grant, Refusal> {
    let GrantAnswer { tokens, athlete } = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    Ok(Grant { tokens: tokens.into(), strava_id: athlete.id })
}

/// Where it cannot be read, and not what stands there, which may be a token.
fn unreadable(error: &serde_json::Error) -> Refusal {
    Refusal::Unreadable(format!("{:?}, column {}", error.classify(), error.column()))
}

impl From<TokenAnswer> for Tokens {
    fn from(from: TokenAnswer) -> Self {
        let TokenAnswer { access_token: access, refresh_token: refresh, expires_at } = from;
        let (access, refresh) = (Zeroizing::new(access), Zeroizing::new(refresh));
        Self { access, refresh, expires_ms: expires_at.saturating_mul(1000) }
    }
}
