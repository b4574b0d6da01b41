//! Syncing with Strava with the whole program: asked for, killed, hinted at, and taken back.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use store::{Sql, Store};
use upstream::strava::{ALL_SCOPES, ATHLETE, Calls};

use super::Service;
use crate::chaos::{Dice, number_set};
use crate::program::Program;
use crate::workers::hasty;

const KILLS: u64 = 4;
/// What the athlete does between two kills, so that there is work for the next one.
const CHANGES: u64 = 4;
const FORGED: u64 = 200;
const HINTS: Sql = Sql::Both("SELECT COUNT(*) FROM strava_hint");

impl Service {
    /// Connects as one who replaces another program does.
    pub(super) fn connected(&self, program: &Program) {
        let file = program.path("token");
        fs::write(&file, self.upstream.strava().connect(ATHLETE, &ALL_SCOPES).refresh_token).unwrap();
        let told = self
            .json(program, &["strava", "connect", "--json", "--refresh-token-file", file.to_str().unwrap()]);
        assert_eq!(told["account"], ATHLETE.to_string(), "{told}");
    }

    /// Holds what is listed against what Strava knows, names and metres by Strava's ids; answers how many these are.
    fn is_true(&self, program: &Program) -> usize {
        let output = self.run(program, &["activities", "--json", "--limit", "10000"], &[]);
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
        known.len()
    }

    /// An event as Strava sends it, and what it is answered with.
    fn send(&self, client: &reqwest::Client, callback: &str, event: &Value) -> u16 {
        self.runtime.block_on(async {
            let sent = client.post(callback).json(event).send().await.unwrap();
            sent.status().as_u16()
        })
    }

    /// The sync as the server tells it.
    fn asks(&self, url: &str) -> (u16, Value) {
        self.post(&format!("{url}/api/v1/sync"))
    }
}

fn runs_of(program: &Program, pipeline: &str) -> Vec<Value> {
    let mut runs = program.lines(&["runs", "--json"]);
    runs.retain(|run| run["pipeline"] == pipeline);
    runs
}

pub(super) fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// `PACELINE_STRAVA_KILLS` sets another number.
#[test]
fn a_sync_that_is_killed_again_and_again_ends_in_the_truth() {
    let kills = number_set("PACELINE_STRAVA_KILLS", KILLS);
    for program in Program::on_both() {
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        strava.set_limits(Calls::without_end());
        strava.grow(ATHLETE, 40, now_ms() - 3_600_000);
        service.connected(&program);
        let (mut dice, mut cut) = (Dice(7), 0);
        for kill in 0..kills {
            // Much may be gone by then, and would hold up all that follow.
            let asked = if kill % 3 == 0 { "--confirm" } else { "--force" };
            cut += u64::from(service.is_cut(&program, asked, &mut dice));
            (0..CHANGES).for_each(|change| service.happens(kill * CHANGES + change, &mut dice));
        }
        let deadline = Instant::now() + Duration::from_secs(120);
        while service.sync(&program)["state"] != "succeeded" {
            assert!(Instant::now() < deadline);
        }
        let last = service.sync(&program);
        assert_eq!(last["state"], "succeeded", "{last}");
        let compared = service.is_true(&program);
        assert_eq!((strava.calls_while_spent(), strava.stale_refreshes()), (0, 0));
        let status = service.json(&program, &["strava", "status", "--json"]);
        assert_eq!(status["sync"]["whole"], status["sync"]["activities"], "{status}");
        println!("{kills} kills, {cut} of them at work; {compared} activities compared.");
        assert!(cut > 0 || kills == 0);
    }
}

impl Service {
    fn syncing(&self, program: &Program, asked: &str) -> Command {
        let variables = self.variables.iter().map(|(name, value)| (*name, value.as_path()));
        let mut command = hasty(program.command(&["sync", asked, "--json"]));
        command.envs(variables);
        command
    }

    /// Everything, to the end.
    pub(super) fn sync(&self, program: &Program) -> Value {
        let output = self.syncing(program, "--confirm").output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Begins to sync and is killed a moment after it asked for something; false where nothing was asked for.
    fn is_cut(&self, program: &Program, asked: &str, dice: &mut Dice) -> bool {
        self.upstream.forget_calls();
        let mut command = self.syncing(program, asked);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let calls = dice.roll(12) as usize;
        let deadline = Instant::now() + Duration::from_secs(20);
        let is_over = |child: &mut Child| child.try_wait().unwrap().is_some() || Instant::now() > deadline;
        while self.upstream.calls().len() <= calls && !is_over(&mut child) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(dice.roll(40)));
        let was_at_work = child.try_wait().unwrap().is_none();
        let _ = child.kill();
        child.wait().unwrap();
        was_at_work
    }

