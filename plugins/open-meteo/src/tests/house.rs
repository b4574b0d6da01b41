//! A store with an athlete, the service beside it, and the steps run by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::http::{Base, Http};
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::step::{Gather, Step, StepError};
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{Activity, Origin};
use fitness::records::activity_weather::Shown;
use fitness::records::athlete::Athlete;
use fitness::records::export_row::ExportRow;
use fitness::stream::{self, Column};
use fitness::weather::{Cell, Hour};
use fitness::{Changes, Scope, records};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use store::{Sql, Store, Tx, Url};
use upstream::Upstream;
use upstream::open_meteo::Host;

use crate::{Forecast, ForecastConfig, History, HistoryConfig, Options};

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'weather', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);

const FORGET: Sql = Sql::Both("DELETE FROM step_cursor");

pub(super) const LUCERNE: (f64, f64) = (47.05, 8.31);

pub(super) struct House {
    store: Store,
    pub(super) upstream: Upstream,
    now_ms: Arc<AtomicI64>,
    /// How long an answer may take.
    pub(super) patience: Duration,
}

/// An outing to be.
#[derive(Debug, Clone)]
pub(super) struct Outing {
    pub(super) start: &'static str,
    pub(super) minutes: i64,
    pub(super) place: Option<(f64, f64)>,
    pub(super) sport: &'static str,
    pub(super) sub_sport: Option<&'static str>,
}

pub(super) fn run(start: &'static str) -> Outing {
    Outing { start, minutes: 40, place: Some(LUCERNE), sport: "running", sub_sport: None }
}

pub(super) fn ms(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_millisecond()
}

impl House {
    /// At that time, in a database of each kind.
    pub(super) async fn each<F: Future<Output = ()>>(now: &str, scenario: impl Fn(Self) -> F) {
        for url in support::databases() {
            scenario(Self::new(&url, now).await).await;
        }
    }

    pub(super) async fn new(url: &str, now: &str) -> Self {
        let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let held = store
            .write(|tx| [&SCRIPT, &RUN, &JOB].into_iter().try_for_each(|sql| tx.execute(sql, &[]).map(drop)));
        held.await.unwrap();
        let now_ms = Arc::new(AtomicI64::new(ms(now)));
        let upstream = Upstream::start_at(ms(now)).await.unwrap();
        let patience = Options::standard().time_limit;
        let house = Self { store, upstream, now_ms, patience };
        house
            .write(|tx| {
                let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
                records::athlete::ensure(tx, &me)
            })
            .await;
        house
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
    ) -> T {
        self.store.write(write).await.unwrap()
    }

    /// Later, for the service as well.
    pub(super) fn at(&self, now: &str) {
        // First the service's, or a worker between the two would ask in a window that is over for us alone.
        self.upstream.clock().set(ms(now));
        self.now_ms.store(ms(now), Ordering::Relaxed);
    }

