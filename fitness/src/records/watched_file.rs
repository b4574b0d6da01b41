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
    "INSERT INTO watched_file (athlete, pipeline, path, bytes, modified_ns, run_id) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (athlete, pipeline, path) DO UPDATE SET bytes = excluded.bytes, \
     modified_ns = excluded.modified_ns, run_id = excluded.run_id",
);
// A run whose history is gone did not leave its files undone, or they would have been given to another. Lists are bound
// in each database's own way.
const AT: Sql = Sql::Per {
    sqlite: "SELECT file.path, file.bytes, file.modified_ns, COALESCE(run.state, 'succeeded') \
             FROM watched_file AS file LEFT JOIN run ON run.id = file.run_id \
             WHERE file.athlete = $1 AND file.pipeline = $2 \
             AND file.path IN (SELECT value FROM json_each($3)) ORDER BY file.path",
    postgres: "SELECT file.path, file.bytes, file.modified_ns, COALESCE(run.state, 'succeeded') \
               FROM watched_file AS file LEFT JOIN run ON run.id = file.run_id \
               WHERE file.athlete = $1 AND file.pipeline = $2 AND file.path = ANY($3) ORDER BY file.path",
};

/// Notes what the run of the pipeline was given.
pub fn put(tx: &mut Tx<'_>, athlete: &str, pipeline: &str, run: &str, files: &[WatchedFile]) -> Result<()> {
    let mut rows: Vec<Vec<_>> = Vec::with_capacity(files.len());
    for WatchedFile { path, bytes, modified_ns } in files {
        let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
        rows.push(params![athlete, pipeline, path, bytes, *modified_ns, run].into());
    }
    tx.batch(&PUT, &rows).map(drop)
}

/// What the pipeline was last given of the files at these paths, each with the state of that run.
pub fn at(
    tx: &mut Tx<'_>,
    athlete: &str,
    pipeline: &str,
    paths: &[String],
) -> Result<Vec<(WatchedFile, String)>> {
    tx.query(&AT, &params![athlete, pipeline, paths], |row| {
        let file = WatchedFile {
            path: row.get(0)?,
            bytes: u64::try_from(row.get::<i64>(1)?).unwrap_or(0),
            modified_ns: row.get(2)?,
        };
        Ok((file, row.get(3)?))
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, AT];
