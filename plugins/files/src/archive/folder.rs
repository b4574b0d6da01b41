//! An unpacked export: the files below a folder, without following any link.

use std::path::Path;

use walkdir::WalkDir;

use super::member::{Member, is_media};
use crate::sources::{Place, at, shown};

/// The files below a folder by their names, pictures and films left out.
pub(super) fn members(folder: &Path) -> Vec<Member> {
    let walk = WalkDir::new(folder).follow_links(false).sort_by_file_name().into_iter();
    let wanted = walk.filter_entry(|entry| {
        let is_media_folder = entry.depth() == 1 && entry.file_type().is_dir();
        !(is_media_folder && is_media(&format!("{}/", entry.file_name().to_string_lossy())))
    });
    wanted.filter_map(|entry| member(folder, entry)).collect()
}

fn member(folder: &Path, entry: walkdir::Result<walkdir::DirEntry>) -> Option<Member> {
    match entry {
        Ok(entry) if entry.file_type().is_file() => {
            let name = relative(folder, entry.path())?;
            Some(Member { name, place: at(entry.path()) })
        }
        Ok(_) => None,
        Err(error) => {
            let name = relative(folder, error.path()?)?;
            Some(Member {
                name,
                place: Place::Nowhere { code: "file_unreadable", reason: error.to_string() },
            })
        }
    }
}

fn relative(folder: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(folder).ok()?.components();
    let parts: Vec<String> = parts.map(|part| shown(Path::new(part.as_os_str()))).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}
