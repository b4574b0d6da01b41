//! A store with an athlete, and the steps run by hand.

use std::sync::Arc;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::step::{Gather, Step};
use fitness::ground::Place;
use fitness::ground::explorer::Tiles;
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{Activity, Origin};
use fitness::records::activity_place::Filter;
use fitness::records::athlete::Athlete;
use fitness::records::segment::New;
use fitness::records::segment_effort::Ranked;
use fitness::stream::{self, Column};
use fitness::{Scope, records};
use serde_json::json;
use store::{Sql, Store, Tx, Url};

use crate::Walked;

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'ways', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);
const DAY_MS: i64 = 86_400_000;
/// 2024-03-01T08:00:00Z.
const MARCH_MS: i64 = 1_709_280_000_000;
const DEGREE_M: f64 = 111_195.0;

#[derive(Clone)]
pub(super) struct House {
    athlete: String,
    pub(super) store: Store,
}

/// A store in which a run is held.
pub(super) async fn store(url: &str) -> Store {
    let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let held = store
        .write(|tx| [&SCRIPT, &RUN, &JOB].into_iter().try_for_each(|sql| tx.execute(sql, &[]).map(drop)));
    held.await.unwrap();
    store
}

/// A place so many metres east and north of 47 degrees north.
pub(super) fn place((east_m, north_m): (f64, f64)) -> Place {
    let latitude = 47.0 + north_m / DEGREE_M;
    Place { latitude, longitude: 8.0 + east_m / DEGREE_M / 47.0_f64.to_radians().cos() }
}

/// What was recorded, one of it a day.
pub(super) struct Outing {
    pub(super) day: i64,
    pub(super) sport: &'static str,
    pub(super) provenance: &'static str,
    /// Corners of the way in metres; it is gone at 4 m/s, or whatever `speed` says.
    pub(super) corners: Vec<(f64, f64)>,
    pub(super) speed: f64,
}

/// A run along corners.
pub(super) fn run(day: i64, speed: f64, corners: &[(f64, f64)]) -> Outing {
    Outing { day, sport: "running", provenance: "file", corners: corners.to_vec(), speed }
}

