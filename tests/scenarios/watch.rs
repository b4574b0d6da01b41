//! A folder that is watched: what is put into it is imported, whatever way it gets there.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use engine::run::record::{self, Page, RunRecord};
use engine::run::{Cause, RunState};
use flate2::Compression;
use flate2::write::GzEncoder;
use store::{Sql, Store};

use crate::program::Program;

/// A server that watches a folder.
struct Watched {
    program: Program,
    folder: PathBuf,
    server: Option<Child>,
    store: Store,
    runtime: tokio::runtime::Runtime,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    file: String,
    outcome: String,
    warnings: String,
}

impl Watched {
    /// Not started yet.
    fn new(program: Program) -> Self {
        let folder = program.path("import");
        fs::create_dir(&folder).unwrap();
        program.succeed(&["db", "migrate"]);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let store = runtime.block_on(Store::open(&program.db_url.parse().unwrap())).unwrap();
        Self { program, folder, server: None, store, runtime }
    }

    fn started(program: Program) -> Self {
        let mut watched = Self::new(program);
        watched.start();
        watched
    }

    fn start(&mut self) {
        let mut command = self.program.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("FITNESS_IMPORT_DIR", &self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        let own = self.program.path("own");
        if own.is_dir() {
            command.env("FITNESS_SCRIPTS_DIR", own);
        }
        self.server = Some(command.spawn().unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Recordings of the demo athlete, outside of the folder.
    fn recordings(&self, days: u32) -> Vec<PathBuf> {
        let folder = self.program.demo(days);
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    fn drop_in(&self, recording: &Path, name: &str) {
        fs::copy(recording, self.folder.join(name)).unwrap();
    }

    fn outcomes(&self) -> Vec<Outcome> {
        const ALL: Sql =
            Sql::Both("SELECT path, outcome, warnings FROM import_file ORDER BY run_id, position");
        let read = self.store.read(|tx| {
            tx.query(&ALL, &[], |row| {
                let path: String = row.get(0)?;
                let file = path.rsplit('/').next().unwrap_or_default().to_owned();
                Ok(Outcome { file, outcome: row.get(1)?, warnings: row.get(2)? })
            })
        });
        self.runtime.block_on(read).unwrap()
    }

    fn outcome(&self, file: &str) -> Option<Outcome> {
        self.outcomes().into_iter().find(|outcome| outcome.file == file)
    }

    fn runs(&self) -> Vec<RunRecord> {
        let page = Page { limit: 100, ..Page::default() };
        self.runtime.block_on(self.store.read(move |tx| record::runs(tx, &page))).unwrap()
    }

    /// Waits for something that must come; the limit only keeps a broken test from running for ever.
    fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
            std::thread::yield_now();
        }
    }

    fn until_imported(&self, file: &str) {
        self.until(&format!("`{file}` is imported"), |watched| watched.outcome(file).is_some());
        assert_eq!(self.outcome(file).unwrap().outcome, "imported");
    }

    fn activities(&self) -> usize {
        self.program.lines(&["activities", "--json"]).len()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop();
    }
}

fn packed(recording: &Path) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&fs::read(recording).unwrap()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_dropped_is_imported_stays_and_is_not_imported_again() {
    for program in Program::on_both() {
        let mut watched = Watched::started(program);
        let recordings = watched.recordings(7);
        watched.drop_in(&recordings[0], "first.fit");
        watched.until_imported("first.fit");
        watched.until("the run is over", |watched| watched.runs()[0].state == RunState::Succeeded);
        assert_eq!(watched.runs()[0].cause, Cause::Watch.as_str());
        assert!(watched.folder.join("first.fit").exists());
        watched.stop();
        watched.drop_in(&recordings[1], "second.fit");
        watched.start();
        watched.until_imported("second.fit");
        let files: Vec<_> = watched.outcomes().into_iter().map(|outcome| outcome.file).collect();
        assert_eq!(files, ["first.fit", "second.fit"]);
        assert_eq!(watched.activities(), 2);
    }
}

#[test]
fn a_file_that_comes_in_pieces_is_waited_for() {
    let watched = Watched::started(Program::on_sqlite());
    let recordings = watched.recordings(7);
    let bytes = packed(&recordings[0]);
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut slow = fs::File::create(watched.folder.join("a-slow.fit.gz")).unwrap();
    slow.write_all(first).unwrap();
    slow.sync_all().unwrap();
    watched.drop_in(&recordings[1], "whole.fit");
    watched.until_imported("whole.fit");
    assert_eq!(watched.outcome("a-slow.fit.gz"), None);
    slow.write_all(rest).unwrap();
    drop(slow);
    watched.until_imported("a-slow.fit.gz");
    assert_eq!(watched.outcome("a-slow.fit.gz").unwrap().warnings, "[]");
    assert_eq!(watched.activities(), 2);
}

#[test]
fn a_refused_file_is_moved_aside_with_its_reason() {
    let watched = Watched::started(Program::on_sqlite());
    let recordings = watched.recordings(7);
    fs::write(watched.folder.join("photo.fit"), b"\x89PNG\r\n\x1a\n and more").unwrap();
    watched.drop_in(&recordings[0], "good.fit");
    watched.until_imported("good.fit");
    let note = watched.folder.join("refused/photo.fit.reason.txt");
    watched.until("the reason is written", |_| {
        fs::read_to_string(&note).is_ok_and(|note| note.ends_with(".\n"))
    });
    let note = fs::read_to_string(note).unwrap();
    assert!(note.starts_with("code: file_type_mismatch\nreason: "), "{note}");
    assert!(note.contains("\nrun: ") && note.contains("neither FIT, GPX nor TCX"), "{note}");
    assert!(watched.folder.join("refused/photo.fit").exists());
    assert!(!watched.folder.join("photo.fit").exists());
    assert!(watched.folder.join("good.fit").exists());
    assert_eq!(watched.outcomes().len(), 2);
}

#[test]
fn an_unfinished_download_is_left_alone_until_it_has_its_name() {
    let watched = Watched::started(Program::on_sqlite());
    let recordings = watched.recordings(14);
    watched.drop_in(&recordings[0], "ride.fit.part");
    watched.drop_in(&recordings[1], ".hidden.fit");
    watched.drop_in(&recordings[2], "other.fit");
    watched.until_imported("other.fit");
    assert_eq!(watched.outcomes().len(), 1);
    fs::rename(watched.folder.join("ride.fit.part"), watched.folder.join("ride.fit")).unwrap();
    watched.until_imported("ride.fit");
    assert_eq!(watched.outcomes().len(), 2);
}

const TAKES_FIT: &str = "pipeline(\"import\", #{ on_file: \"*.fit\", on_overlap: \"queue\", \
    params: #{ paths: [], uploads: [] } });\nfiles::read();\n";
const TAKES_LISTS: &str = "pipeline(\"lists\", #{ on_file: [\"*.csv\", \"both*\"], params: #{ paths: [] } });\n\
    rollup::loads([]);\n";

/// Puts the two above in the place of those that are shipped.
fn own_scripts(program: &Program) -> PathBuf {
    let scripts = program.path("own");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    fs::write(scripts.join("pipelines/import.rhai"), TAKES_FIT).unwrap();
    fs::write(scripts.join("pipelines/lists.rhai"), TAKES_LISTS).unwrap();
    scripts
}

#[test]
fn a_file_starts_the_pipelines_whose_pattern_fits_each_once() {
    for program in Program::on_both() {
        own_scripts(&program);
        let mut watched = Watched::started(program);
        let recordings = watched.recordings(7);
        watched.drop_in(&recordings[0], "both.fit");
        fs::write(watched.folder.join("gear.CSV"), "a,b\n").unwrap();
        fs::write(watched.folder.join("letter.txt"), "hello").unwrap();
        let note = watched.folder.join("refused/letter.txt.reason.txt");
        watched.until("what nobody wants is refused", |_| {
            fs::read_to_string(&note).is_ok_and(|note| note.ends_with(".\n"))
        });
        assert!(fs::read_to_string(&note).unwrap().starts_with("code: file_unwanted\nreason: "));
        let given = |watched: &Watched| -> Vec<(String, Vec<String>)> {
            let names = |run: &RunRecord| {
                let paths = run.params["paths"].as_array().unwrap().iter();
                let names = paths.map(|path| path.as_str().unwrap().rsplit('/').next().unwrap().to_owned());
                (run.pipeline.clone(), names.collect())
            };
            let mut given: Vec<_> = watched.runs().iter().map(names).collect();
            given.sort();
            given
        };
        let files = |given: Vec<(String, Vec<String>)>, pipeline: &str| -> Vec<String> {
            let of_pipeline = given.into_iter().filter(|(name, _)| name == pipeline);
            let mut files: Vec<_> = of_pipeline.flat_map(|(_, files)| files).collect();
            files.sort();
            files
        };
        watched.until("both have what they want", |watched| {
            let given = given(watched);
            files(given.clone(), "lists").len() == 2
                && files(given, "import").len() == 1
                && watched.runs().iter().all(|run| run.state == RunState::Succeeded)
        });
        assert_eq!(files(given(&watched), "lists"), ["both.fit", "gear.CSV"]);
        assert_eq!(files(given(&watched), "import"), ["both.fit"]);
        assert!(watched.runs().iter().all(|run| run.cause == Cause::Watch.as_str()));

        // What each had is known after a restart, and what comes later is not.
        watched.stop();
        fs::write(watched.folder.join("shoes.csv"), "c,d\n").unwrap();
        watched.start();
        watched.until("the new one is taken", |watched| files(given(watched), "lists").len() == 3);
        assert_eq!(files(given(&watched), "lists"), ["both.fit", "gear.CSV", "shoes.csv"]);
        assert_eq!(files(given(&watched), "import"), ["both.fit"]);
    }
}

#[test]
fn a_paused_import_leaves_files_where_they_are_until_it_goes_on() {
    for program in Program::on_both() {
        let scripts = own_scripts(&program);
        let watched = Watched::started(program);
        let recordings = watched.recordings(7);
        let tell = |verb: &str| {
            let mut command = watched.program.command(&["pipelines", verb, "import"]);
            assert!(command.env("FITNESS_SCRIPTS_DIR", &scripts).status().unwrap().success());
        };
        tell("pause");
        watched.drop_in(&recordings[0], "first.fit");
        fs::write(watched.folder.join("gear.csv"), "a,b\n").unwrap();
        watched.until("the other pipeline has its file", |watched| {
            watched.runs().iter().any(|run| run.pipeline == "lists" && run.state == RunState::Succeeded)
        });
        assert_eq!(watched.runs().len(), 1);
        assert!(watched.folder.join("first.fit").exists());
        tell("resume");
        watched.until_imported("first.fit");
        assert!(watched.folder.join("first.fit").exists());
    }
}

#[test]
fn what_lay_there_before_the_start_is_one_run() {
    let mut watched = Watched::new(Program::on_sqlite());
    let recordings = watched.recordings(21);
    for recording in &recordings {
        watched.drop_in(recording, &recording.file_name().unwrap().to_string_lossy());
    }
    watched.start();
    watched.until("all are imported", |watched| watched.outcomes().len() == recordings.len());
    assert_eq!(watched.runs().len(), 1);
    assert_eq!(watched.activities(), recordings.len());
}

#[test]
fn a_folder_that_is_removed_and_made_again_is_watched_on() {
    let watched = Watched::started(Program::on_sqlite());
    let recordings = watched.recordings(7);
    watched.drop_in(&recordings[0], "before.fit");
    watched.until_imported("before.fit");
    fs::remove_dir_all(&watched.folder).unwrap();
    fs::create_dir(&watched.folder).unwrap();
    watched.drop_in(&recordings[1], "after.fit");
    watched.until_imported("after.fit");
    assert_eq!(watched.activities(), 2);
}

#[test]
fn a_folder_that_is_not_there_at_the_start_is_told_at_once() {
    let program = Program::on_sqlite();
    let mut command = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    let output = command.env("FITNESS_IMPORT_DIR", program.path("nowhere")).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let wanted = "error: FITNESS_IMPORT_DIR: it must name a folder that is there and can be listed";
    assert!(error.lines().any(|line| line.starts_with(wanted)), "{error}");
}
