//! Which file lay where when it was last read.

use store::{Result, Row, Sql, Tx, params};

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub path: String,
    pub provenance: String,
    /// Of the file as it came, in hexadecimal.
    pub sha256: String,
    /// Of what is inside a `.gz`; else the same.
    pub content_sha256: String,
    pub format: String,
    /// Version of the decoder that read it.
    pub decoder: u32,
    /// Size of the file as it came.
    pub bytes: u64,
    /// When the file was last written, where it lies on a disk; epoch nanoseconds.
    pub modified_ns: Option<i64>,
    /// Checksum of the file, where it lies in an archive that tells it without unpacking.
    pub crc32: Option<u32>,
    pub changed_ms: i64,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO source_file \
     (athlete, path, provenance, sha256, content_sha256, format, decoder, bytes, modified_ns, crc32, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (athlete, path) DO UPDATE SET \
     provenance = excluded.provenance, sha256 = excluded.sha256, content_sha256 = excluded.content_sha256, \
     format = excluded.format, decoder = excluded.decoder, bytes = excluded.bytes, \
     modified_ns = excluded.modified_ns, crc32 = excluded.crc32, changed_ms = excluded.changed_ms \
     WHERE (source_file.provenance, source_file.sha256, source_file.content_sha256, \
     source_file.format, source_file.decoder, source_file.modified_ns, source_file.crc32) \
     IS DISTINCT FROM (excluded.provenance, excluded.sha256, excluded.content_sha256, \
     excluded.format, excluded.decoder, excluded.modified_ns, excluded.crc32)",
);
const FIND: Sql = Sql::Both(
    "SELECT path, provenance, sha256, content_sha256, format, decoder, bytes, modified_ns, crc32, changed_ms \
     FROM source_file WHERE athlete = $1 AND path = $2",
);
const AT: Sql = Sql::Per {
    sqlite: "SELECT path, provenance, sha256, content_sha256, format, decoder, bytes, modified_ns, crc32, changed_ms \
             FROM source_file WHERE athlete = $1 AND path IN (SELECT value FROM json_each($2)) ORDER BY path",
    postgres: "SELECT path, provenance, sha256, content_sha256, format, decoder, bytes, modified_ns, crc32, changed_ms \
               FROM source_file WHERE athlete = $1 AND path = ANY($2) ORDER BY path",
};
const BY_CONTENT: Sql = Sql::Both(
    "SELECT path, provenance, sha256, content_sha256, format, decoder, bytes, modified_ns, crc32, changed_ms \
     FROM source_file WHERE athlete = $1 AND content_sha256 = $2 ORDER BY path",
);

/// Notes a file, and says whether it is new or another than before.
pub fn put(tx: &mut Tx<'_>, athlete: &str, file: &SourceFile) -> Result<bool> {
    let params = params![
        athlete,
        &file.path,
        &file.provenance,
        &file.sha256,
        &file.content_sha256,
        &file.format,
        file.decoder,
        i64::try_from(file.bytes).unwrap_or(i64::MAX),
        file.modified_ns,
        file.crc32,
        file.changed_ms
    ];
    Ok(tx.execute(&PUT, &params)? > 0)
}

/// The file that lay at a path.
pub fn find(tx: &mut Tx<'_>, athlete: &str, path: &str) -> Result<Option<SourceFile>> {
    tx.optional(&FIND, &params![athlete, path], read)
}

/// The files that lay at any of these paths.
pub fn at(tx: &mut Tx<'_>, athlete: &str, paths: &[String]) -> Result<Vec<SourceFile>> {
    tx.query(&AT, &params![athlete, paths], read)
}

/// The files with this content, by path.
pub fn by_content(tx: &mut Tx<'_>, athlete: &str, content_sha256: &str) -> Result<Vec<SourceFile>> {
    tx.query(&BY_CONTENT, &params![athlete, content_sha256], read)
}

fn read(row: &Row<'_>) -> Result<SourceFile> {
    Ok(SourceFile {
        path: row.get(0)?,
        provenance: row.get(1)?,
        sha256: row.get(2)?,
        content_sha256: row.get(3)?,
        format: row.get(4)?,
        decoder: super::count(row, 5)?,
        bytes: u64::try_from(row.get::<i64>(6)?).unwrap_or(0),
        modified_ns: row.get(7)?,
        crc32: row.get::<Option<i64>>(8)?.and_then(|sum| u32::try_from(sum).ok()),
        changed_ms: row.get(9)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, FIND, AT, BY_CONTENT];
