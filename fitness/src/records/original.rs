//! Files as they came, by the hash of their bytes.

use std::cell::RefCell;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest, Sha256};
use store::{Result, Sql, Tx, params};

const AS_IT_CAME: &str = "as_it_came";
const ZLIB: &str = "zlib";

// Setting a compressor up costs as much as compressing a short recording.
thread_local! {
    static COMPRESSOR: RefCell<ZlibEncoder<Vec<u8>>> =
        RefCell::new(ZlibEncoder::new(Vec::new(), Compression::fast()));
}

/// The kept bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// SHA-256 of the file as it came, in hexadecimal.
    pub sha256: String,
    /// Size of the file as it came.
    pub bytes: u64,
    /// How `content` holds it.
    pub encoding: String,
    pub content: Vec<u8>,
}

impl Original {
    /// Packs a file to be kept: a `.gz` as it came, anything else compressed fast.
    pub fn pack(bytes: &[u8]) -> Self {
        Self::pack_hashed(bytes, sha256(bytes))
    }

    /// The same for a file whose hash is known.
    pub fn pack_hashed(bytes: &[u8], sha256: String) -> Self {
        let packed = if bytes.starts_with(&[0x1f, 0x8b]) { None } else { compress(bytes) };
        let (encoding, content) = packed.map_or((AS_IT_CAME, bytes.to_vec()), |content| (ZLIB, content));
        Self { sha256, bytes: bytes.len() as u64, encoding: encoding.to_owned(), content }
    }

    /// The file as it came.
    pub fn unpack(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self.encoding.as_str() {
            AS_IT_CAME => bytes.clone_from(&self.content),
            ZLIB => drop(ZlibDecoder::new(&*self.content).read_to_end(&mut bytes)?),
            unknown => return Err(io::Error::other(format!("the original is kept as `{unknown}`"))),
        }
        Ok(bytes)
    }
}

/// The hash that names a file, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset(Vec::with_capacity(bytes.len() / 2)).ok()?;
        compressor.write_all(bytes).ok()?;
        compressor.try_finish().ok()?;
        Some(std::mem::take(compressor.get_mut()))
    })
}

const HAS: Sql = Sql::Both("SELECT 1 FROM original WHERE sha256 = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO original (sha256, bytes, encoding, content) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (sha256) DO NOTHING",
);
const GET: Sql = Sql::Both("SELECT bytes, encoding, content FROM original WHERE sha256 = $1");

/// True where the file is kept, so that nobody compresses it again.
pub fn has(tx: &mut Tx<'_>, sha256: &str) -> Result<bool> {
    Ok(tx.optional(&HAS, &params![sha256], |_| Ok(()))?.is_some())
}

/// Keeps a file, and says whether it was new.
pub fn put(tx: &mut Tx<'_>, original: &Original) -> Result<bool> {
    let bytes = i64::try_from(original.bytes).unwrap_or(i64::MAX);
    let params = params![&original.sha256, bytes, &original.encoding, &original.content];
    Ok(tx.execute(&PUT, &params)? > 0)
}

/// The file of a hash.
pub fn get(tx: &mut Tx<'_>, sha256: &str) -> Result<Option<Original>> {
    tx.optional(&GET, &params![sha256], |row| {
        let bytes: i64 = row.get(0)?;
        Ok(Original {
            sha256: sha256.to_owned(),
            bytes: bytes.unsigned_abs(),
            encoding: row.get(1)?,
            content: row.get(2)?,
        })
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[HAS, PUT, GET];
