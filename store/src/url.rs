//! Where a database lives.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::{Backend, Error, Result, postgres};

/// A checked address: `sqlite:PATH` or `postgres://user:password@host:port/database`.
#[derive(Clone)]
pub struct Url {
    place: Place,
}

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<postgres::Server>),
}

impl Url {
    /// The address of a SQLite file.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Url {
        Url { place: Place::Sqlite(path.into()) }
    }

    /// The database that the address names.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.place {
            Place::Sqlite(_) => Backend::Sqlite,
            Place::Postgres(_) => Backend::Postgres,
        }
    }

    /// The file of a SQLite address.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Sqlite(path) => Some(path),
            Place::Postgres(_) => None,
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Url> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(unknown_scheme());
        };
        match scheme {
            "sqlite" => sqlite_path(rest).map(Url::sqlite),
            "postgres" | "postgresql" => {
                let server = postgres::Server::parse(rest)?;
                Ok(Url { place: Place::Postgres(Box::new(server)) })
            }
            _ => Err(unknown_scheme()),
        }
    }
}

impl fmt::Display for Url {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Place::Postgres(server) => write!(f, "{server}"),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

fn sqlite_path(rest: &str) -> Result<PathBuf> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.ends_with('/') {
        return Err(Error::Config("the database URL names no file: expected `sqlite:PATH`".to_owned()));
    }
    if path == ":memory:" {
        return Err(Error::Config(
            "a database in memory cannot be shared between readers: name a file".to_owned(),
        ));
    }
    Ok(PathBuf::from(path))
}

// The text is not repeated: a mistyped URL may still hold a password.
fn unknown_scheme() -> Error {
    Error::Config("the database URL has an unknown scheme: expected `sqlite:` or `postgres://`".to_owned())
}
