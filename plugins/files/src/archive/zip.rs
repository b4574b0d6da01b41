//! A zip archive: checked as a whole before anything of it is unpacked, then read entry by entry.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::ZipReadOptions;
use zip::read::{Config, OwnedZipFileEntry, ZipFileEntry};
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use super::layout::Layout;
use super::limits::Limits;
use super::member::{self, Member};
use super::window::Window;
use crate::decode::Refusal;
use crate::sources::Place;

/// Where the bytes of an archive are.
#[derive(Debug, Clone)]
pub(crate) enum Bytes {
    Disk(PathBuf),
    Memory(Arc<Vec<u8>>),
}

/// An archive that passed every guard.
#[derive(Debug)]
pub(crate) struct Zip {
    bytes: Bytes,
    entries: Vec<OwnedZipFileEntry>,
}

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

impl Bytes {
    fn reader(&self) -> std::io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::Disk(path) => Box::new(File::open(path)?),
            Self::Memory(bytes) => Box::new(Cursor::new(Shared(Arc::clone(bytes)))),
        })
    }
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Zip {
    /// True for a file that begins as a zip archive does.
    pub(crate) fn is_one(path: &Path) -> bool {
        let mut start = [0; 4];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && (start == *b"PK\x03\x04" || start == *b"PK\x05\x06")
    }

    /// Opens an archive: reads its directory alone, and refuses it as a whole for anything that is not safe.
    pub(crate) fn open(bytes: Bytes, limits: &Limits) -> Result<Self, Refusal> {
        let reader = bytes.reader().map_err(|error| Refusal::new("file_unreadable", error.to_string()))?;
        let window =
            Window::new(reader).map_err(|error| Refusal::new("file_unreadable", error.to_string()))?;
        let packed = window.length();
        let mut directory =
            ZipIterable::try_new(window, Config::default()).map_err(|error| broken(&error))?;
        if directory.len() > limits.all_entries {
            return Err(too_many(directory.len(), limits.all_entries));
        }
        let mut guard = Guard { limits, packed, entries: 0, unpacked: 0, names: HashSet::new() };
        let mut layout = Layout::default();
        let mut entries = Vec::new();
        let files = directory.files().map_err(|error| broken(&error))?;
        for entry in files.by_ref() {
            let entry = entry.map_err(|error| broken(&error))?;
            layout.add(&entry);
            if guard.passes(&entry)? {
                entries.push(OwnedZipFileEntry::from(entry));
            }
        }
        layout.check(files.reader_mut())?;
        Ok(Self { bytes, entries })
    }

    /// The files in it that may be read, pictures and films left out.
    pub(crate) fn members(self: &Arc<Self>) -> Vec<Member> {
        let place = |index: usize| {
            let entry = &self.entries[index];
            Place::Zipped { zip: Arc::clone(self), index, bytes: entry.size(), crc32: entry.crc32() }
        };
        let named = self.entries.iter().enumerate();
        named.map(|(index, entry)| Member { name: name(entry.name_raw()), place: place(index) }).collect()
    }

    /// Reads an entry of at most so many bytes; one that holds more than the archive declares is refused.
    pub(crate) fn read(&self, index: usize, most: u64) -> Result<Vec<u8>, Refusal> {
        let Some(entry) = self.entries.get(index) else {
            return Err(Refusal::new("file_not_found", "the archive has no such entry"));
        };
        let declared = entry.size();
        if declared > most {
            return Err(Refusal::new("file_too_large", format!("{declared} bytes, at most {most} are read")));
        }
        let failed = |error: String| Err(Refusal::new("archive_entry_damaged", error));
        let mut reader = match self.bytes.reader() {
            Ok(reader) => reader,
            Err(error) => return Err(Refusal::new("file_unreadable", error.to_string())),
        };
        let unpacking = match entry.as_ref().with_reader(&mut reader, ZipReadOptions::new()) {
            Ok(unpacking) => unpacking,
            Err(error) => return failed(error.to_string()),
        };
        let mut content = Vec::with_capacity(usize::try_from(declared).unwrap_or(0));
        let outcome = unpacking.take(declared.saturating_add(1)).read_to_end(&mut content);
        // The library counts too, and may speak first.
        let is_said =
            outcome.as_ref().is_err_and(|error| error.to_string().contains("larger than its declared"));
        if is_said || content.len() as u64 > declared {
            let reason = format!("it unpacks to more than the {declared} bytes that the archive declares");
            return Err(Refusal::new("archive_too_large_unpacked", reason));
        }
        match outcome {
            Ok(_) if content.len() as u64 == declared => Ok(content),
            Ok(count) => failed(format!("it unpacks to {count} bytes, and the archive declares {declared}")),
            Err(error) => failed(error.to_string()),
        }
    }
}

/// What has been seen of an archive's directory.
struct Guard<'a> {
    limits: &'a Limits,
    packed: u64,
    entries: usize,
    unpacked: u64,
    names: HashSet<String>,
}

impl Guard<'_> {
    /// Refuses what is not safe; true for an entry that may be read.
    fn passes(&mut self, entry: &ZipFileEntry<'_>) -> Result<bool, Refusal> {
        let declared = String::from_utf8_lossy(entry.name_raw()).replace('\\', "/");
        if !member::stays_inside(&declared) {
            let reason = format!("the entry `{declared}` leads out of the archive");
            return Err(Refusal::new("archive_bad_path", reason));
        }
        let name = name(entry.name_raw());
        if entry.is_symlink() {
            return Err(Refusal::new("archive_symlink", format!("the entry `{name}` is a symbolic link")));
        }
        self.unpacked = self.unpacked.saturating_add(entry.size());
        let most = self.packed.saturating_mul(self.limits.ratio).max(self.limits.unpacked_bytes);
        if self.unpacked > most {
            let reason = format!(
                "an archive of {} bytes may unpack to {most}, and this one declares more",
                self.packed
            );
            return Err(Refusal::new("archive_too_large_unpacked", reason));
        }
        if entry.is_dir() || member::is_media(&name) {
            return Ok(false);
        }
        self.entries += 1;
        if self.entries >= self.limits.entries {
            return Err(too_many(self.entries, self.limits.entries - 1));
        }
        if entry.encrypted() {
            return Err(Refusal::new("archive_encrypted", format!("the entry `{name}` is encrypted")));
        }
        // Programs differ in which of two they show, so that one could be hidden behind the other.
        if let Some(name) = self.names.replace(name) {
            return Err(Refusal::new("archive_duplicate_entry", format!("two entries are called `{name}`")));
        }
        Ok(true)
    }
}

/// The name with slashes and without parts that lead nowhere, as UTF-8 where it is.
fn name(raw: &[u8]) -> String {
    let name = String::from_utf8_lossy(raw).replace('\\', "/");
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

fn too_many(count: usize, most: usize) -> Refusal {
    let reason = format!("{count} entries or more, at most {most} are read");
    Refusal::new("archive_too_many_files", reason)
}

fn broken(error: &ZipError) -> Refusal {
    Refusal::new("archive_unreadable", format!("not a whole zip archive: {error}"))
}
