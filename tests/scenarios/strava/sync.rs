//! Syncing with Strava with the whole program: asked for, killed, hinted at, and taken back.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use upstream::strava::{ALL_SCOPES, ATHLETE};

use super::Service;
use crate::chaos::{Dice, number_set};
use crate::program::Program;

const KILLS: u64 = 6;
const FORGED: u64 = 200;

impl Service {
    /// Connects as one who replaces another program does.
    fn connected(&self, program: &Program) {
        let file = program.path("token");
        fs::write(&file, self.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token).unwrap();
        let told = self
            .json(program, &["strava", "connect", "--json", "--refresh-token-file", file.to_str().unwrap()]);
        assert_eq!(told["account"], ATHLETE.to_string(), "{told}");
    }

    /// Whether what is listed is what Strava knows: names and metres by Strava's ids.
    fn is_true(&self, program: &Program) {
        let output = self.run(program, &["activities", "--json"], &[]);
        let text = String::from_utf8(output.stdout).unwrap();
        let kept: BTreeMap<String, (String, i64)> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|row| {
                let file = row["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
                let meters = (row["distance_m"].as_f64().unwrap_or(0.0) * 10.0).round() as i64;
                (file, (row["name"].as_str().unwrap_or_default().to_owned(), meters))
            })
            .collect();
        let truth = self.upstream.strava().truth();
        let known: BTreeMap<String, (String, i64)> = truth
            .activities_of(ATHLETE)
            .into_iter()
            .map(|one| (one.id.to_string(), (one.name.clone(), (one.meters * 10.0).round() as i64)))
            .collect();
        assert_eq!(kept, known);
    }

    /// An event as Strava sends it, and what it is answered with.
    fn send(&self, callback: &str, event: &Value) -> u16 {
        self.runtime.block_on(async {
            let sent = reqwest::Client::new().post(callback).json(event).send().await.unwrap();
            sent.status().as_u16()
        })
    }

    /// The sync as the server tells it.
    fn asks(&self, url: &str) -> (u16, Value) {
        self.post(&format!("{url}/api/v1/sync"))
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// `PACELINE_STRAVA_KILLS` sets another number.
#[test]
fn a_sync_that_is_killed_again_and_again_ends_in_the_truth() {
    let kills = number_set("PACELINE_STRAVA_KILLS", KILLS);
    let mut dice = Dice(7);
    for program in Program::on_both() {
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        let ids = strava.grow(ATHLETE, 40, now_ms() - 3_600_000);
        service.connected(&program);
        for kill in 0..kills {
            let variables = service.variables.iter().map(|(name, value)| (*name, value.as_path()));
            let mut command = program.command(&["sync", "--confirm", "--json"]);
            command.envs(variables).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(dice.roll(1_500)));
            child.kill().unwrap();
            child.wait().unwrap();
            let one = ids[(kill as usize * 5) % 40];
            match kill % 3 {
                0 => drop(strava.edit(one, |run| run.name = format!("Renamed {kill}"))),
                1 => drop(strava.delete(one)),
                _ => drop(strava.upload_late(ATHLETE, now_ms() - 700 * 86_400_000)),
            }
        }
        let deadline = Instant::now() + Duration::from_secs(120);
        while service.json(&program, &["sync", "--confirm", "--json"])["state"] != "succeeded" {
            assert!(Instant::now() < deadline);
        }
        let last = service.json(&program, &["sync", "--confirm", "--json"]);
        assert_eq!(last["state"], "succeeded", "{last}");
        service.is_true(&program);
        assert_eq!((strava.calls_while_spent(), strava.stale_refreshes()), (0, 0));
        let status = service.json(&program, &["strava", "status", "--json"]);
        assert_eq!(status["sync"]["whole"], status["sync"]["activities"], "{status}");
    }
}

#[test]
fn whoever_asks_for_a_sync_again_and_again_starts_one() {
    let program = Program::on_sqlite();
    let service = Service::start(&program);
    service.upstream.strava().grow(ATHLETE, 3, now_ms() - 3_600_000);
    let server = service.serve(&program);
    let (status, refused) = service.asks(&server.url);
    assert_eq!((status, &refused["error"]["code"]), (409, &"strava_not_connected".into()));
    service.connected(&program);
    let asked: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(|| service.asks(&server.url))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let new = asked.iter().filter(|(_, answer)| answer["new"] == true).count();
    assert!(new <= 1 && asked.iter().all(|(status, _)| [200, 202].contains(status)), "{asked:?}");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (_, _, standing) = service.get(&format!("{}/api/v1/sync", server.url), "application/json");
        let standing: Value = serde_json::from_str(&standing).unwrap();
        if standing["synced_ms"].is_i64() && standing["calls_left"] == 0 {
            assert_eq!((&standing["connected"], &standing["activities"]), (&true.into(), &3.into()));
            break;
        }
        assert!(Instant::now() < deadline, "{standing}");
        std::thread::yield_now();
    }
    let (status, again) = service.asks(&server.url);
    assert_eq!((status, &again["new"]), (200, &false.into()), "{again}");
    let (status, forced) = service.post(&format!("{}/api/v1/sync?force=1", server.url));
    assert!([200, 202].contains(&status) && forced["run"].is_string(), "{forced}");
}

