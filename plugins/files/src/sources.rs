//! Which files a run is asked to read.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use serde_json::Value;
use walkdir::WalkDir;

use crate::archive::{self, Bytes, Mention, Zip};
use crate::export::List;

/// The params of a run that reads files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// Files and folders of this machine.
    pub paths: Vec<String>,
    /// Files that are in the store already.
    pub uploads: Vec<Upload>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Upload {
    pub name: String,
    pub sha256: String,
}

impl Asked {
    /// Reads the params of a run, or says what is wrong with them.
    pub(crate) fn read(params: &Value) -> Result<Self, String> {
        let asked = Self::deserialize(params).map_err(|error| error.to_string())?;
        let names = asked.uploads.iter().flat_map(|upload| [&upload.name, &upload.sha256]);
        // The store refuses a NUL, and the run would be tried again for nothing.
        let spoilt = asked.paths.iter().chain(names).find(|text| text.contains('\0'));
        if let Some(text) = spoilt {
            return Err(format!("`{}` holds a NUL character", text.replace('\0', "\u{fffd}")));
        }
        Ok(asked)
    }
}

impl Upload {
    /// True for an archive or a table, which must be at hand before anybody knows what is to be read.
    pub(crate) fn is_whole(&self) -> bool {
        is_zip(&self.name) || is_table(&self.name)
    }
}

/// A file to read, or what an export has instead of one.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What it is called in every report; no two share one.
    pub path: String,
    pub place: Place,
    pub what: What,
}

/// What is to be made of a source.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Activities, and what an export tells of them.
    File(Option<Mention>),
    /// The activity of a row without a file.
    Row(Mention),
    /// A row that tells of none.
    BadRow,
    List(List),
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    Disk {
        path: PathBuf,
        bytes: u64,
        modified_ns: Option<i64>,
    },
    Store {
        sha256: String,
    },
    /// An entry of an archive.
    Zipped {
        zip: Arc<Zip>,
        index: usize,
        bytes: u64,
        crc32: u32,
    },
    Memory(Arc<Vec<u8>>),
    /// Nowhere but in the words of an export.
    Told,
    /// Asked for, but not to be had.
    Nowhere {
        code: &'static str,
        reason: String,
    },
}

impl Source {
    pub(crate) fn bytes(&self) -> u64 {
        match &self.place {
            Place::Disk { bytes, .. } | Place::Zipped { bytes, .. } => *bytes,
            Place::Memory(bytes) => bytes.len() as u64,
            Place::Store { .. } | Place::Told | Place::Nowhere { .. } => 0,
        }
    }

    /// The row of an export that tells of it.
    pub(crate) fn told(&self) -> Option<&Mention> {
        match &self.what {
            What::File(told) => told.as_ref(),
            What::Row(told) => Some(told),
            What::BadRow | What::List(_) => None,
        }
    }

    fn file(path: String, place: Place) -> Self {
        Self { path, place, what: What::File(None) }
    }
}

/// Uploads that are archives or tables, by their hashes.
pub(crate) type Whole = HashMap<String, Arc<Vec<u8>>>;

/// Lists the files: those named as they are, those in folders by their extension, in the order of their names;
/// archives by what is in them.
pub(crate) fn list(asked: &Asked, whole: &Whole) -> Vec<Source> {
    let uploads = asked.uploads.iter().flat_map(|upload| uploaded(upload, whole));
    let mut sources: Vec<_> =
        uploads.chain(asked.paths.iter().flat_map(|path| below(Path::new(path)))).collect();
    let mut seen = HashSet::new();
    let is_first: Vec<_> = sources.iter().map(|source| seen.insert(source.path.as_str())).collect();
    let mut is_first = is_first.into_iter();
    sources.retain(|_| is_first.next().unwrap_or(true));
    sources
}

fn uploaded(upload: &Upload, whole: &Whole) -> Vec<Source> {
    let path = format!("upload:{}/{}", upload.sha256, upload.name);
    match whole.get(&upload.sha256).map(Arc::clone) {
        Some(bytes) if is_zip(&upload.name) => archive::zipped(&path, Bytes::Memory(bytes)),
        Some(bytes) if is_table(&upload.name) => archive::table(&path, &Place::Memory(bytes)),
        _ => vec![Source::file(path, Place::Store { sha256: upload.sha256.clone() })],
    }
}

