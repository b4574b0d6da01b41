use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use fitness::recording::Channel;
use jiff::civil::date;

use super::*;
use crate::decode::{Decoded, Limits, Refusal, decode};

const SEASON: Export = Export {
    seed: 1,
    last_day: date(2026, 11, 22),
    days: 150,
    language: Language::English,
    every_second: false,
};

/// The files of an export by name.
fn entries(wanted: Export) -> (Exported, BTreeMap<String, Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    let exported = export(&path, &wanted).unwrap();
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    let read = |index| {
        let mut entry = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    let files = (0..exported.files as usize + 7).map(read).collect();
    (exported, files)
}

/// The column's cells, by the English name's last place.
fn column(table: &str, name: &str) -> Vec<String> {
    let rows = parse(table);
    let at = rows[0].iter().rposition(|column| column == name).unwrap();
    rows[1..].iter().map(|row| row[at].clone()).collect()
}

/// A small reader of its own: the writer is what is tested.
fn parse(table: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    for letter in table.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter => cell.push(letter),
        }
    }
    rows
}

fn table(files: &BTreeMap<String, Vec<u8>>) -> &str {
    std::str::from_utf8(&files["activities.csv"]).unwrap()
}

fn decoded(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, Result<Decoded<'_>, Refusal>> {
    let recordings = files.iter().filter(|(name, _)| name.starts_with("activities/"));
    recordings.map(|(name, bytes)| (name.as_str(), decode(name, bytes, &Limits::STANDARD))).collect()
}

#[test]
fn a_seed_gives_the_same_export_twice() {
    let bytes = || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.zip");
        export(&path, &SEASON).unwrap();
        std::fs::read(path).unwrap()
    };
    assert!(bytes() == bytes());
}

#[test]
fn a_folder_holds_what_a_zip_holds() {
    let folder = tempfile::tempdir().unwrap();
    let exported = export(folder.path(), &SEASON).unwrap();
    let (zipped, files) = entries(SEASON);
    assert_eq!(exported, zipped);
    for (name, bytes) in &files {
        assert!(std::fs::read(folder.path().join(name)).unwrap() == *bytes, "{name}");
    }
}

#[test]
fn an_interrupted_zip_does_not_bear_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.zip");
    let mut target = Target::new(&path).unwrap();
    target.put("a.txt", b"a").unwrap();
    drop(target);
    assert!(!path.exists());
}

#[test]
fn every_file_but_the_broken_ones_is_read_without_a_warning() {
    let (_, files) = entries(SEASON);
    let decoded = decoded(&files);
    let broken = |result: &Result<Decoded<'_>, Refusal>| {
        result.as_ref().map_or(true, |decoded| {
            !decoded.warnings.is_empty() || decoded.recordings.iter().any(|one| !one.warnings.is_empty())
        })
    };
    let broken: Vec<_> = decoded.iter().filter(|(_, result)| broken(result)).collect();
    let codes: HashSet<_> = broken
        .iter()
        .map(|(_, result)| match result {
            Ok(decoded) => decoded.warnings.first().map_or("", |warning| warning.code.as_str()).to_owned(),
            Err(refusal) => refusal.code.to_owned(),
        })
        .collect();
    let wanted = ["fit_truncated", "file_type_mismatch"].map(str::to_owned);
    assert_eq!((broken.len(), codes), (2, HashSet::from(wanted)));
}

#[test]
fn one_row_names_a_file_that_is_not_there_and_one_has_lost_its_name() {
    let (_, files) = entries(SEASON);
    let names = column(table(&files), "Filename");
    assert_eq!(names.iter().filter(|name| *name == "#error#").count(), 1);
    let named = names.iter().filter(|name| name.starts_with("activities/"));
    let missing = named.clone().filter(|name| !files.contains_key(*name)).count();
    assert_eq!(missing, 1);
    assert_eq!(named.count() - missing, decoded(&files).len());
    assert!(names.iter().filter(|name| name.is_empty()).count() > 10, "too few rows were typed in");
}

#[test]
fn figures_of_the_table_are_those_of_the_files() {
    let (_, files) = entries(SEASON);
    let decoded = decoded(&files);
    let (names, meters) = (column(table(&files), "Filename"), column(table(&files), "Distance"));
    for (name, meters) in names.iter().zip(&meters) {
        let Some(Ok(file)) = decoded.get(name.as_str()) else { continue };
        if !file.warnings.is_empty() || !name.ends_with(".fit.gz") {
            continue;
        }
        let (ours, theirs) = (file.recordings[0].totals.distance_m.unwrap(), meters.parse::<f64>().unwrap());
        assert!((ours - theirs).abs() < 0.2, "{name}: {ours} m and {theirs} m");
    }
}

#[test]
fn every_kind_of_file_is_there() {
    let (_, files) = entries(SEASON);
    let count = |end: &str| files.keys().filter(|name| name.ends_with(end)).count();
    assert!(count(".fit.gz") > 60 && count(".gpx.gz") > 3 && count(".tcx.gz") > 1);
    let mut text = String::new();
    let (_, tcx) = files.iter().find(|(name, _)| name.ends_with(".tcx.gz")).unwrap();
    flate2::read::GzDecoder::new(&**tcx).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("          <?xml"));
}

#[test]
fn a_run_on_two_devices_is_there_twice() {
    let (_, files) = entries(SEASON);
    let names = column(table(&files), "Activity Name");
    assert_eq!(names.iter().filter(|name| *name == "On the phone").count(), 1);
    let decoded = decoded(&files);
    let at = names.iter().position(|name| name == "On the phone").unwrap();
    let file = |at: usize| {
        let name = &column(table(&files), "Filename")[at];
        decoded[name.as_str()].as_ref().unwrap().recordings[0].clone()
    };
    let (watch, phone) = (file(at - 1), file(at));
    assert_eq!(phone.start_ms.unwrap() - watch.start_ms.unwrap(), 7_000);
    assert!(watch.samples.channel(Channel::HeartRate).is_some());
    assert!(phone.samples.channel(Channel::HeartRate).is_none());
}

#[test]
fn a_hard_effort_over_five_kilometres_is_never_far() {
    let (_, files) = entries(SEASON);
    let table = table(&files);
    let names = column(table, "Activity Name");
    let tests = names.iter().rev().take(50).filter(|name| *name == "5 km test" || name.contains("race"));
    assert!(tests.count() >= 1);
    let races = column(table, "Competition").iter().filter(|flag| *flag == "1.0").count();
    assert_eq!(races, 2);
}

#[test]
fn a_german_export_has_the_same_files_under_german_headers() {
    let (_, english) = entries(SEASON);
    let (_, german) = entries(Export { language: Language::German, ..SEASON });
    assert!(table(&german).starts_with("Aktivitäts-ID,Aktivitätsdatum,"));
    assert_eq!(column(table(&english), "Filename"), column(table(&german), "Dateiname"));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&english), names(&german));
}

#[test]
fn three_years_have_three_times_as_much_as_one() {
    let count = |days| history::moments(&Export { days, ..SEASON }).len();
    let (one, three) = (count(365), count(3 * 365));
    assert!((3 * one - 60..=3 * one + 60).contains(&three), "{one} rows and {three}");
}
