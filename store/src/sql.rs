//! One statement for both databases, or a pair where they truly differ.

/// The database behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// An embedded file.
    Sqlite,
    /// A server that many workers share.
    Postgres,
}

/// A statement with numbered parameters (`$1`, `$2`, …), each used at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sql {
    /// The same text runs on both.
    Both(&'static str),
    /// The databases need different texts; a comment beside it says why.
    Per {
        /// What SQLite runs.
        sqlite: &'static str,
        /// What PostgreSQL runs.
        postgres: &'static str,
    },
}

impl Sql {
    /// The text that `backend` runs.
    #[must_use]
    pub const fn text(&self, backend: Backend) -> &'static str {
        match (self, backend) {
            (Sql::Both(text), _) => text,
            (Sql::Per { sqlite, .. }, Backend::Sqlite) => sqlite,
            (Sql::Per { postgres, .. }, Backend::Postgres) => postgres,
        }
    }
}
