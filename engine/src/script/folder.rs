//! What lies in a folder of scripts at one moment, what cannot be read included.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::library::Library;
use super::{Diagnostic, definitions};

/// The folders of a library, below its root.
const ROOTS: [&str; 2] = ["pipelines", "scripts"];
/// No honest script comes near.
const FILE_LIMIT_BYTES: u64 = 1024 * 1024;

/// The scripts below a root, by path relative to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folder {
    scripts: BTreeMap<String, Result<String, Unreadable>>,
    /// Folders that could not be listed.
    closed: BTreeMap<String, Unreadable>,
    /// The folders on disk, links resolved, in which a change may change something here.
    places: BTreeSet<PathBuf>,
}

/// Why a file or folder cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unreadable {
    kind: io::ErrorKind,
    why: String,
}

impl Folder {
    /// Reads `pipelines` and `scripts` below the root. Symbolic links are followed; hidden files and what
    /// [`definitions`] tells an editor are left alone. Bytes that are no text stand as `\u{fffd}`, so that only their
    /// own script is wrong.
    pub fn read(root: &Path) -> Self {
        let mut folder = Self::default();
        for name in ROOTS {
            folder.collect(&root.join(name), name, &mut Vec::new());
        }
        folder
    }

    /// The folders on disk in which a change may change something here.
    pub fn places(&self) -> &BTreeSet<PathBuf> {
        &self.places
    }

    /// The paths at which this differs from what was found before.
    pub(crate) fn differences<'a>(&'a self, before: &'a Self) -> BTreeSet<&'a str> {
        let scripts = differences(&self.scripts, &before.scripts);
        scripts.chain(differences(&self.closed, &before.closed)).collect()
    }

    /// Puts what was found before in the place of what is found at the path now.
    pub(crate) fn keep(&mut self, path: &str, before: &Self) {
        restore(&mut self.scripts, path, &before.scripts);
        restore(&mut self.closed, path, &before.closed);
    }

    /// The library, or why a part of it is missing. A script that is too large is left out.
    pub(super) fn into_library(self, root: &Path) -> io::Result<Library> {
        let missing = |(name, why): &(&String, &Unreadable)| {
            why.kind != io::ErrorKind::NotFound || !ROOTS.contains(&name.as_str())
        };
        if let Some((path, why)) = self.closed.iter().find(missing) {
            return Err(why.at(&root.join(path)));
        }
        let mut texts = BTreeMap::new();
        for (path, script) in self.scripts {
            match script {
                Ok(text) => {
                    texts.insert(path, text);
                }
                Err(why) if why.kind == io::ErrorKind::FileTooLarge => {}
                Err(why) => return Err(why.at(&root.join(path))),
            }
        }
        Ok(Library::from_texts(texts))
    }

    /// The library in which what cannot be read now stands as it was before, and a mistake for each of these.
    pub(crate) fn over(&self, before: &Library) -> (Library, Vec<Diagnostic>) {
        let mut texts = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (path, script) in &self.scripts {
            let text = match script {
                Ok(text) => Some(text.as_str()),
                Err(why) => {
                    mistakes.push(why.mistake(path));
                    before.text(path)
                }
            };
            texts.extend(text.map(|text| (path.clone(), text.to_owned())));
        }
        for (folder, why) in &self.closed {
            let kept: Vec<_> = before.below(folder).collect();
            // A folder that never was there is not missed.
            if !kept.is_empty() || why.kind != io::ErrorKind::NotFound {
                mistakes.push(why.mistake(folder));
            }
            texts.extend(kept.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())));
        }
        (Library::from_texts(texts), mistakes)
    }

    fn collect(&mut self, folder: &Path, name: &str, above: &mut Vec<PathBuf>) {
        let listed = folder.canonicalize().and_then(|real| Ok((std::fs::read_dir(folder)?, real)));
        let (entries, real) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                self.closed.insert(name.to_owned(), (&error).into());
                return;
            }
        };
        // A link that leads back up has no end.
        if above.contains(&real) {
            return;
        }
        self.places.insert(real.clone());
        above.push(real);
        for entry in entries.filter_map(Result::ok) {
            let file = entry.file_name();
            let file = file.to_string_lossy();
            // Editors and mounted configuration keep their own files under such names.
            if !file.starts_with('.') {
                self.take(&entry.path(), format!("{name}/{file}"), above);
            }
        }
        above.pop();
    }

    fn take(&mut self, file: &Path, path: String, above: &mut Vec<PathBuf>) {
        if file.is_dir() {
            self.collect(file, &path, above);
        } else if path.ends_with(".rhai") && !path.ends_with(definitions::ENDING) {
            if file.is_symlink() {
                self.places.extend(file.canonicalize().ok().and_then(|real| Some(real.parent()?.to_owned())));
            }
            let read = read(file).map_err(|error| Unreadable::from(&error)).transpose();
            self.scripts.extend(read.map(|read| (path, read)));
        }
    }
}

impl Unreadable {
    fn at(&self, path: &Path) -> io::Error {
        io::Error::new(self.kind, format!("`{}`: {}", path.display(), self.why))
    }

    fn mistake(&self, path: &str) -> Diagnostic {
        let message = format!("it cannot be read: {}", self.why);
        Diagnostic::of_file("script_unreadable", path, message)
    }
}

impl From<&io::Error> for Unreadable {
    fn from(error: &io::Error) -> Self {
        Self { kind: error.kind(), why: error.to_string() }
    }
}

/// The text of a script, or nothing where none is there: what is no file, such as a pipe, would be waited for.
fn read(file: &Path) -> io::Result<Option<String>> {
    let metadata = match std::fs::metadata(file) {
        // It went away since its folder was listed; a link that leads nowhere is a mistake.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !file.is_symlink() => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    if metadata.len() > FILE_LIMIT_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(String::from_utf8_lossy(&bytes?).into_owned())),
    }
}

fn differences<'a, T: PartialEq>(
    now: &'a BTreeMap<String, T>,
    before: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = &'a str> {
    let paths = now.keys().chain(before.keys());
    paths.filter(|path| now.get(*path) != before.get(*path)).map(String::as_str)
}

fn restore<T: Clone>(now: &mut BTreeMap<String, T>, path: &str, before: &BTreeMap<String, T>) {
    match before.get(path) {
        Some(found) => now.insert(path.to_owned(), found.clone()),
        None => now.remove(path),
    };
}
