//! An unpacked export: the files below a folder, without following any link.

use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use super::member::{Member, is_hidden, is_media, is_table};
use crate::export::List;
use crate::sources::{Place, at, is_readable, shown};

/// True where something below a folder has the name of the table of activities, whatever it is.
pub(super) fn has_table(folder: &Path) -> bool {
    walk(folder).flatten().any(|entry| entry.depth() > 0 && is_table(&entry.file_name().to_string_lossy()))
}

/// The files below a folder by their names, pictures and films left out.
pub(super) fn members(folder: &Path) -> Vec<Member> {
    walk(folder).filter_map(|entry| member(folder, entry)).collect()
}

fn walk(folder: &Path) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let walk = WalkDir::new(folder).follow_links(false).sort_by_file_name().into_iter();
    walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(&entry.file_name().to_string_lossy()))
}

fn member(folder: &Path, entry: walkdir::Result<DirEntry>) -> Option<Member> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => return Some(nowhere(relative(folder, error.path()?)?, error.to_string())),
    };
    let name = relative(folder, entry.path())?;
    let file_name = entry.file_name().to_string_lossy();
    let kind = entry.file_type();
    if kind.is_file() {
        return (!is_media(&name)).then(|| Member { name, place: at(entry.path()) });
    }
    if kind.is_dir() {
        // As in a zip archive, the name of a folder ends with a slash.
        let reason = "a folder, and the table of an export is a file";
        return is_table(&file_name).then(|| nowhere(name + "/", reason.to_owned()));
    }
    let reason = if kind.is_symlink() { "a symbolic link, which is not followed" } else { "not a file" };
    let is_wanted = is_table(&file_name) || is_readable(&file_name) || List::of(&file_name).is_some();
    is_wanted.then(|| nowhere(name, reason.to_owned()))
}

fn nowhere(name: String, reason: String) -> Member {
    Member { name, place: Place::Nowhere { code: "file_unreadable", reason } }
}

fn relative(folder: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(folder).ok()?.components();
    let parts: Vec<String> = parts.map(|part| shown(Path::new(part.as_os_str()))).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}
