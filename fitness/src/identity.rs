//! Ids that follow from where a thing came from, so that the same input gives the same bytes.

use sha2::{Digest, Sha256};

/// Bytes of the hash that make an id: 128 bits never meet by chance.
const ID_BYTES: usize = 16;
/// RFC 4648 base 32 in lower case: no letter looks like a digit that is in it.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The id of the activity that an athlete's source knows by an id of its own: 26 letters and digits.
pub fn activity_id(athlete: &str, source: &str, source_id: &str) -> String {
    let mut hash = Sha256::new();
    for part in [athlete, source, source_id] {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    base32(&hash.finalize()[..ID_BYTES])
}

/// The id of the segment that a source and what it is cut out of define: defining it twice makes one.
pub fn segment_id(athlete: &str, source: &str, defined_by: &str) -> String {
    activity_id(athlete, &format!("segment of {source}"), defined_by)
}

/// The id of the circle that an athlete hides.
pub fn privacy_zone_id(athlete: &str, defined_by: &str) -> String {
    activity_id(athlete, "privacy zone", defined_by)
}

/// The id of the gear of a name, as [`crate::gear::key`] has it: sources that call it the same mean the same.
pub fn gear_id(athlete: &str, key: &str) -> String {
    activity_id(athlete, "gear", key)
}

/// The id of a component: mounting the same on the same day makes one.
pub fn gear_component_id(athlete: &str, gear_id: &str, defined_by: &str) -> String {
    activity_id(athlete, &format!("component of {gear_id}"), defined_by)
}

fn base32(bytes: &[u8]) -> String {
    let bits = bytes.len() * 8;
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| byte >> (7 - index % 8) & 1);
    let digit = |start: usize| (start..start + 5).fold(0, |digit, index| digit << 1 | bit(index));
    (0..bits).step_by(5).map(|start| char::from(ALPHABET[usize::from(digit(start))])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_source_has_the_same_id_for_ever() {
        assert_eq!(activity_id("me", "file", "abc#0"), activity_id("me", "file", "abc#0"));
        assert_eq!(activity_id("me", "file", "abc#0").len(), 26);
    }

    #[test]
    fn moving_a_letter_between_the_parts_is_another_id() {
        assert_ne!(activity_id("ab", "c", "d"), activity_id("a", "bc", "d"));
    }

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
    }
}
