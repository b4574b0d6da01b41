//! Limits that hold before anything is parsed, and unpacking under them.

use std::borrow::Cow;
use std::io::Read;

use fitness::recording::Warning;
use flate2::read::MultiGzDecoder;

use super::{Refusal, warning};

/// How much one file may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the file as it came.
    pub file_bytes: u64,
    /// Bytes after unpacking.
    pub unpacked_bytes: u64,
    /// Samples kept of one file.
    pub samples: usize,
    /// Activities taken from one file.
    pub recordings: usize,
    /// Laps kept of one file.
    pub laps: usize,
    /// From here on, in epoch milliseconds, a time cannot be true.
    pub latest_ms: i64,
    /// Elements inside each other.
    pub xml_depth: usize,
    /// Attributes of one element.
    pub xml_attributes: usize,
}

impl Limits {
    /// What an import uses: a file and what is made of it stay within 64 MiB of memory,
    /// and 400,000 samples are more than four days at one a second. Times end with the year 2099.
    pub const STANDARD: Self = Self {
        file_bytes: 32 << 20,
        unpacked_bytes: 32 << 20,
        samples: 400_000,
        recordings: 1_000,
        laps: 10_000,
        latest_ms: 4_102_444_800_000,
        xml_depth: 64,
        xml_attributes: 100,
    };

    /// The same limits for somebody whose clock shows this: a day ahead may still be true, as clocks differ.
    #[must_use]
    pub const fn at(self, now_ms: i64) -> Self {
        const DAY_MS: i64 = 86_400_000;
        Self { latest_ms: now_ms.saturating_add(DAY_MS), ..self }
    }
}

pub(super) struct Unpacked<'a> {
    pub(super) content: Cow<'a, [u8]>,
    pub(super) gzipped: bool,
    pub(super) warnings: Vec<Warning>,
}

/// Takes the file's bytes out of gzip where they are packed; a damaged end keeps what came before it.
pub(super) fn unpack<'a>(name: &str, bytes: &'a [u8], limits: &Limits) -> Result<Unpacked<'a>, Refusal> {
    if bytes.is_empty() {
        return Err(empty(name));
    }
    if bytes.len() as u64 > limits.file_bytes {
        let reason = format!("`{name}` has {} bytes, at most {} are read", bytes.len(), limits.file_bytes);
        return Err(Refusal::new("file_too_large", reason));
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Unpacked { content: Cow::Borrowed(bytes), gzipped: false, warnings: Vec::new() });
    }
    inflate(name, bytes, limits.unpacked_bytes)
}

fn inflate<'a>(name: &str, bytes: &'a [u8], most: u64) -> Result<Unpacked<'a>, Refusal> {
    let mut content = Vec::new();
    let outcome = MultiGzDecoder::new(bytes).take(most.saturating_add(1)).read_to_end(&mut content);
    if content.len() as u64 > most {
        let reason = format!("`{name}` unpacks to more than {most} bytes");
        return Err(Refusal::new("archive_too_large_unpacked", reason));
    }
    let mut warnings = Vec::new();
    if let Err(error) = outcome {
        let detail = format!("gzip ends in error after {} bytes: {error}", content.len());
        if content.is_empty() {
            return Err(Refusal::new("gzip_damaged", detail));
        }
        warnings.push(warning("gzip_damaged", detail));
    }
    if content.is_empty() {
        return Err(empty(name));
    }
    Ok(Unpacked { content: Cow::Owned(content), gzipped: true, warnings })
}

fn empty(name: &str) -> Refusal {
    Refusal::new("file_empty", format!("`{name}` has no bytes"))
}
