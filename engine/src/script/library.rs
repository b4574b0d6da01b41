//! Script texts: the library on disk, and the part of it that one run pins.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The folders of a library, below its root.
const ROOTS: [&str; 2] = ["pipelines", "scripts"];
const LIB: &str = "scripts/lib/";
/// Larger script files are left out: no honest one comes near.
const FILE_LIMIT_BYTES: u64 = 1024 * 1024;

/// Script texts by path relative to the root of the library: `pipelines/daily.rhai`, `scripts/lib/x.rhai`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library(BTreeMap<String, String>);

impl Library {
    /// A library of these texts.
    pub fn from_texts(texts: BTreeMap<String, String>) -> Self {
        Self(texts)
    }

    /// Reads `pipelines` and `scripts` below the root. Symbolic links are not followed; a missing folder is empty.
    /// Bytes that are no text stand as `\u{fffd}`, so that only their own script is wrong. An error names its file.
    pub fn from_dir(root: &Path) -> io::Result<Self> {
        let mut texts = BTreeMap::new();
        for folder in ROOTS {
            collect(&root.join(folder), folder, &mut texts)?;
        }
        Ok(Self(texts))
    }

    /// The text at that path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The names of all pipelines: their paths without folder and ending.
    pub fn pipelines(&self) -> Vec<String> {
        let names = self.0.keys().filter_map(|path| path.strip_prefix("pipelines/")?.strip_suffix(".rhai"));
        names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    }

    /// The scripts whose path below `scripts/` fits the pattern, in the order of their paths.
    /// A `*` in it stands for any text without a slash.
    pub fn matching(&self, pattern: &str) -> Vec<(String, &str)> {
        let fits = |path: &str| path.strip_prefix("scripts/").is_some_and(|path| fits(pattern, path));
        self.0
            .iter()
            .filter(|(path, _)| fits(path))
            .map(|(path, text)| (path.clone(), text.as_str()))
            .collect()
    }
}

/// A pipeline script with the library files it may import: what a run pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `pipelines/daily.rhai`.
    pub path: String,
    pub text: String,
    /// Texts below `scripts/lib`, by the name that `import` gives them: without folder and ending.
    pub modules: BTreeMap<String, String>,
}

impl Source {
    /// The pipeline of that name with every file of the library it could import.
    pub fn of(library: &Library, pipeline: &str) -> Option<Self> {
        let path = format!("pipelines/{pipeline}.rhai");
        let text = library.text(&path)?.to_owned();
        let modules = library.0.iter().filter_map(|(path, text)| Some((module_name(path)?, text.clone())));
        Some(Self { path, text, modules: modules.collect() })
    }

    /// Equal for equal texts: SHA-256 in hexadecimal.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        for text in [&self.path, &self.text]
            .into_iter()
            .chain(self.modules.iter().flat_map(|(name, text)| [name, text]))
        {
            // The length keeps neighbours apart.
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Where the module of that name lies in the library.
pub(super) fn module_path(name: &str) -> String {
    format!("{LIB}{name}.rhai")
}

fn module_name(path: &str) -> Option<String> {
    Some(path.strip_prefix(LIB)?.strip_suffix(".rhai")?.to_owned())
}

fn fits(pattern: &str, path: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == path;
    };
    let Some(path) = path.strip_prefix(head) else {
        return false;
    };
    let end = path.find('/').unwrap_or(path.len());
    (0..=end).any(|taken| path.is_char_boundary(taken) && fits(rest, &path[taken..]))
}

fn collect(folder: &Path, prefix: &str, texts: &mut BTreeMap<String, String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| at(folder, &error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| at(folder, &error))?;
        let name = entry.file_name();
        let path = format!("{prefix}/{}", name.to_string_lossy());
        let kind = entry.file_type().map_err(|error| at(&entry.path(), &error))?;
        if kind.is_dir() {
            collect(&entry.path(), &path, texts)?;
        } else if kind.is_file() && path.ends_with(".rhai") {
            let text = read(&entry).map_err(|error| at(&entry.path(), &error))?;
            texts.extend(text.map(|text| (path, text)));
        }
    }
    Ok(())
}

/// The text of a script, or nothing where it is too large to be one.
fn read(entry: &DirEntry) -> io::Result<Option<String>> {
    if entry.metadata()?.len() > FILE_LIMIT_BYTES {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned()))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Library {
        let texts = [
            "pipelines/daily.rhai",
            "pipelines/old/daily.rhai",
            "scripts/rules/b.rhai",
            "scripts/rules/a.rhai",
        ];
        let lib = ["scripts/rules/more/c.rhai", "scripts/lib/units.rhai"];
        Library::from_texts(
            texts.iter().chain(&lib).map(|path| ((*path).to_owned(), format!("//! {path}"))).collect(),
        )
    }

    #[test]
    fn a_star_stands_for_one_name() {
        let library = library();
        let paths: Vec<_> = library.matching("rules/*.rhai").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["scripts/rules/a.rhai", "scripts/rules/b.rhai"]);
    }

    #[test]
    fn a_source_holds_the_modules_by_their_names() {
        let source = Source::of(&library(), "daily").unwrap();
        assert_eq!(source.modules.keys().collect::<Vec<_>>(), ["units"]);
    }

    #[test]
    fn text_that_moves_between_files_changes_the_hash() {
        let source = |text: &str, module: &str| Source {
            path: "pipelines/x.rhai".to_owned(),
            text: text.to_owned(),
            modules: BTreeMap::from([("m".to_owned(), module.to_owned())]),
        };
        assert_ne!(source("ab", "c").hash(), source("a", "bc").hash());
    }

    #[test]
    fn a_folder_is_read_by_relative_paths() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("scripts/rules")).unwrap();
        std::fs::write(root.path().join("scripts/rules/a.rhai"), "//! A.").unwrap();
        std::fs::write(root.path().join("scripts/rules/notes.txt"), "no").unwrap();
        let library = Library::from_dir(root.path()).unwrap();
        assert_eq!(
            library,
            Library::from_texts([("scripts/rules/a.rhai".to_owned(), "//! A.".to_owned())].into())
        );
    }

    #[test]
    fn a_script_that_is_no_text_leaves_the_others_alone() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("pipelines")).unwrap();
        std::fs::write(root.path().join("pipelines/good.rhai"), "pipeline(\"good\");").unwrap();
        std::fs::write(root.path().join("pipelines/bad.rhai"), b"pipeline(\xff);").unwrap();
        let library = Library::from_dir(root.path()).unwrap();
        assert_eq!(library.pipelines(), ["bad", "good"]);
        assert_eq!(library.text("pipelines/bad.rhai"), Some("pipeline(\u{fffd});"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("pipelines"), "no folder").unwrap();
        let error = Library::from_dir(root.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("`{}`: ", root.path().join("pipelines").display())), "{error}");
    }
}
