//! Best efforts of every real file against its own totals; runs where those files are.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it saw and stops where it must"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fitness::best_effort::{self, BestEffort, DISTANCES};
use fitness::recording::Recording;
use fitness::samples;
use paceline_files::decode::{Limits, decode};

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.join("MANIFEST.csv").is_file().then_some(folder)
}

/// Every file below a folder that may be a recording.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |entry: std::fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { files(&path) } else { vec![path] }
    };
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().flat_map(below).collect();
    let is_recording = |path: &PathBuf| {
        let name = path.to_string_lossy().to_lowercase();
        [".fit", ".gpx", ".tcx"].iter().any(|end| name.trim_end_matches(".gz").ends_with(end))
    };
    found.retain(is_recording);
    found.sort();
    found
}

fn recordings(path: &Path) -> Vec<Recording> {
    let bytes = std::fs::read(path).unwrap();
    let decoded = decode(&path.to_string_lossy(), &bytes, &Limits::STANDARD);
    let mut recordings = decoded.map(|decoded| decoded.recordings).unwrap_or_default();
    for recording in &mut recordings {
        samples::clean(&mut recording.samples);
    }
    recordings
}

#[test]
fn efforts_of_real_files_are_what_a_person_can_do() {
    let Some(folder) = data() else { return };
    let (mut on_foot, mut with_efforts, mut found, mut took) = (0, 0, 0, Duration::ZERO);
    for folder in ["fit", "gpx", "tcx", "pairs", "strava-export"].map(|name| folder.join(name)) {
        for path in files(&folder) {
            for recording in recordings(&path).iter().filter(|found| best_effort::is_on_foot(&found.sport)) {
                let begin = Instant::now();
                let efforts = best_effort::of(recording);
                took += begin.elapsed();
                check(&path, recording, &efforts);
                on_foot += 1;
                with_efforts += u32::from(!efforts.is_empty());
                found += efforts.len();
            }
        }
    }
    println!("{on_foot} recordings on foot, {with_efforts} with {found} efforts, in {took:?}");
    assert!(with_efforts > 0);
}

fn check(path: &Path, recording: &Recording, efforts: &[BestEffort]) {
    let (first, last) = (recording.samples.time_ms.first(), recording.samples.time_ms.last());
    let span_s = first.zip(last).map_or(0.0, |(first, last)| (last - first) as f64 / 1000.0);
    for effort in efforts {
        let distance = DISTANCES.iter().find(|distance| distance.meters == effort.distance_m).unwrap();
        assert!(effort.elapsed_s >= distance.record_s, "{}: {effort:?}", path.display());
        assert!(effort.start_s >= 0.0, "{}: {effort:?}", path.display());
        assert!(effort.start_s + effort.elapsed_s <= span_s + 0.001, "{}: {effort:?}", path.display());
    }
    let is_longer = |pair: &[BestEffort]| pair[0].elapsed_s < pair[1].elapsed_s;
    assert!(efforts.windows(2).all(is_longer), "{}: {efforts:?}", path.display());
}
