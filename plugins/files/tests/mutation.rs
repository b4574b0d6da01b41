//! Thousands of damaged files: none may panic, and each refusal gives a reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it saw and stops where it must"
)]

use paceline_files::decode::{Limits, decode};

mod fixture;

/// SplitMix64, so that a failure comes back with its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn damage(original: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] ^= 1 << random.below(8),
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, random.next() as u8),
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

fn survives(name: &str, original: &[u8], rounds: u64) {
    for seed in 0..rounds {
        let bytes = damage(original, &mut Random(seed));
        if let Err(refusal) = decode(name, &bytes, &Limits::STANDARD) {
            assert!(!refusal.reason.is_empty(), "{name} with seed {seed}");
        }
    }
}

#[test]
fn damaged_fit_files_never_panic() {
    let short = fixture::Fit::of_type(4).records(fixture::START, 12).session(fixture::START, 12, 36).bytes();
    survives("a.fit", &short, 6_000);
    survives("a.fit", &[short.clone(), short.clone()].concat(), 3_000);
}

#[test]
fn damaged_gpx_files_never_panic() {
    let points: String = (0..6).map(|minute| fixture::point("50.5", minute)).collect();
    survives("a.gpx", fixture::track(&points).as_bytes(), 4_000);
}

#[test]
fn damaged_tcx_files_never_panic() {
    let points: String = (0..6).map(|minute| fixture::trackpoint(minute, "100")).collect();
    survives("a.tcx", fixture::lap("600", &points).as_bytes(), 4_000);
}

#[test]
fn damaged_gzip_files_never_panic() {
    survives("a.fit.gz", &fixture::gzip(&fixture::run().bytes()), 2_000);
}
