//! A store with an athlete and days, and the step and the query asked by hand.

use std::sync::Arc;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::registry::{QueryContext, QueryError, Registry};
use engine::run::{Cause, Fence, Stop};
use engine::script::{Library, version};
use engine::step::{Step, StepError};
use fitness::daily_metric::{DailyMetrics, Name};
use fitness::records::athlete::Athlete;
use fitness::records::weather_hour::WeatherHour;
use fitness::weather::{Air, Cell, Hour, Spot};
use fitness::{Scope, records};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{Sql, Store, Tx, Url, params};

use super::shipped;
use crate::daily::{DailyAdvice, keep};
use crate::history::History;
use crate::insight::Insight;
use crate::rules::Rules;
use crate::{Advised, Daily, DailyConfig, backtest};

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'import', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);

const ACTIVITY: Sql = Sql::Both(
    "INSERT INTO activity (id, athlete, provenance, source_id, file, sha256, part, parts, sport, local_date, \
     timer_s, distance_m, samples, warnings, changed, duplicate_of, shareable_of) \
     VALUES ($1, $2, 'file', $1, '', $1, 0, 1, 'running', $3, $4, $5, 0, '[]', 1, $6, $6)",
);
const TOLD: Sql = Sql::Both(
    "INSERT INTO export_row (athlete, provenance, source_id, archive, position, activity_id, figures, columns) \
     VALUES ($1, 'bulk_export', $2, '', 0, $2, $3, '[]')",
);
const LEARNED: Sql = Sql::Both(
    "INSERT INTO activity_weather (activity_id, athlete, state, conditions, tries) VALUES ($2, $1, 'final', $3, 1)",
);
const BEST: Sql = Sql::Both(
    "INSERT INTO best_effort (activity_id, distance_m, elapsed_s, start_s) VALUES ($1, 5000.0, $2, 0.0)",
);

/// A run of an hour and ten kilometres, with what is known beside it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    /// What the source's export says, as JSON.
    pub(super) told: Option<&'static str>,
    pub(super) best_5k_s: Option<f64>,
    /// The day of the run that is counted in its place.
    pub(super) double_of: Option<&'static str>,
}

const WAITING: Sql = Sql::Both(
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
);

