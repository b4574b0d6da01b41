//! A store with an athlete, and the two steps run by hand.

use std::sync::{Arc, Mutex};

use engine::clock::Clock;
use engine::context::{Progress, Report, RunContext, RunInfo, StepContext, Watcher};
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::step::{Gather, Step};
use fitness::calendar::DayRow;
use fitness::load::{LoadOf, LoadOrder};
use fitness::numbers::Numbers;
use fitness::own::{About, Aggregate, Per};
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{Activity, Origin};
use fitness::records::athlete::Athlete;
use fitness::records::export_row::ExportRow;
use fitness::records::own_metric::OwnMetric;
use fitness::records::setting_change::{self, Touched, Wish};
use fitness::settings::{ALWAYS, Dated, Name, Source, Value};
use fitness::stream::{self, Column};
use fitness::summary::Summary;
use fitness::{Changes, Scope, records};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde_json::json;
use store::{Sql, Store, Tx, Url, params};

use crate::{Days, Loads};

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'import', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);

/// A load of 64 an hour under a threshold power of 250 W.
const WATTS: f64 = 200.0;

#[derive(Clone)]
pub(super) struct House {
    pub(super) athlete: String,
    pub(super) store: Store,
}

pub(super) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon in UTC.
pub(super) fn noon_ms(date: Date) -> i64 {
    date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond()
}

pub(super) fn owned((from, value): (&str, &str)) -> (String, String) {
    (from.to_owned(), value.to_owned())
}

pub(super) fn wish(name: Name, from: &str, value: Option<f64>) -> Wish {
    Wish::new(name, day(from), value.map(Value::Number))
}

pub(super) fn each_third_day_of_2023() -> impl Iterator<Item = String> {
    date(2023, 1, 1).series(3.days()).take_while(|day| day.year() == 2023).map(|day| day.to_string())
}

