//! The texts of rules that were in force, so that a good one outlives the process that read it.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use store::{Result, Sql, Tx, params};

/// A text that a rule had, and from when on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub since_ms: i64,
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    pub text: String,
}

/// How many characters of a hash are shown, and enough to find it by.
const SHOWN: usize = 12;

/// SHA-256 of a script's text, in hexadecimal.
pub fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As much of a hash as is shown.
pub fn short(hash: &str) -> &str {
    hash.get(..SHOWN).unwrap_or(hash)
}

/// Where the rule of that name lies.
pub fn rule_path(name: &str) -> String {
    format!("scripts/rules/{name}.rhai")
}

/// Keeps each text that differs from the newest of its path, and answers how many that were.
pub(crate) fn note(tx: &mut Tx<'_>, scripts: &[(String, String)], now_ms: i64) -> Result<usize> {
    let mut noted = 0;
    for (path, text) in scripts {
        let hash = hash(text);
        let newest = tx.optional(&NEWEST, &params![path], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let newest: Option<(i64, String)> = newest;
        if newest.as_ref().is_some_and(|(_, known)| *known == hash) {
            continue;
        }
        // The newest stays the newest, even where a clock was set back.
        let since_ms = newest.map_or(now_ms, |(last_ms, _)| now_ms.max(last_ms + 1));
        noted += usize::from(tx.execute(&PUT, &params![path, since_ms, &hash, text])? > 0);
    }
    Ok(noted)
}

/// The last hundred versions of the script at a path, the newest first.
pub fn list(tx: &mut Tx<'_>, path: &str) -> Result<Vec<Version>> {
    let mut versions = tx.query(&LIST, &params![path], version)?;
    // Two processes that start at once may both note the same text.
    versions.reverse();
    versions.dedup_by(|later, earlier| later.hash == earlier.hash);
    versions.reverse();
    Ok(versions)
}

/// The newest version of a script whose hash begins so.
pub fn find(tx: &mut Tx<'_>, path: &str, hash: &str) -> Result<Option<Version>> {
    if hash.is_empty() {
        return Ok(None);
    }
    // No digit of a hash comes after `f`.
    let end = format!("{hash}g");
    tx.optional(&FIND, &params![path, hash, &end], version)
}

/// The text of each script that was last in order, by path.
pub fn good(tx: &mut Tx<'_>) -> Result<BTreeMap<String, String>> {
    Ok(tx.query(&GOOD, &[], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

fn version(row: &store::Row<'_>) -> Result<Version> {
    Ok(Version { since_ms: row.get(0)?, hash: row.get(1)?, text: row.get(2)? })
}

const NEWEST: Sql =
    Sql::Both("SELECT since_ms, hash FROM script_version WHERE path = $1 ORDER BY since_ms DESC LIMIT 1");
const PUT: Sql = Sql::Both(
    "INSERT INTO script_version (path, since_ms, hash, body) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (path, since_ms) DO NOTHING",
);
const LIST: Sql = Sql::Both(
    "SELECT since_ms, hash, body FROM script_version WHERE path = $1 ORDER BY since_ms DESC LIMIT 100",
);
const FIND: Sql = Sql::Both(
    "SELECT since_ms, hash, body FROM script_version WHERE path = $1 AND hash >= $2 AND hash < $3 \
     ORDER BY since_ms DESC LIMIT 1",
);
const GOOD: Sql = Sql::Both(
    "SELECT v.path, v.body FROM script_version v \
     WHERE v.since_ms = (SELECT MAX(n.since_ms) FROM script_version n WHERE n.path = v.path) ORDER BY v.path",
);
pub(crate) const QUERIES: &[&Sql] = &[&NEWEST, &PUT, &LIST, &FIND, &GOOD];