#[derive(Clone)]
pub(super) struct House {
    athlete: String,
    store: Store,
    scripts: Arc<Library>,
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon in UTC, or that very moment.
fn clock(today: &str) -> Clock {
    if let Ok(moment) = today.parse::<jiff::Timestamp>() {
        return Clock::fixed(moment.as_millisecond());
    }
    let noon = day(today).at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    Clock::fixed(noon.timestamp().as_millisecond())
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

impl House {
    /// A new athlete in a store.
    pub(super) async fn new(store: &Store, athlete: &str) -> Self {
        let scripts = Arc::new(shipped::library());
        let house = Self { athlete: athlete.to_owned(), store: store.clone(), scripts };
        house
            .write(|tx, athlete| {
                let athlete = Athlete { id: athlete.to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
                records::athlete::ensure(tx, &athlete)
            })
            .await;
        house
    }

    pub(super) fn with(self, library: Library) -> Self {
        Self { scripts: Arc::new(library), ..self }
    }

    pub(super) fn for_athlete(&self, athlete: &str) -> Self {
        Self { athlete: athlete.to_owned(), ..self.clone() }
    }

    async fn write<T: Send + 'static>(
        &self,
        mut write: impl FnMut(&mut Tx<'_>, &str) -> store::Result<T> + Send + 'static,
    ) -> T {
        let athlete = self.athlete.clone();
        self.store.write(move |tx| write(tx, &athlete)).await.unwrap()
    }

    pub(super) async fn lives_in(&self, timezone: &'static str) {
        self.write(move |tx, athlete| records::athlete::set_timezone(tx, athlete, timezone)).await;
    }

    /// Keeps days with these loads, the last of them on a day.
    pub(super) async fn trained(&self, last: &str, loads: &[f64]) {
        let days = History::of_loads(day(last), loads).days;
        self.write(move |tx, athlete| records::day::replace_from(tx, athlete, Scope::All, &days)).await;
    }

    /// Keeps a run, of which each day has one that is counted.
    pub(super) async fn ran(&self, on: &'static str, run: Run) {
        self.write(move |tx, athlete| {
            let counted = run.double_of.map(|day| format!("{athlete} {day}"));
            let id = format!("{athlete} {on}{}", if counted.is_some() { " again" } else { "" });
            let (athlete, seconds, meters) = (athlete.to_owned(), 3600.0, 10_000.0);
            tx.execute(&ACTIVITY, &params![&id, &athlete, on, seconds, meters, &counted])?;
            if let Some(told) = run.told {
                tx.execute(&TOLD, &params![&athlete, &id, told])?;
            }
            if let Some(seconds) = run.best_5k_s {
                tx.execute(&BEST, &params![&id, seconds])?;
            }
            Ok(())
        })
        .await;
    }

    /// Runs the step at noon of a day in UTC.
    pub(super) async fn advise(&self, today: &str) -> DailyAdvice {
        self.try_advise(today, crate::RULES).await.unwrap()
    }

    /// Runs the step with the rules of a pattern.
    pub(super) async fn try_advise(&self, today: &str, rules: &str) -> Result<DailyAdvice, StepError> {
        let config: DailyConfig = serde_json::from_value(json!({ "rules": rules })).unwrap();
        Daily::build(config).unwrap().run(&self.context(today), super::unchanged()).await
    }

    /// Keeps what the step would have found before the days became those in the store.
    pub(super) async fn keep_late(&self, today: &str, loads: &[f64]) -> bool {
        let (athlete, today_then, store) = (self.athlete.clone(), day(today), self.store.clone());
        let now_ms = clock(today).now_ms();
        let read = store.read(move |tx| History::read(tx, &athlete, today_then, now_ms));
        let days = History::of_loads(day(today), loads).days;
        let history = Arc::new(History { days, ..read.await.unwrap() });
        let insight = Insight::of(&history, &Rules::of(&self.scripts, crate::RULES)).unwrap();
        keep(&self.context(today), &insight, history, "").await.unwrap()
    }

    /// Keeps what the step found, while another connection is about to commit other days; answers whether it was kept.
    pub(super) async fn keep_beside(&self, today: &str, url: &str, loads: &[f64]) -> bool {
        let (now_ms, on, id) = (clock(today).now_ms(), day(today), self.athlete.clone());
        self.write(|tx, athlete| records::change_number::next(tx, athlete).map(drop)).await;
        let read = self.store.read(move |tx| History::read(tx, &id, on, now_ms));
        let history = Arc::new(read.await.unwrap());
        let insight = Insight::of(&history, &Rules::of(&self.scripts, crate::RULES)).unwrap();

        let other = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let (id, days) = (self.athlete.clone(), History::of_loads(on, loads).days);
        let change = tokio::spawn(async move {
            let change = other.write(move |tx| {
                records::change_number::next(tx, &id)?;
                records::day::replace_from(tx, &id, Scope::All, &days)?;
                records::insight::remove_from(tx, &id, Scope::All, on)?;
                let _ = begun.send(());
                // Ends with the sender: whoever runs this again need not wait.
                let _ = may_go_on.recv();
                Ok(())
            });
            change.await.unwrap();
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let ctx = self.context(today);
        let keeping = tokio::spawn(async move { keep(&ctx, &insight, history, "").await.unwrap() });
        while self.store.backend() == store::Backend::Postgres && !self.somebody_waits().await {
            tokio::task::yield_now().await;
        }
        drop(go_on);
        change.await.unwrap();
        keeping.await.unwrap()
    }

    /// Whether a connection waits for what another one holds.
    async fn somebody_waits(&self) -> bool {
        let waiting = self.store.read(|tx| tx.optional(&WAITING, &[], |row| row.get::<i64>(0)));
        waiting.await.unwrap().is_some_and(|count| count > 0)
    }

    /// Runs the step and answers how many rows it wrote.
    pub(super) async fn written_again(&self, today: &str) -> u64 {
        let step = Daily::build(DailyConfig::default()).unwrap();
        let ctx = self.context(today);
        step.run(&ctx, super::unchanged()).await.unwrap();
        ctx.meter.readings().rows_out
    }

    /// Runs the step and answers how many rules it asked.
    pub(super) async fn asked_again(&self, today: &str) -> u64 {
        let step = Daily::build(DailyConfig::default()).unwrap();
        let ctx = self.context(today);
        step.run(&ctx, super::unchanged()).await.unwrap();
        ctx.meter.readings().rows_in
    }

    /// Keeps what was measured on a day.
    pub(super) async fn measured(&self, on: &str, resting_hr: f64) {
        let values = [(Name::RestingHr, resting_hr)].into();
        let days = [DailyMetrics { date: day(on), values }];
        self.write(move |tx, athlete| records::daily_metric::keep(tx, athlete, &days, "manual", 0)).await;
    }

    /// What the shipped rules would have said on each day.
    pub(super) async fn backtest(&self, first: &str, last: &str) -> Vec<Advised> {
        let (athlete, days) = (self.athlete.clone(), (day(first), day(last)));
        let history = self.store.read(move |tx| History::between(tx, &athlete, days)).await.unwrap();
        backtest(&history, &Rules::of(&self.scripts, crate::RULES), days).unwrap()
    }

    pub(super) async fn kept(&self, on: &str) -> Option<String> {
        let on = day(on);
        self.write(move |tx, athlete| records::insight::get(tx, athlete, Scope::All, on)).await
    }

    /// Asks the query at noon of a day in UTC.
    pub(super) async fn ask(&self, today: &str, date: Option<&str>) -> Result<Value, QueryError> {
        let params = date.map_or(json!({}), |date| json!({ "date": date }));
        self.query("insights.daily", today, params).await
    }

    /// Asks for an evaluation at noon of a day in UTC.
    /// What the study of one rule answers.
    pub(super) async fn test_rule(&self, today: &str, params: Value) -> Result<Value, QueryError> {
        self.query("insights.backtest", today, params).await
    }

    pub(super) fn script(&self, path: &str) -> String {
        self.scripts.text(path).unwrap().to_owned()
    }

    /// Keeps a text as one that the rule had.
    pub(super) async fn note_rule(&self, path: &str, text: &str) {
        let (path, text) = (path.to_owned(), text.to_owned());
        let put = Sql::Both(
            "INSERT INTO script_version (path, since_ms, hash, body) VALUES ($1, 1, $2, $3) \
             ON CONFLICT (path, since_ms) DO NOTHING",
        );
        self.write(move |tx, _| tx.execute(&put, &params![&path, &version::hash(&text), &text]).map(drop))
            .await;
    }

    pub(super) async fn evaluate(&self, today: &str, params: Value) -> Result<Value, QueryError> {
        self.query("insights.evaluate", today, params).await
    }

    async fn query(&self, name: &str, today: &str, params: Value) -> Result<Value, QueryError> {
        let ctx = QueryContext {
            partition: self.athlete.clone(),
            clock: clock(today),
            scripts: self.scripts.clone(),
            mistakes: Vec::new(),
        };
        let mut registry = Registry::default();
        crate::register(&mut registry).unwrap();
        registry.find_query(name).unwrap().ask(&self.store, ctx, params).await
    }

    /// What the weather service told of the run of a day, as JSON.
    pub(super) async fn learned(&self, on: &str, conditions: &'static str) {
        let id = format!("{} {on}", self.athlete);
        self.write(move |tx, athlete| tx.execute(&LEARNED, &params![athlete, &id, conditions])).await;
    }

    /// The athlete's home, and air that is forecast there for a whole day at a moment.
    pub(super) async fn lives_under(&self, on: &str, air: Air, told: &str) {
        let told_ms = clock(told).now_ms();
        // Each athlete of the suite has a place of its own, because places are shared.
        let latitude = self.athlete.bytes().map(i64::from).sum::<i64>() % 9000;
        let (cell, on) = (Cell::stored(latitude, 800).unwrap(), day(on));
        let hours = Hour::of_day(on).map(Hour).map(|hour| WeatherHour {
            spot: Spot { hour, cell },
            air,
            is_final: false,
        });
        let hours: Vec<WeatherHour> = hours.collect();
        self.write(move |tx, athlete| {
            records::weather_home::set(tx, athlete, Some(cell), 0)?;
            records::weather_hour::put(tx, &hours, "forecast", told_ms)
        })
        .await;
    }

    /// Sets another home, or none, at noon of a day.
    pub(super) async fn moves(&self, on: &str, place: Option<(f64, f64)>) {
        let now_ms = clock(on).now_ms();
        let cell = place.and_then(|(latitude, longitude)| Cell::of(latitude, longitude, 2));
        self.write(move |tx, athlete| records::weather_home::set(tx, athlete, cell, now_ms).map(drop)).await;
    }

    /// Keeps an insight as it is.
    pub(super) async fn keep_body(&self, on: &str, body: &'static str) {
        let on = day(on);
        self.write(move |tx, athlete| records::insight::put(tx, athlete, Scope::All, on, body)).await;
    }

    fn context(&self, today: &str) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: "daily".to_owned(),
                partition: self.athlete.clone(),
                params: json!({}),
                cause: Cause::Cli,
            }),
            clock: clock(today),
            scripts: self.scripts.clone(),
            store: Some(self.store.clone()),
            fence: Fence::new("run", 1),
            stop: Stop::default(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), "insights".into(), 1)
    }
}
