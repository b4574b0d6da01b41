//! Secrets as the database keeps them: sealed by a key that is not in it, and bound to their row.
//!
//! Sealed text is `key id.base64 of nonce and ciphertext` (XChaCha20-Poly1305). The key's id lets an older key go on
//! opening what it sealed; the place is authenticated, so that nobody moves a secret to another's row.

mod file;
mod ring;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use crate::log::mask;
use ring::Ring;

/// The keys of this installation; clones share them. A file of keys is read when a key is first needed.
#[derive(Clone, Default)]
pub struct Keys(Arc<Inner>);

#[derive(Default)]
struct Inner {
    source: Source,
    ring: OnceLock<Ring>,
}

#[derive(Default)]
enum Source {
    /// Nothing can be sealed or opened.
    #[default]
    Nowhere,
    Given,
    File(PathBuf),
    /// A file that is made where there is none.
    OwnFile(PathBuf),
}

/// Where a secret is kept: only there it can be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub row: &'a str,
    pub column: &'a str,
}

/// What a doctor may tell of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Ids, the one that seals first; empty where no key was made yet.
    pub ids: Vec<String>,
    pub file: Option<PathBuf>,
    /// Others than the owner may read the file.
    pub is_exposed: bool,
}

/// Why a secret was neither sealed nor opened; nothing of a key or of a secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("there is no key for secrets")]
    Nowhere,
    #[error("cannot read the key in `{}`", path.display())]
    Missing { path: PathBuf, source: io::Error },
    #[error("cannot make the key `{}`", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("key {number} is not 32 bytes in base64, as `openssl rand -base64 32` gives")]
    Invalid { number: usize },
    #[error("`{place}` was sealed by the key `{key}`, which this installation does not have")]
    Foreign { place: String, key: String },
    #[error("`{place}` is damaged, or was sealed for another place")]
    Damaged { place: String },
    #[error("the system gives no random numbers")]
    Random,
}

impl Keys {
    /// Keys in base64, one in a line: the first seals, all open.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let ring = Ring::parse(text)?;
        Ok(Self(Arc::new(Inner { source: Source::Given, ring: OnceLock::from(ring) })))
    }

    /// Keys in a file that somebody keeps.
    pub fn in_file(path: PathBuf) -> Self {
        Self(Arc::new(Inner { source: Source::File(path), ring: OnceLock::new() }))
    }

    /// Keys in a file of our own, which is made with the first secret.
    pub fn in_own_file(path: PathBuf) -> Self {
        Self(Arc::new(Inner { source: Source::OwnFile(path), ring: OnceLock::new() }))
    }

    /// Makes sure that secrets can be sealed, and makes the key where it is ours to make.
    pub fn prepare(&self) -> Result<(), SecretError> {
        self.ring(true).map(drop)
    }

    /// Seals a secret for its place.
    pub fn seal(&self, place: Place<'_>, plain: &str) -> Result<String, SecretError> {
        mask::learn(plain);
        self.ring(true)?.seal(place, plain)
    }

    /// Opens what was sealed for that place.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<Zeroizing<String>, SecretError> {
        let plain = self.ring(false)?.open(place, sealed)?;
        mask::learn(&plain);
        Ok(plain)
    }

    /// True where a secret was sealed by an older key than the one that seals now.
    pub fn is_sealed_before(&self, sealed: &str) -> Result<bool, SecretError> {
        Ok(!self.ring(false)?.seals_as(sealed))
    }

    /// Which keys there are, and whether others may read them.
    pub fn inventory(&self) -> Result<Inventory, SecretError> {
        let file = self.path().map(Path::to_owned);
        let is_exposed = file.as_deref().is_some_and(file::is_exposed);
        let ids = match (&self.0.source, self.ring(false)) {
            (Source::OwnFile(_), Err(SecretError::Missing { source, .. }))
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Vec::new()
            }
            (_, ring) => ring?.ids(),
        };
        Ok(Inventory { ids, file, is_exposed })
    }

    fn path(&self) -> Option<&Path> {
        match &self.0.source {
            Source::Nowhere | Source::Given => None,
            Source::File(path) | Source::OwnFile(path) => Some(path),
        }
    }

    fn ring(&self, may_make: bool) -> Result<&Ring, SecretError> {
        if let Some(ring) = self.0.ring.get() {
            return Ok(ring);
        }
        let text = match &self.0.source {
            Source::Nowhere | Source::Given => return Err(SecretError::Nowhere),
            Source::OwnFile(path) if may_make => file::read_or_make(path)?,
            Source::File(path) | Source::OwnFile(path) => file::read(path)?,
        };
        let ring = Ring::parse(&text)?;
        Ok(self.0.ring.get_or_init(|| ring))
    }
}

/// Says where the keys come from, and nothing of them.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.path()).finish()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}", self.table, self.row, self.column)
    }
}

impl SecretError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nowhere | Self::Missing { .. } | Self::Make { .. } | Self::Random => "secret_key_missing",
            Self::Invalid { .. } => "secret_key_invalid",
            Self::Foreign { .. } | Self::Damaged { .. } => "secret_unreadable",
        }
    }
}

impl From<SecretError> for crate::step::Cause {
    fn from(error: SecretError) -> Self {
        let message = "a secret cannot be kept or read".to_owned();
        Self { code: error.code(), message, source: Some(Box::new(error)) }
    }
}
