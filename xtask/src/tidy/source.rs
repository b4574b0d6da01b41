//! The workspace's own text files, and which of their lines are tests.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::Context;
use syn::spanned::Spanned;
use walkdir::{DirEntry, WalkDir};

use super::tokens;

const EXTENSIONS: [&str; 6] = ["rs", "rhai", "sql", "toml", "md", "snap"];
const SKIPPED: [&str; 5] = ["target", "data", ".git", "node_modules", "dist"];

/// A text file by its path from the workspace's root.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// The syntax of a Rust file, or the place and reason why it has none.
    pub(super) rust: Option<Result<syn::File, (usize, String)>>,
    /// True where the whole file is compiled for tests only.
    pub(super) is_test: bool,
}

impl Source {
    pub(super) fn new(path: &str, text: String) -> Self {
        let rust = path.ends_with(".rs").then(|| parse(&text));
        Self { path: path.to_owned(), is_test: is_test_path(path), text, rust }
    }

    pub(super) fn syntax(&self) -> Option<&syn::File> {
        self.rust.as_ref()?.as_ref().ok()
    }

    pub(super) fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// The lines of top-level items that stand under `#[cfg(test)]`.
    pub(super) fn test_lines(&self) -> Vec<RangeInclusive<usize>> {
        let items = self.syntax().map_or(&[][..], |file| &file.items);
        let tests = items.iter().filter(|item| is_for_tests(attributes(item)));
        tests.map(|item| item.span().start().line..=item.span().end().line).collect()
    }

    /// Where the files of `#[cfg(test)] mod name;` lie: each `dir/name`, without extension.
    fn test_modules(&self) -> Vec<PathBuf> {
        let items = self.syntax().map_or(&[][..], |file| &file.items);
        let modules = items.iter().filter_map(|item| match item {
            syn::Item::Mod(module) if module.content.is_none() && is_for_tests(&module.attrs) => Some(module),
            _ => None,
        });
        modules.map(|module| self.children().join(module.ident.to_string())).collect()
    }

    fn children(&self) -> PathBuf {
        let path = Path::new(&self.path);
        match self.stem() {
            "mod" | "lib" | "main" => path.with_file_name(""),
            _ => path.with_extension(""),
        }
    }
}

/// Reads every text file of the workspace, sorted by path.
pub(super) fn collect(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry?;
        if !entry.file_type().is_file() || !has_known_extension(entry.path()) {
            continue;
        }
        let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(entry.path()).with_context(|| format!("cannot read `{path}`"))?;
        sources.push(Source::new(&path, text));
    }
    mark_test_modules(&mut sources);
    Ok(sources)
}

fn mark_test_modules(sources: &mut [Source]) {
    let modules: HashSet<PathBuf> = sources.iter().flat_map(Source::test_modules).collect();
    for source in sources {
        let bare = Path::new(&source.path).with_extension("");
        source.is_test |= bare.ancestors().any(|place| modules.contains(place));
    }
}

fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !(entry.depth() > 0 && entry.file_type().is_dir() && SKIPPED.contains(&name.as_ref()))
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|it| EXTENSIONS.contains(&it))
}

fn is_test_path(path: &str) -> bool {
    let inside_crate = path.strip_prefix("tests/support/").unwrap_or(path);
    inside_crate.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn parse(text: &str) -> Result<syn::File, (usize, String)> {
    syn::parse_file(text).map_err(|error| (error.span().start().line, error.to_string()))
}

/// True for `#[cfg(test)]` and `#[cfg(all(test, …))]`, false for `#[cfg(not(test))]`.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        let words = tokens::flatten(list.tokens.clone());
        words.iter().any(|word| word.text == "test") && !words.iter().any(|word| word.text == "not")
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(it) => &it.attrs,
        syn::Item::Impl(it) => &it.attrs,
        syn::Item::Mod(it) => &it.attrs,
        syn::Item::Use(it) => &it.attrs,
        syn::Item::Struct(it) => &it.attrs,
        syn::Item::Enum(it) => &it.attrs,
        syn::Item::Const(it) => &it.attrs,
        syn::Item::Macro(it) => &it.attrs,
        _ => &[],
    }
}
