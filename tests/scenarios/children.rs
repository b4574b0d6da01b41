//! A large fan-out whose workers are killed: the others finish it, and nothing is missing or double.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::run::RunState;
use engine::run::record::RunRecord;
use serde_json::Value;

use crate::crash::{DAYS, Watch, facts, import};
use crate::program::Program;
use crate::workers::{Process, hasty};

const IMPORT: &str = r#"//! What was handed in, its loads in parts.
pipeline("import", #{ lock: "ingest", on_overlap: "queue", params: #{ paths: [], uploads: [] } });

let files = files::read();
// A few commits are few parts: the same ones again make them many, and change nothing.
let again = [];
for time in 0..8 { again.push(files); }
let loads = rollup::loads(again).for_each(1);
let days  = rollup::days([loads]);
insights::daily(days, #{ rules: "rules/*.rhai" });
"#;

/// Scripts whose import fans out.
fn scripts(program: &Program) -> PathBuf {
    let folder = program.path("scripts-of-my-own");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in ["pipelines", "scripts/rules"] {
        fs::create_dir_all(folder.join(part)).unwrap();
        for file in fs::read_dir(shipped.join(part)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(part).join(file.file_name())).unwrap();
        }
    }
    fs::write(folder.join("pipelines/import.rhai"), IMPORT).unwrap();
    folder
}

fn with(mut command: Command, scripts: &Path) -> Command {
    command.env("FITNESS_SCRIPTS_DIR", scripts);
    command
}

fn succeeded(parts: &[RunRecord]) -> usize {
    parts.iter().filter(|run| run.state == RunState::Succeeded).count()
}

#[test]
fn a_fan_out_whose_workers_are_killed_is_finished_by_the_others() {
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    uncut.json(&["import", &folder.to_string_lossy(), "--json"]);
    let expected = facts(&uncut);
    for program in Program::on_both() {
        program.demo(DAYS);
        program.succeed(&["db", "migrate"]);
        let scripts = scripts(&program);
        let watch = Watch::new(&program);
        let first = Process::quiet(hasty(with(import(&program), &scripts)));
        watch.until("a part is done", |watch| {
            watch.runs().first().is_some_and(|run| succeeded(&watch.children(&run.id)) > 0)
        });
        drop(first);
        let run = watch.runs().remove(0).id;
        let left = watch.children(&run);
        assert!(left.len() > 8 && succeeded(&left) < left.len(), "all parts were done before the kill");

        let work = || Process::quiet(hasty(with(program.command(&["work", "--slots", "2"]), &scripts)));
        let (killed, _heir) = (work(), work());
        let done = succeeded(&watch.children(&run));
        watch.until("more parts are done", |watch| succeeded(&watch.children(&run)) > done);
        drop(killed);
        watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
        assert_eq!(watch.runs()[0].state, RunState::Succeeded, "{:?}", watch.runs()[0]);
        let parts = watch.children(&run);
        assert_eq!((parts.len(), succeeded(&parts)), (left.len(), left.len()));
        let shown = program.json(&["runs", "show", &run, "--json"]);
        assert_eq!(shown["children"][0]["succeeded"], Value::from(parts.len()));
        assert_eq!(program.lines(&["runs", "--json"]).len(), 1);
        assert_eq!(
            program.lines(&["runs", "list", "--parent", &run, "--limit", "500", "--json"]).len(),
            parts.len()
        );
        assert_eq!(facts(&program), expected);
    }
}