pub(super) fn days_from(first: &str, count: usize) -> impl Iterator<Item = String> {
    day(first).series(1.day()).take(count).map(|day| day.to_string())
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
        let house = Self { athlete: athlete.to_owned(), store: store.clone() };
        house.moves_in().await;
        house
    }

    /// Another athlete of the same store.
    pub(super) async fn second(&self) -> Self {
        Self::new(&self.store, &format!("{}, too", self.athlete)).await
    }

    async fn moves_in(&self) {
        self.write(|tx, athlete| {
            let athlete = Athlete { id: athlete.to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
            records::athlete::ensure(tx, &athlete)
        })
        .await;
        self.set(Name::Ftp, "0001-01-01", 250.0).await;
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        mut write: impl FnMut(&mut Tx<'_>, &str) -> store::Result<T> + Send + 'static,
    ) -> T {
        let athlete = self.athlete.clone();
        self.store.write(move |tx| write(tx, &athlete)).await.unwrap()
    }

    pub(super) async fn lives_in(&self, timezone: &'static str) {
        self.write(move |tx, athlete| records::athlete::set_timezone(tx, athlete, timezone)).await;
    }

    pub(super) async fn set(&self, name: Name, from: &str, value: f64) {
        let dated = Dated { name, from: day(from), value: Value::Number(value), source: Source::Given };
        self.write(move |tx, athlete| records::athlete_setting::set(tx, athlete, &dated, 0)).await;
    }

    pub(super) async fn preview(&self, wish: &Wish, today: &str) -> Touched {
        let (wish, today) = (wish.clone(), day(today));
        self.write(move |tx, athlete| {
            setting_change::preview(tx, athlete, std::slice::from_ref(&wish), today)
        })
        .await
    }

    pub(super) async fn make(&self, wish: &Wish) -> Vec<Name> {
        let wish = wish.clone();
        self.write(move |tx, athlete| setting_change::make(tx, athlete, std::slice::from_ref(&wish), 0)).await
    }

    pub(super) async fn settings(&self, name: Name, source: Source) -> Vec<(String, String)> {
        let all = self.write(records::athlete_setting::list).await;
        let of = all.into_iter().filter(|dated| dated.name == name && dated.source == source);
        of.map(|dated| (dated.from.to_string(), dated.value.to_stored())).collect()
    }

    pub(super) async fn ride(&self, on: &str, minutes: u32) {
        self.ride_from("file", on, minutes).await;
    }

    pub(super) async fn ride_from(&self, provenance: &str, on: &str, minutes: u32) {
        self.record("cycling", provenance, vec![(day(on), riding(minutes))]).await;
    }

    /// Rides on these days, each with its minutes.
    pub(super) async fn rides(&self, rides: &[(String, u32)]) {
        let rides = rides.iter().map(|(on, minutes)| (day(on), riding(*minutes))).collect();
        self.record("cycling", "file", rides).await;
    }

    pub(super) async fn run(&self, on: &str, minutes: u32) {
        let held = format!("150:{}", minutes * 60);
        let summary = Summary { max_hr: Some(150.0), hr_seconds: held.parse().ok(), ..lasting(minutes) };
        self.record("running", "file", vec![(day(on), summary)]).await;
    }

    pub(super) async fn walk(&self, on: &str, minutes: u32) {
        self.record("walking", "file", vec![(day(on), lasting(minutes))]).await;
    }

    pub(super) async fn sprint(&self, on: &str, max_hr: f64) {
        self.sprint_from("file", on, max_hr).await;
    }

    pub(super) async fn sprint_from(&self, provenance: &str, on: &str, max_hr: f64) {
        let summary = Summary { max_hr: Some(max_hr), ..lasting(5) };
        self.record("running", provenance, vec![(day(on), summary)]).await;
    }

    pub(super) async fn ride_without_a_day(&self, minutes: u32) {
        self.write(move |tx, athlete| {
            let dated = activity(athlete, "cycling", "file", Date::ZERO, &riding(minutes));
            let undated = Activity { start_ms: None, local_date: None, ..dated };
            let number = records::change_number::next(tx, athlete)?;
            records::activity::upsert(tx, &undated, number)
        })
        .await;
    }

    /// An hour at a steady speed and 150 bpm with its samples, kept as the import keeps it.
    pub(super) async fn recorded(&self, sport: &str, on: &str, speed: f64) -> String {
        let (sport, on) = (sport.to_owned(), day(on));
        self.write(move |tx, athlete| {
            let samples = steady(on, speed);
            let recording = Recording {
                sport: sport.clone(),
                start_ms: Some(noon_ms(on)),
                samples: samples.clone(),
                ..Recording::default()
            };
            let summary = Summary::of(&recording);
            let activity = activity(athlete, &sport, "file", on, &summary);
            let number = records::change_number::next(tx, athlete)?;
            records::activity::upsert(tx, &activity, number)?;
            records::best_effort::replace(tx, &activity.id, &fitness::best_effort::of(&recording))?;
            let times = (Column::Time, stream::encode_times(&samples.time_ms));
            let channels = samples.channels.iter();
            let blocks = channels
                .map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
            let blocks: Vec<_> = [times].into_iter().chain(blocks).collect();
            records::activity_stream::replace(tx, &activity.id, &blocks)?;
            records::activity_number::forget(tx, &activity.id)?;
            records::stale_day::lower(tx, athlete, on)?;
            Ok(activity.id)
        })
        .await
    }

    /// How hard the activity of a day was, as an export tells it.
    pub(super) async fn felt(&self, on: &str, exertion: f64) {
        let on = on.to_owned();
        self.write(move |tx, athlete| {
            let row = ExportRow {
                provenance: "file".to_owned(),
                source_id: on.clone(),
                archive: "export.zip".to_owned(),
                position: 2,
                file: None,
                activity_id: Some(fitness::identity::activity_id(athlete, "file", &on)),
                figures: json!({ "perceived_exertion": exertion }).to_string(),
                columns: "[]".to_owned(),
            };
            records::export_row::put(tx, athlete, &row)
        })
        .await;
    }

    /// Sets what the loads of a group of sports are computed from.
    pub(super) async fn order(&self, of: LoadOf, methods: &str) {
        let value = Value::Order(LoadOrder::parse(methods).unwrap());
        let dated = Dated { name: Name::LoadBy(of), from: ALWAYS, value, source: Source::Given };
        self.write(move |tx, athlete| records::athlete_setting::set(tx, athlete, &dated, 0)).await;
    }

    pub(super) async fn numbers(&self, id: &str) -> Option<Numbers> {
        let id = id.to_owned();
        self.write(move |tx, _| records::activity_number::get(tx, &id)).await
    }

    /// The activity as programs see it.
    pub(super) async fn shown(&self, id: &str) -> serde_json::Value {
        let id = id.to_owned();
        let shown = self.write(move |tx, athlete| records::activity::get(tx, athlete, &id)).await;
        serde_json::to_value(shown.unwrap()).unwrap()
    }

    /// What another version of the formulas would have left, of all that samples tell.
    pub(super) async fn forged(&self, id: &str) {
        const FORGE: [Sql; 3] = [
            Sql::Both(
                "UPDATE activity_number SET ngp_mps = 1, vdot = NULL, hr_curve = NULL WHERE activity_id = $1",
            ),
            Sql::Both("UPDATE activity SET numbers = -1, hr_seconds = '99:10' WHERE id = $1"),
            Sql::Both("DELETE FROM best_effort WHERE activity_id = $1"),
        ];
        let id = id.to_owned();
        self.write(move |tx, _| FORGE.iter().try_for_each(|sql| tx.execute(sql, &params![&id]).map(drop)))
            .await;
    }

    /// What another version of the formulas would have left of an activity whose samples are kept no longer.
    pub(super) async fn expired(&self, id: &str) {
        const FORGE: Sql = Sql::Both("UPDATE activity SET numbers = 1 WHERE id = $1");
        let id = id.to_owned();
        self.write(move |tx, _| {
            records::activity_stream::replace(tx, &id, &[])?;
            tx.execute(&FORGE, &params![&id]).map(drop)
        })
        .await;
    }

    pub(super) async fn last_change(&self) -> i64 {
        self.write(records::change_number::last).await
    }

    /// The load of each activity, rounded.
    pub(super) async fn loads_by_day(&self) -> Vec<f64> {
        const LOADS: Sql = Sql::Both(
            "SELECT l.load FROM activity a JOIN activity_load l ON l.activity_id = a.id \
             WHERE a.athlete = $1 ORDER BY a.local_date",
        );
        let loads =
            self.write(|tx, athlete| tx.query(&LOADS, &params![athlete], |row| row.get::<f64>(0))).await;
        loads.into_iter().map(f64::round).collect()
    }

    /// Keeps activities as whoever stores them must: with a change number, and their days marked as stale.
    async fn record(&self, sport: &str, provenance: &str, summaries: Vec<(Date, Summary)>) {
        let (sport, provenance) = (sport.to_owned(), provenance.to_owned());
        self.write(move |tx, athlete| {
            let number = records::change_number::next(tx, athlete)?;
            for (on, summary) in &summaries {
                let activity = activity(athlete, &sport, &provenance, *on, summary);
                let upserted = records::activity::upsert(tx, &activity, number)?;
                if let Some(day) = upserted.first_day {
                    records::stale_day::lower(tx, athlete, day)?;
                }
            }
            Ok(())
        })
        .await;
    }

    pub(super) async fn remove(&self, on: &str) {
        let on = on.to_owned();
        self.write(move |tx, athlete| {
            let id = fitness::identity::activity_id(athlete, "file", &on);
            let gone = records::activity::remove(tx, &id)?;
            gone.first_day.map_or(Ok(()), |day| records::stale_day::lower(tx, athlete, day))
        })
        .await;
    }

    /// Runs both steps as the import does, at noon of a day in UTC.
    pub(super) async fn work(&self, today: &str) -> Changes {
        self.count(today).await.0
    }

    /// The changes of the days, and how many rows both steps wrote.
    pub(super) async fn count(&self, today: &str) -> (Changes, u64) {
        let loads = self.context("import", "loads", today);
        let changes = Loads.run(&loads, (Gather(Vec::new()),)).await.unwrap();
        let days = self.context("import", "days", today);
        let changes = Days.run(&days, (Gather(vec![changes]),)).await.unwrap();
        (changes, loads.meter.readings().rows_out + days.meter.readings().rows_out)
    }

    /// Runs both steps, and answers how many rows each looked at and wrote.
    pub(super) async fn readings(&self, today: &str) -> [(u64, u64); 2] {
        let loads = self.context("import", "loads", today);
        let changes = Loads.run(&loads, (Gather(Vec::new()),)).await.unwrap();
        let days = self.context("import", "days", today);
        Days.run(&days, (Gather(vec![changes]),)).await.unwrap();
        [loads, days].map(|ctx| (ctx.meter.readings().rows_in, ctx.meter.readings().rows_out))
    }

    /// Runs the loads, and answers what it tells of how far it is.
    pub(super) async fn watched(&self, today: &str) -> Vec<(u64, u64)> {
        let told: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let mut ctx = self.context("import", "loads", today);
        let hears = told.clone();
        let watcher: Watcher = Arc::new(move |report: Report| {
            hears.lock().unwrap().push((report.done, report.total));
        });
        ctx.progress = Progress::new(Some(watcher), "run", &ctx.step);
        Loads.run(&ctx, (Gather(Vec::new()),)).await.unwrap();
        let told = told.lock().unwrap();
        told.clone()
    }

    /// Runs the loads alone and answers how many it looked at and wrote.
    pub(super) async fn loads(&self, pipeline: &str, today: &str) -> (u64, u64) {
        let ctx = self.context(pipeline, "loads", today);
        Loads.run(&ctx, (Gather(Vec::new()),)).await.unwrap();
        (ctx.meter.readings().rows_in, ctx.meter.readings().rows_out)
    }

    /// Keeps a metric of the athlete's own that was asked about all days.
    pub(super) async fn keep_metric(&self) {
        self.write(|tx, athlete| {
            let about = About {
                per: Per::Day,
                title: "Share of the maximum".to_owned(),
                unit: "%".to_owned(),
                aggregate: Aggregate::Max,
                sports: Vec::new(),
                decimals: 0,
                replaces_load: false,
            };
            let metric = OwnMetric::new("share".to_owned(), "hash".to_owned(), 1, about);
            records::own_metric::put(tx, athlete, &OwnMetric { first_day: None, ..metric })
        })
        .await;
    }

    /// The first day about which the metric is asked again.
    pub(super) async fn metric_due_from(&self) -> Option<Date> {
        self.write(|tx, athlete| Ok(records::own_metric::list(tx, athlete)?[0].first_day)).await
    }

    pub(super) async fn days(&self, scope: Scope) -> Vec<DayRow> {
        let range = (Date::ZERO, Date::MAX);
        self.write(move |tx, athlete| records::day::list(tx, athlete, scope, range)).await
    }

    /// The loads of days, rounded.
    pub(super) async fn loads_of_days(&self, days: &[&str]) -> Vec<f64> {
        let all = self.days(Scope::All).await;
        let load = |on: &&str| all.iter().find(|row| row.date == day(on)).unwrap().load;
        days.iter().map(|on| (load(on) * 1000.0).round() / 1000.0).collect()
    }

    /// Keeps some advice of both scopes on these days.
    pub(super) async fn advised(&self, days: &[&str]) {
        let days: Vec<Date> = days.iter().map(|on| day(on)).collect();
        self.write(move |tx, athlete| {
            for scope in Scope::BOTH {
                for day in &days {
                    records::insight::put(tx, athlete, scope, *day, "{}")?;
                }
            }
            Ok(())
        })
        .await;
    }

    /// The days that have advice.
    pub(super) async fn advice(&self, scope: Scope) -> Vec<String> {
        const ADVISED: Sql =
            Sql::Both("SELECT local_date FROM insight WHERE athlete = $1 AND scope = $2 ORDER BY local_date");
        self.write(move |tx, athlete| tx.query(&ADVISED, &params![athlete, scope.as_str()], |row| row.get(0)))
            .await
    }

    pub(super) async fn make_stale(&self, from: &str) {
        let from = day(from);
        self.write(move |tx, athlete| records::stale_day::lower(tx, athlete, from)).await;
    }

    /// How each load was computed, and whether from an estimate, by day.
    pub(super) async fn methods(&self) -> Vec<(&'static str, bool)> {
        const METHODS: Sql = Sql::Both(
            "SELECT l.load_method, l.estimated FROM activity a JOIN activity_load l ON l.activity_id = a.id \
             WHERE a.athlete = $1 ORDER BY a.local_date",
        );
        self.write(|tx, athlete| {
            tx.query(&METHODS, &params![athlete], |row| {
                let method = fitness::load::LoadMethod::parse(row.text(0)?).unwrap();
                Ok((method.as_str(), row.get(1)?))
            })
        })
        .await
    }

    fn context(&self, pipeline: &str, step: &str, today: &str) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: pipeline.to_owned(),
                partition: self.athlete.clone(),
                params: json!({}),
                cause: Cause::Cli,
            }),
            clock: Clock::fixed(noon_ms(day(today))),
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

