//! The hook for those who write no plugin: whoever knows the secret may start what the scripts say.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::registry::{Delivery, Hook, Means, Verdict};
use crate::step::BoxFuture;

/// Shorter secrets could be guessed.
pub const SECRET_BYTES: usize = 32;
const HEADER: &str = "x-hub-signature-256";
const SCHEME: &str = "sha256=";

/// Receives deliveries of any name whose body is signed: `X-Hub-Signature-256: sha256=` and the HMAC in hexadecimal.
///
/// Nothing of the body is taken over: a delivery only says that there is something new.
pub struct Signed {
    keyed: Hmac<Sha256>,
}

/// The secret could be guessed.
#[derive(Debug, thiserror::Error)]
#[error("a secret has at least {SECRET_BYTES} bytes")]
pub struct ShortSecret;

impl Signed {
    /// Fails where the secret is too short.
    pub fn new(secret: &[u8]) -> Result<Self, ShortSecret> {
        if secret.len() < SECRET_BYTES {
            return Err(ShortSecret);
        }
        let keyed = Hmac::new_from_slice(secret).map_err(|_| ShortSecret)?;
        Ok(Self { keyed })
    }

    fn judge(&self, delivery: &Delivery) -> Verdict {
        // A request that only reads starts nothing, and nobody signs an address.
        if delivery.method == "POST" && delivery.word.is_none() && self.is_genuine(delivery) {
            return Verdict::Enqueue { partition: None, params: Value::Null };
        }
        Verdict::Refuse
    }

    fn is_genuine(&self, delivery: &Delivery) -> bool {
        let given = delivery.headers.get(HEADER).and_then(|header| header.strip_prefix(SCHEME));
        let Some(given) = given.and_then(bytes) else { return false };
        // Takes as long for any wrong signature, so that time tells nothing of the right one.
        self.keyed.clone().chain_update(&delivery.body).verify_slice(&given).is_ok()
    }
}

impl Hook for Signed {
    fn name(&self) -> &'static str {
        "signed"
    }

    fn receive<'a>(
        &'a self,
        _means: &'a Means,
        delivery: &'a Delivery,
    ) -> BoxFuture<'a, store::Result<Verdict>> {
        Box::pin(async { Ok(self.judge(delivery)) })
    }
}

/// The bytes that hexadecimal digits say.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SECRET: &[u8] = b"It's a Secret to Everybody, not to us";
    const BODY: &[u8] = b"Hello, World!";

    fn delivery(method: &str, signature: Option<&str>) -> Delivery {
        let header = signature.map(|signature| (HEADER.to_owned(), signature.to_owned()));
        Delivery {
            method: method.to_owned(),
            word: None,
            query: BTreeMap::new(),
            headers: header.into_iter().collect(),
            body: BODY.to_vec(),
        }
    }

    fn check(delivery: &Delivery, is_genuine: bool) {
        let verdict = Signed::new(SECRET).unwrap().judge(delivery);
        let wanted = if is_genuine {
            Verdict::Enqueue { partition: None, params: Value::Null }
        } else {
            Verdict::Refuse
        };
        assert_eq!(verdict, wanted, "{delivery:?}");
    }

    fn signature() -> String {
        let signed = Signed::new(SECRET).unwrap().keyed.chain_update(BODY).finalize().into_bytes();
        signed.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn only_the_secrets_own_signature_of_that_body_is_genuine() {
        let right = format!("sha256={}", signature());
        check(&delivery("POST", Some(&right)), true);
        check(&delivery("POST", Some(&right.replacen("sha256=", "SHA256=", 1))), false);
        check(&delivery("POST", None), false);
        check(&Delivery { body: b"Hello, world!".to_vec(), ..delivery("POST", Some(&right)) }, false);
        for wrong in
            ["", "sha256=", "sha256=00", "sha256=zz", "sha256=0", &right[..right.len() - 2], &right[7..]]
        {
            check(&delivery("POST", Some(wrong)), false);
        }
    }

    #[test]
    fn a_request_that_reads_starts_nothing() {
        check(&delivery("GET", Some(&format!("sha256={}", signature()))), false);
    }

    #[test]
    fn a_word_in_the_address_is_for_those_who_know_it() {
        let signed = delivery("POST", Some(&format!("sha256={}", signature())));
        check(&Delivery { word: Some("word".to_owned()), ..signed }, false);
    }

    #[test]
    fn signatures_are_those_that_others_compute() {
        // RFC 4231, test case 6: a key of 131 bytes.
        let key = [0xaa; 131];
        let body = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let signature = "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        let delivery = Delivery { body: body.to_vec(), ..delivery("POST", Some(signature)) };
        assert!(Signed::new(&key).unwrap().is_genuine(&delivery));
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        assert!(Signed::new(&[7; 31]).is_err());
        assert!(Signed::new(&[7; 32]).is_ok());
    }
}
