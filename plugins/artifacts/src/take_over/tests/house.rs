//! A store with an athlete, a folder of the former system, and the step run by hand.

use std::path::Path;
use std::sync::Arc;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::step::{Step, StepError};
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{Activity, Origin};
use fitness::records::activity_weather::Shown;
use fitness::records::athlete::Athlete;
use fitness::records::export_row::ExportRow;
use fitness::records::import_file;
use fitness::records::old_best::{self, Part};
use fitness::stream::{self, Column};
use fitness::weather::Cell;
use fitness::{Changes, Scope, records};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Sql, Store, Tx, Url, params};

use crate::{Options, TakeOver, TakeOverConfig};

const NOW: &str = "2026-06-20T10:00:00Z";

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ($1, 'artifacts', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const END: Sql = Sql::Both(
    "UPDATE activity_weather SET state = $1, reason = $2, conditions = NULL, due_ms = NULL WHERE athlete = 'me'",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ($1, 'me', 0, 0, 1, 1)",
);

pub(super) struct House {
    store: Store,
    folder: tempfile::TempDir,
    runs: u32,
}

fn ms(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_millisecond()
}

impl House {
    /// One in a database of each kind.
    pub(super) async fn each(scenario: impl AsyncFn(Self)) {
        for url in support::databases() {
            scenario(Self::new(&url).await).await;
        }
    }

    async fn new(url: &str) -> Self {
        let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let house = Self { store, folder: tempfile::tempdir().unwrap(), runs: 0 };
        house
            .write(|tx| {
                let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
                records::athlete::ensure(tx, &me)?;
                tx.execute(&SCRIPT, &[]).map(drop)
            })
            .await;
        house
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
    ) -> T {
        self.store.write(write).await.unwrap()
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn put(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// A run of 40 minutes that an export tells of by its source's id; answers the id here.
    pub(super) async fn went(&self, source_id: &'static str, start: &'static str) -> String {
        self.write(move |tx| keep(tx, source_id, start, None)).await
    }

    pub(super) async fn went_indoors(&self, source_id: &'static str, start: &'static str) {
        self.write(move |tx| keep(tx, source_id, start, Some("treadmill"))).await;
    }

    /// What the export tells of an activity.
    pub(super) async fn told(&self, source_id: &'static str, activity: &str, figures: &'static str) {
        let activity = activity.to_owned();
        self.write(move |tx| tell(tx, source_id, &activity, figures)).await;
    }

    /// Notes that the service was asked about all that is due, and nobody knows it or it refused.
    pub(super) async fn ended(&self, state: &'static str, reason: Option<&'static str>) {
        let now_ms = ms(NOW);
        self.write(move |tx| {
            let pending = records::activity_weather::pending(tx, "me", 9)?;
            let planned: Vec<_> =
                pending.into_iter().map(|one| one.plan(Cell::DECIMALS_MOST, now_ms)).collect();
            records::activity_weather::keep(tx, "me", &planned, now_ms)?;
            tx.execute(&END, &params![state, reason]).map(drop)
        })
        .await;
    }

    pub(super) async fn advised(&self, on: &str) {
        let on: Date = on.parse().unwrap();
        self.write(move |tx| records::insight::put(tx, "me", Scope::All, on, "{}")).await;
    }

    pub(super) async fn has_advice(&self, on: &str) -> bool {
        let on: Date = on.parse().unwrap();
        self.write(move |tx| records::insight::get(tx, "me", Scope::All, on)).await.is_some()
    }

    pub(super) async fn shown(&self, id: &str) -> Shown {
        let id = id.to_owned();
        self.write(move |tx| records::activity_weather::of(tx, "me", &id)).await.unwrap()
    }

    /// How many activities the weather service is to be asked about.
    pub(super) async fn due(&self) -> usize {
        let window = (i64::MIN, i64::MAX);
        self.write(move |tx| records::activity_weather::due(tx, "me", window, ms(NOW), 9)).await.len()
    }

    /// Distances, times and ids of activities.
    pub(super) async fn bests(&self, part: Part<'static>) -> Vec<(u32, f64, Option<String>)> {
        let held = self.write(move |tx| old_best::held(tx, "me", part)).await;
        held.into_iter().map(|(best, id)| (best.distance_m, best.elapsed_s, id)).collect()
    }

    /// A new run.
    pub(super) async fn take_over(&mut self) -> Result<Changes, StepError> {
        self.runs += 1;
        let id = self.run();
        self.write(move |tx| {
            tx.execute(&RUN, &params![&id])?;
            tx.execute(&JOB, &params![&id]).map(drop)
        })
        .await;
        self.go_on().await
    }

    /// The last run once more.
    pub(super) async fn go_on(&self) -> Result<Changes, StepError> {
        self.step(json!({ "folder": self.path() }), (Cause::Cli, false)).await
    }

    /// The code with which a run that came over HTTP is refused.
    pub(super) async fn refusal(&mut self, params: Value, is_enabled: bool) -> &'static str {
        if self.runs == 0 {
            drop(self.take_over().await);
        }
        match self.step(params, (Cause::Http, is_enabled)).await {
            Err(StepError::Hopeless(cause)) => cause.code,
            other => panic!("{other:?}"),
        }
    }

    /// What became of each file of the last run.
    pub(super) async fn outcomes(&self) -> Vec<String> {
        let run = self.run();
        let files = self.write(move |tx| import_file::list(tx, &run)).await;
        let line = |file: &import_file::ImportFile| {
            let name = file.path.rsplit('/').next().unwrap();
            let code = file.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{name} {}{code}", file.outcome.as_str())
        };
        files.iter().map(line).collect()
    }

    fn run(&self) -> String {
        format!("run{}", self.runs)
    }

    async fn step(&self, params: Value, (cause, is_enabled): (Cause, bool)) -> Result<Changes, StepError> {
        let options = Options { is_enabled, time_zone: "UTC".to_owned() };
        TakeOver::with(&TakeOverConfig::default(), options).run(&self.context(params, cause), ()).await
    }

    fn context(&self, params: Value, cause: Cause) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: self.run(),
                pipeline: "artifacts".to_owned(),
                partition: "me".to_owned(),
                params,
                cause,
            }),
            clock: Clock::fixed(ms(NOW)),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: Fence::new(&self.run(), 1),
            stop: Stop::default(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), "take_over".into(), 1)
    }
}

