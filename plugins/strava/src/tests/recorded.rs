//! Recorded exchanges, given again: what is read of them is found in the store, field by field.

mod compared;
mod made;
mod real;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fitness::Scope;
use fitness::gear::Kind;
use fitness::recording::Samples;
use fitness::records::strava::effort::{self, Effort};
use fitness::records::strava::{item, line};
use fitness::records::{self, activity_stream, export_row, lap};
use serde_json::{Value, json};
use store::{Sql, Tx, params};
use upstream::strava::{ATHLETE, Calls};

use self::compared::{Compared, Kept};
use super::house::House;
use crate::decode;
use crate::sport;
use crate::wire;

/// What Strava answered once, as it came.
#[derive(Default)]
pub(super) struct Recording {
    /// The records of the list.
    list: Vec<Value>,
    details: Vec<Value>,
    /// By the id of their activity.
    streams: Vec<(i64, Value)>,
    profile: Value,
    zones: Value,
    gear: Vec<Value>,
    starred: Vec<Value>,
    /// Starred segments as each is told by itself, with its line.
    lines: Vec<Value>,
    /// What is told of the efforts on the first starred segment.
    efforts: Vec<Value>,
}

impl Recording {
    /// Writes exchanges that say the same to whoever asks as the steps do.
    fn write(&self, folder: &Path) {
        let mut count = 0;
        // The quota of the real application would be spent before all is read.
        let headers = ["X-RateLimit", "X-ReadRateLimit"].into_iter().flat_map(|bucket| {
            [(format!("{bucket}-Limit"), json!("9000,90000")), (format!("{bucket}-Usage"), json!("1,1"))]
        });
        let headers: Value = headers.collect();
        let mut write = |path: &str, body: &Value| {
            let exchange = json!({
                "request": { "method": "GET", "uri": format!("https://www.strava.com/api/v3/{path}") },
                "response": { "status": 200, "headers": headers, "body": body },
            });
            fs::write(folder.join(format!("{count:04}.json")), exchange.to_string()).unwrap();
            count += 1;
        };
        write("athlete/activities", &Value::Array(self.list.clone()));
        write("athlete", &self.profile);
        write("athlete/zones", &self.zones);
        for value in self.list.iter().chain(&self.details) {
            write(&format!("activities/{}", id(value)), value);
        }
        for (id, streams) in &self.streams {
            write(&format!("activities/{id}/streams"), streams);
        }
        for gear in &self.gear {
            write(&format!("gear/{}", gear["id"].as_str().unwrap()), gear);
        }
        write("segments/starred", &Value::Array(self.starred.clone()));
        for line in &self.lines {
            write(&format!("segments/{}", id(line)), line);
        }
        let segment = id(&self.starred[0]);
        write(&format!("segment_efforts?segment_id={segment}"), &Value::Array(self.efforts.clone()));
    }
}

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

/// Answers a recording, syncs, and compares; what was found to be compared is counted.
async fn check(recording: &Recording) -> Compared {
    let mut all = Compared::default();
    for url in support::databases() {
        let (house, folder) = (House::new(&url).await, tempfile::tempdir().unwrap());
        recording.write(folder.path());
        house.upstream.replay(folder.path()).unwrap();
        // What is not recorded answers by itself, and would end the quota.
        house.strava().set_limits(Calls::without_end());
        house.sync().await;
        house.athlete().await.unwrap();
        house.segments().await.unwrap();
        let mut compared = Compared::default();
        let details: BTreeMap<i64, &Value> =
            recording.details.iter().map(|value| (id(value), value)).collect();
        for listed in &recording.list {
            let detail = details.get(&id(listed)).copied().unwrap_or(listed);
            compared.activity((listed, detail), &house.kept_of(listed).await);
        }
        for (activity, streams) in &recording.streams {
            let listed = recording.list.iter().find(|listed| id(listed) == *activity).unwrap();
            compared.streams(listed, streams, &house.kept_of(listed).await.samples);
        }
        house.has_items(recording).await;
        house.has_lines(recording).await;
        house.has_gear(recording).await;
        house.has_efforts(recording, &mut compared).await;
        all = compared;
    }
    all
}

impl House {
    /// What the store has of an activity.
    async fn kept_of(&self, listed: &Value) -> Kept {
        const ROW: Sql = Sql::Both("SELECT utc_offset_s FROM activity WHERE id = $1");
        const TOLD: Sql = Sql::Both("SELECT summary, detail FROM strava_activity WHERE strava_id = $1");
        let strava_id = id(listed);
        let read = move |tx: &mut Tx<'_>| {
            let id = decode::activity_id("me", strava_id);
            let (summary, detail): (String, String) =
                tx.optional(&TOLD, &params![strava_id], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap();
            Ok(Kept {
                shown: records::activity::get(tx, "me", &id)?.unwrap(),
                utc_offset_s: tx.optional(&ROW, &params![&id], |row| row.get(0))?.flatten(),
                told: export_row::told(tx, "me", std::slice::from_ref(&id))?.remove(&id).unwrap(),
                laps: lap::list(tx, &id)?,
                samples: Samples::unpack(&activity_stream::all(tx, &id)?),
                summary: serde_json::from_str(&summary).unwrap(),
                detail: serde_json::from_str(&detail).unwrap(),
            })
        };
        self.read(read).await
    }

