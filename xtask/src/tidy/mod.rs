//! Checks what the compiler cannot: who may use whom, how long things are, and what must not occur.
//!
//! Each rule is a function from the workspace as data to findings, so that its tests need no files.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

mod absences;
mod codes;
mod lockfile;
mod migrations;
mod names;
mod rooms;
mod sizes;
mod source;
mod tokens;

#[cfg(test)]
mod tests;

use source::Source;

/// One broken rule: where, and why it is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    reason: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, reason: impl Into<String>) -> Self {
        Self { path: path.into(), line, reason: reason.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.reason)
    }
}

/// Prints each finding as `path:line: reason`; the code is 1 when there is one.
#[expect(clippy::print_stdout, reason = "the findings are this command's output")]
pub(crate) fn report(root: &Path) -> anyhow::Result<ExitCode> {
    let findings = findings(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy"),
        count => println!("{count} to tidy"),
    }
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

fn findings(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let packages = rooms::packages(root)?;
    let sources = source::collect(root)?;
    let errors_doc = read(root, codes::DOCUMENT)?;
    let lock = read(root, lockfile::FILE)?;

    let mut found = rooms::check(&packages);
    found.extend(lockfile::check(&lock));
    found.extend(migrations::check(&sources));
    found.extend(codes::check(&sources, &errors_doc));
    for source in &sources {
        found.extend(absences::check(source));
        found.extend(names::check(source));
        found.extend(sizes::check(source));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read `{path}`"))
}
