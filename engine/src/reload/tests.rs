//! Real folders under a real watch.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use store::Store;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::clock::Clock;
use crate::registry::Registry;
use crate::script::Library;
use crate::stage::Play;

/// An engine that watches `scripts-here/`, of which everything else is the test's.
struct House {
    folder: TempDir,
    engine: Engine,
    _stop: DropGuard,
}

const ROOT: &str = "scripts-here";

impl House {
    /// Prepares the folder, then watches it.
    async fn with(prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let root = folder.path().join(ROOT);
        let store = Store::open(&support::databases()[0].parse().unwrap()).await.unwrap();
        let mut registry = Registry::default();
        registry.step::<Play>().unwrap();
        let library = Arc::new(Library::from_dir(&root).unwrap());
        let engine = Engine::new(store, Arc::new(registry), library, Clock::system(), None);
        let stop = CancellationToken::new();
        tokio::spawn(Reload::new(engine.clone(), &root).unwrap().run(stop.clone()));
        Self { folder, engine, _stop: stop.drop_guard() }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// What the pipeline `a` in force gives.
    fn total(&self) -> Option<i64> {
        self.engine.plan("a").ok().and_then(|plan| plan.steps[0].config["give"].as_i64())
    }

    /// Waits for what must come; the limit only keeps a broken test from running for ever.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(60), async {
            let mut look = tokio::time::interval(Duration::from_millis(10));
            while !is_so(self) {
                look.tick().await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
    }

    async fn until_total(&self, total: Option<i64>) {
        self.until(&format!("{total:?}"), |house| house.total() == total).await;
    }
}

fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn gives(total: i64) -> String {
    format!("pipeline(\"a\");\ntest::play([], #{{ give: {total} }});\n")
}

fn plain(folder: &Path) {
    put(folder, "scripts-here/pipelines/a.rhai", &gives(1));
}

const A: &str = "scripts-here/pipelines/a.rhai";

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_a_broken_one_and_a_deletion_are_seen() {
    let house = House::with(plain).await;
    put(house.folder.path(), A, &gives(2));
    house.until_total(Some(2)).await;
    put(house.folder.path(), A, "pipeline(\"a\"");
    house.until("the mistake", |house| !house.engine.script_errors().is_empty()).await;
    assert_eq!(house.total(), Some(2));
    std::fs::remove_file(house.path(A)).unwrap();
    house.until_total(None).await;
    put(house.folder.path(), A, &gives(3));
    house.until_total(Some(3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_an_editor_puts_in_place_is_seen() {
    let house = House::with(plain).await;
    for total in [2, 3] {
        // As vim does: the old one is moved aside, the new one is written, and the old one removed.
        std::fs::rename(house.path(A), house.path("scripts-here/pipelines/a.rhai~")).unwrap();
        put(house.folder.path(), A, &gives(total));
        std::fs::remove_file(house.path("scripts-here/pipelines/a.rhai~")).unwrap();
        house.until_total(Some(total)).await;
        // As others do: the new one is written beside it and takes its name.
        put(house.folder.path(), "scripts-here/pipelines/.a.rhai.tmp", &gives(total + 10));
        std::fs::rename(house.path("scripts-here/pipelines/.a.rhai.tmp"), house.path(A)).unwrap();
        house.until_total(Some(total + 10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_made_to_lead_elsewhere_is_followed() {
    let house = House::with(|folder| {
        put(folder, "one/a.rhai", &gives(1));
        put(folder, "two/a.rhai", &gives(2));
        std::fs::create_dir(folder.join(ROOT)).unwrap();
        std::os::unix::fs::symlink("../one", folder.join("scripts-here/pipelines")).unwrap();
    })
    .await;
    put(house.folder.path(), "one/a.rhai", &gives(5));
    house.until_total(Some(5)).await;
    lead(&house.path("scripts-here/pipelines"), "../two");
    house.until_total(Some(2)).await;
    put(house.folder.path(), "two/a.rhai", &gives(6));
    house.until_total(Some(6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mounted_configuration_that_is_switched_is_seen() {
    let house = House::with(|folder| {
        put(folder, "scripts-here/pipelines/..one/a.rhai", &gives(1));
        std::os::unix::fs::symlink("..one", folder.join("scripts-here/pipelines/..data")).unwrap();
        std::os::unix::fs::symlink("..data/a.rhai", folder.join(A)).unwrap();
    })
    .await;
    assert_eq!(house.total(), Some(1));
    put(house.folder.path(), "scripts-here/pipelines/..two/a.rhai", &gives(2));
    lead(&house.path("scripts-here/pipelines/..data"), "..two");
    house.until_total(Some(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_a_link_may_be_switched() {
    let house = House::with(|folder| {
        put(folder, "v1/pipelines/a.rhai", &gives(1));
        put(folder, "v2/pipelines/a.rhai", &gives(2));
        std::os::unix::fs::symlink("v1", folder.join(ROOT)).unwrap();
    })
    .await;
    lead(&house.path(ROOT), "v2");
    house.until_total(Some(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_comes_later_and_one_that_is_made_anew_are_seen() {
    let house = House::with(|folder| std::fs::create_dir(folder.join(ROOT)).unwrap()).await;
    put(house.folder.path(), A, &gives(1));
    house.until_total(Some(1)).await;
    std::fs::remove_dir_all(house.path("scripts-here/pipelines")).unwrap();
    house.until("the folder is missed", |house| !house.engine.script_errors().is_empty()).await;
    assert_eq!(house.total(), Some(1));
    put(house.folder.path(), A, &gives(2));
    house.until_total(Some(2)).await;
    put(house.folder.path(), A, &gives(3));
    house.until_total(Some(3)).await;
}

/// Makes a link lead elsewhere, in one step.
fn lead(link: &Path, to: &str) {
    let new = link.with_file_name("new");
    std::os::unix::fs::symlink(to, &new).unwrap();
    std::fs::rename(new, link).unwrap();
}
