use std::collections::BTreeMap;

use fitness::ground::route::{Signature, group};
use fitness::ground::{Place, Walk};
use fitness::recording::{Channel, Recording};
use jiff::civil::date;

use super::*;
use crate::decode::{Limits, decode};

fn files(seed: u64, days: u32) -> (Summary, BTreeMap<String, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let summary = write(dir.path(), seed, date(2026, 11, 22), days).unwrap();
    let entries = std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap);
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    (summary, entries.map(read).collect())
}

fn only_recording(name: &str, bytes: &[u8]) -> Recording {
    let mut decoded = decode(name, bytes, &Limits::STANDARD).unwrap();
    assert!(decoded.warnings.is_empty(), "{name}: {:?}", decoded.warnings);
    assert_eq!(decoded.recordings.len(), 1, "{name}");
    let recording = decoded.recordings.remove(0);
    assert!(recording.warnings.is_empty(), "{name}: {:?}", recording.warnings);
    recording
}

#[test]
fn a_seed_gives_the_same_bytes_twice() {
    assert_eq!(files(7, 40).1, files(7, 40).1);
}

#[test]
fn another_seed_gives_another_athlete() {
    assert_ne!(files(7, 14).1, files(8, 14).1);
}

#[test]
fn a_year_has_about_220_files_that_decode_without_a_warning() {
    let (summary, files) = files(1, 365);
    assert!((195..=245).contains(&summary.files), "{summary:?}");
    assert_eq!(summary.files as usize, files.len());
    assert!(files.values().all(|bytes| (12_000..=90_000).contains(&bytes.len())));
    for (name, bytes) in &files {
        let recording = only_recording(name, bytes);
        assert!(["running", "cycling"].contains(&recording.sport.as_str()), "{name}");
        assert_eq!(recording.utc_offset_s, Some(-3600), "{name}");
        let meters = recording.totals.distance_m.unwrap();
        let speed = meters / recording.totals.timer_s.unwrap();
        assert!((2.2..=10.5).contains(&speed), "{name}: {speed} m/s");
        let hr = recording.totals.avg_hr.unwrap();
        assert!((105.0..=184.0).contains(&hr), "{name}: {hr} bpm");
        assert_eq!(
            recording.samples.channel(Channel::Power).is_some(),
            recording.sport == "cycling",
            "{name}"
        );
    }
}

#[test]
fn races_have_their_distance() {
    let (_, files) = files(1, 365);
    let recordings = files.iter().map(|(name, bytes)| only_recording(name, bytes));
    let meters = |race: &Recording| race.totals.distance_m.unwrap().round() as u32;
    let raced: Vec<_> = recordings.map(|one| (meters(&one), one.name.unwrap())).collect();
    let distance = |name: &str| raced.iter().find(|(_, raced)| raced == name).unwrap().0;
    assert!((10_000..10_006).contains(&distance("10 km race")));
    assert!((21_097..21_104).contains(&distance("Half marathon")));
}

#[test]
fn every_fourth_week_does_less() {
    let (_, files) = files(1, 112);
    let mut weeks = [0.0; 16];
    for (name, bytes) in &files {
        let day: Date = name[..10].parse().unwrap();
        let index = day.since(date(2026, 8, 3)).unwrap().get_days();
        weeks[(index / 7) as usize] += only_recording(name, bytes).totals.timer_s.unwrap();
    }
    let rest: f64 = weeks.iter().skip(3).step_by(4).take(2).sum::<f64>() / 2.0;
    let load: f64 = weeks[..3].iter().sum::<f64>() / 3.0;
    assert!(rest < 0.6 * load, "{weeks:?}");
}

#[test]
fn easy_runs_and_tests_go_the_same_ways_again() {
    let (_, files) = files(1, 365);
    let recordings = files.iter().map(|(name, bytes)| only_recording(name, bytes));
    let runs = recordings.filter(|recording| recording.sport == "running");
    let signed = |run: Recording| {
        let channel = |of| run.samples.channel(of).unwrap().iter().copied();
        let places: Vec<Place> = channel(Channel::Latitude)
            .zip(channel(Channel::Longitude))
            .map(|(latitude, longitude)| Place { latitude, longitude })
            .collect();
        let at = (0..places.len()).collect();
        let walk = Walk { time_ms: Vec::new(), at, places, breaks: Vec::new() };
        (run.name, Signature::of(&walk, "on foot").unwrap())
    };
    let ways: Vec<_> = runs.map(signed).collect();
    let founders = group(&ways.iter().map(|(_, way)| way).collect::<Vec<_>>());
    let mut outings: BTreeMap<usize, usize> = BTreeMap::new();
    founders.iter().for_each(|founder| *outings.entry(*founder).or_default() += 1);
    let often: Vec<_> = outings.iter().filter(|(_, outings)| **outings >= 5).collect();
    let names: Vec<_> = often.iter().map(|(founder, _)| ways[**founder].0.as_deref().unwrap()).collect();
    assert!(names.contains(&"Easy run") && names.contains(&"5 km test"), "{outings:?}");
}
