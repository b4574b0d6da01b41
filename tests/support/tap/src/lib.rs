//! Where the tap for tests is; what it does is in `main.rs`.

#![expect(clippy::panic, reason = "a test that has no tap must fail, not skip")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The tap, built with the same profile as the test that asks.
///
/// # Panics
///
/// Where it cannot be built.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a run of all tests builds programs once for all processes")]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap_or_else(|error| panic!("a test that is nowhere: {error}"));
        let folder = test.parent().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
        let program = folder.join("paceline-test-tap");
        // The package's own test has it built where all tests are; a single test builds it by itself.
        if std::env::var_os("PACELINE_IS_BUILT").is_none() || !program.is_file() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo).args(["build", "--quiet", "-p", "paceline-test-tap"]).status();
            assert!(built.is_ok_and(|status| status.success()), "cannot build the tap");
        }
        program
    })
}
