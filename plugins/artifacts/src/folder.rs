//! Finds the files of the former system in its folder.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::artifact::{Artifact, Kind, Refusal};

const SCOPES: &str = "segments_best.json";
/// A file of one activity has a few hundred bytes.
const FILE_BYTES_MOST: u64 = 1 << 20;

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    place: PathBuf,
}

/// Lists the files by name: best times first, since they need no activity.
///
/// The folder is the one with `weather`, `segments` and `segments_best.json` in it, or the one above, where it is
/// called `data`. Links are not followed.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let below = folder.join("data");
    let is_inside = !is_one(folder) && is_real(&below, fs::Metadata::is_dir) && is_one(&below);
    let folder = if is_inside { &below } else { folder };
    let scopes = folder.join(SCOPES);
    let mut found: Vec<Found> = if is_real(&scopes, fs::Metadata::is_file) {
        vec![Found::new(scopes, Kind::Scopes)]
    } else {
        Vec::new()
    };
    for (name, kind) in [("segments", Kind::Activity), ("weather", Kind::Weather)] {
        let place = folder.join(name);
        if !is_real(&place, fs::Metadata::is_dir) {
            continue;
        }
        let mut files = json_files(fs::read_dir(place)?)?;
        files.sort();
        found.extend(files.into_iter().map(|path| Found::new(path, kind)));
    }
    Ok(found)
}

fn is_one(folder: &Path) -> bool {
    [SCOPES, "segments", "weather"].iter().any(|name| folder.join(name).exists())
}

/// True where something of this kind is there itself, not through a link.
fn is_real(path: &Path, kind: impl Fn(&fs::Metadata) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| kind(&found))
}

fn json_files(entries: fs::ReadDir) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        // Hidden files are those of editors and file systems, such as `._17.json`.
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_json = path.extension() == Some(OsStr::new("json"));
        if is_json && !is_hidden && entry.file_type()?.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

impl Found {
    fn new(place: PathBuf, kind: Kind) -> Self {
        Self { path: place.to_string_lossy().into_owned(), kind, place }
    }

    pub(crate) fn read(&self) -> Result<Artifact, Refusal> {
        let bytes = self.bytes().map_err(|error| Refusal::new("file_unreadable", error.to_string()))?;
        if bytes.len() as u64 > FILE_BYTES_MOST {
            return Err(Refusal::new("file_too_large", format!("it has more than {FILE_BYTES_MOST} bytes")));
        }
        let stem = self.place.file_stem().unwrap_or_default().to_string_lossy();
        Artifact::read(self.kind, &stem, &bytes)
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.place)?.take(FILE_BYTES_MOST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_the_folder_and_in_its_data() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        };
        let names = ["weather/2.json", "weather/1.json", "weather/notes.txt", "segments/3.json", SCOPES];
        for name in names.into_iter().chain(["weather/.5.json", "segments/._3.json"]) {
            put(&format!("data/{name}"));
        }
        fs::create_dir(root.path().join("data/weather/4.json")).unwrap();
        let wanted = ["segments_best.json", "3.json", "1.json", "2.json"];
        for folder in [root.path().to_owned(), root.path().join("data")] {
            let found = list(&folder).unwrap();
            let names = found.iter().map(|found| found.path.rsplit('/').next().unwrap()).collect::<Vec<_>>();
            assert_eq!(names, wanted, "{}", folder.display());
        }
        assert!(list(&root.path().join("data/weather")).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(elsewhere.path().join("weather")).unwrap();
        for name in ["weather/1.json", SCOPES] {
            fs::write(elsewhere.path().join(name), "{}").unwrap();
        }
        assert_eq!(list(elsewhere.path()).unwrap().len(), 2);
        for name in ["weather", SCOPES] {
            std::os::unix::fs::symlink(elsewhere.path().join(name), root.path().join(name)).unwrap();
        }
        assert!(list(root.path()).unwrap().is_empty());
        let above = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), above.path().join("data")).unwrap();
        assert!(list(above.path()).unwrap().is_empty());
    }

    #[test]
    fn a_large_file_is_refused_before_it_is_read_whole() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join(SCOPES);
        File::create(&place).unwrap().set_len(1 << 40).unwrap();
        let refusal = list(root.path()).unwrap()[0].read().unwrap_err();
        assert_eq!(refusal.code, "file_too_large");
    }
}
