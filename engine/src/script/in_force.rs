//! Which text of each script is in force: the one that was read, or where that is broken the last one in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kind::mistakes;
use super::{Diagnostic, Library, Source};
use crate::registry::Registry;

/// Scripts as they were read, and what is in force of them.
#[derive(Debug, Clone, Default)]
pub struct InForce {
    read: Library,
    library: Arc<Library>,
    /// What is wrong with each script as it was read; one that was not looked at yet is missing.
    mistakes: BTreeMap<String, Vec<Diagnostic>>,
    /// The text of each script that was last in order, also of those whose file is gone.
    good: BTreeMap<String, String>,
}

impl InForce {
    /// Proves each script whose text is not the one that was last in order, which takes the place of a broken one.
    /// Blocks on script code.
    pub fn of(registry: &Registry, read: Library, good: BTreeMap<String, String>) -> Self {
        let known = Library::from_texts(good.clone());
        let mistakes = good.keys().map(|path| (path.clone(), Vec::new())).collect();
        let before = Self { library: Arc::default(), read: known, mistakes, good };
        before.next(registry, read)
    }

    /// What follows when the scripts are read again. Blocks on script code that is new.
    pub(crate) fn next(&self, registry: &Registry, read: Library) -> Self {
        let mistakes = self.prove(registry, &read);
        let library = self.replaced(registry, &read, &mistakes);
        let mut good = self.good.clone();
        for (path, mistakes) in &mistakes {
            match read.text(path) {
                Some(text) if mistakes.is_empty() => {
                    good.insert(path.clone(), text.to_owned());
                }
                // It was taken on trust.
                Some(text) if good.get(path).is_some_and(|good| good == text) => {
                    good.remove(path);
                }
                _ => {}
            }
        }
        Self { read, library, mistakes, good }
    }

    /// The scripts as steps see them.
    pub fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// A pipeline as it lies, with the scripts of its steps as they are in force.
    pub(crate) fn source(&self, pipeline: &str) -> Option<Source> {
        let lying = Source::of(&self.read, pipeline)?;
        let Source { step_scripts, .. } = Source::draft(&self.library, String::new(), String::new());
        Some(Source { step_scripts, ..lying })
    }

    /// The scripts as they lie.
    pub(crate) fn read(&self) -> &Library {
        &self.read
    }

    /// Everything that is wrong with scripts as they lie.
    pub fn mistakes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.mistakes.values().flatten()
    }

    /// The scripts in force that are in order, by path.
    pub(crate) fn in_order(&self) -> Vec<(String, String)> {
        let rules = self
            .library
            .scripts()
            .filter(|(path, text)| self.good.get(*path).is_some_and(|good| good == text));
        rules.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    }

    /// What is wrong with each script; one that was looked at already is not looked at again.
    fn prove(&self, registry: &Registry, read: &Library) -> BTreeMap<String, Vec<Diagnostic>> {
        let proof = |(path, text): (&str, &str)| {
            let known = self.mistakes.get(path).filter(|_| self.read.text(path) == Some(text));
            (path.to_owned(), known.cloned().unwrap_or_else(|| mistakes(registry, path, text)))
        };
        read.scripts().map(proof).collect()
    }

    /// The library with the last good text in the place of each broken one. A library that stays the same is the
    /// same one, so that nothing is compiled again.
    fn replaced(
        &self,
        registry: &Registry,
        read: &Library,
        found: &BTreeMap<String, Vec<Diagnostic>>,
    ) -> Arc<Library> {
        let broken = found.iter().filter(|(_, mistakes)| !mistakes.is_empty());
        let good = broken.filter_map(|(path, _)| {
            let last = self.good.get(path).filter(|last| read.text(path) != Some(last))?;
            // It may have been in order under another version of the program.
            mistakes(registry, path, last).is_empty().then(|| (path.clone(), last.clone()))
        });
        let library = read.with(good.collect());
        if library == *self.library { self.library.clone() } else { Arc::new(library) }
    }
}

/// Takes every script on trust, until the scripts are read again.
impl From<Arc<Library>> for InForce {
    fn from(library: Arc<Library>) -> Self {
        let good = library.scripts().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
        Self { read: (*library).clone(), library, mistakes: BTreeMap::new(), good }
    }
}
