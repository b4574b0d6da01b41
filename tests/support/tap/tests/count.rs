//! The tap for tests counts as it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::process::{Command, Output};

fn run(config: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paceline-test-tap"));
    command.arg("--config").arg(&path).args(arguments).output().unwrap()
}

fn lines(output: &Output) -> usize {
    String::from_utf8_lossy(&output.stdout).lines().count()
}

#[test]
fn it_tells_what_there_is() {
    let output = run(r#"{"count": 3}"#, &[]);
    // Of each stream a schema, three records and the states after the second and the third.
    assert!(output.status.success() && lines(&output) == 12, "{output:?}");
}

#[test]
fn it_breaks_off_where_it_is_told_to() {
    let output = run(r#"{"count": 3, "break_after": 1}"#, &[]);
    assert!(!output.status.success() && lines(&output) == 2, "{output:?}");
}

#[test]
fn it_says_what_streams_it_has() {
    let output = run(r#"{"count": 3}"#, &["--discover"]);
    let catalog: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(catalog["streams"].as_array().unwrap().len(), 2);
}

#[test]
fn it_goes_on_where_it_has_stood_still_before() {
    let output = run(r#"{"count": 3, "hold": {"after": 1, "file": "/dev/null"}}"#, &[]);
    assert!(output.status.success() && lines(&output) == 12, "{output:?}");
}