    pub(super) fn wait(&self, length: Duration) {
        let ms = i64::try_from(length.as_millis()).unwrap();
        self.upstream.clock().advance(length);
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Keeps an outing as the import does, and answers its id.
    pub(super) async fn went(&self, outing: &Outing) -> String {
        let outing = outing.clone();
        self.write(move |tx| {
            let number = records::change_number::next(tx, "me")?;
            outing.keep_linked(tx, ("file", outing.start), number)
        })
        .await
    }

    /// So many runs of a day each, at a place each.
    pub(super) async fn went_everywhere(&self, count: usize) {
        self.write(move |tx| {
            let number = records::change_number::next(tx, "me")?;
            for index in 0..count {
                let outing =
                    Outing { place: Some((40.0 + index as f64 * 0.02, 8.0)), ..run("2024-03-02T08:10:00Z") };
                outing.keep(tx, &index.to_string(), number)?;
            }
            Ok(())
        })
        .await;
    }

    /// Keeps an outing that the Strava API alone tells of, and answers its id.
    pub(super) async fn told_by_the_api(&self, outing: &Outing) -> String {
        let outing = outing.clone();
        self.write(move |tx| {
            let number = records::change_number::next(tx, "me")?;
            outing.keep_linked(tx, (fitness::STRAVA_API, outing.start), number)
        })
        .await
    }

    /// What an export tells of an outing.
    pub(super) async fn told(&self, id: &str, figures: Value) {
        let id = id.to_owned();
        self.write(move |tx| {
            let row = ExportRow {
                provenance: "bulk_export".to_owned(),
                source_id: id.clone(),
                archive: "export.zip".to_owned(),
                position: 2,
                file: None,
                activity_id: Some(id.clone()),
                figures: figures.to_string(),
                columns: "[]".to_owned(),
            };
            records::export_row::put(tx, "me", &row)
        })
        .await;
    }

    pub(super) async fn lives_in(&self, (latitude, longitude): (f64, f64)) {
        let cell = Cell::of(latitude, longitude, 2);
        let now_ms = self.now_ms.load(Ordering::Relaxed);
        self.write(move |tx| records::weather_home::set(tx, "me", cell, now_ms)).await;
    }

    pub(super) async fn advised(&self, on: &str) {
        let on: Date = on.parse().unwrap();
        self.write(move |tx| records::insight::put(tx, "me", Scope::All, on, "{}")).await;
    }

    pub(super) async fn has_advice(&self, on: &str) -> bool {
        let on: Date = on.parse().unwrap();
        self.write(move |tx| records::insight::get(tx, "me", Scope::All, on)).await.is_some()
    }

    /// Goes on with the run that was cut, with the step's usual configuration.
    pub(super) async fn look_on(&self) -> Result<Changes, StepError> {
        let step = History::with(&HistoryConfig::default(), self.options()).unwrap();
        step.run(&self.context(json!({})), (Gather(Vec::new()),)).await
    }

    /// Looks back with the step's usual configuration.
    pub(super) async fn look(&self) -> Result<Changes, StepError> {
        self.look_with(json!({}), json!({})).await.map(|(changes, _)| changes)
    }

    /// Looks back, and answers how many calls that took.
    pub(super) async fn look_with(&self, config: Value, params: Value) -> Result<(Changes, u64), StepError> {
        // A run of its own.
        self.write(|tx| tx.execute(&FORGET, &[]).map(drop)).await;
        let config: HistoryConfig = serde_json::from_value(config).unwrap();
        let step = History::with(&config, self.options()).unwrap();
        let ctx = self.context(params);
        let changes = step.run(&ctx, (Gather(Vec::new()),)).await?;
        Ok((changes, ctx.meter.readings().upstream_calls))
    }

    /// Looks back in vain, and answers how many calls that took.
    pub(super) async fn calls_of_a_failure(&self) -> u64 {
        let ctx = self.context(json!({}));
        let step = History::with(&HistoryConfig::default(), self.options()).unwrap();
        step.run(&ctx, (Gather(Vec::new()),)).await.unwrap_err();
        ctx.meter.readings().upstream_calls
    }

    pub(super) async fn forecast(&self) -> Result<Changes, StepError> {
        let step = Forecast::with(&ForecastConfig::default(), self.options()).unwrap();
        step.run(&self.context(json!({})), ()).await
    }

    pub(super) async fn shown(&self, id: &str) -> Shown {
        let id = id.to_owned();
        self.write(move |tx| records::activity_weather::of(tx, "me", &id)).await.unwrap()
    }

    /// State, and temperature at the start to two decimals.
    pub(super) async fn state(&self, id: &str) -> (&'static str, Option<f64>) {
        let shown = self.shown(id).await;
        let temperature = shown.conditions.and_then(|conditions| conditions.start.temperature_c);
        (shown.state, temperature.map(|celsius| (celsius * 100.0).round() / 100.0))
    }

    /// What a host says of the moment at which an outing began.
    pub(super) fn truth(&self, host: Host, start: &str) -> f64 {
        let (latitude, longitude) = LUCERNE;
        let hour = Hour::before(ms(start));
        let at = |hour: i64| {
            let of = |variable| {
                self.upstream.open_meteo().value(host, latitude, longitude, hour * 3_600_000, variable)
            };
            of("temperature_2m").unwrap()
        };
        let along = (ms(start) - hour.start_ms()) as f64 / 3_600_000.0;
        let celsius = at(hour.0) * (1.0 - along) + at(hour.0 + 1) * along;
        (celsius * 100.0).round() / 100.0
    }

    pub(super) fn calls(&self) -> usize {
        self.upstream.calls().len()
    }

    pub(super) fn store(&self) -> Store {
        self.store.clone()
    }

    pub(super) fn clock(&self) -> Clock {
        let now_ms = self.now_ms.clone();
        Clock::from_fn(move || now_ms.load(Ordering::Relaxed))
    }

    pub(super) fn options(&self) -> Options {
        let base = |host| Base::parse(&self.upstream.open_meteo_url(host)).ok();
        Options {
            forecast: base(Host::Forecast),
            archive: base(Host::Archive),
            historical_forecast: base(Host::Historical),
            key: None,
            time_limit: self.patience,
        }
    }

    fn context(&self, params: Value) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: "weather".to_owned(),
                partition: "me".to_owned(),
                params,
                cause: Cause::Cli,
            }),
            clock: self.clock(),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: Fence::new("run", 1),
            stop: Stop::default(),
            http: Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), "history".into(), 1)
    }
}

