//! Where the parts of a zip archive lie: what its directory does not tell of is not left out in silence.

use std::io::{Read, Seek, SeekFrom};

use zip::read::ZipFileEntry;

use crate::decode::Refusal;

/// Bytes before the name in the header of an entry.
const HEADER_BYTES: u64 = 30;
const ENTRY: [u8; 4] = *b"PK\x03\x04";
/// What may follow the directory: its end, its end in the form for large archives, or its signature.
const ENDS: [[u8; 4]; 3] = [*b"PK\x05\x06", *b"PK\x06\x06", *b"PK\x05\x05"];

/// Where the entries of an archive lie.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// From the header of each to the end of its content, at least.
    entries: Vec<(u64, u64)>,
}

impl Layout {
    pub(super) fn add(&mut self, entry: &ZipFileEntry<'_>) {
        let start = entry.header_start();
        let bytes = (HEADER_BYTES + entry.name_raw().len() as u64).saturating_add(entry.compressed_size());
        self.entries.push((start, start.saturating_add(bytes)));
    }

    /// Checks that no entry lies on another or is passed over; the reader stands behind the directory's last entry.
    pub(super) fn check(mut self, reader: &mut (impl Read + Seek)) -> Result<(), Refusal> {
        let end = reader.stream_position().map_err(unreadable)?;
        if !ENDS.contains(&at(reader, end)?) {
            return Err(hidden("its directory goes on behind the last entry that it declares"));
        }
        self.entries.sort_unstable();
        let overlaps = self.entries.windows(2).any(|pair| pair[0].1 > pair[1].0);
        if overlaps || self.entries.last().is_some_and(|last| last.1 > end) {
            let reason = "two entries share the same bytes, or one shares them with the directory";
            return Err(Refusal::new("archive_overlapping_entries", reason));
        }
        let is_first = self.entries.first().is_some_and(|first| first.0 == 0);
        if !is_first && at(reader, 0)? == ENTRY {
            return Err(hidden("it begins with an entry that its directory does not tell of"));
        }
        Ok(())
    }
}

/// Four bytes of the archive; zeros where it ends before.
fn at(reader: &mut (impl Read + Seek), position: u64) -> Result<[u8; 4], Refusal> {
    let mut bytes = Vec::new();
    let read = reader.seek(SeekFrom::Start(position)).and_then(|_| reader.take(4).read_to_end(&mut bytes));
    read.map_err(unreadable)?;
    Ok(<[u8; 4]>::try_from(bytes).unwrap_or_default())
}

fn hidden(reason: &str) -> Refusal {
    Refusal::new("archive_unreadable", reason)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over by the result that holds it")]
fn unreadable(error: std::io::Error) -> Refusal {
    Refusal::new("file_unreadable", error.to_string())
}
