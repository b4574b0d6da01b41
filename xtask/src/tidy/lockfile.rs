//! What `Cargo.lock` may hold: known sources, no banned crate, nothing below a version with a known hole.
//!
//! `deny.toml` says the same and more, but needs a tool that is not always installed; this part always runs.

use super::Finding;

pub(super) const FILE: &str = "Cargo.lock";

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

const BANNED: &[(&str, &str)] = &[
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("native-tls", "TLS is rustls"),
    ("aws-lc-rs", "rustls runs on ring; a second provider makes its builder panic"),
    ("aws-lc-sys", "rustls runs on ring; a second provider makes its builder panic"),
    ("serde_yml", "it is unsound (RUSTSEC-2025-0068)"),
];

const ONCE: &[(&str, &str)] = &[("libsqlite3-sys", "it links sqlite3"), ("rusqlite", "it links sqlite3")];

/// The lowest versions without a RustSec entry that concerns us.
const FLOORS: &[(&str, [u64; 3])] = &[
    ("quick-xml", [0, 41, 0]),
    ("tokio-postgres", [0, 7, 18]),
    ("postgres-protocol", [0, 6, 12]),
    ("rustls-webpki", [0, 103, 13]),
    ("h2", [0, 4, 16]),
    ("zip", [2, 3, 0]),
    ("time", [0, 3, 47]),
    ("tracing-subscriber", [0, 3, 20]),
];

struct Locked<'a> {
    line: usize,
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
}

pub(super) fn check(lock: &str) -> Vec<Finding> {
    let packages = packages(lock);
    let mut findings: Vec<Finding> = packages.iter().flat_map(Locked::objections).collect();
    findings.extend(ONCE.iter().filter_map(|(name, why)| more_than_once(&packages, name, why)));
    findings
}

fn packages(lock: &str) -> Vec<Locked<'_>> {
    let mut packages = Vec::new();
    for (line, number) in lock.lines().zip(1..) {
        let Some((key, value)) = line.split_once(" = ") else { continue };
        let value = value.trim_matches('"');
        match (key, packages.last_mut()) {
            ("name", _) => packages.push(Locked { line: number, name: value, version: "", source: None }),
            ("version", Some(package)) => package.version = value,
            ("source", Some(package)) => package.source = Some(value),
            _ => {}
        }
    }
    packages
}

fn more_than_once(packages: &[Locked<'_>], name: &str, why: &str) -> Option<Finding> {
    let second = packages.iter().filter(|package| package.name == name).nth(1)?;
    Some(second.finding(format!("`{name}` may be there once: {why}")))
}

impl Locked<'_> {
    fn objections(&self) -> Vec<Finding> {
        let ban = BANNED.iter().find(|(name, _)| *name == self.name);
        let floor = FLOORS.iter().find(|(name, floor)| *name == self.name && parts(self.version) < *floor);
        let foreign = self.source.filter(|source| *source != REGISTRY);
        let reasons = [
            ban.map(|(name, why)| format!("`{name}` is banned: {why}")),
            floor.map(|(name, [a, b, c])| format!("`{name}` {} is below {a}.{b}.{c}", self.version)),
            foreign.map(|source| format!("`{}` comes from `{source}`, not from crates.io", self.name)),
        ];
        reasons.into_iter().flatten().map(|reason| self.finding(reason)).collect()
    }

    fn finding(&self, reason: String) -> Finding {
        Finding::new(FILE, self.line, reason)
    }
}

fn parts(version: &str) -> [u64; 3] {
    let mut numbers = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}
