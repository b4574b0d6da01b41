//! Archives that are refused as a whole, and entries that are not what the archive says.

use std::io::{Cursor, Write};
use std::sync::Arc;

use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;

use super::*;

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

#[test]
fn an_entry_above_the_limit_is_not_unpacked() {
    let zip = open(packed(|zip| put(zip, "a.gpx", &[7; 5_000]))).unwrap();
    assert_eq!(zip.read(0, 4_999).err().unwrap().code, "file_too_large");
    assert_eq!(zip.read(0, 5_000).unwrap().len(), 5_000);
}
