//! Who may use whom: the picture in `docs/ARCHITECTURE.md`, section 2.

use std::collections::HashMap;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::Finding;

/// A crate of ours, by the folder it lies in.
pub(super) struct Package {
    pub(super) room: String,
    /// The path of its `Cargo.toml` and its text, to find the line of a dependency.
    pub(super) manifest: (String, String),
    pub(super) dependencies: Vec<Dependency>,
}

pub(super) struct Dependency {
    /// The name in the registry, or the room where it is one of ours.
    pub(super) target: Target,
    /// How the manifest spells it.
    pub(super) key: String,
    pub(super) for_tests: bool,
}

pub(super) enum Target {
    Room(String),
    Outside(String),
}

/// Outside crates that only some rooms may name, and why.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (
        &["rusqlite", "libsqlite3-sys", "tokio-postgres", "deadpool-postgres", "tokio-postgres-rustls"],
        &["store"],
        "only `store` names a database driver",
    ),
    (&["rhai"], &["engine"], "only `engine::script` names `rhai`"),
    (
        &["hyper", "hyper-util", "hyper-rustls", "http-body-util", "url"],
        &["engine"],
        "only `engine` builds the HTTP client",
    ),
    (
        &["reqwest"],
        &["tests", "tests/support", "tests/support/upstream", "bench"],
        "only `engine` builds the HTTP client",
    ),
    (
        &["axum", "tower-http", "utoipa", "utoipa-axum"],
        &["api", "tests", "tests/support", "tests/support/upstream", "bench"],
        "only `api` knows HTTP routes",
    ),
    (
        &["anyhow"],
        &["app", "bench", "tests", "tests/support", "tests/support/tap", "tests/support/upstream", "xtask"],
        "a library returns errors with variants, `anyhow` is for programs",
    ),
    (
        &["clap", "indicatif"],
        &["app", "bench", "tests/support/upstream", "xtask"],
        "only a program talks to a terminal",
    ),
];

/// Reads the workspace's own packages by `cargo metadata`, without resolving anything.
pub(super) fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let mut rooms = HashMap::new();
    for package in &metadata.packages {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root)?;
        let room = manifest.parent().map(|room| room.as_str().to_owned()).unwrap_or_default();
        rooms.insert(package.name.to_string(), (room, manifest.to_string()));
    }
    metadata.packages.iter().map(|package| read(package, &rooms)).collect()
}

fn read(
    package: &cargo_metadata::Package,
    rooms: &HashMap<String, (String, String)>,
) -> anyhow::Result<Package> {
    let (room, manifest) = rooms[package.name.as_str()].clone();
    let text = std::fs::read_to_string(&package.manifest_path)?;
    let dependencies = package.dependencies.iter().map(|dependency| Dependency {
        target: match rooms.get(&dependency.name) {
            Some((room, _)) if dependency.path.is_some() => Target::Room(room.clone()),
            _ => Target::Outside(dependency.name.clone()),
        },
        key: dependency.rename.clone().unwrap_or_else(|| dependency.name.clone()),
        for_tests: dependency.kind == DependencyKind::Development,
    });
    Ok(Package { room, manifest: (manifest, text), dependencies: dependencies.collect() })
}

pub(super) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let broken = package.dependencies.iter().filter_map(|dependency| {
        let reason = objection(&package.room, dependency)?;
        Some(Finding::new(&package.manifest.0, package.line_of(&dependency.key), reason))
    });
    broken.collect()
}

fn objection(room: &str, dependency: &Dependency) -> Option<String> {
    match &dependency.target {
        Target::Room(other) if may_use(room, other, dependency.for_tests) => None,
        Target::Room(other) => Some(format!("`{room}` must not use `{other}`: see docs/ARCHITECTURE.md")),
        Target::Outside(name) => reserved(room, name),
    }
}

fn reserved(room: &str, name: &str) -> Option<String> {
    let (_, rooms, reason) = RESERVED.iter().find(|(names, _, _)| names.contains(&name))?;
    (!rooms.contains(&room)).then(|| format!("`{room}` names `{name}`: {reason}"))
}

fn may_use(room: &str, other: &str, for_tests: bool) -> bool {
    let is_support = other.starts_with("tests/support");
    match room {
        "app" => is_library(other),
        "tests" | "bench" => is_library(other) || is_support,
        "xtask" => is_support,
        _ if room.starts_with("tests/support") => false,
        _ if is_support => for_tests,
        "store" => false,
        "engine" | "fitness" => other == "store",
        "api" => matches!(other, "engine" | "fitness" | "store"),
        "plugins/all" => other == "engine" || is_plugin(other),
        _ => is_plugin(room) && matches!(other, "engine" | "fitness" | "store"),
    }
}

fn is_library(room: &str) -> bool {
    matches!(room, "api" | "engine" | "store" | "fitness" | "plugins/all") || is_plugin(room)
}

fn is_plugin(room: &str) -> bool {
    room.starts_with("plugins/") && room != "plugins/all"
}

impl Package {
    fn line_of(&self, key: &str) -> usize {
        let mut lines = self.manifest.1.lines().zip(1..);
        let starts =
            |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
        lines.find(|(line, _)| starts(line)).map_or(1, |(_, line)| line)
    }
}
