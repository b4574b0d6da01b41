//! Whether a file has its end.
//!
//! Only what is certainly unfinished is waited for: what is broken in another way is for the import to refuse.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// No recording unpacks to more.
const GZIP_BYTES: u64 = 64 << 20;
const TAIL_BYTES: i64 = 512;

/// False where the end of the file is still to come.
pub(super) fn is_whole(path: &Path) -> bool {
    if path.is_dir() {
        return true;
    }
    File::open(path).and_then(look).unwrap_or(true)
}

fn look(mut file: File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let mut head = Vec::new();
    (&file).take(64).read_to_end(&mut head)?;
    file.rewind()?;
    match head.as_slice() {
        [] => Ok(false),
        [b'P', b'K', ..] => Ok(zip::ZipArchive::new(io::BufReader::new(file)).is_ok()),
        [0x1f, 0x8b, ..] => Ok(gzip(file)),
        [header, .., _] if head.get(8..12) == Some(b".FIT") => {
            let data = head
                .get(4..8)
                .map_or(0, |size| size.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
            // The checksum has two bytes.
            Ok(length >= u64::from(*header) + data + 2)
        }
        head if head.trim_ascii_start().starts_with(b"<") => xml(file, length),
        _ => Ok(true),
    }
}

fn gzip(file: File) -> bool {
    let mut unpacked = MultiGzDecoder::new(io::BufReader::new(file)).take(GZIP_BYTES);
    let read = io::copy(&mut unpacked, &mut io::sink());
    !read.is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}

/// The last tag closes the document.
fn xml(mut file: File, length: u64) -> io::Result<bool> {
    let back = TAIL_BYTES.min(i64::try_from(length).unwrap_or(TAIL_BYTES));
    file.seek(SeekFrom::End(-back))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail);
    let last = tail.trim_end().rsplit('<').next().unwrap_or_default();
    let is_known = ["gpx", "trainingcenterdatabase"].into_iter().any(|root| {
        let name = last.strip_prefix('/').and_then(|tag| tag.strip_suffix('>')).unwrap_or_default();
        name.trim().rsplit(':').next().is_some_and(|name| name.eq_ignore_ascii_case(root))
    });
    Ok(is_known)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn check(what: &str, bytes: &[u8], wanted: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(is_whole(&path), wanted, "{what}");
    }

    /// Whole as it is, unfinished at every earlier end.
    fn check_ends(what: &str, bytes: &[u8]) {
        check(what, bytes, true);
        for percent in [10, 40, 70, 90, 99] {
            check(&format!("{percent} % of {what}"), &bytes[..bytes.len() * percent / 100], false);
        }
    }

    #[test]
    fn a_gzip_needs_its_end() {
        let noise: Vec<u8> = (0..5000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&noise).unwrap();
        check_ends("a gzip", &encoder.finish().unwrap());
    }

    #[test]
    fn a_zip_needs_its_directory() {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for name in ["a.fit", "b.fit"] {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(&[7; 3000]).unwrap();
        }
        check_ends("a zip", writer.finish().unwrap().get_ref());
    }

    #[test]
    fn a_fit_file_says_how_long_it_is() {
        let mut fit = vec![14, 0x20, 0, 0, 200, 0, 0, 0];
        fit.extend(b".FIT\0\0");
        fit.extend([0; 202]);
        check_ends("a FIT file", &fit);
    }

    #[test]
    fn a_document_needs_its_last_tag() {
        let points = "<trkpt lat=\"1\" lon=\"2\"/>".repeat(40);
        check_ends("a GPX file", format!("  <?xml version=\"1.0\"?><gpx>{points}</gpx>").as_bytes());
        check("blanks behind it", format!("<gpx>{points}</gpx >\n\n").as_bytes(), true);
        check("a prefix", format!("<t:gpx>{points}</t:gpx>").as_bytes(), true);
    }

    #[test]
    fn what_is_broken_otherwise_is_left_to_the_import() {
        check("text", b"this is no recording at all", true);
        check("a damaged gzip", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff], true);
        check("nothing yet", b"", false);
    }
}