impl House {
    pub(super) async fn new(store: &Store, athlete: &str) -> Self {
        let house = Self { athlete: athlete.to_owned(), store: store.clone() };
        house
            .write(|tx, athlete| {
                let athlete = Athlete { id: athlete.to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
                records::athlete::ensure(tx, &athlete)
            })
            .await;
        house
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        mut write: impl FnMut(&mut Tx<'_>, &str) -> store::Result<T> + Send + 'static,
    ) -> T {
        let athlete = self.athlete.clone();
        self.store.write(move |tx| write(tx, &athlete)).await.unwrap()
    }

    /// Keeps an outing with its samples, as whoever stores them must: with a change number.
    pub(super) async fn keep(&self, outing: Outing) -> String {
        self.write(move |tx, athlete| {
            let samples = recorded(&outing);
            let recording = Recording {
                sport: outing.sport.to_owned(),
                start_ms: samples.time_ms.first().copied(),
                samples: samples.clone(),
                ..Recording::default()
            };
            let source_id = format!("{} {} {}", outing.day, outing.sport, outing.provenance);
            let origin = Origin {
                athlete,
                provenance: outing.provenance,
                source_id: &source_id,
                file: "a.fit",
                sha256: &source_id,
                part: 0,
                parts: 1,
            };
            let day =
                fitness::day::local_date(MARCH_MS + outing.day * DAY_MS, None, &jiff::tz::TimeZone::UTC);
            let activity = Activity::of(&recording, origin, day);
            let number = records::change_number::next(tx, athlete)?;
            records::activity::upsert(tx, &activity, number)?;
            records::activity_stream::replace(tx, &activity.id, &packed(&samples))?;
            records::activity::touch_one(tx, &activity.id, number)?;
            Ok(activity.id)
        })
        .await
    }

    /// Links the records of one activity, as an import does.
    pub(super) async fn link(&self) {
        self.write(|tx, athlete| {
            let changed = records::change_number::next(tx, athlete)?;
            records::activity::duplicate::relink(tx, athlete, &[MARCH_MS], changed).map(drop)
        })
        .await;
    }

    /// Removes an activity, as whoever takes activities in does.
    pub(super) async fn remove(&self, id: String) {
        self.write(move |tx, athlete| {
            let mut intake = records::intake::Intake::new(tx, athlete);
            intake.remove(&id)?;
            intake.relink()?;
            intake.close().map(drop)
        })
        .await;
    }

    pub(super) async fn define(&self, name: &'static str, corners: &[(f64, f64)]) -> String {
        let line: Vec<Place> = drawn(corners, 10.0).into_iter().map(place).collect();
        self.write(move |tx, athlete| {
            let new = New::of_gpx(name, Some("running"), line.clone()).unwrap();
            records::segment::define(tx, athlete, &new, 0)
        })
        .await
    }

    /// Runs a step, and answers what it says.
    pub(super) async fn work<S>(&self, step: S) -> Walked
    where
        S: Step<Input = (Gather<fitness::Changes>,), Output = Walked>,
    {
        let ctx = self.context("ways", S::KIND);
        step.run(&ctx, (Gather(Vec::new()),)).await.unwrap()
    }

    /// The seconds of every effort on a segment, the fastest first.
    pub(super) async fn ranked(&self, segment: &str) -> Vec<Ranked> {
        let segment = segment.to_owned();
        self.write(move |tx, athlete| records::segment_effort::ranked(tx, athlete, Scope::All, &segment))
            .await
    }

    pub(super) async fn seconds(&self, segment: &str) -> Vec<f64> {
        self.ranked(segment).await.iter().map(|effort| effort.elapsed_s.round()).collect()
    }

    /// How many cells the athlete has been to, and how many of them others may see.
    pub(super) async fn ground(&self) -> [usize; 2] {
        self.write(|tx, athlete| {
            let count = |tx: &mut Tx<'_>, scope| {
                let outings = records::activity_place::outings(tx, athlete, scope, &Filter::default())?;
                Ok::<_, store::Error>(Tiles::of(19, outings.iter().map(|outing| &outing.cells)).len())
            };
            Ok([count(tx, Scope::All)?, count(tx, Scope::Shareable)?])
        })
        .await
    }

    /// The routes of a scope, each with how many outings it has.
    pub(super) async fn routes(&self, scope: Scope) -> Vec<(String, u32)> {
        let listed = self.write(move |tx, athlete| records::route::list(tx, athlete, scope, None)).await;
        listed.into_iter().map(|route| (route.id, route.outings)).collect()
    }

    pub(super) fn context(&self, pipeline: &str, step: &str) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: pipeline.to_owned(),
                partition: self.athlete.clone(),
                params: json!({}),
                cause: Cause::Cli,
            }),
            clock: Clock::fixed(MARCH_MS),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: Fence::new("run", 1),
            stop: Stop::default(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), step.into(), 1)
    }
}

/// Corners joined by points that are so many metres apart.
fn drawn(corners: &[(f64, f64)], apart_m: f64) -> Vec<(f64, f64)> {
    let mut points = vec![corners[0]];
    for pair in corners.windows(2) {
        let (east, north) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = (east.hypot(north) / apart_m).round().max(1.0);
        let at = |step: usize| step as f64 / steps;
        points.extend(
            (1..=steps as usize).map(|step| (pair[0].0 + at(step) * east, pair[0].1 + at(step) * north)),
        );
    }
    points
}

/// A sample a second, at 150 bpm.
fn recorded(outing: &Outing) -> Samples {
    let places: Vec<Place> = drawn(&outing.corners, outing.speed).into_iter().map(place).collect();
    let start_ms = MARCH_MS + outing.day * DAY_MS;
    let channels = [
        (Channel::Latitude, places.iter().map(|place| place.latitude).collect()),
        (Channel::Longitude, places.iter().map(|place| place.longitude).collect()),
        (Channel::HeartRate, vec![150.0; places.len()]),
    ];
    let time_ms = (0..places.len() as i64).map(|second| start_ms + second * 1000).collect();
    Samples { time_ms, channels: channels.into(), breaks: Vec::new() }
}

fn packed(samples: &Samples) -> Vec<(Column, Vec<u8>)> {
    let times = (Column::Time, stream::encode_times(&samples.time_ms));
    let channels = samples.channels.iter();
    let blocks =
        channels.map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
    [times].into_iter().chain(blocks).collect()
}
