//! Activities at which Strava fails again and again: which these are, and how they are asked for once more.

use serde_json::{Value, json};
use upstream::strava::{ATHLETE, Calls};

use super::Service;
use super::sync::now_ms;
use crate::program::Program;

/// After so many runs one is left alone.
const RUNS: u32 = 3;

impl Service {
    /// What a command prints that must succeed.
    fn prints(&self, program: &Program, arguments: &[&str]) -> String {
        let output = self.run(program, arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Our id of an activity, by Strava's.
fn id_of(program: &Program, strava_id: i64) -> String {
    let of = |row: &Value| row["file"].as_str().is_some_and(|file| file.ends_with(&format!("/{strava_id}")));
    let found = program.lines(&["activities", "--json"]).into_iter().find(of).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[test]
fn activities_that_are_left_alone_are_listed_until_they_are_asked_for_again() {
    for program in Program::on_both() {
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        strava.set_limits(Calls::without_end());
        let ids = strava.grow(ATHLETE, 3, now_ms() - 3_600_000);
        service.connected(&program);
        let list = ["strava", "retry", "--list"];
        assert_eq!(service.prints(&program, &list), "0 activities are left alone\n");

        strava.switch(|switches| switches.poison = vec![ids[1]]);
        for _ in 0..RUNS {
            assert_eq!(service.sync(&program)["state"], "succeeded");
        }
        let (strava_id, id) = (ids[1].to_string(), id_of(&program, ids[1]));
        let row = format!("{id}  {strava_id}  upstream_faulty\n");
        let item = json!({ "id": id, "strava_id": strava_id, "code": "upstream_faulty" });
        // To look changes nothing.
        for _ in 0..2 {
            assert_eq!(service.prints(&program, &list), format!("{row}1 activity is left alone\n"));
            let told = service.json(&program, &["strava", "retry", "--list", "--json"]);
            assert_eq!(told, json!({ "items": [item], "all": 1, "asked_again": false }));
        }

        strava.switch(|switches| switches.poison.clear());
        let asked = service.prints(&program, &["strava", "retry"]);
        assert_eq!(asked, format!("{row}1 activity is asked for again by the next sync\n"));
        let told = service.json(&program, &["strava", "retry", "--list", "--json"]);
        assert_eq!(told, json!({ "items": [], "all": 0, "asked_again": false }));
        assert_eq!(service.sync(&program)["state"], "succeeded");
        let status = service.json(&program, &["strava", "status", "--json"]);
        assert_eq!((&status["sync"]["whole"], &status["sync"]["faulty"]), (&3.into(), &0.into()), "{status}");
    }
}
