//! A maintenance script of one's own: checked, asked, and edited while the server runs.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, Server};

const BIKE: &str = "Grey gravel";

/// Wants bicycles looked at that were used since their last service.
fn says(why: &str) -> String {
    format!(
        "//! Looks.\nfn due(item) {{\n    if item.kind != \"bike\" || item.since.uses == 0 {{ return (); }}\n    \
         #{{ what: \"look\", urgency: \"soon\", why: \"{why}\" }}\n}}\nfn examples() {{ [\n    \
         #{{ item: #{{ kind: \"bike\", since: #{{ uses: 2 }} }}, what: \"look\", urgency: \"soon\" }},\n    \
         #{{ item: #{{ kind: \"shoes\" }}, silent: true }},\n] }}\n"
    )
}

/// An installation with an export, and the one script in a folder.
struct House {
    program: Program,
    folder: PathBuf,
}

impl House {
    fn new(program: Program) -> Self {
        let export = program.export(60);
        program.json(&["import", &export.to_string_lossy(), "--json"]);
        let folder = program.path("my-scripts");
        fs::create_dir_all(folder.join("pipelines")).unwrap();
        fs::create_dir_all(folder.join("scripts/gear")).unwrap();
        Self { program, folder }
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.join("scripts/gear/look.rhai"), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.program.command(arguments).env("FITNESS_SCRIPTS_DIR", &self.folder).output().unwrap()
    }

    /// What the command line says is due of the bicycle.
    fn due(&self) -> Vec<String> {
        let output = self.run(&["gear", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let gear = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        whys(&gear.collect::<Vec<Value>>())
    }

    fn check(&self) -> (Option<i32>, Value) {
        let output = self.run(&["check", "look", "--json"]);
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    }
}

fn whys(gear: &[Value]) -> Vec<String> {
    let bike = gear.iter().find(|gear| gear["name"] == BIKE).unwrap();
    bike["due"].as_array().unwrap().iter().map(|due| due["why"].as_str().unwrap().to_owned()).collect()
}

async fn get(server: &Server, path: &str) -> Value {
    reqwest::get(format!("{}/api/v1/{path}", server.url)).await.unwrap().json().await.unwrap()
}

/// Waits until an answer is as it must become.
async fn until(server: &Server, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = get(server, path).await;
        if is_so(&answer) {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {answer}");
    }
}

#[test]
fn a_script_of_ones_own_is_asked_and_a_broken_edit_of_it_never() {
    for program in Program::on_both() {
        let house = House::new(program);
        house.write(&says("One."));
        let (code, checked) = house.check();
        assert_eq!(
            (code, &checked["scripts"][0]["path"]),
            (Some(0), &json!("scripts/gear/look.rhai")),
            "{checked}"
        );
        assert_eq!(house.due(), ["One."]);

        let mut server = house.program.serve_with(&[("FITNESS_SCRIPTS_DIR", &house.folder)]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let says_so =
                |why: &'static str| move |answer: &Value| whys(answer["items"].as_array().unwrap()) == [why];
            until(&server, "gear", says_so("One.")).await;
            house.write(&says("Two."));
            until(&server, "gear", says_so("Two.")).await;
            house.write("fn due(item) {");
            let is_told = |health: &Value| health["script_errors"][0]["path"] == "scripts/gear/look.rhai";
            until(&server, "health", is_told).await;
            let still = get(&server, "gear").await;
            assert!(says_so("Two.")(&still) && still["errors"] == json!([]), "{still}");
        });
        assert_eq!(server.stop(), Some(0));

        assert_eq!(house.due(), ["Two."], "the last good text outlives the server");
        let (code, checked) = house.check();
        assert_eq!((code, &checked["ok"]), (Some(1), &json!(false)), "{checked}");
        let serviced = house.run(&["gear", "service", BIKE, "--on", "2026-10-31", "--what", "looked at"]);
        assert!(serviced.status.success(), "{}", String::from_utf8_lossy(&serviced.stderr));
        assert!(house.due().is_empty());
    }
}