fn below(path: &Path) -> Vec<Source> {
    if !path.is_dir() {
        return one(path);
    }
    if archive::is_unpacked(path) {
        return archive::unpacked(&shown(path), path);
    }
    let walk = WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| !is_hidden(entry));
    let found = walk.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_file() && is_readable(&entry.file_name().to_string_lossy()) => {
            Some(Source::file(shown(entry.path()), at(entry.path())))
        }
        Ok(_) => None,
        Err(error) => {
            let path = shown(error.path().unwrap_or(path));
            Some(Source::file(path, Place::Nowhere { code: "file_unreadable", reason: error.to_string() }))
        }
    });
    found.collect()
}

/// A file that was named: an archive, a table of activities, or a recording.
fn one(path: &Path) -> Vec<Source> {
    let (name, place) = (shown(path), at(path));
    match &place {
        Place::Disk { .. } if is_zip(&name) || Zip::is_one(path) => {
            archive::zipped(&name, Bytes::Disk(path.to_owned()))
        }
        Place::Disk { .. } if is_table(&name) => archive::table(&name, &place),
        _ => vec![Source::file(name, place)],
    }
}

fn is_zip(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".zip")
}

fn is_table(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".csv")
}

fn is_hidden(entry: &walkdir::DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

/// True for the name of a FIT, GPX or TCX file, packed or not.
pub(crate) fn is_readable(name: &str) -> bool {
    let name = name.to_lowercase();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    [".fit", ".gpx", ".tcx"].iter().any(|extension| inner.ends_with(extension))
}

/// Where a file of this machine is.
pub(crate) fn at(path: &Path) -> Place {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => Place::Disk {
            path: path.to_owned(),
            bytes: metadata.len(),
            modified_ns: metadata
                .modified()
                .ok()
                .and_then(|time| i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()),
        },
        Ok(_) => Place::Nowhere { code: "file_unreadable", reason: "not a file".to_owned() },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Place::Nowhere { code: "file_not_found", reason: "there is no such file or folder".to_owned() }
        }
        Err(error) => Place::Nowhere { code: "file_unreadable", reason: error.to_string() },
    }
}

/// The path as text, another for each: bytes that are no UTF-8 become `\xNN`, and where that could be meant
/// literally too, a backslash becomes two.
pub(crate) fn shown(path: &Path) -> String {
    if let Some(text) = path.to_str().filter(|text| !text.contains("\\x")) {
        return text.to_owned();
    }
    let piece = |chunk: std::str::Utf8Chunk<'_>| {
        let bad: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
        chunk.valid().replace('\\', "\\\\") + bad.as_str()
    };
    path.as_os_str().as_encoded_bytes().utf8_chunks().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_with_a_nul_is_refused() {
        let wanted = "`a\u{fffd}b.fit` holds a NUL character";
        assert_eq!(Asked::read(&json!({ "paths": ["a\0b.fit"] })).unwrap_err(), wanted);
        let upload = json!({ "uploads": [{ "name": "a\0b.fit", "sha256": "00" }] });
        assert_eq!(Asked::read(&upload).unwrap_err(), wanted);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_utf_8_keep_a_source_each() {
        use std::os::unix::ffi::OsStrExt;

        let root = tempfile::tempdir().unwrap();
        let names: [&[u8]; 4] = [b"a\xfe.gpx", b"a\xff.gpx", br"a\xff.gpx", br"b\c.gpx"];
        for name in names {
            std::fs::write(root.path().join(std::ffi::OsStr::from_bytes(name)), "x").unwrap();
        }
        let paths = vec![root.path().to_string_lossy().into_owned()];
        let listed = list(&Asked { paths, uploads: Vec::new() }, &Whole::new());
        let mut names: Vec<_> =
            listed.iter().map(|source| source.path.rsplit('/').next().unwrap_or_default()).collect();
        names.sort_unstable();
        assert_eq!(names, [r"a\\xff.gpx", r"a\xfe.gpx", r"a\xff.gpx", r"b\c.gpx"]);
    }

    #[test]
    fn folders_are_searched_by_extension_and_named_files_are_taken_as_they_are() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b.GPX", "a.fit.gz", "notes.txt", ".hidden.fit", "deep/c.tcx"] {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let named = root.path().join("notes.txt");
        let paths = vec![text(root.path()), text(&named), text(&named), "/nowhere.fit".to_owned()];
        let listed = list(&Asked { paths, uploads: Vec::new() }, &Whole::new());
        let names: Vec<_> =
            listed.iter().map(|source| source.path.rsplit('/').next().unwrap_or_default()).collect();
        assert_eq!(names, ["a.fit.gz", "b.GPX", "c.tcx", "notes.txt", "nowhere.fit"]);
        assert!(matches!(listed[4].place, Place::Nowhere { code: "file_not_found", .. }));
    }
}
