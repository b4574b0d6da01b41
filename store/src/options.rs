//! How a store is opened.

use std::time::Duration;

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// A commit survives a power cut.
    Full,
    /// A power cut may take the last commits; a crash of the program takes none.
    Normal,
}

/// Sizes and promises of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What a commit waits for.
    pub durability: Durability,
    /// Connections that read at once (SQLite).
    pub readers: usize,
    /// Connections in the pool (PostgreSQL).
    pub connections: usize,
    /// How long one statement may take, and how long a link may be silent. Of several openings of one SQLite file the
    /// first decides.
    pub statement_limit: Duration,
}

impl Options {
    /// What a server is run with.
    pub const STANDARD: Options = Options {
        durability: Durability::Full,
        readers: 4,
        connections: 16,
        statement_limit: Duration::from_secs(30),
    };
}
