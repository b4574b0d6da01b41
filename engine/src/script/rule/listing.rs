//! The rules of a library, as lists show them.

use serde::Serialize;

use super::Rule;
use crate::script::formula::id;
use crate::script::{Diagnostic, Library, version};

/// A rule, or a file that should be one.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    pub id: String,
    /// The first line of the file.
    pub about: String,
    pub path: String,
    /// As much of the hash of its text as is shown.
    pub version: String,
    /// Where its advice begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The figures that it reads.
    pub inputs: Vec<String>,
    /// Why it does not compile.
    pub errors: Vec<Diagnostic>,
}

/// The rules of a library whose path below `scripts/` fits the pattern, by path. Runs script code.
pub fn listed(library: &Library, pattern: &str) -> Vec<Listed> {
    library.matching(pattern).into_iter().map(|(path, text)| Listed::of(path, text)).collect()
}

impl Listed {
    fn of(path: String, text: &str) -> Self {
        let version = version::short(&version::hash(text)).to_owned();
        match Rule::compile(&path, text) {
            Ok(rule) => Self {
                id: rule.id().to_owned(),
                about: rule.about().to_owned(),
                version,
                line: Some(rule.advise_line()),
                inputs: rule.inputs().to_vec(),
                errors: Vec::new(),
                path,
            },
            Err(errors) => {
                let (id, about) = (id(&path), String::new());
                Self { id, about, path, version, line: None, inputs: Vec::new(), errors }
            }
        }
    }
}
