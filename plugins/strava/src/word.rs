//! Words that nobody can guess.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// 32 random bytes in hexadecimal.
pub(crate) fn random() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// Its SHA-256 in hexadecimal: who reads that cannot say the word, and comparing two tells nothing of either.
pub(crate) fn hash(word: &str) -> String {
    hex(&Sha256::digest(word.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