/// One a day and provenance: another replaces it.
fn activity(athlete: &str, sport: &str, provenance: &str, on: Date, summary: &Summary) -> Activity {
    let recording =
        Recording { sport: sport.to_owned(), start_ms: Some(noon_ms(on)), ..Recording::default() };
    let source_id = on.to_string();
    let origin = Origin {
        athlete,
        provenance,
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    Activity { summary: summary.clone(), ..Activity::of(&recording, origin, Some(on)) }
}

/// An hour, one sample a second.
fn steady(on: Date, speed: f64) -> Samples {
    let seconds = || (0..=3600).map(f64::from);
    let channels = [
        (Channel::Distance, seconds().map(|second| second * speed).collect()),
        (Channel::Altitude, seconds().map(|_| 100.0).collect()),
        (Channel::HeartRate, seconds().map(|_| 150.0).collect()),
    ];
    let time_ms = (0..=3600).map(|second| noon_ms(on) + second * 1000).collect();
    Samples { time_ms, channels: channels.into(), breaks: Vec::new() }
}

fn riding(minutes: u32) -> Summary {
    Summary { np: Some(WATTS), ..lasting(minutes) }
}

fn lasting(minutes: u32) -> Summary {
    Summary { timer_s: Some(f64::from(minutes) * 60.0), ..Summary::default() }
}
