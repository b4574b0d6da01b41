//! How header names are spelled on the line.
//!
//! The server writes all names in lower case; here some of them are written otherwise, letter by letter, so that
//! no length changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::strava::HeaderCase;

const CASES: [HeaderCase; 4] =
    [HeaderCase::Lower, HeaderCase::Documented, HeaderCase::Title, HeaderCase::Upper];
/// In lower case, as they are documented, and as they were recorded.
const NAMES: [[&str; 3]; 4] = [
    ["x-ratelimit-limit", "X-RateLimit-Limit", "X-Ratelimit-Limit"],
    ["x-ratelimit-usage", "X-RateLimit-Usage", "X-Ratelimit-Usage"],
    ["x-readratelimit-limit", "X-ReadRateLimit-Limit", "X-Readratelimit-Limit"],
    ["x-readratelimit-usage", "X-ReadRateLimit-Usage", "X-Readratelimit-Usage"],
];

/// The case that is switched on; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Spelling(Arc<AtomicU8>);

impl Spelling {
    pub(crate) fn set(&self, case: HeaderCase) {
        let index = CASES.iter().position(|other| *other == case).and_then(|index| u8::try_from(index).ok());
        self.0.store(index.unwrap_or(0), Ordering::Relaxed);
    }

    /// The bytes of an answer as they shall be written, or nothing where they stay as they are.
    pub(crate) fn spelled(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let case = CASES.get(usize::from(self.0.load(Ordering::Relaxed)))?;
        if *case == HeaderCase::Lower || !bytes.starts_with(b"HTTP/1.") {
            return None;
        }
        let end = find(bytes, b"\r\n\r\n").unwrap_or(bytes.len());
        let mut spelled = bytes.to_vec();
        for [lower, documented, title] in NAMES {
            let line = format!("\r\n{lower}:");
            if let Some(at) = find(&bytes[..end], line.as_bytes()) {
                let name = match case {
                    HeaderCase::Lower => lower.to_owned(),
                    HeaderCase::Documented => documented.to_owned(),
                    HeaderCase::Title => title.to_owned(),
                    HeaderCase::Upper => lower.to_ascii_uppercase(),
                };
                spelled[at + 2..at + 2 + name.len()].copy_from_slice(name.as_bytes());
            }
        }
        Some(spelled)
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
