//! What lies in the watched folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::{DirEntry, WalkDir};

use super::aside;

/// A file to import, or an export that is a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
}

/// Changes when something is written; of a folder, the sum of what is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified_ns: Option<i64>,
    /// 0 for a file.
    pub(super) files: u64,
}

/// The table that makes an export of a folder.
const TABLE: &str = "activities.csv";
/// How programs call what they are still writing.
const UNFINISHED: [&str; 9] =
    [".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".tmp", ".temp", "~"];
/// What file managers leave behind, and what we do.
const FOREIGN: [&str; 2] = ["desktop.ini", "thumbs.db"];

/// Lists what could be imported, in the order of the names.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Item>> {
    if !folder.is_dir() {
        return Err(io::ErrorKind::NotFound.into());
    }
    std::fs::read_dir(folder)?;
    let mut items = Vec::new();
    let mut walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        // What vanished between two looks, or is not ours to read, is left to the next look.
        let Ok(entry) = entry else { continue };
        if is_left_alone(&entry, folder) {
            if entry.file_type().is_dir() {
                walk.skip_current_dir();
            }
        } else if entry.file_type().is_dir() {
            if entry.path().join(TABLE).is_file() {
                items.push(Item { path: entry.path().to_owned(), stamp: of_folder(entry.path(), folder) });
                walk.skip_current_dir();
            }
        } else if entry.file_type().is_file()
            && let Some(stamp) = of_file(&entry)
        {
            items.push(Item { path: entry.into_path(), stamp });
        }
    }
    Ok(items)
}

/// The stamp that the item has now.
pub(super) fn stamp(path: &Path, root: &Path) -> Option<Stamp> {
    if path.is_dir() {
        return Some(of_folder(path, root));
    }
    WalkDir::new(path).max_depth(0).into_iter().next()?.ok().as_ref().and_then(of_file)
}

fn of_file(entry: &DirEntry) -> Option<Stamp> {
    let metadata = entry.metadata().ok()?;
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified_ns = modified.and_then(|time| i64::try_from(time.as_nanos()).ok());
    Some(Stamp { bytes: metadata.len(), modified_ns, files: 0 })
}

fn of_folder(path: &Path, root: &Path) -> Stamp {
    let walk = WalkDir::new(path).into_iter().filter_entry(|entry| !is_refused(entry.path(), root));
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files.filter_map(|entry| of_file(&entry)).fold(Stamp::default(), |sum, file| Stamp {
        bytes: sum.bytes + file.bytes,
        modified_ns: sum.modified_ns.max(file.modified_ns),
        files: sum.files + 1,
    })
}

fn is_refused(path: &Path, root: &Path) -> bool {
    path == root.join(aside::FOLDER)
}

fn is_left_alone(entry: &DirEntry, root: &Path) -> bool {
    if entry.depth() == 0 {
        return false;
    }
    let name = entry.file_name().to_string_lossy().to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || UNFINISHED.iter().any(|end| name.ends_with(end))
        || name.ends_with(aside::NOTE)
        || FOREIGN.contains(&name.as_str())
        || is_refused(entry.path(), root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let items = list(folder).unwrap().into_iter();
        items.map(|item| item.path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()).collect()
    }

    fn write(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
    }

    #[test]
    fn unfinished_hidden_and_refused_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let left_alone = [
            ".hidden.fit",
            "a.fit.part",
            "b.zip.crdownload",
            "c.tmp",
            "d.gpx~",
            "~$e.fit",
            "Thumbs.db",
            "refused/f.fit",
            "f.fit.reason.txt",
            ".sync/g.fit",
        ];
        write(folder.path(), &left_alone);
        write(folder.path(), &["deep/h.FIT", "i.gpx"]);
        assert_eq!(names(folder.path()), ["deep/h.FIT", "i.gpx"]);
    }

    #[test]
    fn a_folder_with_the_table_of_an_export_is_one_item() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["mine/activities.csv", "mine/activities/1.fit.gz", "z.fit"]);
        assert_eq!(names(folder.path()), ["mine", "z.fit"]);
        let before = list(folder.path()).unwrap().remove(0).stamp;
        assert_eq!((before.bytes, before.files), (2, 2));
        write(folder.path(), &["mine/activities/2.fit.gz"]);
        assert_ne!(stamp(&folder.path().join("mine"), folder.path()), Some(before));
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(&folder.path().join("gone")).is_err());
    }
}
