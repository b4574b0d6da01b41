//! A small export, damaged in every byte: none may panic, and each gives rows or reasons.

use super::*;
use crate::prepare::bytes_of;

fn export() -> Vec<u8> {
    packed(|zip| {
        put(
            zip,
            "activities.csv",
            b"Activity ID,Activity Date,Filename\n1,\"May 1, 2024, 10:00:00 AM\",a.gpx\n2,,\n",
        );
        put(zip, "a.gpx", b"<gpx></gpx>");
    })
}

/// Everything has an outcome, and what is refused says why.
fn survives(bytes: Vec<u8>, how: &str) {
    let sources = zipped("a.zip", Bytes::Memory(Arc::new(bytes)));
    assert!(!sources.is_empty(), "{how}");
    for source in sources {
        if matches!(source.what, What::Row(_)) {
            continue;
        }
        if let Err(refusal) = bytes_of(&source.place, 1 << 20) {
            assert!(!refusal.code.is_empty() && !refusal.reason.is_empty(), "{how}: {}", source.path);
        }
    }
}

#[test]
fn an_archive_cut_at_any_byte_is_refused() {
    let whole = export();
    assert_eq!(zipped("a.zip", Bytes::Memory(Arc::new(whole.clone()))).len(), 2);
    for end in 0..whole.len() {
        let sources = zipped("a.zip", Bytes::Memory(Arc::new(whole[..end].to_vec())));
        assert!(
            matches!(sources[0].place, Place::Nowhere { code: "archive_unreadable", .. }),
            "cut at {end}"
        );
    }
}

#[test]
fn an_archive_with_any_byte_changed_or_taken_or_doubled_gives_rows_or_reasons() {
    let whole = export();
    for at in 0..whole.len() {
        for value in [0, 1, 0xff, whole[at] ^ 1, whole[at] ^ 0x80, whole[at].wrapping_add(1)] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            survives(bytes, &format!("byte {at} is {value}"));
        }
        let mut shorter = whole.clone();
        shorter.remove(at);
        survives(shorter, &format!("without byte {at}"));
        for length in [1, 7, 46, 200] {
            let end = (at + length).min(whole.len());
            let doubled = [&whole[..end], &whole[at..]].concat();
            survives(doubled, &format!("bytes {at} to {end} twice"));
        }
    }
}
