//! A file of an archive, by its name inside.

use unicode_normalization::UnicodeNormalization;

use crate::export::ACTIVITIES;
use crate::sources::{Place, is_readable};

/// A file of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// With slashes, from the root of the archive.
    pub name: String,
    pub place: Place,
}

impl Member {
    /// The folder, without a slash at its end; empty at the root.
    pub(crate) fn folder(&self) -> &str {
        folder(&self.name)
    }

    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// True for what was found and cannot be read.
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self.place, Place::Nowhere { .. })
    }

    /// True for what a file system or an archiver keeps for itself.
    pub(crate) fn is_hidden(&self) -> bool {
        self.name.split('/').any(is_hidden)
    }
}

/// True for a file or a folder that a file system or an archiver keeps for itself.
pub(super) fn is_hidden(part: &str) -> bool {
    part.starts_with('.') || part == "__MACOSX"
}

/// True for the name of a table of activities.
pub(super) fn is_table(file_name: &str) -> bool {
    file_name.eq_ignore_ascii_case(ACTIVITIES)
}

/// The folder of a name, without a slash at its end.
pub(crate) fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// False for a name that leads out of the folder it is unpacked to, on any system.
pub(super) fn stays_inside(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    let is_rooted = name.starts_with('/') || has_drive;
    !is_rooted && !name.contains('\0') && name.split('/').all(|part| part != "..")
}

/// The name as names are compared that differ only in case or in how an accent is written.
pub(super) fn folded(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

/// True for pictures and films, which are listed by the export and never read.
pub(super) fn is_media(name: &str) -> bool {
    let mut parts = name.split('/').rev();
    let file_name = parts.next().unwrap_or_default();
    parts.any(|folder| folder.eq_ignore_ascii_case("media")) && !is_readable(file_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_is_known() {
        for name in ["../a", "a/../../b", "/etc/passwd", "C:/a", "a/..", "a\0b"] {
            assert!(!stays_inside(name), "{name:?}");
        }
        for name in ["a", "a/b..c", "..a/b", "activities/1.fit.gz", "./a", ""] {
            assert!(stays_inside(name), "{name:?}");
        }
    }

    #[test]
    fn only_what_lies_below_media_is_media() {
        assert!(is_media("media/a.jpg") && is_media("export_1/media/b/a.jpg"));
        assert!(!is_media("media.csv") && !is_media("media") && !is_media("activities/media.gpx"));
        assert!(!is_media("media/run.gpx"));
    }
}
