//! Our reader and `rustyfit` must agree wherever both can read.

use std::path::{Path, PathBuf};

use super::*;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "fit") {
            found.push(path);
        }
    }
}

fn recordings(sequences: Vec<Sequence>) -> Vec<Recording> {
    let (mut recordings, mut notes) = (Vec::new(), Notes::default());
    for sequence in sequences {
        sessions::split(sequence, &Limits::STANDARD, &mut recordings, &mut notes);
    }
    recordings
}

/// NaN is no value and equal to itself here.
fn same(one: &Recording, other: &Recording) -> bool {
    let plain = |recording: &Recording| Recording { samples: Default::default(), ..recording.clone() };
    let (ours, theirs) = (&one.samples, &other.samples);
    let bits = |column: &Vec<f64>| column.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    plain(one) == plain(other)
        && ours.time_ms == theirs.time_ms
        && ours.channels.keys().eq(theirs.channels.keys())
        && ours.channels.values().map(bits).eq(theirs.channels.values().map(bits))
}

#[test]
fn our_reader_and_rustyfit_give_the_same_recordings() {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), &mut found);
    let mut compared = 0;
    for path in &found {
        let bytes = std::fs::read(path).unwrap();
        let Some(theirs) = witness::read(&bytes, &Limits::STANDARD) else { continue };
        compared += 1;
        let mut notes = Notes::default();
        let ours = recordings(reader::read(&bytes, &Limits::STANDARD, &mut notes));
        let theirs = recordings(theirs);
        assert!(ours.len() == theirs.len(), "{}", path.display());
        assert!(ours.iter().zip(&theirs).all(|(one, other)| same(one, other)), "{}", path.display());
        assert!(notes.first_of(&DAMAGE).is_none(), "{}", path.display());
    }
    println!("{compared} of {} files compared", found.len());
}
