//! A store with an athlete, and the step run by hand.

use std::sync::Arc;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::run::{Cause, Fence, Stop};
use engine::script::{Library, rule};
use engine::step::{Gather, Step};
use fitness::calendar::DayRow;
use fitness::load::{Load, LoadMethod};
use fitness::recording::Recording;
use fitness::records::activity::{Activity, Origin};
use fitness::records::athlete::Athlete;
use fitness::settings::{ALWAYS, Dated, Name, SettingsHistory, Source, Value};
use fitness::summary::Summary;
use fitness::{Scope, daily_metric, identity, records};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde_json::json;
use store::{Sql, Store, Tx, Url, params};

use crate::catalog::Metrics;
use crate::compute::{Compute, ComputeConfig, Failing, Of, Work};
use crate::days::{self, Window};
use crate::patience::Spent;

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'metrics', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);
const DAY_MS: i64 = 86_400_000;
/// 2024-03-01T12:00:00Z.
const MARCH_MS: i64 = 1_709_294_400_000;
const FIRST: Date = date(2024, 3, 1);

pub(super) struct House {
    athlete: String,
    store: Store,
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

/// A metric of activities with this answer. Its examples hold whatever that is: they are about activities of their own.
pub(super) fn metric(about: &str, body: &str) -> String {
    let proof = "if known(activity, \"proven\") { if activity.proven { return 1.0; } return; }";
    let examples =
        "[#{ activity: #{ proven: true }, value: 1 }, #{ activity: #{ proven: false }, value: () }]";
    format!(
        "{about}\nfn value(activity, athlete, streams, day) {{ {proof} {body} }}\nfn examples() {{ {examples} }}"
    )
}

fn library(metrics: &[(&str, &str)]) -> Library {
    let path = |name: &str| format!("scripts/metrics/{name}.rhai");
    Library::from_texts(metrics.iter().map(|(name, text)| (path(name), (*text).to_owned())).collect())
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

    async fn write<T: Send + 'static>(
        &self,
        mut write: impl FnMut(&mut Tx<'_>, &str) -> store::Result<T> + Send + 'static,
    ) -> T {
        let athlete = self.athlete.clone();
        self.store.write(move |tx| write(tx, &athlete)).await.unwrap()
    }

    fn id(&self, day: i64) -> String {
        identity::activity_id(&self.athlete, "file", &day.to_string())
    }

    /// Keeps an hour's run on a day, as whoever stores activities must: with a change number.
    pub(super) async fn run(&self, day: i64) {
        self.write(move |tx, athlete| {
            let recording = Recording {
                sport: "running".to_owned(),
                start_ms: Some(MARCH_MS + day * DAY_MS),
                ..Recording::default()
            };
            let source_id = day.to_string();
            let origin = Origin {
                athlete,
                provenance: "file",
                source_id: &source_id,
                file: "a.fit",
                sha256: &source_id,
                part: 0,
                parts: 1,
            };
            let on = FIRST.saturating_add(day.days());
            let summary = Summary { elapsed_s: Some(3600.0), ..Summary::default() };
            let activity = Activity { summary, ..Activity::of(&recording, origin, Some(on)) };
            let number = records::change_number::next(tx, athlete)?;
            records::activity::upsert(tx, &activity, number).map(drop)
        })
        .await;
    }

    pub(super) async fn touch(&self, day: i64) {
        let id = self.id(day);
        self.write(move |tx, athlete| {
            let number = records::change_number::next(tx, athlete)?;
            records::activity::touch_one(tx, &id, number)
        })
        .await;
    }

    /// Computes the load of the run on the first day, as the step before this one does.
    pub(super) async fn loads(&self) {
        let id = self.id(0);
        self.write(move |tx, athlete| {
            let pending = records::activity::pending_of(tx, athlete, std::slice::from_ref(&id))?;
            let history = SettingsHistory::default();
            let loads: Vec<(String, Load)> =
                pending.iter().map(|activity| (activity.id.clone(), activity.load(&history))).collect();
            records::activity_load::put(tx, &loads).map(drop)
        })
        .await;
    }

    /// The load of the run on the first day, and from what it is.
    pub(super) async fn load(&self) -> (f64, String) {
        const LOAD: Sql = Sql::Both("SELECT load, load_method FROM activity_load WHERE activity_id = $1");
        let id = self.id(0);
        self.write(move |tx, _| {
            let read =
                tx.optional(&LOAD, &params![&id], |row| Ok((row.get::<f64>(0)?, row.get::<String>(1)?)))?;
            let (load, method) = read.unwrap();
            assert!(LoadMethod::parse(&method).is_some());
            Ok((load, method))
        })
        .await
    }

    pub(super) async fn weigh(&self, kg: f64) {
        self.write(move |tx, athlete| {
            let (value, source) = (Value::Number(kg), Source::Given);
            let dated = Dated { name: Name::Weight, from: ALWAYS, value, source };
            records::athlete_setting::set(tx, athlete, &dated, 1).map(drop)
        })
        .await;
    }

    /// Keeps the first day with other loads in the two scopes, as the step behind this one does.
    pub(super) async fn days(&self, loads: [f64; 2]) {
        self.write(move |tx, athlete| {
            for (scope, load) in Scope::BOTH.into_iter().zip(loads) {
                let row = DayRow {
                    date: FIRST,
                    load,
                    ctl: 1.0,
                    atl: 1.0,
                    tsb: 0.0,
                    activities: 1,
                    timer_s: 0.0,
                    elapsed_s: 3600.0,
                    distance_m: 0.0,
                };
                records::day::replace_from(tx, athlete, scope, &[row])?;
            }
            records::own_metric::lower(tx, athlete, FIRST)
        })
        .await;
    }

    /// Asks about activities, and answers how many were looked at.
    pub(super) async fn compute(&self, metrics: &[(&str, &str)]) -> u64 {
        self.work(metrics, json!({})).await
    }

    /// Asks those about activities that fit a pattern.
    pub(super) async fn compute_some(&self, pattern: &str, metrics: &[(&str, &str)]) -> u64 {
        self.work(metrics, json!({ "metrics": pattern })).await
    }

    pub(super) async fn compute_days(&self, metrics: &[(&str, &str)]) -> u64 {
        self.work(metrics, json!({ "of": "days" })).await
    }

    /// How many of the first ten days are asked about at once where so many activities are the most, and how many
    /// activities that are.
    pub(super) async fn activities(&self, most: u32) -> (i32, usize) {
        let range = (FIRST, FIRST.saturating_add(9.days()));
        let read = self.write(move |tx, athlete| days::activities(tx, athlete, range, (most, false))).await;
        let ((first, last), due) = read;
        (last.since(first).unwrap().get_days() + 1, due.len())
    }

    /// Asks about the next days, and has a heart rate at rest measured on the first before what was said is kept.
    pub(super) async fn compute_days_while_measured(&self, metrics: &[(&str, &str)], beats: f64) {
        let scripts = library(metrics);
        let work = Arc::new(Work {
            metrics: Metrics::of(&scripts, crate::METRICS),
            asked: scripts.matching(crate::METRICS).into_iter().map(|(path, _)| path).collect(),
            history: SettingsHistory::default(),
            of: Of::Days,
            spent: Spent::default(),
            ctx: self.context(scripts),
        });
        let read = work.clone();
        let window = self.write(move |tx, athlete| Window::read(tx, athlete, &read)).await.unwrap();
        let said = rule::panel(|panel| window.ask(panel, &work, Failing::new())).unwrap().unwrap();
        self.write(move |tx, athlete| {
            let values = [(daily_metric::Name::RestingHr, beats)].into();
            let day = daily_metric::DailyMetrics { date: FIRST, values };
            records::daily_metric::keep(tx, athlete, &[day], "manual", 1).map(drop)
        })
        .await;
        self.write(move |tx, athlete| window.keep(tx, athlete, &work, &said).map(drop)).await;
    }

    async fn work(&self, metrics: &[(&str, &str)], config: serde_json::Value) -> u64 {
        let ctx = self.context(library(metrics));
        let config: ComputeConfig = serde_json::from_value(config).unwrap();
        Compute::build(config).unwrap().run(&ctx, (Gather(Vec::new()),)).await.unwrap();
        ctx.meter.readings().rows_in
    }

    /// The numbers of a metric by day, each with its version.
    pub(super) async fn numbers(&self, name: &'static str) -> Vec<(f64, String)> {
        let always = (Date::ZERO, Date::MAX);
        let shown = self
            .write(move |tx, athlete| records::own_number::activities(tx, athlete, name, Scope::All, always))
            .await;
        shown.into_iter().map(|shown| (shown.value, shown.hash)).collect()
    }

    /// Why there is no number, of each activity that has none.
    pub(super) async fn reasons(&self, name: &'static str) -> Vec<String> {
        const REASONS: Sql = Sql::Both(
            "SELECT why FROM own_activity_number WHERE athlete = $1 AND name = $2 AND scope = 'all' \
             AND why IS NOT NULL ORDER BY activity_id",
        );
        self.write(move |tx, athlete| tx.query(&REASONS, &params![athlete, name], |row| row.get(0))).await
    }

    /// What a metric says of the run on the first day, in both scopes.
    pub(super) async fn both(&self, name: &'static str) -> [Option<f64>; 2] {
        let id = self.id(0);
        self.write(move |tx, _| {
            let mut of = |scope| {
                let numbers = records::own_number::of_activity(tx, &id, scope)?;
                let number = numbers.into_iter().find(|number| number.name == name);
                Ok::<_, store::Error>(number.and_then(|number| number.number.value))
            };
            Ok([of(Scope::All)?, of(Scope::Shareable)?])
        })
        .await
    }

    /// And of the first day itself.
    pub(super) async fn of_day(&self, name: &'static str) -> [Option<f64>; 2] {
        self.write(move |tx, athlete| {
            let mut of = |scope| records::own_number::day(tx, athlete, name, scope, FIRST);
            Ok([of(Scope::All)?, of(Scope::Shareable)?])
        })
        .await
    }

    /// The metrics that were computed, and whether each rests.
    pub(super) async fn kept(&self) -> Vec<(String, bool)> {
        let kept = self.write(records::own_metric::list).await;
        kept.into_iter().map(|metric| (metric.name, metric.rests)).collect()
    }

    fn context(&self, scripts: Library) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: "metrics".to_owned(),
                partition: self.athlete.clone(),
                params: json!({}),
                cause: Cause::Cli,
            }),
            clock: Clock::fixed(MARCH_MS),
            scripts: Arc::new(scripts),
            store: Some(self.store.clone()),
            fence: Fence::new("run", 1),
            stop: Stop::default(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), "own".into(), 1)
    }
}
