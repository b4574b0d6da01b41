//! Who was given which tokens.

use std::collections::HashMap;

use serde::Serialize;

use super::history;
use super::refusal::Refusal;
use super::switches::Rotation;

/// How long an access token lives.
pub(super) const LIFE_S: i64 = 21_600;
/// With more than this left the same access token is given again.
const FRESH_S: i64 = 3_600;

/// What an application holds for an athlete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Goes with each call.
    pub access_token: String,
    /// Is exchanged for the next pair.
    pub refresh_token: String,
    /// When the access token ends, in epoch seconds.
    pub expires_at: i64,
}

/// A code's or an access token's meaning.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) athlete_id: i64,
    pub(super) scopes: Vec<String>,
}

struct Access {
    consent: Consent,
    expires_s: i64,
}

struct Grant {
    consent: Consent,
    tokens: Tokens,
}

/// How often tokens were used that must not be used any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Misuse {
    /// Refreshes with a token that a refresh had replaced.
    pub stale_refreshes: u32,
    /// Refreshes with a token that was revoked, or of which nothing is known.
    pub unknown_refreshes: u32,
}

#[derive(Default)]
pub(super) struct Desk {
    codes: HashMap<String, Consent>,
    grants: HashMap<i64, Grant>,
    access: HashMap<String, Access>,
    replaced: Vec<String>,
    made: u64,
    pub(super) misuse: Misuse,
}

impl Desk {
    pub(super) fn code(&mut self, consent: Consent) -> String {
        let code = self.token();
        self.codes.insert(code.clone(), consent);
        code
    }

    /// A code works once.
    pub(super) fn exchange(&mut self, code: &str, now_s: i64) -> Option<(Tokens, i64)> {
        let consent = self.codes.remove(code)?;
        let athlete_id = consent.athlete_id;
        Some((self.connect(consent, now_s), athlete_id))
    }

    pub(super) fn knows_code(&self, code: &str) -> bool {
        self.codes.contains_key(code)
    }

    /// A new pair in place of the one before.
    pub(super) fn connect(&mut self, consent: Consent, now_s: i64) -> Tokens {
        let (access_token, refresh_token) = (self.token(), self.token());
        let tokens = Tokens { access_token, refresh_token, expires_at: now_s + LIFE_S };
        self.admit(&tokens, consent.clone());
        self.grants.insert(consent.athlete_id, Grant { consent, tokens: tokens.clone() });
        tokens
    }

    pub(super) fn refresh(
        &mut self,
        refresh_token: &str,
        rotation: Rotation,
        now_s: i64,
    ) -> Result<Tokens, Refusal> {
        let grant = self.grants.values().find(|grant| grant.tokens.refresh_token == refresh_token);
        let Some(Grant { consent, tokens }) = grant else {
            match self.replaced.iter().any(|old| old == refresh_token) {
                true => self.misuse.stale_refreshes += 1,
                false => self.misuse.unknown_refreshes += 1,
            }
            return Err(Refusal::bad(["RefreshToken", "refresh_token", "invalid"]));
        };
        let (consent, mut tokens) = (consent.clone(), tokens.clone());
        let is_new = tokens.expires_at - now_s <= FRESH_S;
        if is_new {
            tokens.access_token = self.token();
            tokens.expires_at = now_s + LIFE_S;
            self.admit(&tokens, consent.clone());
        }
        if rotation == Rotation::Always || (rotation == Rotation::WhenNew && is_new) {
            let old = std::mem::replace(&mut tokens.refresh_token, self.token());
            self.replaced.push(old);
        }
        self.grants.insert(consent.athlete_id, Grant { consent, tokens: tokens.clone() });
        Ok(tokens)
    }

    pub(super) fn caller(&self, access_token: &str, now_s: i64) -> Option<Consent> {
        let access = self.access.get(access_token)?;
        (access.expires_s > now_s).then(|| access.consent.clone())
    }

    /// Whose token it is, access or refresh.
    pub(super) fn owner(&self, token: &str) -> Option<i64> {
        let of_refresh = self.grants.values().find(|grant| grant.tokens.refresh_token == token);
        let of_refresh = of_refresh.map(|grant| grant.consent.athlete_id);
        of_refresh.or_else(|| self.access.get(token).map(|access| access.consent.athlete_id))
    }

    /// What the application may see of an athlete who is connected.
    pub(super) fn consent_of(&self, athlete_id: i64) -> Option<&Consent> {
        self.grants.get(&athlete_id).map(|grant| &grant.consent)
    }

    pub(super) fn tokens_of(&self, athlete_id: i64) -> Option<&Tokens> {
        self.grants.get(&athlete_id).map(|grant| &grant.tokens)
    }

    /// Ends all tokens of an athlete, and says whether there were any.
    pub(super) fn end(&mut self, athlete_id: i64) -> bool {
        self.end_access(athlete_id);
        self.grants.remove(&athlete_id).is_some()
    }

    /// Ends the access tokens of an athlete before their time; a refresh gives a new one.
    pub(super) fn end_access(&mut self, athlete_id: i64) {
        self.access.retain(|_, access| access.consent.athlete_id != athlete_id);
        if let Some(grant) = self.grants.get_mut(&athlete_id) {
            grant.tokens.expires_at = 0;
        }
    }

    fn admit(&mut self, tokens: &Tokens, consent: Consent) {
        let access = Access { consent, expires_s: tokens.expires_at };
        self.access.insert(tokens.access_token.clone(), access);
    }

    /// Forty hexadecimal digits.
    fn token(&mut self) -> String {
        self.made += 1;
        let [first, second, third] = [1, 2, 3].map(|part| history::mix(self.made * 4 + part));
        format!("{first:016x}{second:016x}{:08x}", third >> 32)
    }
}