    /// Profile, zones, gear and segments are kept as they came.
    async fn has_items(&self, recording: &Recording) {
        let one = |value: &Value| vec![("own".to_owned(), value.clone())];
        let each = |values: &[Value]| {
            let name = |value: &Value| value["id"].as_str().map_or(value["id"].to_string(), str::to_owned);
            let mut each: Vec<_> = values.iter().map(|value| (name(value), value.clone())).collect();
            each.sort_unstable_by(|one, other| one.0.cmp(&other.0));
            each
        };
        for (kind, wanted) in [
            ("athlete", one(&recording.profile)),
            ("zones", one(&recording.zones)),
            ("gear", each(&recording.gear)),
            ("segment", each(&recording.starred)),
        ] {
            let kept = self.read(move |tx| item::list(tx, "me", kind)).await;
            let kept: Vec<(String, Value)> = kept
                .into_iter()
                .map(|item| (item.item_id, serde_json::from_str(&item.body).unwrap()))
                .collect();
            assert_eq!(kept, wanted, "{kind}");
        }
    }

    /// Of what a starred segment is by itself, name, sport and line are kept.
    async fn has_lines(&self, recording: &Recording) {
        for raw in &recording.lines {
            let strava_id = id(raw);
            let kept = self.read(move |tx| line::get(tx, "me", strava_id)).await.unwrap();
            let told = (Some(kept.name.as_str()), Some(kept.polyline.as_str()));
            assert_eq!(told, (raw["name"].as_str(), raw["map"]["polyline"].as_str()));
            assert_eq!(kept.sport, sport::named(raw["activity_type"].as_str().unwrap()).0);
        }
    }

    /// Gear is told as its source has it, with the distance of the activities that name it.
    async fn has_gear(&self, recording: &Recording) {
        let shown = self.read(|tx| records::gear::overview(tx, "me", Scope::All)).await;
        for raw in &recording.gear {
            let gear = shown.iter().find(|gear| raw["name"] == *gear.name).unwrap();
            let of_it = recording.list.iter().filter(|listed| listed["gear_id"] == raw["id"]);
            let meters: Vec<f64> = of_it.map(|listed| listed["distance"].as_f64().unwrap()).collect();
            assert_eq!(gear.totals.uses as usize, meters.len(), "{raw}");
            assert!((gear.totals.meters - meters.iter().sum::<f64>()).abs() < 1e-6, "{raw}");
            assert_eq!(gear.is_retired, raw["retired"] == true, "{raw}");
            for (word, text) in [("brand_name", &gear.brand), ("model_name", &gear.model)] {
                assert_eq!(raw[word].as_str(), text.as_deref(), "{raw}");
            }
            let is_bike = raw["id"].as_str().unwrap().starts_with('b');
            assert_eq!(gear.kind, if is_bike { Kind::Bike } else { Kind::Shoes }, "{raw}");
        }
        let of_others = self.read(|tx| records::gear::overview(tx, "me", Scope::Shareable)).await;
        assert_eq!(of_others, [], "nobody else is told of it");
    }

    async fn has_efforts(&self, recording: &Recording, compared: &mut Compared) {
        let within = recording.details.iter().flat_map(|detail| detail["segment_efforts"].as_array());
        for raw in within.flatten().chain(&recording.efforts) {
            let effort = wire::Effort::read(raw).unwrap();
            let kept = self.kept_effort(effort.segment_id, effort.id).await;
            compared.effort("effort", raw, &effort, &kept);
        }
        for raw in &recording.starred {
            let wire::Segment { id, best } = wire::Segment::read(raw).unwrap();
            let best = best.unwrap();
            let kept = self.kept_effort(id, best.id).await;
            compared.effort("best effort", &raw["athlete_pr_effort"], &best, &kept);
        }
    }

    async fn kept_effort(&self, segment_id: i64, effort_id: i64) -> Effort {
        let efforts = self.read(move |tx| effort::of_segment(tx, "me", segment_id)).await;
        efforts.into_iter().find(|effort| effort.effort_id == effort_id).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_exchanges_lose_no_field_that_is_read() {
    let compared = check(&made::recording()).await;
    assert_eq!(compared.never_told(), Vec::<&str>::new(), "the made recording tells everything");
    let Some(real) = real::recording() else { return };
    let compared = check(&real).await;
    assert_eq!(compared.never_told(), real::NEVER, "what no real record tells is proven by the made one");
}