    /// The sync as the server tells it, once it is as it should be.
    fn until(&self, url: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let (_, _, standing) = self.get(&format!("{url}/api/v1/sync"), "application/json");
            let standing: Value = serde_json::from_str(&standing).unwrap();
            if is_so(&standing) {
                return standing;
            }
            assert!(Instant::now() < deadline, "{standing}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Something that the athlete does meanwhile.
    fn happens(&self, number: u64, dice: &mut Dice) {
        let strava = self.upstream.strava();
        let known: Vec<i64> = strava.truth().activities_of(ATHLETE).iter().map(|one| one.id).collect();
        let one = known[dice.roll(known.len() as u64) as usize];
        let long_ago_ms = now_ms() - (700 + i64::try_from(number).unwrap()) * 86_400_000;
        match number % 4 {
            0 => drop(strava.edit(one, |run| run.name = format!("Renamed {number}"))),
            1 => drop(strava.delete(one)),
            2 => drop(strava.edit(one, |run| run.meters += 100.0)),
            _ => drop(strava.upload_late(ATHLETE, long_ago_ms)),
        }
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
    let standing =
        service.until(&server.url, |standing| standing["synced_ms"].is_i64() && standing["calls_left"] == 0);
    assert_eq!((&standing["connected"], &standing["activities"]), (&true.into(), &3.into()));
    let (status, again) = service.asks(&server.url);
    assert_eq!((status, &again["new"]), (200, &false.into()), "{again}");
    let (status, forced) = service.post(&format!("{}/api/v1/sync?force=1", server.url));
    assert!([200, 202].contains(&status) && forced["run"].is_string(), "{forced}");
}

#[test]
fn much_that_is_gone_waits_for_a_word_over_http_too() {
    let program = Program::on_sqlite();
    let service = Service::start(&program);
    let strava = service.upstream.strava();
    let ids = strava.grow(ATHLETE, 10, now_ms() - 3_600_000);
    service.connected(&program);
    assert_eq!(service.sync(&program)["state"], "succeeded");
    let server = service.serve(&program);
    for id in &ids[..5] {
        strava.delete(*id);
    }
    let (status, asked) = service.post(&format!("{}/api/v1/sync?force=1", server.url));
    assert_eq!(status, 202, "{asked}");
    let standing = service.until(&server.url, |standing| standing["held_back"].is_object());
    assert_eq!((&standing["held_back"]["missing"], &standing["activities"]), (&5.into(), &10.into()));
    let (status, told) = service.post(&format!("{}/api/v1/sync?confirm=1", server.url));
    assert_eq!((status, &told["new"]), (202, &true.into()), "{told}");
    let standing = service.until(&server.url, |standing| standing["held_back"].is_null());
    assert_eq!(standing["activities"], 5, "{standing}");
    service.is_true(&program);
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
        assert_eq!(service.send(&reqwest::Client::new(), &strava.callback().unwrap(), &event), 200);
    }
    let hinted = runs_of(&program, "hints");
    assert!((1..=2).contains(&hinted.len()), "{hinted:?}");
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
    let made = service.json(&program, &["strava", "webhook", "create", "--json"]);
    let subscription = made["subscription"]["id"].as_i64().unwrap();
    let callback = service.upstream.strava().callback().unwrap();
    let client = reqwest::Client::new();
    let (mut slowest, forged) = (Duration::ZERO, number_set("PACELINE_FORGED_EVENTS", FORGED));
    for number in 0..i64::try_from(forged).unwrap() {
        // Whoever sends it knows the secret address, and one of both numbers at most.
        let (owner, of) = match number % 3 {
            0 => (99_000_000 + number, subscription),
            1 => (ATHLETE, subscription + 1 + number),
            _ => (99_000_000 + number, subscription + 1),
        };
        let event = json!({
            "object_type": "activity", "object_id": 1_000_000 + number, "aspect_type": "delete",
            "owner_id": owner, "subscription_id": of, "event_time": now_ms() / 1000, "updates": {},
        });
        let begun = Instant::now();
        assert_eq!(service.send(&client, &callback, &event), 200);
        slowest = slowest.max(begun.elapsed());
    }
    println!("{forged} forged events, the slowest answer after {} ms.", slowest.as_millis());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(runs_of(&program, "hints"), Vec::<Value>::new());
    let kept = service.runtime.block_on(async {
        let store = Store::open(&program.db_url.parse().unwrap()).await.unwrap();
        store.read(|tx| tx.optional(&HINTS, &[], |row| row.get::<i64>(0))).await.unwrap()
    });
    assert_eq!(kept, Some(0));
}
