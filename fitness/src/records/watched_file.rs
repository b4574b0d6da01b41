//! Which files of the watched folder a pipeline that does not read files itself was given.

use store::{Result, Sql, Tx, params};

/// A file as it lay in the folder when a pipeline was given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFile {
    pub path: String,
    pub bytes: u64,
    /// Epoch nanoseconds.
    pub modified_ns: Option<i64>,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO watched_file (athlete, pipeline, path, bytes, modified_ns) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (athlete, pipeline, path) DO UPDATE SET bytes = excluded.bytes, modified_ns = excluded.modified_ns",
);
// Lists are bound in each database's own way.
const AT: Sql = Sql::Per {
    sqlite: "SELECT path, bytes, modified_ns FROM watched_file WHERE athlete = $1 AND pipeline = $2 \
             AND path IN (SELECT value FROM json_each($3)) ORDER BY path",
    postgres: "SELECT path, bytes, modified_ns FROM watched_file WHERE athlete = $1 AND pipeline = $2 \
               AND path = ANY($3) ORDER BY path",
};

/// Notes what the pipeline was given.
pub fn put(tx: &mut Tx<'_>, athlete: &str, pipeline: &str, files: &[WatchedFile]) -> Result<()> {
    let mut rows: Vec<Vec<_>> = Vec::with_capacity(files.len());
    for WatchedFile { path, bytes, modified_ns } in files {
        let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
        rows.push(params![athlete, pipeline, path, bytes, *modified_ns].into());
    }
    tx.batch(&PUT, &rows).map(drop)
}

/// What the pipeline was given of the files at these paths.
pub fn at(tx: &mut Tx<'_>, athlete: &str, pipeline: &str, paths: &[String]) -> Result<Vec<WatchedFile>> {
    tx.query(&AT, &params![athlete, pipeline, paths], |row| {
        Ok(WatchedFile {
            path: row.get(0)?,
            bytes: u64::try_from(row.get::<i64>(1)?).unwrap_or(0),
            modified_ns: row.get(2)?,
        })
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, AT];