#[test]
fn an_event_of_who_is_connected_is_answered_200_and_becomes_a_run() {
    let program = Program::on_sqlite();
    let mut service = Service::start(&program);
    let server = service.serve(&program);
    let address = format!("{}/api/v1/webhooks/strava", server.url);
    service.variables.push(("FITNESS_STRAVA_WEBHOOK_URL", address.into()));
    service.connected(&program);
    let made = service.json(&program, &["strava", "webhook", "create", "--json"]);
    let strava = service.upstream.strava();
    let ids = strava.grow(ATHLETE, 1, now_ms() - 3_600_000);
    strava.edit(ids[0], |run| run.name = "Named anew".to_owned());
    let event = json!({
        "object_type": "activity", "object_id": ids[0], "aspect_type": "update", "owner_id": ATHLETE,
        "subscription_id": made["subscription"]["id"], "event_time": now_ms() / 1000, "updates": {},
    });
    // Whoever sends it again gets the same answer, and the run that waits stands for both.
    for _ in 0..2 {
        assert_eq!(service.send(&strava.callback().unwrap(), &event), 200);
    }
    let kept = service.json(&program, &["runs", "--json"]);
    let hinted = kept["items"].as_array().unwrap().iter().filter(|run| run["pipeline"] == "hints").count();
    assert!((1..=2).contains(&hinted), "{kept}");
}

/// `PACELINE_FORGED_EVENTS` sets another number.
#[test]
fn forged_events_are_taken_at_once_and_put_nothing_into_the_store() {
    let program = Program::on_sqlite();
    let mut service = Service::start(&program);
    let server = service.serve(&program);
    let address = format!("{}/api/v1/webhooks/strava", server.url);
    service.variables.push(("FITNESS_STRAVA_WEBHOOK_URL", address.into()));
    service.connected(&program);
    service.json(&program, &["strava", "webhook", "create", "--json"]);
    let callback = service.upstream.strava().callback().unwrap();
    let mut slowest = Duration::ZERO;
    for number in 0..number_set("PACELINE_FORGED_EVENTS", FORGED) {
        let event = json!({
            "object_type": "activity", "object_id": 1_000_000 + number, "aspect_type": "delete",
            "owner_id": 99_000_000 + number, "subscription_id": 1, "event_time": now_ms() / 1000, "updates": {},
        });
        let begun = Instant::now();
        assert_eq!(service.send(&callback, &event), 200);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let kept = service.json(&program, &["runs", "--json"]);
    let hinted = kept["items"].as_array().unwrap().iter().filter(|run| run["pipeline"] == "hints").count();
    assert_eq!(hinted, 0, "{kept}");
}
