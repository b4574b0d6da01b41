//! One activity in several files: linked, counted once, whichever came first.

use std::path::PathBuf;

use fitness::recording::{Channel, Recording};
use fitness::records::activity::ActivityRow;
use fitness::records::stale_day;
use jiff::Timestamp;
use jiff::civil::Date;

use super::*;
use crate::decode::{Limits, decode};

/// A track as a watch writes it, with the heart rate at each point.
fn watch(start: &str, points: u32) -> String {
    gpx(start, points).replace("</time>", "</time><extensions><hr>140</hr></extensions>")
}

impl Bench {
    pub(super) async fn at(url: &str) -> Self {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, folder: tempfile::tempdir().unwrap(), runs: 0 }
    }

    /// The warnings of the last import, each with its file.
    async fn warned(&mut self) -> Vec<String> {
        let (_, files) = self.import().await;
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let folder = format!("{}/", self.folder.path().canonicalize().unwrap().display());
        let of = |file: &ImportFile| {
            let told = file.warnings.iter().filter(|warning| warning.code == "same_activity");
            told.map(|warning| format!("{}: {}", name(&file.path), warning.detail.replace(&folder, "")))
                .collect::<Vec<_>>()
        };
        files.iter().flat_map(of).collect()
    }

    async fn counted(&self) -> usize {
        self.store.read(|tx| Ok(activity::contributions(tx, "me", Date::ZERO)?.len())).await.unwrap()
    }

    /// The file of each activity that is counted, with the number of the others.
    async fn shown(&self) -> Vec<(String, usize)> {
        let name =
            |row: ActivityRow| (row.file.rsplit('/').next().unwrap_or_default().to_owned(), row.also.len());
        self.activities().await.into_iter().map(name).collect()
    }

    fn take_away(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join(name)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_record_of_an_activity_is_kept_with_a_warning_and_not_counted() {
    let mut bench = Bench::new().await;
    bench.put("watch.gpx", watch("2024-05-01T10:00", 40));
    assert!(bench.warned().await.is_empty());
    bench.take_away("watch.gpx");
    bench.put("phone.gpx", gpx("2024-05-01T10:00", 39));
    assert_eq!(bench.warned().await, ["phone.gpx: recorded in `watch.gpx` too, which is counted"]);
    assert_eq!((bench.counted().await, bench.shown().await), (1, vec![("watch.gpx".to_owned(), 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_richer_record_takes_the_place_of_the_one_that_was_counted() {
    let mut bench = Bench::new().await;
    bench.put("phone.gpx", gpx("2024-05-01T10:00", 39));
    bench.import().await;
    let taken = |tx: &mut store::Tx<'_>| stale_day::take(tx, "me");
    bench.store.write(taken).await.unwrap();
    bench.take_away("phone.gpx");
    bench.put("watch.gpx", watch("2024-05-01T10:00", 40));
    assert_eq!(bench.warned().await, ["watch.gpx: recorded in `phone.gpx` too, which is not counted"]);
    assert_eq!(bench.shown().await, [("watch.gpx".to_owned(), 1)]);
    assert_eq!(bench.store.write(taken).await.unwrap().unwrap().to_string(), "2024-05-01");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_grew_beyond_the_others_is_an_activity_of_its_own() {
    let mut bench = Bench::new().await;
    bench.put("watch.gpx", watch("2024-05-01T10:00", 40));
    bench.put("phone.gpx", gpx("2024-05-01T10:00", 40));
    bench.import().await;
    assert_eq!(bench.counted().await, 1);
    bench.put("watch.gpx", watch("2024-05-01T10:00", 58));
    assert_eq!(bench.outcomes().await, ["phone.gpx unchanged", "watch.gpx updated"]);
    assert_eq!(bench.counted().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_two_records_again_changes_nothing() {
    let mut bench = Bench::new().await;
    bench.put("watch.gpx", watch("2024-05-01T10:00", 40));
    bench.put("phone.gpx", gpx("2024-05-01T10:00", 40));
    bench.import().await;
    let before = bench.activities().await;
    let (changes, files) = bench.import().await;
    assert!(changes.is_empty() && files.iter().all(|file| file.warnings.is_empty()));
    assert_eq!(bench.activities().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn three_records_end_alike_in_every_order_on_both_databases() {
    let three = [
        ("watch.gpx", watch("2024-05-01T10:00", 40)),
        ("phone.gpx", gpx("2024-05-01T10:00", 39)),
        ("tablet.gpx", gpx("2024-05-01T10:00", 41)),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for url in support::databases() {
            let mut bench = Bench::at(&url).await;
            for index in order {
                let (name, text) = &three[index];
                bench.put(name, text);
                bench.import().await;
            }
            let wanted = vec![("watch.gpx".to_owned(), 2)];
            assert_eq!((bench.counted().await, bench.shown().await), (1, wanted), "{order:?} {url}");
        }
    }
}

fn data(folder: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    folder.is_dir().then_some(folder)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|extension| extension != "zip")).collect()
}

/// The same outing as a phone records it that is switched on a little later, and without a strap.
fn by_phone(recording: &Recording) -> String {
    const LATER_MS: i64 = 12_000;
    let samples = &recording.samples;
    let (latitudes, longitudes) =
        (samples.channel(Channel::Latitude).unwrap(), samples.channel(Channel::Longitude).unwrap());
    let from_ms = recording.start_ms.unwrap() + LATER_MS;
    let mut text = format!(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="phone"><trk><type>{}</type><trkseg>"#,
        recording.sport
    );
    for ((at, lat), lon) in samples.time_ms.iter().zip(latitudes).zip(longitudes) {
        if *at >= from_ms && lat.is_finite() && lon.is_finite() {
            let time = Timestamp::from_millisecond(*at).unwrap();
            let _ = write!(text, r#"<trkpt lat="{lat}" lon="{lon}"><time>{time}</time></trkpt>"#);
        }
    }
    text + "</trkseg></trk></gpx>"
}

/// The real files of that folder are fifteen outings, none of them there twice; the second record is made of each.
#[tokio::test(flavor = "multi_thread")]
async fn real_outings_are_known_again_as_a_phone_recorded_them() {
    let Some(folder) = data("pairs") else { return };
    for is_phone_first in [false, true] {
        let mut bench = Bench::new().await;
        let mut phones = Vec::new();
        for path in files_below(&folder) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let decoded = decode(&name, &bytes, &Limits::STANDARD).unwrap();
            phones.push((format!("{name}.phone.gpx"), by_phone(&decoded.recordings[0])));
            bench.put(&name, bytes);
        }
        let outings = phones.len();
        if !is_phone_first {
            bench.import().await;
            assert_eq!((bench.counted().await, bench.activities().await.len()), (outings, outings));
        }
        let aside = tempfile::tempdir().unwrap();
        let real = is_phone_first.then(|| std::mem::replace(&mut bench.folder, aside));
        phones.iter().for_each(|(name, text)| bench.put(name, text));
        bench.import().await;
        if let Some(real) = real {
            assert_eq!(bench.counted().await, outings);
            bench.folder = real;
            bench.import().await;
        }
        let shown = bench.shown().await;
        let lone: Vec<_> = shown.iter().filter(|(_, others)| *others != 1).collect();
        assert!(lone.is_empty(), "{lone:?}");
        assert_eq!((bench.counted().await, shown.len(), outings), (15, 15, 15));
        assert!(shown.iter().all(|(name, _)| !name.ends_with("phone.gpx")), "{shown:?}");
    }
}

/// Four files of one hike, with and without altitudes and their maker's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_hike_in_four_files_counts_once() {
    let Some(folder) = data("gpx/gpxpy") else { return };
    let mut bench = Bench::new().await;
    for path in files_below(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("cerknicko-jezero") {
            bench.put(&name, std::fs::read(&path).unwrap());
        }
    }
    bench.import().await;
    let others: Vec<usize> = bench.shown().await.into_iter().map(|(_, others)| others).collect();
    assert_eq!((bench.counted().await, others), (1, vec![3]));
}
