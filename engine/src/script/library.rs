//! Script texts: the library on disk, and the part of it that one run pins.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::folder::Folder;

const PIPELINES: &str = "pipelines/";
const SCRIPTS: &str = "scripts/";
const LIB: &str = "scripts/lib/";
const STEP_SCRIPTS: &str = "scripts/steps/";

/// Script texts by path relative to the root of the library: `pipelines/daily.rhai`, `scripts/lib/x.rhai`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library(BTreeMap<String, String>);

impl Library {
    /// A library of these texts.
    pub fn from_texts(texts: BTreeMap<String, String>) -> Self {
        Self(texts)
    }

    /// Reads `pipelines` and `scripts` below the root, as [`Folder::read`] does; a missing folder is empty.
    /// An error names its file.
    pub fn from_dir(root: &Path) -> io::Result<Self> {
        Folder::read(root).into_library(root)
    }

    /// The text at that path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The names of all pipelines: their paths without folder and ending.
    pub fn pipelines(&self) -> Vec<String> {
        self.0.keys().filter_map(|path| pipeline_name(path)).map(str::to_owned).collect()
    }

    /// The scripts that are neither pipelines nor imported by them, by path.
    pub fn scripts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.below(SCRIPTS.trim_end_matches('/')).filter(|(path, _)| !path.starts_with(LIB))
    }

    /// This library with other texts at some paths.
    pub fn with(&self, texts: BTreeMap<String, String>) -> Self {
        let mut library = self.clone();
        library.0.extend(texts);
        library
    }

    /// The scripts in a folder and in those below it.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let inside = move |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.0.iter().filter(move |(path, _)| inside(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The scripts whose path below `scripts/` fits the pattern, in the order of their paths.
    /// A `*` in it stands for any text without a slash.
    pub fn matching(&self, pattern: &str) -> Vec<(String, &str)> {
        let fits = |path: &str| path.strip_prefix(SCRIPTS).is_some_and(|path| fits(pattern, path));
        self.0
            .iter()
            .filter(|(path, _)| fits(path))
            .map(|(path, text)| (path.clone(), text.as_str()))
            .collect()
    }
}

/// A pipeline script with the files it may import, and those that its steps may be made of: what a run pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `pipelines/daily.rhai`.
    pub path: String,
    pub text: String,
    /// Texts below `scripts/lib`, by the name that `import` gives them: without folder and ending.
    pub modules: BTreeMap<String, String>,
    /// Texts below `scripts/steps`, by the name that a step's configuration gives them: without folder and ending.
    // What earlier versions pinned has none, and keeps its hash.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub step_scripts: BTreeMap<String, String>,
}

impl Source {
    /// The pipeline of that name with every file of the library it could use.
    pub fn of(library: &Library, pipeline: &str) -> Option<Self> {
        let path = format!("pipelines/{pipeline}.rhai");
        let text = library.text(&path)?.to_owned();
        Some(Self::draft(library, path, text))
    }

    /// A text as a pipeline of the library, whether it lies there or not.
    pub fn draft(library: &Library, path: String, text: String) -> Self {
        let below = |folder: &str| {
            let named = |(path, text): (&String, &String)| Some((name_below(folder, path)?, text.clone()));
            library.0.iter().filter_map(named).collect()
        };
        Self { path, text, modules: below(LIB), step_scripts: below(STEP_SCRIPTS) }
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
        if !self.step_scripts.is_empty() {
            // What steps are made of is another thing than what is imported, also by the same name.
            digest.update(u64::MAX.to_le_bytes());
        }
        for text in self.step_scripts.iter().flat_map(|(name, text)| [name, text]) {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The name of the pipeline that lies at that path.
pub(crate) fn pipeline_name(path: &str) -> Option<&str> {
    path.strip_prefix(PIPELINES)?.strip_suffix(".rhai").filter(|name| !name.contains('/'))
}

/// The folder below `scripts/` that a script lies in, however deep; nothing where it lies in none.
pub fn script_folder(path: &str) -> Option<&str> {
    path.strip_prefix(SCRIPTS)?.split_once('/').map(|(folder, _)| folder)
}

/// Where the module of that name lies in the library.
pub(super) fn module_path(name: &str) -> String {
    format!("{LIB}{name}.rhai")
}

/// Where the script of that name lies of which a step may be made.
pub(super) fn step_script_path(name: &str) -> String {
    format!("{STEP_SCRIPTS}{name}.rhai")
}

fn name_below(folder: &str, path: &str) -> Option<String> {
    Some(path.strip_prefix(folder)?.strip_suffix(".rhai")?.to_owned())
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
    fn a_source_holds_what_its_steps_may_be_made_of() {
        let texts =
            [("pipelines/x.rhai", "x"), ("scripts/steps/near.rhai", "n"), ("scripts/lib/near.rhai", "m")];
        let library =
            Library::from_texts(texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into());
        let source = Source::of(&library, "x").unwrap();
        assert_eq!(source.step_scripts, BTreeMap::from([("near".to_owned(), "n".to_owned())]));
        assert_eq!(source.modules, BTreeMap::from([("near".to_owned(), "m".to_owned())]));
    }

    fn pinned(text: &str, module: &str) -> Source {
        Source {
            path: "pipelines/x.rhai".to_owned(),
            text: text.to_owned(),
            modules: BTreeMap::from([("m".to_owned(), module.to_owned())]),
            step_scripts: BTreeMap::new(),
        }
    }

    #[test]
    fn text_that_moves_between_files_changes_the_hash() {
        assert_ne!(pinned("ab", "c").hash(), pinned("a", "bc").hash());
        let modules = BTreeMap::from([("m".to_owned(), "c".to_owned())]);
        let moved = Source { modules: BTreeMap::new(), step_scripts: modules, ..pinned("ab", "c") };
        assert_ne!(pinned("ab", "c").hash(), moved.hash());
    }

    #[test]
    fn what_was_pinned_before_steps_had_scripts_is_read_as_it_was() {
        let before = pinned("ab", "c");
        let body = serde_json::to_string(&before).unwrap();
        assert!(!body.contains("step_scripts"), "{body}");
        let read: Source = serde_json::from_str(&body).unwrap();
        assert_eq!((read.hash(), read), (before.hash(), before));
    }

    #[test]
    fn a_folder_is_read_by_relative_paths() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("scripts/rules")).unwrap();
        std::fs::write(root.path().join("scripts/rules/a.rhai"), "//! A.").unwrap();
        std::fs::write(root.path().join("scripts/rules/notes.txt"), "no").unwrap();
        std::fs::write(root.path().join("scripts/rules/rules.d.rhai"), "module static;").unwrap();
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
