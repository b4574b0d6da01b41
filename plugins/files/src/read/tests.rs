//! The step on a real store: what becomes of files that come once, twice, elsewhere, grown, or broken.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::plan::Overlap;
use engine::queue::{self, Job, Lease};
use engine::run::Stop;
use engine::script::Library;
use engine::step::{Step, StepError};
use fitness::records::import_file::{self, ImportFile};
use fitness::records::{activity, activity_stream, original, stale_day};
use serde_json::{Value, json};
use store::Store;

use super::*;

mod efforts;
mod export;
mod same;

/// 2024-06-01, which is after every file here.
const NOW_MS: i64 = 1_717_200_000_000;

/// A track of one point a second.
fn gpx(start: &str, points: u32) -> String {
    let mut text = String::from(r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><trkseg>"#);
    for second in 0..points {
        let lat = 50.0 + f64::from(second) * 0.00003;
        let _ = write!(
            text,
            r#"<trkpt lat="{lat}" lon="8.0"><ele>100</ele><time>{start}:{second:02}Z</time></trkpt>"#
        );
    }
    text + "</trkseg></trk></gpx>"
}

struct Bench {
    store: Store,
    folder: tempfile::TempDir,
    runs: u32,
}

impl Bench {
    async fn new() -> Self {
        let store = Store::open(&support::sqlite_url().parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, folder: tempfile::tempdir().unwrap(), runs: 0 }
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Written aside and moved, so that the time of its last change is a new one.
        let aside = self.folder.path().join(".aside");
        std::fs::write(&aside, content).unwrap();
        std::fs::rename(aside, path).unwrap();
    }

    async fn context(&mut self, params: Value, cause: RunCause) -> StepContext {
        self.runs += 1;
        let id = format!("run{}", self.runs);
        let job = Job {
            id: id.clone(),
            pipeline: "import".to_owned(),
            partition: "me".to_owned(),
            params: params.to_string(),
            cause,
            request_id: None,
            lock_key: None,
            priority: 0,
            overlap: Overlap::Queue,
            script_hash: "hash".to_owned(),
            script_body: "{}".to_owned(),
            plan_hash: "plan".to_owned(),
            now_ms: 0,
        };
        let lease = Lease { worker: "me".to_owned(), length: Duration::from_secs(30), now_ms: 0 };
        let claimed = self.store.write(move |tx| {
            queue::enqueue(tx, &job)?;
            queue::claim(tx, &lease, 1)
        });
        let fence = claimed.await.unwrap().remove(0).fence;
        let run = RunInfo { id, pipeline: "import".to_owned(), partition: "me".to_owned(), params, cause };
        let shared = RunContext {
            run: Arc::new(run),
            clock: Clock::fixed(NOW_MS),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence,
            stop: Stop::default(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), "files.read".into(), 1)
    }

    async fn import(&mut self) -> (Changes, Vec<ImportFile>) {
        let params = json!({"paths": [self.folder.path()]});
        let ctx = self.context(params, RunCause::Cli).await;
        let changes = Read::build(ReadConfig::default()).unwrap().run(&ctx, ()).await.unwrap();
        let run = ctx.run.id.clone();
        (changes, self.store.read(move |tx| import_file::list(tx, &run)).await.unwrap())
    }

    /// Outcomes as "name outcome", with the code where there is one.
    async fn outcomes(&mut self) -> Vec<String> {
        let (_, files) = self.import().await;
        let name =
            |path: &str| Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let line = |file: &ImportFile| match &file.code {
            Some(code) => format!("{} {} {code}", name(&file.path), file.outcome.as_str()),
            None => format!("{} {}", name(&file.path), file.outcome.as_str()),
        };
        files.iter().map(line).collect()
    }

    async fn activities(&self) -> Vec<activity::ActivityRow> {
        self.store.read(|tx| activity::list(tx, "me", &activity::PageKey::newest(), 100)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_never_stops_the_others() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    bench.put("b.fit", "");
    bench.put("c.gpx", gpx("2024-05-02T10:00", 30));
    assert_eq!(bench.outcomes().await, ["a.gpx imported", "b.fit refused file_empty", "c.gpx imported"]);
    assert_eq!(bench.activities().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_day_that_has_not_come_is_refused() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-06-01T20:00", 30));
    bench.put("b.gpx", gpx("2024-06-02T00:00", 30));
    assert_eq!(bench.outcomes().await, ["a.gpx imported", "b.gpx refused time_out_of_range"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_twice_changes_nothing() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    let (first, _) = bench.import().await;
    let before = bench.activities().await;
    let (second, files) = bench.import().await;
    assert!(!first.is_empty() && second.is_empty());
    assert_eq!(files[0].outcome.as_str(), "unchanged");
    assert_eq!(files[0].activities, [before[0].id.clone()]);
    assert_eq!(bench.activities().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_written_again_are_unchanged() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    bench.import().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    assert_eq!(bench.outcomes().await, ["a.gpx unchanged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_elsewhere_is_a_duplicate_of_the_first() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    bench.put("copy.gpx", gpx("2024-05-01T10:00", 30));
    let (_, files) = bench.import().await;
    assert_eq!(files[1].outcome.as_str(), "duplicate");
    assert_eq!(files[1].activities, files[0].activities);
    assert_eq!(bench.activities().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grew_replaces_its_activity() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 20));
    bench.import().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 40));
    assert_eq!(bench.outcomes().await, ["a.gpx updated"]);
    let activities = bench.activities().await;
    assert_eq!((activities.len(), activities[0].samples), (1, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_used_again_for_another_workout_keeps_both() {
    let mut bench = Bench::new().await;
    bench.put("current.gpx", gpx("2024-05-01T10:00", 20));
    bench.import().await;
    bench.put("current.gpx", gpx("2024-05-03T10:00", 20));
    assert_eq!(bench.outcomes().await, ["current.gpx imported"]);
    assert_eq!(bench.activities().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_original_the_columns_and_the_stale_day_are_kept() {
    let mut bench = Bench::new().await;
    let text = gpx("2024-05-01T10:00", 30);
    bench.put("a.gpx", &text);
    bench.import().await;
    let row = bench.activities().await.remove(0);
    let (kept, columns, day) = bench
        .store
        .read(move |tx| {
            let original = original::get(tx, &row.sha256)?;
            Ok((original, activity_stream::columns(tx, &row.id)?, stale_day::peek(tx, "me")?))
        })
        .await
        .unwrap();
    assert_eq!(kept.unwrap().unpack().unwrap(), text.as_bytes());
    assert!(!columns.is_empty());
    assert_eq!(day.unwrap().to_string(), "2024-05-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_goes_on_with_the_files_that_are_left() {
    let mut bench = Bench::new().await;
    bench.put("a.gpx", gpx("2024-05-01T10:00", 30));
    bench.put("b.gpx", gpx("2024-05-02T10:00", 30));
    let ctx = bench.context(json!({"paths": [bench.folder.path()]}), RunCause::Cli).await;
    let step = Read::build(ReadConfig::default()).unwrap();
    let uncut = step.run(&ctx, ()).await.unwrap();
    let again = step.run(&ctx, ()).await.unwrap();
    assert_eq!(again, uncut, "steps behind it see all that the run changed");
    let files = bench.store.read(|tx| import_file::list(tx, "run1")).await.unwrap();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| file.outcome.as_str() == "imported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_read_from_the_store() {
    let mut bench = Bench::new().await;
    let kept = original::Original::pack(gpx("2024-05-01T10:00", 30).as_bytes());
    let sha256 = kept.sha256.clone();
    bench.store.write(move |tx| original::put(tx, &kept)).await.unwrap();
    let params = json!({"uploads": [{"name": "a.gpx", "sha256": sha256}]});
    let ctx = bench.context(params, RunCause::Http).await;
    let changes = Read::build(ReadConfig::default()).unwrap().run(&ctx, ()).await.unwrap();
    assert_eq!(changes.days.as_deref(), Some("2024-05-01"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_http_does_not_read_this_machines_files() {
    let mut bench = Bench::new().await;
    let ctx = bench.context(json!({"paths": ["/etc"]}), RunCause::Http).await;
    let refused = Read::build(ReadConfig::default()).unwrap().run(&ctx, ()).await.unwrap_err();
    let StepError::Hopeless(cause) = refused else { panic!("must be hopeless") };
    assert_eq!(cause.code, "local_paths_refused");
}

#[test]
fn a_limit_above_what_memory_allows_is_refused_by_its_key() {
    let error = Read::build(ReadConfig { max_file_mib: 500 }).err().unwrap();
    assert_eq!(error.path, ["max_file_mib"]);
}