fn keep(tx: &mut Tx<'_>, source_id: &str, start: &str, sub_sport: Option<&str>) -> store::Result<String> {
    let number = records::change_number::next(tx, "me")?;
    let recording = Recording {
        sport: "running".to_owned(),
        sub_sport: sub_sport.map(str::to_owned),
        start_ms: Some(ms(start)),
        samples: samples(ms(start)),
        ..Recording::default()
    };
    let origin = Origin {
        athlete: "me",
        provenance: "file",
        source_id,
        file: "a.fit",
        sha256: source_id,
        part: 0,
        parts: 1,
    };
    let activity = Activity::of(&recording, origin, start[..10].parse().ok());
    records::activity::upsert(tx, &activity, number)?;
    let samples = &recording.samples;
    let times = (Column::Time, stream::encode_times(&samples.time_ms));
    let columns = samples.channels.iter();
    let blocks =
        columns.map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
    let blocks: Vec<_> = [times].into_iter().chain(blocks).collect();
    records::activity_stream::replace(tx, &activity.id, &blocks)?;
    tell(tx, source_id, &activity.id, "{}")?;
    Ok(activity.id)
}

fn tell(tx: &mut Tx<'_>, source_id: &str, activity: &str, figures: &str) -> store::Result<()> {
    let row = ExportRow {
        provenance: "bulk_export".to_owned(),
        source_id: source_id.to_owned(),
        archive: "export.zip".to_owned(),
        position: 2,
        file: None,
        activity_id: Some(activity.to_owned()),
        figures: figures.to_owned(),
        columns: "[]".to_owned(),
    };
    records::export_row::put(tx, "me", &row).map(drop)
}

/// A sample a minute, each some metres further north.
fn samples(start_ms: i64) -> Samples {
    let mut samples = Samples {
        time_ms: (0..=40).map(|minute| start_ms + minute * 60_000).collect(),
        ..Samples::default()
    };
    let north = (0..=40).map(|minute| 47.05 + f64::from(minute) * 1e-6).collect();
    samples.channels.insert(Channel::Latitude, north);
    samples.channels.insert(Channel::Longitude, vec![8.31; 41]);
    samples
}
