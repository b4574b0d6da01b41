//! What is kept of an athlete: told, taken out whole, and deleted.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::program::Program;
use crate::workers::Process;

const DAYS: u32 = 20;
/// How often an export is stopped until that is in the middle of it.
const ATTEMPTS: usize = 5;

fn kept(program: &Program, table: &str, provenance: &str) -> u64 {
    let report = program.json(&["data", "report", "--json"]);
    let lines = report["items"].as_array().unwrap();
    let of = |line: &&Value| line["table"] == table && line["provenance"] == provenance;
    lines.iter().find(of).map_or(0, |line| line["rows"].as_u64().unwrap())
}

fn entry(path: &Path, name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut bytes = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn lines(path: &Path, name: &str) -> Vec<Value> {
    let text = String::from_utf8(entry(path, name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Stops a process in the middle of its export, once something of it is written.
fn stop_at_work(program: &Program, archive: &Path) -> Process {
    let process = Process::quiet(program.command(&["data", "export", &archive.to_string_lossy()]));
    let part = archive.with_extension("zip.part");
    let is_begun = || part.metadata().is_ok_and(|part| part.len() > 0);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_begun() && !archive.exists() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
    }
    process.signal(Signal::STOP);
    process
}

/// Deletes everything in the middle of an export and checks that it is of one moment; false where it was stopped before
/// it looked for the first time, or after its end, which proves nothing.
fn is_whole_although_deleted(program: &Program, attempt: usize) -> bool {
    let path = |name: &str| program.path(&format!("{name}{attempt}.zip"));
    let export = |name: &str| program.json(&["data", "export", &path(name).to_string_lossy(), "--json"]);
    program.json(&["import", &program.path("export.zip").to_string_lossy(), "--json"]);
    let whole = export("whole");
    let archive = path("mine");
    let process = stop_at_work(program, &archive);
    let was_at_work = !archive.exists();
    program.json(&["data", "delete", "--provenance", "all", "--yes", "--json"]);
    process.signal(Signal::CONT);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !archive.exists() {
        assert!(Instant::now() < deadline, "the export does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    let manifest: Value = serde_json::from_slice(&entry(&archive, "manifest.json")).unwrap();
    if manifest["rows"] != whole["rows"] {
        // Then it is of the moment after.
        assert_eq!(manifest["rows"], export("after")["rows"]);
        return false;
    }
    let files = lines(&archive, "files.jsonl");
    let original = entry(&archive, &format!("originals/{}", files[0]["sha256"].as_str().unwrap()));
    assert!(!original.is_empty());
    was_at_work
}

#[test]
fn an_export_is_of_one_moment_whatever_is_deleted_meanwhile() {
    for program in Program::on_both() {
        program.export(DAYS);
        let is_proven = (0..ATTEMPTS).any(|attempt| is_whole_although_deleted(&program, attempt));
        assert!(is_proven, "no export was stopped between its first look and its end");
    }
}

#[test]
fn everything_can_be_taken_out_and_deleted() {
    for program in Program::on_both() {
        let export = program.export(DAYS);
        program.json(&["import", &export.to_string_lossy(), "--json"]);
        let activities = program.lines(&["activities", "--json"]).len() as u64;
        assert!(kept(&program, "activity", "file") > 0 && kept(&program, "export_row", "bulk_export") > 0);

        let archive = program.path("mine.zip");
        let file = archive.to_string_lossy();
        let manifest = program.json(&["data", "export", &file, "--json"]);
        assert_eq!(manifest["rows"]["activities"], activities);
        assert_eq!(lines(&archive, "activities.jsonl").len() as u64, activities);
        let written: Value = serde_json::from_slice(&entry(&archive, "manifest.json")).unwrap();
        assert_eq!(written, manifest);
        let of_file =
            lines(&archive, "files.jsonl").into_iter().find(|file| file["format"] == "fit").unwrap();
        let original = entry(&archive, &format!("originals/{}", of_file["sha256"].as_str().unwrap()));
        assert_eq!(original.len() as u64, of_file["bytes"].as_u64().unwrap(), "it is as it came");
        let again = program.run(&["data", "export", &file, "--json"]);
        assert!(!again.status.success(), "nothing is written over");

        let unsure = program.run(&["data", "delete", "--provenance", "bulk_export"]);
        assert!(!unsure.status.success() && kept(&program, "export_row", "bulk_export") > 0);
        let receipt = program.json(&["data", "delete", "--provenance", "bulk_export", "--yes", "--json"]);
        assert!(receipt["done_ms"].is_i64() && receipt["deleted"]["export_row"].is_u64(), "{receipt}");
        assert_eq!(kept(&program, "export_row", "bulk_export"), 0);
        assert!(kept(&program, "activity", "file") > 0, "recordings stay");
        program.json(&["data", "delete", "--provenance", "all", "--yes", "--json"]);
        let report = program.json(&["data", "report", "--json"]);
        let left = report["items"].as_array().unwrap().iter().filter(|line| line["provenance"] != "derived");
        assert_eq!(left.count(), 0, "{report}");
        assert_eq!(program.lines(&["activities", "--json"]), Vec::<Value>::new());
    }
}
