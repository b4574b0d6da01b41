//! Archives that are refused as a whole, and entries that are not what the archive says.

use std::io::{Cursor, Write};
use std::sync::Arc;

use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;

use super::*;

mod damage;

type Writer = ZipWriter<Cursor<Vec<u8>>>;

fn packed(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    fill(&mut writer);
    writer.finish().unwrap().into_inner()
}

fn put(writer: &mut Writer, name: &str, content: &[u8]) {
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
}

fn open(bytes: Vec<u8>) -> Result<Arc<Zip>, Refusal> {
    Zip::open(Bytes::Memory(Arc::new(bytes)), &Limits::STANDARD).map(Arc::new)
}

fn check(bytes: Vec<u8>, code: &str, word: &str) {
    let refusal = open(bytes).err().unwrap();
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.reason.contains(word), "{refusal}");
}

/// Where the first header with this signature begins.
fn header(bytes: &[u8], signature: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == signature).unwrap()
}

#[test]
fn an_entry_that_leads_out_refuses_the_whole() {
    let bytes = packed(|zip| {
        put(zip, "good.gpx", b"x");
        put(zip, "../../evil.gpx", b"x");
    });
    check(bytes, "archive_bad_path", "evil.gpx");
}

#[test]
fn a_symbolic_link_refuses_the_whole() {
    let bytes = packed(|zip| zip.add_symlink("a.gpx", "/etc/passwd", SimpleFileOptions::default()).unwrap());
    check(bytes, "archive_symlink", "a.gpx");
}

#[test]
fn an_archive_that_declares_a_thousand_times_its_size_is_refused() {
    let bytes = packed(|zip| put(zip, "a.gpx", &vec![0; 70 << 20]));
    check(bytes, "archive_too_large_unpacked", "may unpack to");
}

#[test]
fn pictures_do_not_count_as_entries() {
    let of = |name: fn(u32) -> String| packed(|zip| (0..20_000).for_each(|n| put(zip, &name(n), b"")));
    check(of(|number| format!("activities/{number}.gpx")), "archive_too_many_files", "19999");
    assert!(open(of(|number| format!("media/{number}.jpg"))).unwrap().members().is_empty());
}

#[test]
fn an_encrypted_archive_is_refused() {
    let mut bytes = packed(|zip| put(zip, "a.gpx", b"x"));
    let central = header(&bytes, b"PK\x01\x02");
    bytes[central + 8] |= 1;
    check(bytes, "archive_encrypted", "a.gpx");
}

#[test]
fn what_is_no_whole_archive_is_refused() {
    let whole = packed(|zip| put(zip, "a.gpx", &[7; 5_000]));
    check(whole[..whole.len() / 2].to_vec(), "archive_unreadable", "zip");
    check(b"PK\x03\x04 and nothing else".to_vec(), "archive_unreadable", "zip");
    check(Vec::new(), "archive_unreadable", "zip");
}

#[test]
fn an_entry_that_unpacks_to_more_than_it_declares_is_refused_while_it_is_read() {
    let mut bytes = packed(|zip| put(zip, "a.gpx", &[7; 50_000]));
    for (signature, offset) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        let size = header(&bytes, signature) + offset;
        bytes[size..size + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    let refusal = open(bytes).unwrap().read(0, 1 << 20).err().unwrap();
    assert_eq!(refusal.code, "archive_too_large_unpacked", "{refusal}");
}

#[test]
fn an_entry_with_a_wrong_checksum_is_damaged() {
    let stored = SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored);
    let mut bytes = packed(|zip| {
        zip.start_file("a.gpx", stored).unwrap();
        zip.write_all(b"precious").unwrap();
        put(zip, "b.gpx", b"good");
    });
    let at = bytes.windows(8).position(|window| window == b"precious").unwrap();
    bytes[at] = b'P';
    let zip = open(bytes).unwrap();
    assert_eq!(zip.read(0, 1 << 20).err().unwrap().code, "archive_entry_damaged");
    assert_eq!(zip.read(1, 1 << 20).unwrap(), b"good");
}

/// Changes the number of entries that the end of the archive declares.
fn declaring(mut bytes: Vec<u8>, entries: u16) -> Vec<u8> {
    let end = header(&bytes, b"PK\x05\x06");
    for at in [end + 8, end + 10] {
        bytes[at..at + 2].copy_from_slice(&entries.to_le_bytes());
    }
    bytes
}

fn two() -> Vec<u8> {
    packed(|zip| {
        put(zip, "a.gpx", b"one");
        put(zip, "b.gpx", b"other");
    })
}

#[test]
fn entries_beyond_the_declared_number_refuse_the_whole() {
    check(declaring(two(), 1), "archive_unreadable", "goes on");
    check(declaring(two(), 3), "archive_unreadable", "zip");
    check(declaring(two(), 0), "archive_unreadable", "begins with an entry");
}

#[test]
fn an_archive_before_another_is_not_passed_over() {
    check([two(), two()].concat(), "archive_unreadable", "begins with an entry");
    let comment = [b"PK\x05\x06".as_slice(), &[0; 18], &[b'x'; 600]].concat();
    let mut bytes = two();
    let length = bytes.len() - 2;
    bytes[length..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    check([bytes, comment].concat(), "archive_unreadable", "begins with an entry");
    assert_eq!(open([b"#!/bin/sh\n".to_vec(), two()].concat()).unwrap().members().len(), 2);
}

#[test]
fn entries_over_the_same_bytes_refuse_the_whole() {
    let mut bytes = two();
    let second = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    check(bytes, "archive_overlapping_entries", "same bytes");
}

#[test]
fn two_entries_of_one_name_refuse_the_whole() {
    for (name, twin) in [("b.gpx", "b.gpx"), ("b.gpx", "./b.gpx"), ("x/b.gpx", "x\\b.gpx")] {
        let long = "n".repeat(twin.len());
        let mut bytes = packed(|zip| {
            put(zip, name, b"one");
            put(zip, &long, b"other");
        });
        while let Some(at) = bytes.windows(long.len()).position(|window| window == long.as_bytes()) {
            bytes[at..at + long.len()].copy_from_slice(twin.as_bytes());
        }
        check(bytes, "archive_duplicate_entry", name);
    }
}

#[test]
fn an_archive_in_the_form_for_large_ones_is_read() {
    let bytes = packed(|zip| {
        zip.start_file("a.gpx", SimpleFileOptions::default().large_file(true)).unwrap();
        zip.write_all(b"one").unwrap();
    });
    // The end of the directory in the form for large archives, as other programs write it.
    let (central, end) = (header(&bytes, b"PK\x01\x02"), header(&bytes, b"PK\x05\x06"));
    let mut large = bytes[..end].to_vec();
    large.extend(b"PK\x06\x06");
    large.extend(44_u64.to_le_bytes());
    large.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [1, 1, end - central, central] {
        large.extend((number as u64).to_le_bytes());
    }
    large.extend(b"PK\x06\x07\0\0\0\0");
    large.extend((end as u64).to_le_bytes());
    large.extend(1_u32.to_le_bytes());
    large.extend(b"PK\x05\x06\0\0\0\0");
    large.extend([0xff; 12]);
    large.extend([0, 0]);
    assert_eq!(open(large).unwrap().read(0, 100).unwrap(), b"one");
}

#[test]
fn an_entry_above_the_limit_is_not_unpacked() {
    let zip = open(packed(|zip| put(zip, "a.gpx", &[7; 5_000]))).unwrap();
    assert_eq!(zip.read(0, 4_999).err().unwrap().code, "file_too_large");
    assert_eq!(zip.read(0, 5_000).unwrap().len(), 5_000);
}
