//! The operator's folder: what a name in a script stands for.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use engine::step::ConfigError;

use crate::trouble::Trouble;

const OTHERS_MAY_WRITE: u32 = 0o022;
const SOMEBODY_MAY_RUN: u32 = 0o111;
/// The longest name of a program or file.
const NAME_BYTES: usize = 64;

/// Checks that a name is one and no way to somewhere else.
pub(crate) fn check_name(key: &str, name: &str) -> Result<(), ConfigError> {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if first && name.len() <= NAME_BYTES && name.bytes().all(may) {
        return Ok(());
    }
    let message = format!(
        "`{key}` must be the name of a file in the folder of programs: letters, digits, `-`, `_` and `.`, without a path"
    );
    Err(ConfigError::at(key, message))
}

/// The program of that name.
pub(crate) fn find(folder: Option<&Path>, name: &str) -> Result<PathBuf, Trouble> {
    let (path, about) = file(folder, name)?;
    if about.mode() & SOMEBODY_MAY_RUN == 0 {
        return Err(Trouble::Unknown(name.to_owned()));
    }
    Ok(path)
}

/// The file of that name, which belongs to a program.
pub(crate) fn read(folder: Option<&Path>, name: &str) -> Result<Vec<u8>, Trouble> {
    let unreadable = |why: String| Trouble::TapFile { what: format!("`{name}`"), why };
    let (path, about) = file(folder, name).map_err(|trouble| match trouble {
        Trouble::Unknown(_) => unreadable("there is no such file in the folder of programs".to_owned()),
        other => other,
    })?;
    if about.len() > FILE_BYTES {
        return Err(unreadable(format!("it has {} bytes, at most {FILE_BYTES} are read", about.len())));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}

/// The largest configuration or catalog that is read.
pub(crate) const FILE_BYTES: u64 = 16 << 20;

fn file(folder: Option<&Path>, name: &str) -> Result<(PathBuf, Metadata), Trouble> {
    let folder = folder.ok_or(Trouble::NotAllowed)?;
    check_folder(folder)?;
    // The program works in another folder than we do.
    let path = std::path::absolute(folder.join(name)).map_err(|_| Trouble::Unknown(name.to_owned()))?;
    let about = std::fs::metadata(&path).ok().filter(Metadata::is_file);
    let about = about.ok_or_else(|| Trouble::Unknown(name.to_owned()))?;
    if may_be_changed_by_others(&about) {
        return Err(Trouble::Unsafe(format!("`{name}` in the folder of programs")));
    }
    Ok((path, about))
}

/// Others than us, and than root, who may do anything anyway.
fn may_be_changed_by_others(about: &Metadata) -> bool {
    let is_ours = [0, rustix::process::geteuid().as_raw()].contains(&about.uid());
    !is_ours || about.mode() & OTHERS_MAY_WRITE != 0
}

/// Who may write into the folder may run anything as us.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Trouble> {
    let about = std::fs::metadata(folder).ok().filter(Metadata::is_dir).ok_or(Trouble::NotAllowed)?;
    if may_be_changed_by_others(&about) {
        return Err(Trouble::Unsafe("the folder of programs".to_owned()));
    }
    Ok(())
}

/// The names of all programs there, for a person.
pub(crate) fn list(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| find(Some(folder), name).is_ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A folder with one file, both of these modes; answers what asking for the file leads to.
    fn check(folder_mode: u32, file_mode: u32, name: &str, wanted: &str) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clean"), "#!/bin/sh\n").unwrap();
        set_mode(&folder.path().join("clean"), file_mode);
        set_mode(folder.path(), folder_mode);
        let found = find(Some(folder.path()), name);
        assert_eq!(found.map_or_else(|trouble| trouble.code(), |_| "found"), wanted, "{name}");
    }

    #[test]
    fn a_program_is_an_executable_file_that_only_its_owner_changes() {
        check(0o755, 0o755, "clean", "found");
        check(0o700, 0o500, "clean", "found");
        check(0o755, 0o644, "clean", "program_unknown");
        check(0o755, 0o755, "other", "program_unknown");
        check(0o755, 0o757, "clean", "programs_unsafe");
        check(0o755, 0o775, "clean", "programs_unsafe");
        check(0o757, 0o755, "clean", "programs_unsafe");
        check(0o775, 0o755, "clean", "programs_unsafe");
        assert_eq!(find(None, "clean").unwrap_err().code(), "programs_not_allowed");
        assert_eq!(find(Some(Path::new("/nowhere")), "clean").unwrap_err().code(), "programs_not_allowed");
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["tap-csv", "a", "clean.sh", "tap_2"] {
            assert!(check_name("program", name).is_ok(), "{name}");
        }
        for name in ["", "..", ".hidden", "../sh", "/bin/sh", "a b", "-c", "a\0", &"a".repeat(65)] {
            assert!(check_name("program", name).is_err(), "{name}");
        }
    }

    #[test]
    fn programs_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("tap", 0o755), ("clean", 0o755), ("tap.json", 0o600)] {
            std::fs::write(folder.path().join(name), "").unwrap();
            set_mode(&folder.path().join(name), mode);
        }
        assert_eq!(list(folder.path()), ["clean", "tap"]);
    }
}
