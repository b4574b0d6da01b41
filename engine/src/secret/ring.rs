//! Keys by their ids: the first seals, all open.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Place, SecretError};

pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What an id is made of beside its key, so that it tells nothing else of it.
const ID_OF: &[u8] = b"paceline key id";
const ID_BYTES: usize = 4;

pub(super) struct Ring(Vec<Key>);

struct Key {
    id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl Ring {
    /// Reads keys in base64, one in a line.
    pub(super) fn parse(text: &str) -> Result<Self, SecretError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate();
        let keys = lines
            .map(|(index, line)| Key::parse(line).ok_or(SecretError::Invalid { number: index + 1 }))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(SecretError::Invalid { number: 1 });
        }
        Ok(Self(keys))
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.0.iter().map(|key| key.id.clone()).collect()
    }

    /// Whether the first key has sealed it.
    pub(super) fn seals_as(&self, sealed: &str) -> bool {
        self.0.first().is_some_and(|key| sealed.split_once('.').is_some_and(|(id, _)| id == key.id))
    }

    pub(super) fn seal(&self, place: Place<'_>, plain: &str) -> Result<String, SecretError> {
        let key = self.0.first().ok_or(SecretError::Nowhere)?;
        let nonce = XNonce::try_generate().map_err(|_| SecretError::Random)?;
        let aad = place.to_string();
        let payload = Payload { msg: plain.as_bytes(), aad: aad.as_bytes() };
        let cipher = key.cipher()?.encrypt(&nonce, payload);
        let cipher = cipher.map_err(|_| SecretError::Damaged { place: place.to_string() })?;
        let sealed = [nonce.as_slice(), &cipher].concat();
        Ok(format!("{}.{}", key.id, BASE64_STANDARD.encode(sealed)))
    }

    pub(super) fn open(&self, place: Place<'_>, sealed: &str) -> Result<Zeroizing<String>, SecretError> {
        let damaged = || SecretError::Damaged { place: place.to_string() };
        let (id, text) = sealed.split_once('.').ok_or_else(damaged)?;
        let foreign = || SecretError::Foreign { place: place.to_string(), key: id.to_owned() };
        let key = self.0.iter().find(|key| key.id == id).ok_or_else(foreign)?;
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| damaged())?;
        let (nonce, cipher) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        let aad = place.to_string();
        let plain = key.cipher()?.decrypt(&nonce, Payload { msg: cipher, aad: aad.as_bytes() });
        let plain = String::from_utf8(plain.map_err(|_| damaged())?);
        plain.map(Zeroizing::new).map_err(|_| damaged())
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let decoded = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if decoded.len() != KEY_BYTES {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        let hash = Sha256::new_with_prefix(ID_OF).chain_update(&decoded[..]).finalize();
        let id = hash.iter().take(ID_BYTES).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        });
        Some(Self { id, bytes })
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, SecretError> {
        XChaCha20Poly1305::new_from_slice(&self.bytes[..]).map_err(|_| SecretError::Nowhere)
    }
}
