//! Where refused files go.

use std::io;
use std::path::{Path, PathBuf};

use super::listing::{self, Item};

/// Inside the watched folder.
pub(super) const FOLDER: &str = "refused";
/// What the name of a note ends with.
pub(super) const NOTE: &str = ".reason.txt";
/// What each code means, and what to do.
const ERRORS: &str = include_str!("../../../../docs/ERRORS.md");

/// What is written beside a refused file.
pub(super) fn note(code: &str, reason: &str, run: &str) -> String {
    let mut note = format!("code: {code}\nreason: {reason}\n");
    if !run.is_empty() {
        note += &format!("run: {run}\n");
    }
    let meaning = meaning(code);
    if !meaning.is_empty() {
        note += &format!("\n{meaning}\n");
    }
    note + "\nOnce it is mended, put the file back into the folder above; it is then read again.\n"
}

/// What the page of errors says about a code, without the HTTP status.
fn meaning(code: &str) -> String {
    let heading = format!("### `{code}`\n");
    let Some((_, after)) = ERRORS.split_once(&heading) else { return String::new() };
    let entry = after.split("\n#").next().unwrap_or_default();
    let is_status = |line: &&str| line.starts_with(|letter: char| letter.is_ascii_digit());
    entry.lines().filter(|line| !line.is_empty() && !is_status(line)).collect::<Vec<_>>().join("\n")
}

/// Moves a file aside and writes the note beside it. Answers false where the file was changed or taken away meanwhile.
pub(super) fn set_aside(root: &Path, item: &Item, note: &str) -> io::Result<bool> {
    // The folder itself cannot go into itself.
    if item.path == root || listing::stamp(&item.path, root) != Some(item.stamp) {
        return Ok(false);
    }
    let folder = root.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let target = free(&folder, &item.path);
    std::fs::rename(&item.path, &target)?;
    let mut name = target.into_os_string();
    name.push(NOTE);
    std::fs::write(name, note)?;
    Ok(true)
}

/// The file's name in the folder, with a number where there is one of that name already.
fn free(folder: &Path, path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let first = folder.join(name);
    if !first.exists() {
        return first;
    }
    let name = name.to_string_lossy();
    let (stem, ends) =
        name.split_once('.').map_or((&*name, String::new()), |(stem, ends)| (stem, format!(".{ends}")));
    let numbered = |number: u32| folder.join(format!("{stem}-{number}{ends}"));
    (2..).map(numbered).find(|path| !path.exists()).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(root: &Path, name: &str, text: &str) -> Item {
        let path = root.join(name);
        std::fs::write(&path, text).unwrap();
        Item { stamp: listing::stamp(&path, root).unwrap(), path }
    }

    #[test]
    fn a_refused_file_lies_beside_its_reason() {
        let root = tempfile::tempdir().unwrap();
        let item = dropped(root.path(), "a.fit.gz", "x");
        assert!(set_aside(root.path(), &item, "because").unwrap());
        let again = dropped(root.path(), "a.fit.gz", "y");
        assert!(set_aside(root.path(), &again, "because of this").unwrap());
        let read = |name: &str| std::fs::read_to_string(root.path().join("refused").join(name)).unwrap();
        assert_eq!((read("a.fit.gz"), read("a.fit.gz.reason.txt")), ("x".to_owned(), "because".to_owned()));
        assert_eq!(read("a-2.fit.gz"), "y");
        assert_eq!(read("a-2.fit.gz.reason.txt"), "because of this");
        assert!(!item.path.exists());
    }

    #[test]
    fn a_file_that_was_changed_meanwhile_stays() {
        let root = tempfile::tempdir().unwrap();
        let item = dropped(root.path(), "a.fit", "x");
        std::fs::write(&item.path, "longer").unwrap();
        assert!(!set_aside(root.path(), &item, "because").unwrap());
        assert!(item.path.exists());
    }

    #[test]
    fn a_note_says_code_reason_and_what_to_do() {
        let note = note("file_empty", "the file has no bytes", "r1");
        assert!(note.starts_with("code: file_empty\nreason: the file has no bytes\nrun: r1\n"), "{note}");
        assert!(note.contains("\nThe file has no bytes, or unpacks to none.\nExport it again"), "{note}");
        assert!(!note.contains("422"), "{note}");
    }
}
