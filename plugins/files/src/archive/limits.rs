//! How much an archive may cost before anything of it is read.

/// Limits of one archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Entries that are not pictures and films.
    pub entries: usize,
    /// Entries of every kind.
    pub all_entries: usize,
    /// Bytes after unpacking for each byte of the archive.
    pub ratio: u64,
    /// Bytes after unpacking that no archive is too small for.
    pub unpacked_bytes: u64,
    /// Bytes of the table of activities, which stays in memory until the last of its rows is kept.
    pub table_bytes: u64,
    /// Rows of the table of activities.
    pub rows: usize,
}

impl Limits {
    /// What an import uses. GPX and CSV pack to a twentieth at best; data that unpacks to a hundred times its size
    /// was made to do so.
    pub(crate) const STANDARD: Self = Self {
        entries: 20_000,
        all_entries: 500_000,
        ratio: 100,
        unpacked_bytes: 64 << 20,
        table_bytes: 64 << 20,
        rows: 200_000,
    };
}
