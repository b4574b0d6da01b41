//! Which files a run is asked to read.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use serde_json::Value;
use walkdir::WalkDir;

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

/// A file to read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What it is called in every report; no two files share one.
    pub path: String,
    pub place: Place,
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
    /// Asked for, but not to be had.
    Nowhere {
        code: &'static str,
        reason: String,
    },
}

impl Source {
    pub(crate) fn bytes(&self) -> u64 {
        match &self.place {
            Place::Disk { bytes, .. } => *bytes,
            Place::Store { .. } | Place::Nowhere { .. } => 0,
        }
    }
}

/// Lists the files: those named as they are, those in folders by their extension, in the order of their names.
pub(crate) fn list(asked: &Asked) -> Vec<Source> {
    let uploads = asked.uploads.iter().map(|upload| Source {
        path: format!("upload:{}/{}", upload.sha256, upload.name),
        place: Place::Store { sha256: upload.sha256.clone() },
    });
    let mut sources: Vec<_> =
        uploads.chain(asked.paths.iter().flat_map(|path| below(Path::new(path)))).collect();
    let mut seen = std::collections::HashSet::new();
    sources.retain(|source| seen.insert(source.path.clone()));
    sources
}

fn below(path: &Path) -> Vec<Source> {
    if !path.is_dir() {
        return vec![at(path)];
    }
    let walk = WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| !is_hidden(entry));
    let found = walk.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_file() && is_readable(entry.path()) => Some(at(entry.path())),
        Ok(_) => None,
        Err(error) => {
            let path = shown(error.path().unwrap_or(path));
            Some(Source {
                path,
                place: Place::Nowhere { code: "file_unreadable", reason: error.to_string() },
            })
        }
    });
    found.collect()
}

fn is_hidden(entry: &walkdir::DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.')
}

fn is_readable(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    [".fit", ".gpx", ".tcx"].iter().any(|extension| inner.ends_with(extension))
}

fn at(path: &Path) -> Source {
    let place = match path.metadata() {
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
    };
    Source { path: shown(path), place }
}

/// The path as text, another for each: bytes that are no UTF-8 become `\xNN`, and where that could be meant
/// literally too, a backslash becomes two.
fn shown(path: &Path) -> String {
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
        let listed = list(&Asked { paths, uploads: Vec::new() });
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
        let listed = list(&Asked { paths, uploads: Vec::new() });
        let names: Vec<_> =
            listed.iter().map(|source| source.path.rsplit('/').next().unwrap_or_default()).collect();
        assert_eq!(names, ["a.fit.gz", "b.GPX", "c.tcx", "notes.txt", "nowhere.fit"]);
        assert!(matches!(listed[4].place, Place::Nowhere { code: "file_not_found", .. }));
    }
}