impl Outing {
    /// Keeps it, and links it with other records of the same one.
    fn keep_linked(&self, tx: &mut Tx<'_>, source: (&str, &str), number: i64) -> store::Result<String> {
        let id = self.keep_as(tx, source, number)?;
        records::activity::duplicate::relink(tx, "me", &[ms(self.start)], number)?;
        Ok(id)
    }

    fn keep(&self, tx: &mut Tx<'_>, source_id: &str, number: i64) -> store::Result<String> {
        self.keep_as(tx, ("file", source_id), number)
    }

    fn keep_as(
        &self,
        tx: &mut Tx<'_>,
        (provenance, source_id): (&str, &str),
        number: i64,
    ) -> store::Result<String> {
        let start_ms = ms(self.start);
        let recording = Recording {
            sport: self.sport.to_owned(),
            sub_sport: self.sub_sport.map(str::to_owned),
            start_ms: Some(start_ms),
            samples: self.samples(start_ms),
            ..Recording::default()
        };
        let origin = Origin {
            athlete: "me",
            provenance,
            source_id,
            file: "a.fit",
            sha256: &format!("{provenance} {source_id}"),
            part: 0,
            parts: 1,
        };
        let day: Date = self.start[..10].parse().unwrap();
        let activity = Activity::of(&recording, origin, Some(day));
        records::activity::upsert(tx, &activity, number)?;
        let samples = &recording.samples;
        let times = (Column::Time, stream::encode_times(&samples.time_ms));
        let columns = samples.channels.iter();
        let blocks =
            columns.map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
        let blocks: Vec<_> = [times].into_iter().chain(blocks).collect();
        records::activity_stream::replace(tx, &activity.id, &blocks)?;
        Ok(activity.id)
    }

    /// A sample a minute, each some metres further north.
    fn samples(&self, start_ms: i64) -> Samples {
        let minutes = 0..=self.minutes;
        let mut samples = Samples {
            time_ms: minutes.clone().map(|minute| start_ms + minute * 60_000).collect(),
            ..Samples::default()
        };
        if let Some((latitude, longitude)) = self.place {
            let north = minutes.clone().map(|minute| latitude + minute as f64 * 1e-6).collect();
            samples.channels.insert(Channel::Latitude, north);
            samples.channels.insert(Channel::Longitude, minutes.map(|_| longitude).collect());
        }
        samples
    }
}
