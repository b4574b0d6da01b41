//! Tokens as the database keeps them.

use engine::secret::{Keys, Place};
use engine::step::Cause;
use fitness::records::strava::connection::{Connection, Pair, TABLE};
use zeroize::Zeroizing;

use crate::oauth::Tokens;

/// Seals and opens the tokens of a connection.
pub(crate) struct Vault<'a> {
    pub(crate) keys: &'a Keys,
}

impl Vault<'_> {
    pub(crate) fn seal(&self, athlete: &str, tokens: &Tokens) -> Result<Pair, Cause> {
        Ok(Pair {
            access_token: self.keys.seal(access(athlete), &tokens.access)?,
            refresh_token: self.keys.seal(refresh(athlete), &tokens.refresh)?,
            expires_ms: tokens.expires_ms,
        })
    }

    pub(crate) fn access(&self, of: &Connection) -> Result<Zeroizing<String>, Cause> {
        Ok(self.keys.open(access(&of.athlete), &of.pair.access_token)?)
    }

    pub(crate) fn refresh(&self, of: &Connection) -> Result<Zeroizing<String>, Cause> {
        Ok(self.keys.open(refresh(&of.athlete), &of.pair.refresh_token)?)
    }
}

fn access(athlete: &str) -> Place<'_> {
    Place { table: TABLE, row: athlete, column: "access_token" }
}

fn refresh(athlete: &str) -> Place<'_> {
    Place { table: TABLE, row: athlete, column: "refresh_token" }
}
