//! Migrations come in pairs, count without gaps, and the store knows each of them.

use std::collections::BTreeSet;

use super::{Finding, Source};

const SQLITE: &str = "migrations/sqlite/";
const POSTGRES: &str = "migrations/postgres/";
const STORE: &str = "store/src/";

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let sqlite = names(sources, SQLITE);
    let postgres = names(sources, POSTGRES);
    let mut findings = unpaired(&sqlite, &postgres, SQLITE, POSTGRES);
    findings.extend(unpaired(&postgres, &sqlite, POSTGRES, SQLITE));
    findings.extend(misnumbered(&sqlite, SQLITE));
    findings.extend(misnumbered(&postgres, POSTGRES));
    findings.extend(unlisted(sources, &sqlite));
    findings
}

fn names<'a>(sources: &'a [Source], folder: &str) -> BTreeSet<&'a str> {
    let files = sources.iter().filter_map(|source| source.path.strip_prefix(folder));
    files.filter_map(|file| file.strip_suffix(".sql")).collect()
}

fn unpaired(here: &BTreeSet<&str>, there: &BTreeSet<&str>, from: &str, to: &str) -> Vec<Finding> {
    let alone = here.difference(there);
    alone
        .map(|name| Finding::new(format!("{from}{name}.sql"), 1, format!("has no twin `{to}{name}.sql`")))
        .collect()
}

fn misnumbered(names: &BTreeSet<&str>, folder: &str) -> Vec<Finding> {
    let numbered = names.iter().zip(1..);
    let wrong = numbered.filter(|(name, number)| !name.starts_with(&format!("{number:04}_")));
    wrong
        .map(|(name, number)| {
            Finding::new(format!("{folder}{name}.sql"), 1, format!("should begin with `{number:04}_`"))
        })
        .collect()
}

fn unlisted(sources: &[Source], names: &BTreeSet<&str>) -> Vec<Finding> {
    let store: Vec<&Source> = sources.iter().filter(|source| source.path.starts_with(STORE)).collect();
    let missing = names.iter().filter(|name| !store.iter().any(|source| source.text.contains(**name)));
    missing
        .map(|name| Finding::new(format!("{SQLITE}{name}.sql"), 1, format!("is in no list under `{STORE}`")))
        .collect()
}
